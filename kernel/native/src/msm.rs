//! Multi-scalar multiplication for Groth16's scalars: mostly 0, 1 and short, a few of full size.
//!
//! Zeros are skipped and ones summed as they are. The rest goes through one bucket pass of signed windows: scalars
//! above r/2 are negated together with their point, so short negative numbers are as cheap as short positive ones,
//! and a short scalar's upper windows are zero digits, which cost nothing.

use crate::buckets::Heaps;
use crate::error::{Fault, Result};
use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Bucket, Projective, SWCurveConfig};
use ark_ff::{AdditiveGroup, BigInt, BigInteger, PrimeField, Zero};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Points a task sorts at once: few enough for a core's cache, enough to share an inversion.
const TASK: usize = 4096;

/// Stops the work when the flag is up.
pub fn check(cancel: &AtomicBool) -> Result<()> {
    if cancel.load(Ordering::Relaxed) {
        return Err(Fault::Cancelled);
    }
    Ok(())
}

/// Σ scalars[i]·points[i]; both have the same length.
pub fn msm<P: SWCurveConfig<ScalarField = Fr>>(
    points: &[Affine<P>],
    scalars: &[BigInt<4>],
    cancel: &AtomicBool,
) -> Result<Projective<P>> {
    check(cancel)?;
    let one = BigInt::from(1u64);
    let mut half = Fr::MODULUS;
    half.div2();
    let mut units = Vec::new();
    let mut bases = Vec::new();
    let mut magnitudes = Vec::new();
    for (point, scalar) in points.iter().zip(scalars) {
        if scalar.is_zero() {
            continue;
        }
        if *scalar == one {
            units.push(*point);
        } else if *scalar > half {
            let mut magnitude = Fr::MODULUS;
            magnitude.sub_with_borrow(scalar);
            bases.push(-*point);
            magnitudes.push(magnitude);
        } else {
            bases.push(*point);
            magnitudes.push(*scalar);
        }
    }
    let (sum, rest) = rayon::join(|| sum(&units), || windows(&bases, &magnitudes, cancel));
    Ok(sum + rest?)
}

fn sum<P: SWCurveConfig>(points: &[Affine<P>]) -> Projective<P> {
    points
        .par_chunks(TASK)
        .flat_map_iter(|chunk| Heaps::new(1, chunk.iter().map(|point| (0, *point))).sums())
        .map(Projective::from)
        .sum()
}

/// Pippenger's bucket method over signed digits. A task does as many windows as fill its cache.
fn windows<P: SWCurveConfig>(
    points: &[Affine<P>],
    scalars: &[BigInt<4>],
    cancel: &AtomicBool,
) -> Result<Projective<P>> {
    let bits = scalars.iter().map(BigInteger::num_bits).max().unwrap_or(0) as usize;
    if bits == 0 {
        return Ok(Projective::zero());
    }
    let width = window_width(points.len(), bits);
    let count = bits / width + 1; // one bit more than there are: the last carry
    let half = 1 << (width - 1);
    let digits: Vec<i32> = scalars
        .par_iter()
        .with_min_len(64)
        .flat_map_iter(|scalar| signed_digits(scalar, width, count))
        .collect();
    let share = (TASK / points.len()).clamp(1, count.div_ceil(2 * rayon::current_num_threads()));
    let sums: Vec<Vec<Projective<P>>> = (0..count.div_ceil(share))
        .into_par_iter()
        .map(|task| {
            check(cancel)?;
            let mine = task * share..count.min((task + 1) * share);
            let entries = mine.clone().enumerate().flat_map(|(place, window)| {
                let digits = digits[window..].iter().step_by(count);
                points
                    .iter()
                    .zip(digits)
                    .filter_map(move |(point, digit)| match *digit {
                        0 => None,
                        digit if digit > 0 => Some((place * half + digit as usize - 1, *point)),
                        digit => Some((place * half + (-digit) as usize - 1, -*point)),
                    })
            });
            let buckets = Heaps::new(mine.len() * half, entries).sums();
            Ok(buckets.chunks_exact(half).map(weighted_sum).collect())
        })
        .collect::<Result<_>>()?;
    Ok(sums.iter().flatten().rev().fold(Projective::zero(), |mut total, sum| {
        for _ in 0..width {
            total.double_in_place();
        }
        total + sum
    }))
}

/// Σ (i + 1)·buckets[i]
fn weighted_sum<P: SWCurveConfig>(buckets: &[Bucket<P>]) -> Projective<P> {
    let (mut running, mut total) = (Bucket::default(), Bucket::default());
    for bucket in buckets.iter().rev() {
        running += bucket;
        total += &running;
    }
    total.into()
}

/// The width that costs least: a window adds every point once, and every bucket twice and dearly.
fn window_width(points: usize, bits: usize) -> usize {
    (2..=16)
        .min_by_key(|width| (bits / width + 1) * (points + (4 << (width - 1))))
        .unwrap_or(2)
}

/// `scalar` = Σ digit_k · 2^(width·k) with every digit in (−2^(width−1), 2^(width−1)].
fn signed_digits(scalar: &BigInt<4>, width: usize, windows: usize) -> impl Iterator<Item = i32> + '_ {
    let mut carry = 0;
    (0..windows).map(move |window| {
        let digit = bits_at(scalar, window * width, width) + carry;
        carry = i32::from(digit > 1 << (width - 1));
        digit - (carry << width)
    })
}

fn bits_at(scalar: &BigInt<4>, start: usize, width: usize) -> i32 {
    let (limb, shift) = (start / 64, start % 64);
    if limb >= 4 {
        return 0;
    }
    let mut value = scalar.0[limb] >> shift;
    if shift + width > 64 && limb < 3 {
        value |= scalar.0[limb + 1] << (64 - shift);
    }
    (value & ((1 << width) - 1)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::Field;

    #[test]
    fn digits_add_up_to_their_scalar() {
        let mut scalar = Fr::MODULUS;
        scalar.div2();
        for value in [scalar, BigInt::from(u64::MAX), BigInt::from(2u64)] {
            for width in 2..=16 {
                let windows = value.num_bits() as usize / width + 1;
                let sum = signed_digits(&value, width, windows)
                    .enumerate()
                    .map(|(window, digit)| {
                        assert!(digit.abs() <= 1 << (width - 1));
                        Fr::from(digit) * Fr::from(2u64).pow([(window * width) as u64])
                    })
                    .sum::<Fr>();
                assert_eq!(sum, Fr::new(value));
            }
        }
    }
}
