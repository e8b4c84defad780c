//! Elements of a prime field as plain words, their arithmetic inlined: the portable sums and transforms spend their time here.
//!
//! Called as functions, multiplications hand their results over through memory, word by word, and whoever copies them in
//! wider pieces waits for the stores: a third of a heap's addition. Inlined, they stay in registers. Elements are in
//! arkworks' Montgomery form with R = 2^256, but only below 2p: R is more than 5p, so a product of two comes out below
//! 2p without a comparison.

use crate::inversion;
use crate::words::{add, either, only_if, product, row, same, square, sub, Double, Words};
use ark_bn254::{Fq, Fr};
use ark_ff::{BigInt, Field, PrimeField};
use core::marker::PhantomData;

/// A field whose order p lies between 2^253 and 2^254.
pub trait Modulus: PrimeField<BigInt = BigInt<4>> {
    const P: Words = Self::MODULUS.0;
    const TWICE_P: Words = twice(&Self::P);
    /// −1/p modulo 2^64.
    const INVERSE: u64 = {
        let (mut inverse, mut step) = (1u64, 0);
        while step < 6 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(Self::P[0].wrapping_mul(inverse)));
            step += 1;
        }
        inverse.wrapping_neg()
    };
    /// 2^−64 modulo p: what a word below the point is worth one word higher.
    const FOLD: Words = fold(&Self::P, Self::INVERSE);
    /// One, as arkworks keeps it.
    const KEPT_ONE: Words;

    /// The number below p by which arkworks keeps an element, and back.
    fn kept(&self) -> Words;
    fn of_kept(number: Words) -> Self;
}

macro_rules! modulus {
    ($field:ty) => {
        impl Modulus for $field {
            const KEPT_ONE: Words = Self::ONE.0 .0;

            #[inline(always)]
            fn kept(&self) -> Words {
                self.0 .0
            }

            #[inline(always)]
            fn of_kept(number: Words) -> Self {
                Self::new_unchecked(BigInt(number))
            }
        }
    };
}

modulus!(Fq);
modulus!(Fr);

const fn twice(p: &Words) -> Words {
    [
        p[0] << 1,
        p[1] << 1 | p[0] >> 63,
        p[2] << 1 | p[1] >> 63,
        p[3] << 1 | p[2] >> 63,
    ]
}

/// (p·inverse + 1) / 2^64
const fn fold(p: &Words, inverse: u64) -> Words {
    let (mut out, mut carry, mut at) = ([0; 4], 1u128, 0);
    while at < 4 {
        let sum = p[at] as u128 * inverse as u128 + carry;
        if at > 0 {
            out[at - 1] = sum as u64;
        }
        carry = sum >> 64;
        at += 1;
    }
    out[3] = carry as u64;
    out
}

/// Arithmetic of a field, inlined.
pub trait Element: Copy + PartialEq + Send + Sync {
    const ZERO: Self;
    const ONE: Self;

    fn is_zero(&self) -> bool;
    /// A bit of its number.
    fn is_odd(&self) -> bool;
    /// Whether it stands as `ZERO` does: of zero's numbers, none but this comes of zeros.
    fn is_blank(&self) -> bool;
    fn add(&self, other: &Self) -> Self;
    fn sub(&self, other: &Self) -> Self;
    fn mul(&self, other: &Self) -> Self;
    fn square(&self) -> Self;

    #[inline(always)]
    fn double(&self) -> Self {
        self.add(self)
    }

    #[inline(always)]
    fn neg(&self) -> Self {
        Self::ZERO.sub(self)
    }
}

/// An element by one of the two numbers below 2p that stand for it.
#[derive(Clone, Copy)]
pub struct Prime<F>(Words, PhantomData<F>);

impl<F: Modulus> Prime<F> {
    /// An element by one of its numbers.
    #[inline(always)]
    pub const fn from_words(number: Words) -> Self {
        Self(number, PhantomData)
    }

    /// The number below p, which arkworks keeps.
    #[inline(always)]
    pub fn words(self) -> Words {
        less(&self.0, &F::P)
    }

    #[inline(always)]
    pub fn from_ark(value: &F) -> Self {
        Self::from_words(value.kept())
    }

    #[inline(always)]
    pub fn to_ark(self) -> F {
        F::of_kept(self.words())
    }

    /// The number that the element's is, below 2p.
    #[inline(always)]
    pub fn number(&self) -> &Words {
        &self.0
    }

    /// value / 2^256 for a value up to 5p².
    ///
    /// The two lowest words are folded upwards, which waits for no factor; multiples of p clear the two above them. What
    /// comes out is below value / 2^256 + p + p / 2^63, and p is below 2^256 / 5.2.
    #[inline(always)]
    pub fn reduce(value: &Double) -> Self {
        let [a, b, c, d, e, f, g, h] = *value;
        let ([b, c, d, e, f], carry) = add(&[b, c, d, e, f], &row(&F::FOLD, a));
        let (g, carry) = g.overflowing_add(u64::from(carry));
        let h = h.wrapping_add(u64::from(carry));
        let ([c, d, e, f, g], carry) = add(&[c, d, e, f, g], &row(&F::FOLD, b));
        let h = h.wrapping_add(u64::from(carry));
        let ([_, d, e, f, g], carry) = add(&[c, d, e, f, g], &row(&F::P, c.wrapping_mul(F::INVERSE)));
        let h = h.wrapping_add(u64::from(carry));
        let ([_, e, f, g, h], _) = add(&[d, e, f, g, h], &row(&F::P, d.wrapping_mul(F::INVERSE)));
        Self::from_words([e, f, g, h])
    }

    /// The same for a value up to 15p².
    #[inline(always)]
    pub fn reduce_more(value: &Double) -> Self {
        Self::from_words(less(&Self::reduce(value).0, &F::TWICE_P))
    }

    /// The numbers' sum as it is.
    #[inline(always)]
    pub fn loose_add(&self, other: &Self) -> Loose<F> {
        Loose(add(&self.0, &other.0).0, PhantomData)
    }

    /// The numbers' difference, and 2p.
    #[inline(always)]
    pub fn loose_sub(&self, other: &Self) -> Loose<F> {
        Loose(sub(&add(&self.0, &F::TWICE_P).0, &other.0).0, PhantomData)
    }

    /// The product with what is below p.
    #[inline(always)]
    pub fn turned(&self, turn: &F) -> Self {
        Self::reduce(&product(&self.0, &turn.kept()))
    }

    /// The element's integer below p: it is kept 2^256 times over.
    #[inline(always)]
    pub fn to_plain(self) -> BigInt<4> {
        let [a, b, c, d] = self.0;
        BigInt(Self::reduce(&[a, b, c, d, 0, 0, 0, 0]).words())
    }
}

/// A number below 4p, to be multiplied next.
#[derive(Clone, Copy)]
pub struct Loose<F>(Words, PhantomData<F>);

impl<F: Modulus> Loose<F> {
    #[inline(always)]
    pub fn turned(&self, turn: &F) -> Prime<F> {
        Prime::reduce(&product(&self.0, &turn.kept()))
    }
}

impl<F: Modulus> Element for Prime<F> {
    const ZERO: Self = Self::from_words([0; 4]);
    const ONE: Self = Self::from_words(F::KEPT_ONE);

    #[inline(always)]
    fn is_zero(&self) -> bool {
        same(&self.0, &[0; 4]) | same(&self.0, &F::P)
    }

    #[inline(always)]
    fn is_odd(&self) -> bool {
        self.0[0] & 1 == 1
    }

    #[inline(always)]
    fn is_blank(&self) -> bool {
        same(&self.0, &[0; 4])
    }

    #[inline(always)]
    fn add(&self, other: &Self) -> Self {
        Self::from_words(less(&add(&self.0, &other.0).0, &F::TWICE_P))
    }

    #[inline(always)]
    fn sub(&self, other: &Self) -> Self {
        let (difference, below) = sub(&self.0, &other.0);
        Self::from_words(add(&difference, &only_if(below, &F::TWICE_P)).0)
    }

    #[inline(always)]
    fn mul(&self, other: &Self) -> Self {
        Self::reduce(&product(&self.0, &other.0))
    }

    #[inline(always)]
    fn square(&self) -> Self {
        Self::reduce(&square(&self.0))
    }
}

impl<F: Modulus> PartialEq for Prime<F> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.sub(other).is_zero()
    }
}

impl Prime<Fq> {
    /// 1/x, or zero for zero.
    pub fn inverse(&self) -> Self {
        Self::from_words(inversion::inverse::<Fq>(&self.words()))
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

/// The number without `most` where that is in it.
#[inline(always)]
fn less(number: &Words, most: &Words) -> Words {
    let (rest, below) = sub(number, most);
    either(below, [number, &rest])
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::words::Double;
    use num_bigint::BigUint;

    /// Both numbers of elements: random ones, and those at the ends of their range.
    pub fn elements<F: Modulus>() -> Vec<Prime<F>> {
        let mut top = F::P;
        top[0] -= 1;
        let ends = [[0; 4], [1, 0, 0, 0], top, [u64::MAX, u64::MAX, u64::MAX, F::P[3] - 1]];
        let mut all: Vec<F> = ends.into_iter().map(F::of_kept).chain([F::ONE, -F::ONE]).collect();
        let mut value = F::from(7u64);
        for _ in 0..24 {
            value = value.square() + F::from(3u64);
            all.push(value);
        }
        let numbers: Vec<Words> = all.iter().map(F::kept).collect();
        let higher: Vec<Words> = numbers.iter().map(|number| add(number, &F::P).0).collect();
        numbers.into_iter().chain(higher).map(Prime::from_words).collect()
    }

    /// A result is the element wanted, by a number below 2p.
    pub fn stands_for<F: Modulus>(result: Prime<F>, wanted: F) {
        assert!(sub(&result.0, &F::TWICE_P).1);
        assert_eq!(result.to_ark(), wanted);
    }

    fn agree<F: Modulus>() {
        let all = elements::<F>();
        for left in &all {
            let a = left.to_ark();
            for right in &all {
                let b = right.to_ark();
                stands_for(left.add(right), a + b);
                stands_for(left.sub(right), a - b);
                stands_for(left.mul(right), a * b);
                assert_eq!(left == right, a == b);
            }
            stands_for(left.square(), a.square());
            stands_for(left.double(), a.double());
            stands_for(left.neg(), -a);
            assert_eq!(left.is_zero(), a.is_zero());
        }
    }

    #[test]
    fn limbs_are_arkworks_numbers() {
        agree::<Fq>();
        agree::<Fr>();
        for value in elements::<Fq>() {
            stands_for(value.inverse(), value.to_ark().inverse().unwrap_or_default());
        }
    }

    /// Reductions at the ends of what they promise.
    fn reduces<F: Modulus>() {
        let p = BigUint::from(F::MODULUS);
        let power = F::from(2u64).pow([256]).inverse().unwrap();
        let check = |value: &BigUint, reduce: fn(&Double) -> Prime<F>| {
            let mut words = [0; 8];
            for (word, digit) in words.iter_mut().zip(value.iter_u64_digits()) {
                *word = digit;
            }
            let wanted = F::from(value.clone()) * power;
            let result = reduce(&words);
            assert!(sub(&result.0, &F::TWICE_P).1);
            assert_eq!(BigInt(result.words()), wanted.into_bigint());
        };
        let near = |times: u32| (0..200u32).map(move |less| (times, less));
        for (times, less) in near(5).chain(near(1)) {
            check(&(&p * &p * times - less), Prime::reduce);
        }
        for (times, less) in near(15).chain(near(9)) {
            check(&(&p * &p * times - less), Prime::reduce_more);
        }
        for bit in 0..510 {
            let power = BigUint::from(1u32) << bit;
            check(&power, Prime::reduce);
            check(&(power - 1u32), Prime::reduce);
        }
    }

    #[test]
    fn reductions_hold_at_the_ends_of_their_range() {
        reduces::<Fq>();
        reduces::<Fr>();
    }
}
