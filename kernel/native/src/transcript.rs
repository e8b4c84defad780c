//! Section 10 of a `.zkey`: the circuit's hash and everyone who contributed, as iden3 records them.

use crate::encoding::{read_point, write_point, Form, PointBytes};
use crate::error::{malformed, Result};
use crate::sampling::{Hash, Hasher, Stream};
use crate::sections::Reader;
use ark_bn254::{G1Affine, G2Affine};

/// A contribution of 2^63 hashes could not be checked: this many are refused on sight.
pub const ITERATIONS: std::ops::RangeInclusive<u8> = 10..=40;
const NAME: u8 = 1;
const EXPONENT: u8 = 2;
const BEACON: u8 = 3;

#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// Someone's own randomness.
    Person,
    /// A public value, hashed 2^exponent times.
    Beacon { exponent: u8, value: Vec<u8> },
}

/// One contribution: the delta after it, and the proof that its maker knew the factor.
#[derive(Clone, PartialEq, Eq)]
pub struct Contribution {
    pub delta_after: G1Affine,
    pub base: G1Affine,
    pub base_times: G1Affine,
    pub challenge_times: G2Affine,
    /// Hash of everything before, and of the base: the challenge comes from it.
    pub transcript: Hash,
    pub source: Source,
    pub name: Option<String>,
}

impl Contribution {
    /// The contribution's hash, which its maker publishes. The name is not part of it.
    pub fn hash(&self) -> Hash {
        let mut hasher = Hasher::new();
        self.hash_into(&mut hasher);
        hasher.finish()
    }

    fn hash_into(&self, hasher: &mut Hasher) {
        hasher.point(&self.delta_after);
        hasher.point(&self.base);
        hasher.point(&self.base_times);
        hasher.point(&self.challenge_times);
        hasher.bytes(&self.transcript);
    }

    fn parse(reader: &mut Reader<'_>) -> Result<Self> {
        let (delta_after, base, base_times) = (point(reader)?, point(reader)?, point(reader)?);
        let challenge_times = point(reader)?;
        let mut transcript = [0; 64];
        transcript.copy_from_slice(reader.take(64)?);
        let kind = reader.u32()?;
        let length = reader.u32()?;
        let mut parameters = Reader::new(reader.take(length as usize)?, "zkey");
        let (mut name, mut exponent, mut value, mut last) = (None, None, None, 0);
        while parameters.rest() > 0 {
            let tag = parameters.take(1)?[0];
            if tag <= last {
                return Err(wrong("a contribution's parameters are not in order"));
            }
            last = tag;
            let size = parameters.take(1)?[0];
            match tag {
                NAME => name = Some(read_name(parameters.take(size.into())?)?),
                EXPONENT => exponent = Some(size),
                BEACON => value = Some(parameters.take(size.into())?.to_vec()),
                _ => return Err(wrong("a contribution has a parameter that is not known")),
            }
        }
        let source = match (kind, exponent, value) {
            (0, None, None) => Source::Person,
            (1, Some(exponent), Some(value)) if ITERATIONS.contains(&exponent) && !value.is_empty() => {
                Source::Beacon { exponent, value }
            }
            _ => return Err(wrong("a contribution is neither a person's nor a beacon's")),
        };
        Ok(Self {
            delta_after,
            base,
            base_times,
            challenge_times,
            transcript,
            source,
            name,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        for g1 in [&self.delta_after, &self.base, &self.base_times] {
            write_point(g1, Form::Montgomery, out);
        }
        write_point(&self.challenge_times, Form::Montgomery, out);
        out.extend(self.transcript);
        let mut parameters = Vec::new();
        if let Some(name) = &self.name {
            parameters.extend([NAME, name.len() as u8]);
            parameters.extend(name.as_bytes());
        }
        let kind: u32 = match &self.source {
            Source::Person => 0,
            Source::Beacon { exponent, value } => {
                parameters.extend([EXPONENT, *exponent, BEACON, value.len() as u8]);
                parameters.extend(value);
                1
            }
        };
        out.extend(kind.to_le_bytes());
        out.extend((parameters.len() as u32).to_le_bytes());
        out.extend(parameters);
    }
}

#[derive(Clone, PartialEq, Eq)]
pub struct Transcript {
    pub circuit: Hash,
    pub contributions: Vec<Contribution>,
}

impl Transcript {
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes, "zkey");
        let mut circuit = [0; 64];
        circuit.copy_from_slice(reader.take(64)?);
        let count = reader.u32()?;
        let contributions = (0..count)
            .map(|_| Contribution::parse(&mut reader))
            .collect::<Result<_>>()?;
        reader.finish()?;
        Ok(Self { circuit, contributions })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.circuit.to_vec();
        out.extend((self.contributions.len() as u32).to_le_bytes());
        for contribution in &self.contributions {
            contribution.write(&mut out);
        }
        out
    }

    /// The hash that contribution `index` with this base must carry.
    pub fn challenge(&self, index: usize, base: &G1Affine, base_times: &G1Affine) -> Hash {
        let mut hasher = Hasher::new();
        hasher.bytes(&self.circuit);
        for contribution in &self.contributions[..index] {
            contribution.hash_into(&mut hasher);
        }
        hasher.point(base);
        hasher.point(base_times);
        hasher.finish()
    }
}

/// The point a contributor multiplies by the secret: nobody knows its logarithm, and it changes with the transcript.
pub fn challenge_point(transcript: &Hash) -> G2Affine {
    Stream::from_hash(transcript).g2()
}

fn point<P: PointBytes>(reader: &mut Reader<'_>) -> Result<P> {
    let point: P = read_point(reader.take(P::WIDTH)?, Form::Montgomery)
        .map_err(|_| wrong("a contribution holds a point that is not on its curve"))?;
    if point.is_zero() || !point.in_subgroup() {
        return Err(wrong(
            "a contribution holds a point at infinity or outside the prime subgroup",
        ));
    }
    Ok(point)
}

/// Names are shown to people: nothing that a terminal would act on.
pub fn read_name(bytes: &[u8]) -> Result<String> {
    match std::str::from_utf8(bytes) {
        Ok(name) if bytes.len() < 256 && !name.chars().any(char::is_control) => Ok(name.to_string()),
        _ => Err(wrong("a contributor's name is not printable text of at most 255 bytes")),
    }
}

pub fn wrong(message: impl Into<String>) -> crate::error::Fault {
    malformed("ceremony", message)
}
