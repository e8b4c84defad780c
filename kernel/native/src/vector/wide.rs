//! Products of eight field elements before and while they are reduced.

use super::field::Rough;
use super::lanes::Lanes;
use super::limbs::{constant, difference, sum};
use super::modulus::Modulus;
use super::Ifma;
use core::marker::PhantomData;

/// Eight numbers from 0 to 64 p² in limbs that may be out of range: products, their sums and differences.
#[derive(Clone, Copy)]
pub struct Wide<M>([Lanes; 10], PhantomData<M>);

impl<M: Modulus> Wide<M> {
    #[inline(always)]
    pub fn zero(ifma: Ifma) -> Self {
        Self([Lanes::splat(ifma, 0); 10], PhantomData)
    }

    /// 16 p², which keeps differences of products of factors up to 4p above zero.
    #[inline(always)]
    pub fn raise(ifma: Ifma) -> Self {
        Self(constant(ifma, &M::SQUARE_16), PhantomData)
    }

    /// `self` + `a`·`b`
    #[inline(always)]
    pub fn add_product(self, a: [Lanes; 5], b: [Lanes; 5]) -> Self {
        let mut t = self.0;
        for i in 0..5 {
            for j in 0..5 {
                t[i + j] = t[i + j].add_low(a[i], b[j]);
                t[i + j + 1] = t[i + j + 1].add_high(a[i], b[j]);
            }
        }
        Self(t, PhantomData)
    }

    #[inline(always)]
    pub fn square(ifma: Ifma, a: [Lanes; 5]) -> Self {
        let mut t = [Lanes::splat(ifma, 0); 10];
        for i in 0..5 {
            for j in i + 1..5 {
                t[i + j] = t[i + j].add_low(a[i], a[j]);
                t[i + j + 1] = t[i + j + 1].add_high(a[i], a[j]);
            }
        }
        for limb in &mut t {
            *limb = *limb + *limb;
        }
        for i in 0..5 {
            t[2 * i] = t[2 * i].add_low(a[i], a[i]);
            t[2 * i + 1] = t[2 * i + 1].add_high(a[i], a[i]);
        }
        Self(t, PhantomData)
    }

    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Self(sum(self.0, other.0), PhantomData)
    }

    /// `self` − `other`, which must not exceed it.
    #[inline(always)]
    pub fn minus(self, other: Self) -> Self {
        Self(difference(self.0, other.0), PhantomData)
    }

    /// This over 2^260 modulo p, below 2p.
    ///
    /// A limb at the bottom is worth that limb times FOLD, 2^−52 modulo p, one place higher. FOLD is below p/7, so that
    /// four such steps leave t / 2^208 + 2^52·p/7, and one limb, which is cancelled by less than 2^52·p: altogether
    /// (64/84 + 1/7 + 1)·p.
    #[inline(always)]
    pub fn reduce(self, ifma: Ifma) -> Rough<M> {
        let mut t = self.0;
        let fold = constant(ifma, &M::FOLD);
        for i in 0..4 {
            t[i + 1] = t[i + 1] + t[i].shift_right_signed::<52>();
            let low = t[i];
            for j in 0..5 {
                t[i + 1 + j] = t[i + 1 + j].add_low(low, fold[j]);
                t[i + 2 + j] = t[i + 2 + j].add_high(low, fold[j]);
            }
        }
        let p = constant(ifma, &M::P);
        let factor = Lanes::splat(ifma, 0).add_low(t[4], Lanes::splat(ifma, M::INVERSE));
        for j in 0..5 {
            t[4 + j] = t[4 + j].add_low(factor, p[j]);
            t[5 + j] = t[5 + j].add_high(factor, p[j]);
        }
        t[5] = t[5] + t[4].shift_right_signed::<52>();
        Rough::new([t[5], t[6], t[7], t[8], t[9]])
    }
}
