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

/// Bits of the longest halves and of a sign.
pub const LONGEST: usize = 127;

/// Below 2^124 the rounded quotients are zero.
const SHORT: u32 = 124;

/// The widest digit that 16 bits hold with its sign.
const MAX_WIDTH: usize = 16;

/// A number of 192 bits.
type Words = [u64; 3];

/// ± a half.
#[derive(Clone, Copy)]
struct Half(i128);

impl Half {
    const ZERO: Self = Self(0);

    /// Of a magnitude below 2^127.
    fn new(magnitude: u128, negative: bool) -> Self {
        let value = magnitude as i128;
        Self(if negative { -value } else { value })
    }

    fn magnitude(self) -> u128 {
        self.0.unsigned_abs()
    }
}

/// The bits of a half that one digit stands for.
#[derive(Clone, Copy)]
pub struct Window {
    pub start: usize,
    pub width: usize,
}

/// Digits of many scalars, all of one window together.
pub struct Recoding {
    spacing: Option<usize>,
    windows: Vec<Window>,
    count: usize,
    digits: Vec<[i16; 2]>,
    reaches: Vec<u8>,
}

impl Recoding {
    /// Digits as wide as suits so many scalars. For tables of points, whose columns stand `spacing` bits apart, no window
    /// crosses from one column to the next.
    pub fn new(scalars: &[BigInt<4>], spacing: Option<usize>) -> Self {
        let halves: Vec<[Half; 2]> = scalars.par_iter().with_min_len(256).map(halves).collect();
        let (long, largest) = halves
            .par_iter()
            .with_min_len(256)
            .flatten_iter()
            .map(|half| (usize::from(half.magnitude() >> MAX_WIDTH != 0), half.magnitude()))
            .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1.max(b.1)));
        let bits = if largest == 0 { 0 } else { largest.ilog2() as usize + 2 };
        let width = best_width(long, bits, spacing).0;
        Self::with_width(&halves, largest, spacing, width)
    }

    fn with_width(halves: &[[Half; 2]], largest: u128, spacing: Option<usize>, width: usize) -> Self {
        let windows = windows(largest, spacing, width);
        let count = halves.len();
        let raise = raise(&windows);
        let raised: Vec<[Words; 2]> = halves
            .par_iter()
            .with_min_len(256)
            .map(|halves| halves.map(|half| raised(half, &raise)))
            .collect();
        let mut digits = vec![[0; 2]; windows.len() * count];
        if count > 0 {
            let rows = digits.par_chunks_mut(count).zip(&windows);
            rows.for_each(|(digits, window)| {
                for (digits, halves) in digits.iter_mut().zip(&raised) {
                    *digits = [digit(&halves[0], window), digit(&halves[1], window)];
                }
            });
        }
        let reaches = raised.par_iter().with_min_len(256);
        let reaches = reaches.map(|halves| reach(halves, &raise, &windows));
        Self {
            spacing,
            reaches: reaches.collect(),
            windows,
            count,
            digits,
        }
    }

    /// Bits between the columns of the tables it is for.
    pub fn spacing(&self) -> Option<usize> {
        self.spacing
    }

    /// Bits of the widest digit, its sign included; of all digits, where there are no tables.
    pub fn width(&self) -> usize {
        self.windows.iter().map(|window| window.width).max().unwrap_or(1)
    }

    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// How many windows hold all digits of a scalar that are not zero.
    pub fn reach(&self, scalar: u32) -> usize {
        self.reaches[scalar as usize].into()
    }

    /// The digits of both halves of every scalar, from −2^(width − 1) to 2^(width − 1) − 1, worth 2^start.
    pub fn digits(&self, window: usize) -> &[[i16; 2]] {
        &self.digits[window * self.count..(window + 1) * self.count]
    }
}

/// The width with which so many halves of so many bits, signs included, cost least, and that cost in additions.
pub fn best_width(long: usize, bits: usize, spacing: Option<usize>) -> (usize, usize) {
    let cost = |width: usize| {
        let column = spacing.unwrap_or(width);
        let shares = column.div_ceil(width);
        let windows = bits / column * shares + (bits % column * shares).div_ceil(column);
        let sets = if spacing.is_some() {
            windows.min(shares)
        } else {
            windows
        };
        windows * long + sets * ((5 << (width - 1)) / 2 + 64)
    };
    let widths = (2..=MAX_WIDTH).map(|width| (width, cost(width)));
    widths.min_by_key(|(_, cost)| *cost).unwrap_or((2, 0))
}

/// Adding 2^(width − 1) in every window first makes digits from −2^(width − 1) independent of each other.
fn raise(windows: &[Window]) -> Words {
    let mut out = [0; 3];
    for bit in windows.iter().map(|window| window.start + window.width - 1) {
        out[bit / 64] |= 1 << (bit % 64);
    }
    out
}

/// Windows that hold the largest half. Between two columns they are of equal width, give or take one bit.
fn windows(largest: u128, spacing: Option<usize>, width: usize) -> Vec<Window> {
    let spacing = spacing.unwrap_or(width);
    let shares = spacing.div_ceil(width);
    let edges = (0..)
        .step_by(spacing)
        .flat_map(|column| (0..shares).map(move |share| column + spacing * share / shares));
    let top = Half::new(largest, false);
    let mut windows: Vec<Window> = Vec::new();
    let mut start = 0;
    for end in edges.skip(1) {
        if !reaches(&raised(top, &raise(&windows)), start) {
            break;
        }
        windows.push(Window {
            start,
            width: end - start,
        });
        start = end;
    }
    windows
}

/// A digit is zero where raising left its bits as the raise's own.
fn reach(halves: &[Words; 2], raise: &Words, windows: &[Window]) -> u8 {
    let changed = (0..3).map(|word| (halves[0][word] ^ raise[word]) | (halves[1][word] ^ raise[word]));
    let top = changed.enumerate().rfind(|(_, bits)| *bits != 0);
    let bits = top.map_or(0, |(word, bits)| 64 * word + 64 - bits.leading_zeros() as usize);
    windows.iter().take_while(|window| window.start < bits).count() as u8
}

/// Negative numbers too stay above zero: a sum that ends before the last window's end has at least that one's top bit.
fn raised(half: Half, raise: &Words) -> Words {
    let low = u128::from(raise[0]) | u128::from(raise[1]) << 64;
    let (sum, high) = if half.0 < 0 {
        let (sum, borrow) = low.overflowing_sub(half.magnitude());
        (sum, raise[2].wrapping_sub(u64::from(borrow)))
    } else {
        let (sum, carry) = low.overflowing_add(half.magnitude());
        (sum, raise[2] + u64::from(carry))
    };
    [sum as u64, (sum >> 64) as u64, high]
}

fn digit(raised: &Words, window: &Window) -> i16 {
    (bits(raised, window.start, window.width) as i32 - (1 << (window.width - 1))) as i16
}

/// `count` bits, at most 16, from bit `start`.
fn bits(words: &Words, start: usize, count: usize) -> u64 {
    let (word, shift) = (start / 64, start % 64);
    let high = words.get(word + 1).map_or(0, |word| word << 1 << (63 - shift));
    (words[word] >> shift | high) & ((1 << count) - 1)
}

/// Whether any bit stands at `start` or above it.
fn reaches(words: &Words, start: usize) -> bool {
    (start..64 * words.len())
        .step_by(16)
        .any(|start| bits(words, start, 16) != 0)
}

fn halves(scalar: &BigInt<4>) -> [Half; 2] {
    let mut opposite = Fr::MODULUS;
    opposite.sub_with_borrow(scalar);
    let negative = opposite < *scalar;
    let k = if negative { &opposite } else { scalar };
    if k.num_bits() <= SHORT {
        let magnitude = u128::from(k.0[0]) | u128::from(k.0[1]) << 64;
        return [Half::new(magnitude, negative), Half::ZERO];
    }
    let (first, second) = (rounded(k, &QUOTIENT_1), rounded(k, &QUOTIENT_2));
    // Both are below 2^126 in size, so that words modulo 2^128 tell them.
    let low = u128::from(k.0[0]) | u128::from(k.0[1]) << 64;
    let k1 = low
        .wrapping_sub(first.wrapping_mul(A1))
        .wrapping_sub(second.wrapping_mul(A2));
    let k2 = first.wrapping_mul(B1).wrapping_sub(second.wrapping_mul(A1));
    [k1, k2]
        .map(|word| word as i128)
        .map(|half| Half(if negative { -half } else { half }))
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
    use crate::tables::spacing;
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
        let magnitude = Fr::from(half.magnitude());
        if half.0 < 0 {
            -magnitude
        } else {
            magnitude
        }
    }

    #[test]
    fn halves_are_short_and_make_their_scalar() {
        for scalar in scalars() {
            let [first, second] = halves(&scalar.into_bigint());
            assert!(first.magnitude() >> (LONGEST - 1) == 0 && second.magnitude() >> (LONGEST - 1) == 0);
            assert_eq!(value(first) + value(second) * LAMBDA, scalar);
        }
    }

    fn spacings() -> impl Iterator<Item = Option<usize>> {
        [None].into_iter().chain((1..=16).map(spacing))
    }

    #[test]
    fn digits_of_every_width_make_their_scalar() {
        let scalars = scalars();
        let halves: Vec<[Half; 2]> = scalars.iter().map(|scalar| halves(&scalar.into_bigint())).collect();
        let largest = halves.iter().flatten().map(|half| half.magnitude()).max().unwrap_or(0);
        for (spacing, width) in spacings().flat_map(|spacing| (2..=MAX_WIDTH).map(move |width| (spacing, width))) {
            let recoding = Recoding::with_width(&halves, largest, spacing, width);
            for (index, scalar) in scalars.iter().enumerate() {
                let last = (0..recoding.windows().len()).rfind(|window| recoding.digits(*window)[index] != [0, 0]);
                assert_eq!(recoding.reach(index as u32), last.map_or(0, |window| window + 1));
                let mut sum = Fr::zero();
                for (number, window) in recoding.windows().iter().enumerate().rev() {
                    let digits = recoding.digits(number)[index];
                    let half = 1 << (window.width - 1);
                    assert!(digits.iter().all(|digit| (-half..half).contains(&i32::from(*digit))));
                    let worth = Fr::from(2u64).pow([window.start as u64]);
                    sum += worth * (Fr::from(digits[0]) + Fr::from(digits[1]) * LAMBDA);
                }
                assert_eq!(sum, *scalar, "width {width}, columns {spacing:?} apart");
            }
        }
    }

    /// Every window lies in a column, and there are as many columns as tables have.
    #[test]
    fn no_window_crosses_columns_or_leaves_the_table() {
        for columns in 2..=16 {
            let Some(spacing) = spacing(columns) else { continue };
            for width in 2..=MAX_WIDTH {
                let windows = windows((1 << (LONGEST - 1)) - 1, Some(spacing), width);
                assert!(windows.iter().all(|window| window.width <= width));
                assert!(windows
                    .iter()
                    .all(|window| window.start % spacing + window.width <= spacing));
                assert!(windows.iter().all(|window| window.start / spacing < columns));
            }
        }
    }

    /// The window count is the least that holds the largest half, to the last unit, of either sign.
    #[test]
    fn no_half_is_cut_off_at_the_edge_of_its_windows() {
        for (spacing, width) in spacings().flat_map(|spacing| (2..=MAX_WIDTH).map(move |width| (spacing, width))) {
            for largest in (1..126).flat_map(|bit| [(1u128 << bit) - 1, 1 << bit, (1 << bit) + 1]) {
                let halves = [false, true].map(|negative| Half::new(largest, negative));
                let recoding = Recoding::with_width(&[halves], largest, spacing, width);
                let sums = [0, 1].map(|half| {
                    let windows = recoding.windows().iter().enumerate();
                    windows.fold(0i128, |sum, (number, window)| {
                        sum.wrapping_add(i128::from(recoding.digits(number)[0][half]) << window.start)
                    })
                });
                assert_eq!(sums, [largest as i128, -(largest as i128)]);
            }
        }
    }
}
