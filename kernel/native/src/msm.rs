//! Multi-scalar multiplication for Groth16's scalars: mostly 0, 1 and short, a few of full size.
//!
//! Zeros are skipped and ones summed as they are. The rest goes through one bucket pass of signed windows: scalars
//! above r/2 are negated together with their point, so short negative numbers are as cheap as short positive ones,
//! and a short scalar's upper windows are zero digits, which cost nothing.

use crate::buckets::{heap_sums, weighted_sums, Limbed, Point};
use crate::error::{Fault, Result};
use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::AffineRepr;
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
pub fn msm<P: Limbed>(points: &[Affine<P>], scalars: &[BigInt<4>], cancel: &AtomicBool) -> Result<Projective<P>> {
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
            units.push(Point::new(point));
        } else if *scalar > half {
            let mut magnitude = Fr::MODULUS;
            magnitude.sub_with_borrow(scalar);
            bases.push(Point::new(&-*point));
            magnitudes.push(magnitude);
        } else {
            bases.push(Point::new(point));
            magnitudes.push(*scalar);
        }
    }
    let (sum, rest) = rayon::join(|| sum(&units), || windows(&bases, &magnitudes, cancel));
    Ok(sum + rest?)
}

fn sum<P: Limbed>(points: &[Point<P::Limbs>]) -> Projective<P> {
    points
        .par_chunks(TASK)
        .flat_map_iter(|chunk| heap_sums(chunk, &vec![1; chunk.len()], 1))
        .map(|sum| sum.to_affine().into_group())
        .sum()
}

/// Pippenger's bucket method over signed digits. A task does as many windows as fill its cache.
fn windows<P: Limbed>(points: &[Point<P::Limbs>], scalars: &[BigInt<4>], cancel: &AtomicBool) -> Result<Projective<P>> {
    let bits = scalars.iter().map(BigInteger::num_bits).max().unwrap_or(0) as usize;
    if bits == 0 {
        return Ok(Projective::zero());
    }
    let digits = Digits::new(scalars, window_width(points.len(), bits), bits);
    let count = digits.windows;
    let share = (TASK / points.len().max(1)).clamp(1, count.div_ceil(2 * rayon::current_num_threads()));
    let sums: Vec<Vec<Projective<P>>> = (0..count.div_ceil(share))
        .into_par_iter()
        .map(|task| {
            check(cancel)?;
            let mine = task * share..count.min((task + 1) * share);
            let rows: Vec<i16> = mine.flat_map(|window| digits.row(window)).collect();
            Ok(window_sums::<P>(points, &rows, digits.width))
        })
        .collect::<Result<_>>()?;
    Ok(horner(sums.iter().flatten().rev(), digits.width))
}

/// Σ digit·point of each row of digits, of `width` bits with their sign.
pub fn window_sums<P: Limbed>(points: &[Point<P::Limbs>], rows: &[i16], width: usize) -> Vec<Projective<P>> {
    let buckets = heap_sums(points, rows, 1 << (width - 1));
    weighted_sums(buckets, width - 1)
        .into_iter()
        .map(|parts| {
            let parts: Vec<Projective<P>> = parts.into_iter().map(|part| part.to_affine().into_group()).collect();
            parts[0] + horner(parts[1..].iter().rev(), 1)
        })
        .collect()
}

/// Σ 2^(width·i)·sum_i, given the last sum first.
pub fn horner<'a, P: Limbed>(sums: impl Iterator<Item = &'a Projective<P>>, width: usize) -> Projective<P> {
    sums.fold(Projective::zero(), |mut total, sum| {
        for _ in 0..width {
            total.double_in_place();
        }
        total + sum
    })
}

/// The width that costs least: a window adds every point once, and every bucket twice and dearly.
fn window_width(points: usize, bits: usize) -> usize {
    (2..=15)
        .min_by_key(|width| (bits / width + 1) * (points + (2 << (width - 1))))
        .unwrap_or(2)
}

/// Scalars as signed digits: Σ digit_k · 2^(width·k) with every digit in (−2^(width−1), 2^(width−1)].
///
/// The least digit times every power is added to a scalar once; then a window's bits are its digit raised by as much,
/// whatever stands in the windows below.
struct Digits {
    raised: Vec<[u64; 5]>,
    width: usize,
    windows: usize,
}

impl Digits {
    fn new(scalars: &[BigInt<4>], width: usize, bits: usize) -> Self {
        let windows = bits / width + 1; // one bit more than there are: the last carry
        let mut least = [0; 5];
        for bit in (0..windows).flat_map(|window| window * width..window * width + width - 1) {
            least[bit / 64] |= 1 << (bit % 64);
        }
        let raised = scalars.iter().map(|scalar| add(&scalar.0, &least)).collect();
        Self { raised, width, windows }
    }

    /// One window's digit of every scalar.
    fn row(&self, window: usize) -> impl Iterator<Item = i16> + '_ {
        let (limb, shift) = (window * self.width / 64, window * self.width % 64);
        let (mask, raise) = ((1 << self.width) - 1, (1i16 << (self.width - 1)) - 1);
        self.raised.iter().map(move |words| {
            let above = words.get(limb + 1).map_or(0, |word| word << 1 << (63 - shift));
            (((words[limb] >> shift) | above) & mask) as i16 - raise
        })
    }
}

fn add(left: &[u64; 4], right: &[u64; 5]) -> [u64; 5] {
    let mut sum = *right;
    let mut carry = false;
    for (word, left) in sum.iter_mut().zip(left.iter().chain(&[0])) {
        let (once, first) = word.overflowing_add(*left);
        let (twice, second) = once.overflowing_add(u64::from(carry));
        (*word, carry) = (twice, first || second);
    }
    sum
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
            for width in 2..=15 {
                let digits = Digits::new(&[value], width, value.num_bits() as usize);
                let sum = (0..digits.windows)
                    .flat_map(|window| digits.row(window).map(move |digit| (window, digit)))
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
