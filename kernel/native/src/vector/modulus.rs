//! The two prime fields in limbs of 52 bits, and the constants that multiplication modulo them needs.

use ark_bn254::{Fq, Fr};
use ark_ff::{BigInt, PrimeField};

/// Five limbs of 52 bits, least first.
pub type Limbs = [u64; 5];

pub const LIMB: u64 = (1 << 52) - 1;

/// A prime between 2^253 and 2^254, of which every constant follows.
pub trait Modulus: Copy + Send + Sync + 'static {
    const WORDS: BigInt<4>;
    const P: Limbs = limbs(&Self::WORDS.0);
    /// −1/p modulo 2^52.
    const INVERSE: u64 = {
        let inverse = negative_inverse(Self::P[0]);
        assert!(inverse < (1 << 52) / 7, "the bounds of a product hold for a small FOLD");
        inverse
    };
    /// 2^−52 modulo p: what a limb below the point is worth one limb higher.
    const FOLD: Limbs = fold(&Self::P, Self::INVERSE);
    /// 0·p to 7·p, limb by limb.
    const MULTIPLES: [[u64; 8]; 5] = multiples(&Self::P);
    /// 16·p²
    const SQUARE_16: [u64; 10] = square_16(&Self::P);
    /// 2^260 modulo p: one, as values are kept.
    const ONE: Limbs = limbs(&power_of_two(&Self::WORDS.0, 260));
    /// Multiplying by it turns plain numbers into kept ones.
    const FROM_PLAIN: Limbs = limbs(&power_of_two(&Self::WORDS.0, 520));
    /// Multiplying by it turns arkworks' form, times 2^256, into the kept one, times 2^260.
    const FROM_ARK: Limbs = limbs(&power_of_two(&Self::WORDS.0, 264));
    /// Multiplying by it turns the kept form into arkworks'.
    const TO_ARK: Limbs = limbs(&power_of_two(&Self::WORDS.0, 256));
}

/// The field of coordinates.
#[derive(Clone, Copy)]
pub struct Coordinates;

/// The field of scalars.
#[derive(Clone, Copy)]
pub struct Scalars;

impl Modulus for Coordinates {
    const WORDS: BigInt<4> = Fq::MODULUS;
}

impl Modulus for Scalars {
    const WORDS: BigInt<4> = Fr::MODULUS;
}

/// Four words of 64 bits as five limbs of 52.
pub const fn limbs(words: &[u64; 4]) -> Limbs {
    [
        words[0] & LIMB,
        (words[0] >> 52 | words[1] << 12) & LIMB,
        (words[1] >> 40 | words[2] << 24) & LIMB,
        (words[2] >> 28 | words[3] << 36) & LIMB,
        words[3] >> 16,
    ]
}

const fn negative_inverse(p: u64) -> u64 {
    let mut inverse = 1u64; // right modulo 2, and every step doubles the right bits
    let mut step = 0;
    while step < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(inverse)));
        step += 1;
    }
    inverse.wrapping_neg() & LIMB
}

/// (p·(−1/p mod 2^52) + 1) / 2^52
const fn fold(p: &Limbs, inverse: u64) -> Limbs {
    let mut out = [0; 5];
    let mut carry = 1u128;
    let mut at = 0;
    while at < 5 {
        let sum = p[at] as u128 * inverse as u128 + carry;
        if at > 0 {
            out[at - 1] = sum as u64 & LIMB;
        }
        carry = sum >> 52;
        at += 1;
    }
    out[4] = carry as u64;
    out
}

const fn multiples(p: &Limbs) -> [[u64; 8]; 5] {
    let mut out = [[0; 8]; 5];
    let mut factor = 0;
    while factor < 8 {
        let mut carry = 0;
        let mut at = 0;
        while at < 5 {
            let sum = p[at] * factor as u64 + carry;
            out[at][factor] = sum & LIMB;
            carry = sum >> 52;
            at += 1;
        }
        factor += 1;
    }
    out
}

const fn square_16(p: &Limbs) -> [u64; 10] {
    let mut out = [0; 10];
    let mut i = 0;
    while i < 5 {
        let mut carry = 0u128;
        let mut j = 0;
        while j < 5 {
            let sum = out[i + j] as u128 + 16 * p[i] as u128 * p[j] as u128 + carry;
            out[i + j] = sum as u64 & LIMB;
            carry = sum >> 52;
            j += 1;
        }
        out[i + 5] = carry as u64;
        i += 1;
    }
    out
}

/// 2^exponent modulo p, by doubling.
const fn power_of_two(p: &[u64; 4], exponent: u32) -> [u64; 4] {
    let mut value = [1, 0, 0, 0];
    let mut step = 0;
    while step < exponent {
        let mut doubled = [0u64; 4];
        let mut reduced = [0u64; 4];
        let (mut carry, mut borrow) = (0, false);
        let mut at = 0;
        while at < 4 {
            doubled[at] = value[at] << 1 | carry;
            carry = value[at] >> 63;
            let (first, under) = doubled[at].overflowing_sub(p[at]);
            let (second, below) = first.overflowing_sub(borrow as u64);
            reduced[at] = second;
            borrow = under || below;
            at += 1;
        }
        value = if borrow { doubled } else { reduced };
        step += 1;
    }
    value
}
