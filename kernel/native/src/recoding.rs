//! Scalars as signed digits of two halves, once for every sum that multiplies by them.
//!
//! BN254 has an endomorphism that multiplies points by a cube root of one, lambda. A scalar k = k1 + k2·lambda with halves
//! below 2^126 is short twice: half as many windows of digits for twice as many points. Scalars above r/2 are
//! taken negative first; what is below 2^124 then, zeros and ones included, is its own first half.

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, PrimeField};
use rayon::prelude::*;

// lambda = 4407920970296243842393367215006156084916469457145843978461. The lattice of (a, b) with a + b·lambda = 0 modulo r, by two short vectors (A1, −B1) and (A2, A1).
const A1: u128 = 0x89d3_2568_94d2_13e3;
const B1: u128 = 0x6f4d_8248_eeb8_59fc_8211_bbeb_7d4f_1128;
const A2: u128 = 0x6f4d_8248_eeb8_59fd_0be4_e154_1221_250b;
/// 2^256·A1 / r and 2^256·B1 / r, rounded.
const QUOTIENT_1: [u64; 3] = [0xd91d_232e_c7e0_b3d7, 0x2, 0];
const QUOTIENT_2: [u64; 3] = [0x7a7b_d9d4_391e_b18e, 0x4cce_f014_a773_d2cf, 0x2];

/// Below 2^124 the rounded quotients are zero.
const SHORT: u32 = 124;

/// The widest digit that 16 bits hold with either sign.
const MAX_WIDTH: usize = 15;

/// ± a half.
#[derive(Clone, Copy)]
struct Half {
    magnitude: u128,
    negative: bool,
}

/// Digits of many scalars, all of one window together.
pub struct Recoding {
    width: usize,
    count: usize,
    digits: Vec<[i16; 2]>,
}

impl Recoding {
    pub fn new(scalars: &[BigInt<4>]) -> Self {
        let halves: Vec<[Half; 2]> = scalars.par_iter().with_min_len(256).map(halves).collect();
        let (long, largest) = halves
            .par_iter()
            .with_min_len(256)
            .flatten_iter()
            .map(|half| (usize::from(half.magnitude >> MAX_WIDTH != 0), half.magnitude))
            .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1.max(b.1)));
        let width = (2..=MAX_WIDTH)
            .min_by_key(|width| windows(largest, *width) * (long + (5 << (width - 1)) / 2 + 64))
            .unwrap_or(2);
        Self::with_width(&halves, largest, width)
    }

    fn with_width(halves: &[[Half; 2]], largest: u128, width: usize) -> Self {
        let windows = windows(largest, width);
        let count = halves.len();
        let raise = raise(width, windows);
        let mut digits = vec![[0; 2]; windows * count];
        if count > 0 {
            digits.par_chunks_mut(count).enumerate().for_each(|(window, digits)| {
                for (digits, halves) in digits.iter_mut().zip(halves) {
                    *digits = halves.map(|half| digit(half, &raise, width, window));
                }
            });
        }
        Self { width, count, digits }
    }

    /// Bits of a digit, its sign included.
    pub fn width(&self) -> usize {
        self.width
    }

    pub fn windows(&self) -> usize {
        self.digits.len().checked_div(self.count).unwrap_or(0)
    }

    /// The digits of both halves of every scalar, from −2^(width − 1) to 2^(width − 1), worth 2^(width·window).
    pub fn digits(&self, window: usize) -> &[[i16; 2]] {
        &self.digits[window * self.count..(window + 1) * self.count]
    }
}

/// Adding 2^(width − 1) in every window first makes digits from −2^(width − 1) independent of each other.
fn raise(width: usize, windows: usize) -> [u64; 3] {
    let mut out = [0; 3];
    for bit in (0..windows).map(|window| window * width + width - 1) {
        out[bit / 64] |= 1 << (bit % 64);
    }
    out
}

/// Windows that hold the largest half.
fn windows(largest: u128, width: usize) -> usize {
    let fits = |windows: &usize| {
        let sum = raised(largest, &raise(width, *windows));
        (windows * width..192)
            .step_by(32)
            .all(|start| bits(&sum, start, 32) == 0)
    };
    if largest == 0 {
        return 0;
    }
    (1..=129usize.div_ceil(width))
        .find(fits)
        .unwrap_or(129usize.div_ceil(width))
}

fn raised(magnitude: u128, raise: &[u64; 3]) -> [u64; 3] {
    let low = u128::from(raise[0]) | u128::from(raise[1]) << 64;
    let (sum, carry) = magnitude.overflowing_add(low);
    [sum as u64, (sum >> 64) as u64, raise[2] + u64::from(carry)]
}

fn digit(half: Half, raise: &[u64; 3], width: usize, window: usize) -> i16 {
    if half.magnitude == 0 {
        return 0;
    }
    let raised = raised(half.magnitude, raise);
    let digit = bits(&raised, window * width, width) as i32 - (1 << (width - 1));
    (if half.negative { -digit } else { digit }) as i16
}

fn bits(words: &[u64; 3], start: usize, count: usize) -> u64 {
    let (word, shift) = (start / 64, start % 64);
    let mut value = words.get(word).map_or(0, |word| word >> shift);
    if shift > 0 {
        value |= words.get(word + 1).map_or(0, |word| word << (64 - shift));
    }
    value & 1u64.checked_shl(count as u32).map_or(u64::MAX, |end| end - 1)
}

fn halves(scalar: &BigInt<4>) -> [Half; 2] {
    let mut opposite = Fr::MODULUS;
    opposite.sub_with_borrow(scalar);
    let negative = opposite < *scalar;
    let k = if negative { &opposite } else { scalar };
    if k.num_bits() <= SHORT {
        let magnitude = u128::from(k.0[0]) | u128::from(k.0[1]) << 64;
        let zero = Half {
            magnitude: 0,
            negative: false,
        };
        return [Half { magnitude, negative }, zero];
    }
    let (first, second) = (rounded(k, &QUOTIENT_1), rounded(k, &QUOTIENT_2));
    // Both are below 2^126 in size, so that words modulo 2^128 tell them.
    let low = u128::from(k.0[0]) | u128::from(k.0[1]) << 64;
    let k1 = low
        .wrapping_sub(first.wrapping_mul(A1))
        .wrapping_sub(second.wrapping_mul(A2));
    let k2 = first.wrapping_mul(B1).wrapping_sub(second.wrapping_mul(A1));
    [k1, k2].map(|word| Half {
        magnitude: (word as i128).unsigned_abs(),
        negative: negative != ((word as i128) < 0),
    })
}

/// k·quotient / 2^256, rounded.
fn rounded(k: &BigInt<4>, quotient: &[u64; 3]) -> u128 {
    let mut product = [0u64; 8];
    for (i, a) in k.0.iter().enumerate() {
        let mut carry = 0u128;
        for (j, b) in quotient.iter().enumerate() {
            let sum = u128::from(*a) * u128::from(*b) + u128::from(product[i + j]) + carry;
            product[i + j] = sum as u64;
            carry = sum >> 64;
        }
        product[i + 3] = carry as u64;
    }
    let whole = u128::from(product[4]) | u128::from(product[5]) << 64;
    whole + u128::from(product[3] >> 63)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{Field, MontFp, Zero};

    const LAMBDA: Fr = MontFp!("4407920970296243842393367215006156084916469457145843978461");

    fn scalars() -> Vec<Fr> {
        let powers = (0..254).map(|bit| Fr::from(2u64).pow([bit]));
        let around = powers.flat_map(|power| [power - Fr::from(1u64), power, power + Fr::from(1u64)]);
        let half = -Fr::from(1u64) / Fr::from(2u64);
        let mut all: Vec<Fr> = around
            .chain([Fr::zero(), LAMBDA, LAMBDA - half, half, half + LAMBDA])
            .collect();
        let mut value = LAMBDA;
        for _ in 0..2000 {
            value = value.square() + half;
            all.push(value);
        }
        all.extend(all.clone().into_iter().map(|value| -value));
        all
    }

    fn value(half: Half) -> Fr {
        let magnitude = Fr::from(half.magnitude);
        if half.negative {
            -magnitude
        } else {
            magnitude
        }
    }

    #[test]
    fn halves_are_short_and_make_their_scalar() {
        for scalar in scalars() {
            let [first, second] = halves(&scalar.into_bigint());
            assert!(first.magnitude >> 126 == 0 && second.magnitude >> 126 == 0);
            assert_eq!(value(first) + value(second) * LAMBDA, scalar);
        }
    }

    #[test]
    fn digits_of_every_width_make_their_scalar() {
        let scalars = scalars();
        let halves: Vec<[Half; 2]> = scalars.iter().map(|scalar| halves(&scalar.into_bigint())).collect();
        let largest = halves.iter().flatten().map(|half| half.magnitude).max().unwrap_or(0);
        for width in 2..=MAX_WIDTH {
            let recoding = Recoding::with_width(&halves, largest, width);
            for (index, scalar) in scalars.iter().enumerate() {
                let mut sum = Fr::zero();
                for window in (0..recoding.windows()).rev() {
                    let [first, second] = recoding.digits(window)[index];
                    assert!(first.unsigned_abs() <= 1 << (width - 1) && second.unsigned_abs() <= 1 << (width - 1));
                    sum = sum * Fr::from(1u64 << width) + Fr::from(first) + Fr::from(second) * LAMBDA;
                }
                assert_eq!(sum, *scalar, "width {width}");
            }
        }
    }

    /// The window count is the least that holds the largest half, to the last unit.
    #[test]
    fn no_half_is_cut_off_at_the_edge_of_its_windows() {
        for width in 2..=MAX_WIDTH {
            for largest in (1..126).flat_map(|bit| [(1u128 << bit) - 1, 1 << bit, (1 << bit) + 1]) {
                let half = Half {
                    magnitude: largest,
                    negative: false,
                };
                let recoding = Recoding::with_width(&[[half; 2]], largest, width);
                let sum = (0..recoding.windows()).rev().fold(0i128, |sum, window| {
                    (sum << width) + i128::from(recoding.digits(window)[0][0])
                });
                assert_eq!(sum, largest as i128);
            }
        }
    }
}
