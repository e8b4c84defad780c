//! Multi-scalar multiplication for Groth16's scalars: mostly 0, 1 and short, a few of full size.
//!
//! Zeros are skipped and ones summed by mixed additions. The rest goes through one bucket pass of signed
//! windows: scalars above r/2 are negated together with their point, so short negative numbers are as cheap as short
//! positive ones, and a short scalar's upper windows are zero digits, which cost nothing.

use crate::error::{Fault, Result};
use ark_bn254::Fr;
use ark_ec::{CurveGroup, PrimeGroup, VariableBaseMSM};
use ark_ff::{BigInt, BigInteger, PrimeField};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

const SCALAR_BITS: usize = 254;
/// Points a task sums at once; below it a thread's start costs more than it saves.
const CHUNK: usize = 512;

/// Stops the work when the flag is up.
pub fn check(cancel: &AtomicBool) -> Result<()> {
    if cancel.load(Ordering::Relaxed) {
        return Err(Fault::Cancelled);
    }
    Ok(())
}

/// Σ scalars[i]·points[i]. Both have the same length; no point is at infinity (`(0, 0)` would be added as such anyway).
pub fn msm<G>(points: &[G::Affine], scalars: &[BigInt<4>], cancel: &AtomicBool) -> Result<G>
where
    G: CurveGroup + VariableBaseMSM<MulBase = <G as CurveGroup>::Affine> + PrimeGroup<ScalarField = Fr>,
{
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
    let (sum, rest) = rayon::join(|| sum_points::<G>(&units), || buckets::<G>(&bases, &magnitudes, cancel));
    Ok(sum + rest?)
}

fn sum_points<G>(points: &[G::Affine]) -> G
where
    G: CurveGroup + VariableBaseMSM<MulBase = <G as CurveGroup>::Affine>,
{
    points
        .par_chunks(CHUNK)
        .map(|chunk| {
            let mut sum = G::ZERO_BUCKET;
            for point in chunk {
                sum += point;
            }
            sum.into()
        })
        .sum()
}

/// Pippenger's bucket method over signed digits; windows run in parallel.
fn buckets<G>(points: &[G::Affine], scalars: &[BigInt<4>], cancel: &AtomicBool) -> Result<G>
where
    G: CurveGroup + VariableBaseMSM<MulBase = <G as CurveGroup>::Affine>,
{
    let widest = scalars.iter().map(BigInteger::num_bits).max().unwrap_or(0) as usize;
    if widest == 0 {
        return Ok(G::zero());
    }
    let width = window_width(points.len(), widest);
    let windows = widest / width + 1; // one more than the bits need: the last carry
    let digits: Vec<Vec<i32>> = scalars
        .par_iter()
        .map(|scalar| signed_digits(scalar, width, windows))
        .collect();
    let sums: Vec<G> = (0..windows)
        .into_par_iter()
        .map(|window| {
            check(cancel)?;
            let mut buckets = vec![G::ZERO_BUCKET; 1 << (width - 1)];
            for (point, digits) in points.iter().zip(&digits) {
                match digits[window] {
                    0 => {}
                    digit if digit > 0 => buckets[digit as usize - 1] += point,
                    digit => buckets[(-digit) as usize - 1] -= point,
                }
            }
            let (mut running, mut total) = (G::ZERO_BUCKET, G::ZERO_BUCKET);
            for bucket in buckets.iter().rev() {
                running += bucket;
                total += &running;
            }
            Ok(total.into())
        })
        .collect::<Result<_>>()?;
    Ok(sums.iter().rev().fold(G::zero(), |mut total, sum| {
        for _ in 0..width {
            total.double_in_place();
        }
        total + sum
    }))
}

/// The width that needs the fewest additions: a window adds every point once and every bucket about twice.
fn window_width(points: usize, bits: usize) -> usize {
    (2..=16)
        .min_by_key(|width| (bits / width + 1) * (points + (3 << (width - 1))))
        .unwrap_or(2)
}

/// `scalar` = Σ digit_k · 2^(width·k) with every digit in (−2^(width−1), 2^(width−1)].
fn signed_digits(scalar: &BigInt<4>, width: usize, windows: usize) -> Vec<i32> {
    debug_assert!(scalar.num_bits() as usize <= SCALAR_BITS);
    let mut carry = 0;
    (0..windows)
        .map(|window| {
            let mut digit = bits_at(scalar, window * width, width) + carry;
            carry = i32::from(digit > 1 << (width - 1));
            digit -= carry << width;
            digit
        })
        .collect()
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
