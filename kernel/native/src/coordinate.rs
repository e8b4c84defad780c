//! Coordinates of points, in Fq and in Fq2, as the portable sums compute with them.

use crate::limbs::{Element, Modulus, Prime};
use crate::words::{add, only_if, product, square, sub, Double, Words};
use ark_bn254::{Fq, Fq2};
use ark_ff::Field;

/// A field of coordinates. Inversions are shared through the norm, which lies in a field whose products cost less.
pub trait Coordinate: Element {
    type Ark: Field;

    fn from_ark(value: &Self::Ark) -> Self;
    fn to_ark(self) -> Self::Ark;
    /// Zero for zero only.
    fn norm(&self) -> Prime<Fq>;
    /// The inverse, given that of the norm.
    fn inverse_by(&self, norm: &Prime<Fq>) -> Self;
}

impl Coordinate for Prime<Fq> {
    type Ark = Fq;

    #[inline(always)]
    fn from_ark(value: &Fq) -> Self {
        Self::from_ark(value)
    }

    #[inline(always)]
    fn to_ark(self) -> Fq {
        self.to_ark()
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

/// An element of Fq2 = Fq(u), u² = −1.
#[derive(Clone, Copy, PartialEq)]
pub struct Quadratic(Prime<Fq>, Prime<Fq>);

/// 4p², which no product of two numbers below 2p reaches.
const FOUR_SQUARES: Double = {
    let (mut out, mut i) = ([0; 8], 0);
    while i < 4 {
        let (mut carry, mut j) = (0u128, 0);
        while j < 4 {
            let sum = out[i + j] as u128 + Fq::TWICE_P[i] as u128 * Fq::TWICE_P[j] as u128 + carry;
            (out[i + j], carry) = (sum as u64, sum >> 64);
            j += 1;
        }
        out[i + 4] = carry as u64;
        i += 1;
    }
    out
};

impl Quadratic {
    /// The sum of the parts' numbers, below 4p.
    #[inline(always)]
    fn both(&self) -> Words {
        add(self.0.number(), self.1.number()).0
    }
}

impl Element for Quadratic {
    const ZERO: Self = Self(Prime::ZERO, Prime::ZERO);
    const ONE: Self = Self(Prime::ONE, Prime::ZERO);

    #[inline(always)]
    fn is_zero(&self) -> bool {
        self.0.is_zero() & self.1.is_zero()
    }

    #[inline(always)]
    fn is_odd(&self) -> bool {
        self.0.is_odd()
    }

    #[inline(always)]
    fn is_blank(&self) -> bool {
        self.0.is_blank() & self.1.is_blank()
    }

    #[inline(always)]
    fn add(&self, other: &Self) -> Self {
        Self(self.0.add(&other.0), self.1.add(&other.1))
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Self {
        Self(self.0.sub(&other.0), self.1.sub(&other.1))
    }

    /// Karatsuba: three products, one reduction a part.
    #[inline(always)]
    fn mul(&self, other: &Self) -> Self {
        let real = product(self.0.number(), other.0.number());
        let imaginary = product(self.1.number(), other.1.number());
        let both = product(&self.both(), &other.both());
        let mixed = sub(&sub(&both, &real).0, &imaginary).0; // a sum of two products, below 8p²
        let (difference, below) = sub(&real, &imaginary);
        let real = add(&difference, &only_if(below, &FOUR_SQUARES)).0;
        Self(Prime::reduce(&real), Prime::reduce_more(&mixed))
    }

    /// (a + b)(a − b) + 2ab·u
    #[inline(always)]
    fn square(&self) -> Self {
        let real = product(&self.both(), self.0.sub(&self.1).number());
        let twice = add(self.0.number(), self.0.number()).0;
        let mixed = product(&twice, self.1.number());
        Self(Prime::reduce_more(&real), Prime::reduce_more(&mixed))
    }
}

impl Coordinate for Quadratic {
    type Ark = Fq2;

    #[inline(always)]
    fn from_ark(value: &Fq2) -> Self {
        Self(Prime::from_ark(&value.c0), Prime::from_ark(&value.c1))
    }

    #[inline(always)]
    fn to_ark(self) -> Fq2 {
        Fq2::new(self.0.to_ark(), self.1.to_ark())
    }

    #[inline(always)]
    fn norm(&self) -> Prime<Fq> {
        let sum = add(&square(self.0.number()), &square(self.1.number())).0;
        Prime::reduce_more(&sum)
    }

    #[inline(always)]
    fn inverse_by(&self, norm: &Prime<Fq>) -> Self {
        Self(self.0.mul(norm), self.1.neg().mul(norm))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limbs::tests::{elements, stands_for};

    #[test]
    fn pairs_of_limbs_are_arkworks_numbers() {
        let parts = elements::<Fq>();
        let count = parts.len();
        let all: Vec<Quadratic> = (0..count * count)
            .map(|i| Quadratic(parts[i % count], parts[i / count]))
            .collect();
        let check = |result: Quadratic, wanted: Fq2| {
            stands_for(result.0, wanted.c0);
            stands_for(result.1, wanted.c1);
        };
        for (i, left) in all.iter().enumerate() {
            let a = left.to_ark();
            for step in 0..8 {
                let right = &all[(i * (2 * step + 1) + 37 * step * step) % all.len()];
                let b = right.to_ark();
                check(left.add(right), a + b);
                check(left.sub(right), a - b);
                check(left.mul(right), a * b);
                assert_eq!(left == right, a == b);
            }
            check(left.square(), a * a);
            check(left.double(), a + a);
            check(left.neg(), -a);
            assert_eq!(left.is_zero(), left.norm().is_zero());
            if let Some(inverse) = a.inverse() {
                check(left.inverse_by(&left.norm().inverse()), inverse);
            }
        }
    }
}
