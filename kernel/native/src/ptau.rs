//! iden3's `.ptau`: the powers of a secret tau in both groups, read and checked.
//!
//! Powers that are no powers, or a tau that somebody chose, would let their maker forge: a `Ptau` exists only after
//! every point was found on its curve and in its subgroup, and the sequences consistent under pairings.

use crate::buckets::Limbed;
use crate::encoding::{modulus_bytes, read_points, Form, PointBytes};
use crate::error::{malformed, Fault, Result};
use crate::msm::{check, msm};
use crate::sampling::Stream;
use crate::sections::{Reader, Sections};
use ark_bn254::{Bn254, Fq, Fr, G1Affine, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::short_weierstrass::Affine;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInt, One, PrimeField};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// The largest domain whose double the field still has.
const MAX_POWER: u32 = 27;
/// Bytes of a contribution before its own parameters: powers, public keys, hashes.
const CONTRIBUTION: usize = 3 * 64 + 2 * 128 + 6 * 64 + 3 * 128 + 216 + 64 + 4;

/// Checked powers of tau, with the Lagrange bases of every domain up to 2^power.
pub struct Ptau {
    pub power: u32,
    pub contributions: u32,
    /// τ^i, i < 2^(power+1) − 1; then, below it, τ^i, ατ^i, βτ^i for i < 2^power.
    pub tau_g1: Vec<G1Affine>,
    tau_g2: Vec<G2Affine>,
    pub alpha_tau: Vec<G1Affine>,
    pub beta_tau: Vec<G1Affine>,
    pub beta_g2: G2Affine,
    /// Level k holds the 2^k polynomials of the domain of 2^k; G1 has one level more, its highest power cut off.
    lagrange_g1: Vec<G1Affine>,
    lagrange_g2: Vec<G2Affine>,
    lagrange_alpha: Vec<G1Affine>,
    lagrange_beta: Vec<G1Affine>,
}

/// The four Lagrange bases of one domain.
pub struct Basis<'a> {
    pub g1: &'a [G1Affine],
    pub g2: &'a [G2Affine],
    pub alpha: &'a [G1Affine],
    pub beta: &'a [G1Affine],
}

impl Ptau {
    pub fn parse(bytes: &[u8], cancel: &AtomicBool) -> Result<Self> {
        let sections = Sections::parse(bytes, b"ptau", 1, "ptau")?;
        let mut header = sections.reader(1)?;
        header.modulus(&modulus_bytes::<Fq>(), "curve's field")?;
        let power = header.u32()?;
        let ceremony_power = header.u32()?;
        header.finish()?;
        if !(1..=MAX_POWER).contains(&power) || power > ceremony_power {
            return Err(wrong(format!("the ptau's power {power} is not from 1 to {MAX_POWER}")));
        }
        if sections.get(12).is_err() {
            return Err(malformed(
                "ptau-unprepared",
                "the ptau has no Lagrange sections: run snarkjs powersoftau prepare phase2 on it",
            ));
        }
        let size = 1u64 << power;
        check(cancel)?;
        let ptau = Self {
            power,
            contributions: sections.reader(7)?.u32()?,
            tau_g1: points(&sections, 2, 2 * size - 1)?,
            tau_g2: points(&sections, 3, size)?,
            alpha_tau: points(&sections, 4, size)?,
            beta_tau: points(&sections, 5, size)?,
            beta_g2: points(&sections, 6, 1)?[0],
            lagrange_g1: points(&sections, 12, 4 * size - 1)?,
            lagrange_g2: points(&sections, 13, 2 * size - 1)?,
            lagrange_alpha: points(&sections, 14, 2 * size - 1)?,
            lagrange_beta: points(&sections, 15, 2 * size - 1)?,
        };
        check(cancel)?;
        ptau.check_last_contribution(sections.reader(7)?)?;
        ptau.check_secrets()?;
        ptau.check_subgroups(cancel)?;
        ptau.check_powers(cancel)?;
        ptau.check_lagrange(cancel)?;
        Ok(ptau)
    }

    /// The bases of the domain of 2^level.
    pub fn basis(&self, level: u32) -> Basis<'_> {
        let range = level_range(level);
        Basis {
            g1: &self.lagrange_g1[range.clone()],
            g2: &self.lagrange_g2[range.clone()],
            alpha: &self.lagrange_alpha[range.clone()],
            beta: &self.lagrange_beta[range],
        }
    }

    /// The G1 basis of the domain of 2^level, which may be twice the largest of the others.
    pub fn g1_basis(&self, level: u32) -> &[G1Affine] {
        &self.lagrange_g1[level_range(level)]
    }

    /// Walks the contributions; the last one must state the powers that the file holds.
    fn check_last_contribution(&self, mut reader: Reader<'_>) -> Result<()> {
        let mut last = None;
        for _ in 0..reader.u32()? {
            last = Some(reader.take(CONTRIBUTION)?);
            let parameters = reader.u32()?;
            reader.take(parameters as usize)?;
        }
        reader.finish()?;
        let Some(last) = last else { return Ok(()) };
        let mut stated = Vec::with_capacity(CONTRIBUTION);
        let mut push = |point: &G1Affine| point.write(Form::Montgomery, &mut stated);
        push(&self.tau_g1[1]);
        self.tau_g2[1].write(Form::Montgomery, &mut stated);
        self.alpha_tau[0].write(Form::Montgomery, &mut stated);
        self.beta_tau[0].write(Form::Montgomery, &mut stated);
        self.beta_g2.write(Form::Montgomery, &mut stated);
        if !last.starts_with(&stated) {
            return Err(wrong("the ptau's last contribution led to other powers than it holds"));
        }
        Ok(())
    }

    /// Refuses secrets that everyone can see: zero, one, or a tau that is a root of unity of one of the domains.
    fn check_secrets(&self) -> Result<()> {
        let one = G1Affine::generator();
        if self.tau_g1[0] != one || self.tau_g2[0] != G2Affine::generator() {
            return Err(wrong("the ptau's powers do not start with the generators"));
        }
        let secrets = [self.tau_g1[1], self.alpha_tau[0], self.beta_tau[0]];
        if secrets.iter().any(|point| point.is_zero() || *point == one) {
            return Err(wrong(
                "nobody contributed to the ptau: its tau, alpha or beta is zero or one",
            ));
        }
        if (0..=self.power).any(|k| self.tau_g1[1 << k] == one) {
            return Err(wrong("the ptau's tau is a root of unity: anyone can forge with it"));
        }
        Ok(())
    }

    /// G1 has no other points. On the twist small subgroups would slip through the random combinations of the powers.
    fn check_subgroups(&self, cancel: &AtomicBool) -> Result<()> {
        if all_in_subgroup(&self.tau_g2, cancel)?
            && all_in_subgroup(&self.lagrange_g2, cancel)?
            && self.beta_g2.in_subgroup()
        {
            return Ok(());
        }
        Err(wrong("the ptau holds a G2 point outside the prime subgroup"))
    }

    /// Every sequence grows by the same tau: one random combination each.
    fn check_powers(&self, cancel: &AtomicBool) -> Result<()> {
        let tau = (G2Affine::generator(), self.tau_g2[1]);
        for (what, sequence) in [
            ("tau", &self.tau_g1),
            ("alpha tau", &self.alpha_tau),
            ("beta tau", &self.beta_tau),
        ] {
            let random = coefficients(sequence.len() - 1)?;
            let low = combine(&sequence[..sequence.len() - 1], &random, cancel)?;
            let high = combine(&sequence[1..], &random, cancel)?;
            if !same_ratio((low, high), tau) {
                return Err(wrong(format!(
                    "the ptau's {what} points in G1 are no powers of one tau"
                )));
            }
        }
        let random = coefficients(self.tau_g2.len() - 1)?;
        let low = combine(&self.tau_g2[..self.tau_g2.len() - 1], &random, cancel)?;
        let high = combine(&self.tau_g2[1..], &random, cancel)?;
        if !same_ratio((self.tau_g1[0], self.tau_g1[1]), (low, high)) {
            return Err(wrong("the ptau's tau points in G2 are no powers of one tau"));
        }
        if !same_ratio(
            (self.tau_g1[0], self.beta_tau[0]),
            (G2Affine::generator(), self.beta_g2),
        ) {
            return Err(wrong("the ptau's beta in G2 is not its beta in G1"));
        }
        Ok(())
    }

    /// Σ r_i L_i is the polynomial with the values r_i, so its coefficients say it in powers.
    fn check_lagrange(&self, cancel: &AtomicBool) -> Result<()> {
        for level in 0..=self.power + 1 {
            let size = 1usize << level;
            let values = coefficients(size)?;
            let domain = Radix2EvaluationDomain::<Fr>::new(size).ok_or_else(|| wrong("the ptau is too large"))?;
            let polynomial: Vec<_> = domain
                .ifft(&values.par_iter().map(|value| Fr::from(*value)).collect::<Vec<_>>())
                .par_iter()
                .map(|value| value.into_bigint())
                .collect();
            let range = level_range(level);
            let agrees = |basis: &[G1Affine], powers: &[G1Affine]| -> Result<bool> {
                let used = powers.len().min(size);
                let left = combine(&basis[range.clone()], &values, cancel)?;
                Ok(left == combine(&powers[..used], &polynomial[..used], cancel)?)
            };
            let mut good = agrees(&self.lagrange_g1, &self.tau_g1)?;
            if level <= self.power {
                let left = combine(&self.lagrange_g2[range.clone()], &values, cancel)?;
                let right = combine(&self.tau_g2[..size], &polynomial, cancel)?;
                good = good
                    && left == right
                    && agrees(&self.lagrange_alpha, &self.alpha_tau)?
                    && agrees(&self.lagrange_beta, &self.beta_tau)?;
            }
            if !good {
                return Err(wrong(format!(
                    "the ptau's Lagrange points of the domain 2^{level} are not those of its powers"
                )));
            }
        }
        Ok(())
    }
}

fn level_range(level: u32) -> std::ops::Range<usize> {
    let size = 1usize << level;
    size - 1..2 * size - 1
}

fn points<P: PointBytes>(sections: &Sections<'_>, kind: u32, count: u64) -> Result<Vec<P>> {
    let bytes = sections.records(kind, count, P::WIDTH as u64)?;
    read_points(bytes, Form::Montgomery, "the ptau's sections")
}

/// The smallest prime of the twist's cofactor is 10,069, so a combination with coefficients of 16 bits misses a point
/// outside the prime subgroup with a probability of at most 7 / 2^16, and `ROUNDS` of them with less than 2^−128.
fn all_in_subgroup(points: &[G2Affine], cancel: &AtomicBool) -> Result<bool> {
    const ROUNDS: usize = 10;
    if points.len() < 64 {
        return Ok(points.iter().all(PointBytes::in_subgroup));
    }
    let mut stream = Stream::unforeseen()?;
    for _ in 0..ROUNDS {
        let short: Vec<_> = points.iter().map(|_| BigInt::from(stream.short())).collect();
        if !combine(points, &short, cancel)?.in_subgroup() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Coefficients of 128 bits that whoever made the points could not foresee.
pub fn coefficients(count: usize) -> Result<Vec<BigInt<4>>> {
    let mut stream = Stream::unforeseen()?;
    Ok((0..count).map(|_| stream.coefficient().into_bigint()).collect())
}

/// Σ scalars·points; points may be at infinity.
pub fn combine<C: Limbed>(points: &[Affine<C>], scalars: &[BigInt<4>], cancel: &AtomicBool) -> Result<Affine<C>> {
    let (points, scalars): (Vec<_>, Vec<_>) = points
        .iter()
        .zip(scalars)
        .filter(|(point, _)| !point.is_zero())
        .map(|(point, scalar)| (*point, *scalar))
        .unzip();
    Ok(msm(&points, &scalars, cancel)?.into_affine())
}

/// Whether right = x·left in G1 and in G2 with the same x: e(left1, right2) = e(right1, left2).
pub fn same_ratio(g1: (G1Affine, G1Affine), g2: (G2Affine, G2Affine)) -> bool {
    Bn254::multi_pairing([g1.0, -g1.1], [g2.1, g2.0]).0.is_one()
}

fn wrong(message: impl Into<String>) -> Fault {
    malformed("bad-ptau", message)
}
