//! Coordinates as plain limbs, their arithmetic inlined: the sums of heaps spend their time here.
//!
//! Called as functions, multiplications hand their results over through memory, word by word, and whoever copies them in
//! wider pieces waits for the stores: a third of a heap's addition. Inlined, they stay in registers. The numbers are
//! arkworks' own, in Montgomery form with R = 2^256 and below p.

use crate::inversion;
use ark_bn254::{Fq, Fq2};
use ark_ff::{BigInt, Field, PrimeField};

type Words = [u64; 4];

const P: Words = Fq::MODULUS.0;

/// −1/p modulo 2^64.
const INVERSE: u64 = {
    let (mut inverse, mut step) = (1u64, 0);
    while step < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(P[0].wrapping_mul(inverse)));
        step += 1;
    }
    inverse.wrapping_neg()
};

/// A field of coordinates. Inversions are shared through the norm, which lies in a field whose products cost less.
pub trait Coordinate: Copy + PartialEq + Send + Sync {
    type Ark: Field;
    const ZERO: Self;
    const ONE: Self;

    fn from_ark(value: &Self::Ark) -> Self;
    fn to_ark(self) -> Self::Ark;
    fn sub(&self, other: &Self) -> Self;
    fn double(&self) -> Self;
    fn mul(&self, other: &Self) -> Self;
    fn square(&self) -> Self;
    /// Zero for zero only.
    fn norm(&self) -> Prime;
    /// The inverse, given that of the norm.
    fn inverse_by(&self, norm: &Prime) -> Self;

    #[inline(always)]
    fn neg(&self) -> Self {
        Self::ZERO.sub(self)
    }

    #[inline(always)]
    fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

/// An element of Fq.
#[derive(Clone, Copy, PartialEq)]
pub struct Prime(Words);

/// An element of Fq2 = Fq(u), u² = −1.
#[derive(Clone, Copy, PartialEq)]
pub struct Quadratic(Prime, Prime);

impl Prime {
    /// An element as arkworks keeps it: below p.
    pub fn from_words(words: Words) -> Self {
        Self(words)
    }

    pub fn words(self) -> Words {
        self.0
    }

    #[inline(always)]
    fn add(&self, other: &Self) -> Self {
        Self(below_p(add(&self.0, &other.0)))
    }

    /// 1/x, or zero for zero.
    pub fn inverse(&self) -> Self {
        Self(inversion::inverse(&self.0))
    }

    /// 1/x of each by one inversion; none may be zero.
    #[inline(never)]
    pub fn inverses<const N: usize>(values: [Self; N]) -> [Self; N] {
        let mut product = Self::ONE;
        let mut out = values.map(|value| {
            let before = product;
            product = product.mul(&value);
            before
        });
        let mut inverse = product.inverse();
        for (share, value) in out.iter_mut().zip(values).rev() {
            *share = share.mul(&inverse);
            inverse = inverse.mul(&value);
        }
        out
    }
}

impl Coordinate for Prime {
    type Ark = Fq;
    const ZERO: Self = Self([0; 4]);
    const ONE: Self = Self(Fq::ONE.0 .0);

    #[inline(always)]
    fn from_ark(value: &Fq) -> Self {
        Self(value.0 .0)
    }

    #[inline(always)]
    fn to_ark(self) -> Fq {
        Fq::new_unchecked(BigInt(self.0))
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Self {
        let (difference, borrow) = sub(&self.0, &other.0);
        let mask = u64::from(borrow).wrapping_neg();
        Self(add(&difference, &P.map(|word| word & mask)))
    }

    #[inline(always)]
    fn double(&self) -> Self {
        self.add(self)
    }

    #[inline(always)]
    fn mul(&self, other: &Self) -> Self {
        let mut out = [0u64; 4];
        for word in other.0 {
            // Both carries stay below 2^64 - 1 because p has two bits to spare.
            let (low, mut upper) = multiply_add(out[0], self.0[0], word, 0);
            let factor = low.wrapping_mul(INVERSE);
            let (_, mut carry) = multiply_add(low, factor, P[0], 0);
            for i in 1..4 {
                let (sum, next) = multiply_add(out[i], self.0[i], word, upper);
                upper = next;
                let (sum, next) = multiply_add(sum, factor, P[i], carry);
                carry = next;
                out[i - 1] = sum;
            }
            out[3] = upper + carry;
        }
        Self(below_p(out))
    }

    #[inline(always)]
    fn square(&self) -> Self {
        self.mul(self)
    }

    #[inline(always)]
    fn norm(&self) -> Self {
        *self
    }

    #[inline(always)]
    fn inverse_by(&self, norm: &Self) -> Self {
        *norm
    }
}

impl Coordinate for Quadratic {
    type Ark = Fq2;
    const ZERO: Self = Self(Prime::ZERO, Prime::ZERO);
    const ONE: Self = Self(Prime::ONE, Prime::ZERO);

    #[inline(always)]
    fn from_ark(value: &Fq2) -> Self {
        Self(Prime::from_ark(&value.c0), Prime::from_ark(&value.c1))
    }

    #[inline(always)]
    fn to_ark(self) -> Fq2 {
        Fq2::new(self.0.to_ark(), self.1.to_ark())
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Self {
        Self(self.0.sub(&other.0), self.1.sub(&other.1))
    }

    #[inline(always)]
    fn double(&self) -> Self {
        Self(self.0.double(), self.1.double())
    }

    /// Karatsuba over products that are reduced once each, at the end.
    #[inline(always)]
    fn mul(&self, other: &Self) -> Self {
        let real = product(&self.0 .0, &other.0 .0);
        let imaginary = product(&self.1 .0, &other.1 .0);
        let cross = product(&add(&self.0 .0, &self.1 .0), &add(&other.0 .0, &other.1 .0));
        let cross = sub(&sub(&cross, &real).0, &imaginary).0;
        let (mut real, borrow) = sub(&real, &imaginary);
        // Below zero, p·2^256 makes it a number below that again.
        let mask = u64::from(borrow).wrapping_neg();
        let upper = add(&[real[4], real[5], real[6], real[7]], &P.map(|word| word & mask));
        real[4..].copy_from_slice(&upper);
        Self(reduce(real), reduce(cross))
    }

    /// (a + b)(a − b) + 2ab·u
    #[inline(always)]
    fn square(&self) -> Self {
        let real = Prime(add(&self.0 .0, &self.1 .0)).mul(&self.0.sub(&self.1));
        Self(real, self.0.double().mul(&self.1))
    }

    #[inline(always)]
    fn norm(&self) -> Prime {
        self.0.square().add(&self.1.square())
    }

    #[inline(always)]
    fn inverse_by(&self, norm: &Prime) -> Self {
        Self(self.0.mul(norm), self.1.neg().mul(norm))
    }
}

/// start + left·right + carry, low word and high word.
#[inline(always)]
fn multiply_add(start: u64, left: u64, right: u64, carry: u64) -> (u64, u64) {
    let sum = u128::from(start) + u128::from(left) * u128::from(right) + u128::from(carry);
    (sum as u64, (sum >> 64) as u64)
}

/// The sum, which fits.
#[inline(always)]
fn add<const N: usize>(left: &[u64; N], right: &[u64; N]) -> [u64; N] {
    let (mut out, mut carry) = ([0; N], 0);
    for i in 0..N {
        (out[i], carry) = multiply_add(left[i], right[i], 1, carry);
    }
    out
}

/// The difference modulo 2^(64·N), and whether it is below zero.
#[inline(always)]
fn sub<const N: usize>(left: &[u64; N], right: &[u64; N]) -> ([u64; N], bool) {
    let (mut out, mut borrow) = ([0; N], false);
    for i in 0..N {
        let (once, first) = left[i].overflowing_sub(right[i]);
        let (twice, second) = once.overflowing_sub(u64::from(borrow));
        (out[i], borrow) = (twice, first | second);
    }
    (out, borrow)
}

/// What is below 2p, below p.
#[inline(always)]
fn below_p(words: Words) -> Words {
    let (reduced, borrow) = sub(&words, &P);
    if borrow {
        words
    } else {
        reduced
    }
}

#[inline(always)]
fn product(left: &Words, right: &Words) -> [u64; 8] {
    let mut out = [0; 8];
    for i in 0..4 {
        let mut carry = 0;
        for j in 0..4 {
            (out[i + j], carry) = multiply_add(out[i + j], left[j], right[i], carry);
        }
        out[i + 4] = carry;
    }
    out
}

/// value / 2^256 modulo p, for a value below p·2^256.
#[inline(always)]
fn reduce(mut value: [u64; 8]) -> Prime {
    let mut top = 0;
    for i in 0..4 {
        let factor = value[i].wrapping_mul(INVERSE);
        let mut carry = 0;
        for j in 0..4 {
            (value[i + j], carry) = multiply_add(value[i + j], factor, P[j], carry);
        }
        (value[i + 4], top) = multiply_add(value[i + 4], carry, 1, top);
    }
    Prime(below_p([value[4], value[5], value[6], value[7]]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{AdditiveGroup, Zero};

    /// Random elements and the ends of their range, as they are kept.
    fn elements() -> Vec<Fq> {
        let mut top = Fq::MODULUS;
        top.0[0] -= 1;
        let kept = [
            BigInt::from(0u64),
            BigInt::from(1u64),
            top,
            BigInt([u64::MAX, u64::MAX, u64::MAX, P[3] - 1]),
        ];
        let mut all: Vec<Fq> = kept.into_iter().map(Fq::new_unchecked).collect();
        let mut value = Fq::from(7u64);
        for _ in 0..60 {
            value = value.square() + Fq::from(3u64);
            all.push(value);
        }
        all
    }

    fn agree<C: Coordinate>(left: &C::Ark, right: &C::Ark) {
        let (a, b) = (C::from_ark(left), C::from_ark(right));
        assert_eq!(a.sub(&b).to_ark(), *left - right);
        assert_eq!(a.mul(&b).to_ark(), *left * right);
        assert_eq!(a.square().to_ark(), left.square());
        assert_eq!(a.double().to_ark(), left.double());
        assert_eq!(a.neg().to_ark(), -*left);
        assert_eq!(a.is_zero(), left.is_zero());
        assert_eq!(a.norm().is_zero(), left.is_zero());
        if let Some(inverse) = left.inverse() {
            assert_eq!(a.inverse_by(&a.norm().inverse()).to_ark(), inverse);
        }
    }

    #[test]
    fn limbs_are_arkworks_numbers() {
        let all = elements();
        for (i, left) in all.iter().enumerate() {
            for (j, right) in all.iter().enumerate() {
                agree::<Prime>(left, right);
                let other = all[(7 * i + 3 * j) % all.len()];
                agree::<Quadratic>(&Fq2::new(*left, other), &Fq2::new(*right, all[(i + j) % all.len()]));
            }
        }
    }
}
