//! Phase 2: multiplying a key's delta by a secret, and checking that this is all that ever happened to a key.

use crate::encoding::{read_points, write_point, Form, PointBytes};
use crate::error::Result;
use crate::msm::check;
use crate::ptau::{coefficients, combine, same_ratio};
use crate::sampling::{Hash, Stream};
use crate::sections::{Sections, Writer};
use crate::setup::points_bytes;
use crate::transcript::{challenge_point, wrong, Contribution, Source, Transcript};
use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, One, Zero};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::sync::atomic::AtomicBool;
use zeroize::Zeroize;

/// The header without its last two points, delta in G1 and in G2.
const DELTA: usize = 64 + 128;
/// Everything but these never changes: delta in the header, C (8), H (9) and the transcript (10).
const FIXED: [(u32, &str); 6] = [
    (1, "kind"),
    (3, "IC points"),
    (4, "coefficients"),
    (5, "A points"),
    (6, "B1 points"),
    (7, "B2 points"),
];
const HASHES_A_LOOK: u64 = 1 << 16;

/// A contributor's factor and the point that proves knowing it; wiped when dropped.
struct Secret {
    factor: Fr,
    base: G1Affine,
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.factor.zeroize();
    }
}

impl Secret {
    fn draw(mut stream: Stream) -> Self {
        loop {
            let factor: Fr = stream.element();
            let base = stream.g1();
            if !factor.is_zero() && !factor.is_one() {
                return Self { factor, base };
            }
        }
    }
}

/// Contributes the secret of `stream` to a key; returns the new key and the contribution's hash.
pub fn contribute(
    zkey: &[u8],
    stream: Stream,
    source: Source,
    name: Option<String>,
    cancel: &AtomicBool,
) -> Result<(Vec<u8>, Hash)> {
    let key = Parts::parse(zkey)?;
    let secret = Secret::draw(stream);
    let mut transcript = key.transcript.clone();
    let base_times = (secret.base * secret.factor).into_affine();
    let challenge = transcript.challenge(transcript.contributions.len(), &secret.base, &base_times);
    let delta_g1 = (key.delta_g1 * secret.factor).into_affine();
    let contribution = Contribution {
        delta_after: delta_g1,
        base: secret.base,
        base_times,
        challenge_times: (challenge_point(&challenge) * secret.factor).into_affine(),
        transcript: challenge,
        source,
        name,
    };
    let hash = contribution.hash();
    transcript.contributions.push(contribution);
    let mut inverse = secret.factor.inverse().unwrap_or_default();
    let shrunk = |points: &[G1Affine]| -> Result<Vec<u8>> {
        let products: Vec<G1Projective> = points
            .par_iter()
            .map(|point| {
                check(cancel)?;
                Ok(*point * inverse)
            })
            .collect::<Result<_>>()?;
        Ok(points_bytes(&G1Projective::normalize_batch(&products)))
    };
    let (c, h) = (shrunk(&key.c)?, shrunk(&key.h)?);
    inverse.zeroize();
    let mut header = key.fixed_header.to_vec();
    write_point(&delta_g1, Form::Montgomery, &mut header);
    write_point(
        &(key.delta_g2 * secret.factor).into_affine(),
        Form::Montgomery,
        &mut header,
    );
    let mut writer = Writer::new(b"zkey", 1);
    writer.push(1, key.sections.get(1)?);
    writer.push(2, &header);
    for kind in 3..=7 {
        writer.push(kind, key.sections.get(kind)?);
    }
    writer.push(8, &c);
    writer.push(9, &h);
    writer.push(10, &transcript.to_bytes());
    Ok((writer.finish(), hash))
}

/// The stream that a beacon's value gives after 2^exponent hashes.
pub fn beacon_stream(value: &[u8], exponent: u8, cancel: &AtomicBool) -> Result<Stream> {
    let mut hash: [u8; 32] = Sha256::digest(value).into();
    for count in 1..1u64 << exponent {
        if count % HASHES_A_LOOK == 0 {
            check(cancel)?;
        }
        hash = Sha256::digest(hash).into();
    }
    Ok(Stream::new(&hash))
}

/// Checks that `after` is `before` with nothing but contributions added, each by someone who knew its factor.
///
/// With the initial key as `before`, this is everything there is to check. Returns the transcript of `after`.
pub fn check_extension(before: &[u8], after: &[u8], cancel: &AtomicBool) -> Result<Transcript> {
    let (before, after) = (Parts::parse(before)?, Parts::parse(after)?);
    for (kind, name) in FIXED {
        if before.sections.get(kind)? != after.sections.get(kind)? {
            return Err(wrong(format!(
                "the key's {name} were changed, which no contribution does"
            )));
        }
    }
    if before.fixed_header != after.fixed_header {
        return Err(wrong("the key's header was changed beyond its delta"));
    }
    if before.transcript.circuit != after.transcript.circuit {
        return Err(wrong("the key was made for another circuit or from another ptau"));
    }
    let known = before.transcript.contributions.len();
    if !after
        .transcript
        .contributions
        .starts_with(&before.transcript.contributions)
    {
        return Err(wrong("the key does not continue the contributions before it"));
    }
    let mut delta = before.delta_g1;
    for index in known..after.transcript.contributions.len() {
        check_contribution(&after.transcript, index, delta, cancel)?;
        delta = after.transcript.contributions[index].delta_after;
    }
    let generators = (G1Affine::generator(), G2Affine::generator());
    if after.delta_g1 != delta || !same_ratio((generators.0, delta), (generators.1, after.delta_g2)) {
        return Err(wrong("the key's delta is not what its last contribution left"));
    }
    let deltas = (after.delta_g2, before.delta_g2);
    for (name, old, new) in [("C", &before.c, &after.c), ("H", &before.h, &after.h)] {
        if old.len() != new.len() {
            return Err(wrong(format!("the key has another number of {name} points")));
        }
        let random = coefficients(old.len())?;
        let old = combine(old, &random, cancel)?;
        let new = combine(new, &random, cancel)?;
        if !same_ratio((old, new), deltas) {
            return Err(wrong(format!("the key's {name} points do not fit its delta")));
        }
    }
    Ok(after.transcript)
}

fn check_contribution(transcript: &Transcript, index: usize, delta: G1Affine, cancel: &AtomicBool) -> Result<()> {
    let made = &transcript.contributions[index];
    let bad = |what: &str| Err(wrong(format!("contribution {}: {what}", index + 1)));
    if transcript.challenge(index, &made.base, &made.base_times) != made.transcript {
        return bad("its hash is not that of the contributions before it");
    }
    if made.delta_after == delta {
        return bad("it changed nothing");
    }
    let challenge = (challenge_point(&made.transcript), made.challenge_times);
    if !same_ratio((made.base, made.base_times), challenge) {
        return bad("its maker did not show to know the factor");
    }
    if !same_ratio((delta, made.delta_after), challenge) {
        return bad("its delta is not the one before times its factor");
    }
    if let Source::Beacon { exponent, value } = &made.source {
        let expected = Secret::draw(beacon_stream(value, *exponent, cancel)?);
        if expected.base != made.base || (expected.base * expected.factor).into_affine() != made.base_times {
            return bad("its factor does not come from the beacon");
        }
    }
    Ok(())
}

/// A `.zkey` taken apart as far as ceremonies care. It may have no contribution: only they read such a key.
struct Parts<'a> {
    sections: Sections<'a>,
    fixed_header: &'a [u8],
    delta_g1: G1Affine,
    delta_g2: G2Affine,
    c: Vec<G1Affine>,
    h: Vec<G1Affine>,
    transcript: Transcript,
}

impl<'a> Parts<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self> {
        let sections = Sections::parse(bytes, b"zkey", 1, "zkey")?;
        let mut size = 12;
        for kind in 1..=10 {
            size += 12 + sections.get(kind)?.len();
        }
        if size != bytes.len() {
            return Err(wrong("the key has sections that no ceremony knows"));
        }
        if sections.get(1)? != 1u32.to_le_bytes() {
            return Err(wrong("the zkey is not a Groth16 key"));
        }
        let header = sections.get(2)?;
        let Some(fixed) = header.len().checked_sub(DELTA) else {
            return Err(wrong("the zkey's header is too short"));
        };
        let (fixed_header, deltas) = header.split_at(fixed);
        let transcript = Transcript::parse(sections.get(10)?)?;
        Ok(Self {
            fixed_header,
            delta_g1: nonzero(&deltas[..64])?,
            delta_g2: nonzero(&deltas[64..])?,
            c: read_points(sections.get(8)?, Form::Montgomery, "the zkey's C points")?,
            h: read_points(sections.get(9)?, Form::Montgomery, "the zkey's H points")?,
            transcript,
            sections,
        })
    }
}

fn nonzero<P: PointBytes>(bytes: &[u8]) -> Result<P> {
    let points: Vec<P> = read_points(bytes, Form::Montgomery, "the zkey's delta points")?;
    match points.first() {
        Some(point) if !point.is_zero() && point.in_subgroup() => Ok(*point),
        _ => Err(wrong("the key's delta is at infinity or outside the prime subgroup")),
    }
}

/// The transcript of a key, unchecked: what it claims.
pub fn claimed(zkey: &[u8]) -> Result<Transcript> {
    Ok(Parts::parse(zkey)?.transcript)
}
