//! Eight elements of a prime field, in Montgomery form with R = 2^260.
//!
//! An [`Element`] is a number up to 2p, five limbs of 52 bits in five [`Lanes`]; numbers that differ by p stand for the
//! same element. R is 84 times p, so factors need no reduction: a [`Loose`] number is up to 8p, and a [`Wide`] product
//! of two of them, up to 64 p², reduces to an element without a comparison. What comes out of it is [`Rough`] at first:
//! sums take it as it is, and carry once for all.

use super::lanes::{Lanes, Mask};
use super::limbs::{carried, constant, difference, half_carried, join, masked, select, split, sum};
use super::modulus::{Limbs, Modulus};
use super::wide::Wide;
use super::Ifma;
use core::marker::PhantomData;

/// Eight elements in memory, limb by limb.
pub type Block = [[u64; 8]; 5];

/// Eight elements, each up to 2p.
#[derive(Clone, Copy)]
pub struct Element<M>([Lanes; 5], PhantomData<M>);

/// Eight numbers up to 8p in limbs of which the low 52 bits count: good as a factor. Differences that are raised by 4p, and
/// factors in Fq2, take numbers up to 4p: elements, and sums of two.
#[derive(Clone, Copy)]
pub struct Loose<M>([Lanes; 5], PhantomData<M>);

/// Eight numbers up to 2p in limbs that may be out of range by a few bits (five after a product, nine after many), below
/// zero too: good in sums, not as a factor.
#[derive(Clone, Copy)]
pub struct Rough<M>([Lanes; 5], PhantomData<M>);

impl<M: Modulus> Element<M> {
    #[inline(always)]
    pub fn splat(ifma: Ifma, limbs: &Limbs) -> Self {
        Self(constant(ifma, limbs), PhantomData)
    }

    #[inline(always)]
    pub fn zero(ifma: Ifma) -> Self {
        Self::splat(ifma, &[0; 5])
    }

    #[inline(always)]
    pub fn one(ifma: Ifma) -> Self {
        Self::splat(ifma, &M::ONE)
    }

    /// Unpacks numbers below 2p: word i of lane j stands in `words[i]`'s lane j.
    #[inline(always)]
    pub fn unpack(ifma: Ifma, words: [Lanes; 4]) -> Self {
        Self(split(ifma, words), PhantomData)
    }

    /// The numbers, below 2p, in four words of 64 bits.
    #[inline(always)]
    pub fn pack(self) -> [Lanes; 4] {
        join(self.0)
    }

    /// Eight elements as arkworks keeps them, times 2^256.
    #[inline(always)]
    pub fn from_ark(ifma: Ifma, words: [Lanes; 4]) -> Self {
        Self::unpack(ifma, words).mul(ifma, Self::splat(ifma, &M::FROM_ARK))
    }

    /// Eight canonical elements as arkworks keeps them.
    #[inline(always)]
    pub fn to_ark(self, ifma: Ifma) -> [Lanes; 4] {
        let product = self.mul(ifma, Self::splat(ifma, &M::TO_ARK));
        product.canonical(ifma).pack()
    }

    /// Eight plain numbers below 2^256, which may exceed p.
    #[inline(always)]
    pub fn from_plain(ifma: Ifma, words: [Lanes; 4]) -> Self {
        Self::unpack(ifma, words).mul(ifma, Self::splat(ifma, &M::FROM_PLAIN))
    }

    /// The plain numbers, below p.
    #[inline(always)]
    pub fn to_plain(self, ifma: Ifma) -> [Lanes; 4] {
        let product = self.mul(ifma, Self::splat(ifma, &[1, 0, 0, 0, 0]));
        product.canonical(ifma).pack()
    }

    /// Eight elements as `store` left them.
    #[inline(always)]
    pub fn load(ifma: Ifma, block: &Block) -> Self {
        let mut limbs = [Lanes::splat(ifma, 0); 5];
        for (lanes, words) in limbs.iter_mut().zip(block) {
            *lanes = Lanes::load(ifma, words);
        }
        Self(limbs, PhantomData)
    }

    #[inline(always)]
    pub fn store(self, block: &mut Block) {
        for (lanes, words) in self.0.into_iter().zip(block) {
            lanes.store(words);
        }
    }

    /// Element i of output j is element j of input i.
    #[inline(always)]
    pub fn transpose(rows: [Self; 8]) -> [Self; 8] {
        let mut out = rows;
        for limb in 0..5 {
            let mut columns = [rows[0].0[limb]; 8];
            for (column, row) in columns.iter_mut().zip(&rows) {
                *column = row.0[limb];
            }
            for (element, column) in out.iter_mut().zip(Lanes::transpose(columns)) {
                element.0[limb] = column;
            }
        }
        out
    }

    #[inline(always)]
    pub fn rough(self) -> Rough<M> {
        Rough(self.0, PhantomData)
    }

    #[inline(always)]
    pub fn loose(self) -> Loose<M> {
        Loose(self.0, PhantomData)
    }

    #[inline(always)]
    pub fn mul(self, ifma: Ifma, other: Self) -> Self {
        self.loose().mul(ifma, other.loose()).carried(ifma)
    }

    #[inline(always)]
    pub fn square(self, ifma: Ifma) -> Self {
        self.loose().square(ifma).carried(ifma)
    }

    #[inline(always)]
    pub fn add(self, ifma: Ifma, other: Self) -> Self {
        Rough::total(ifma, [self.rough(), other.rough()], [])
    }

    #[inline(always)]
    pub fn double(self, ifma: Ifma) -> Self {
        self.add(ifma, self)
    }

    #[inline(always)]
    pub fn sub(self, ifma: Ifma, other: Self) -> Self {
        Rough::total(ifma, [self.rough()], [other.rough()])
    }

    #[inline(always)]
    pub fn neg(self, ifma: Ifma) -> Self {
        Rough::total(ifma, [], [self.rough()])
    }

    /// The opposite where the mask has a one.
    #[inline(always)]
    pub fn neg_where(self, ifma: Ifma, mask: Mask) -> Rough<M> {
        let opposite = difference(multiple::<M>(ifma, 2), self.0);
        Rough(select(self.0, mask, opposite), PhantomData)
    }

    /// `self` + `other`, up to 4p.
    #[inline(always)]
    pub fn loose_add(self, ifma: Ifma, other: Self) -> Loose<M> {
        self.loose().add(ifma, other.loose())
    }

    /// `self` − `other`, up to 4p.
    #[inline(always)]
    pub fn loose_sub(self, ifma: Ifma, other: Self) -> Loose<M> {
        Rough::loose_total(ifma, [self.rough()], [other.rough()])
    }

    /// The one number below p of each element.
    #[inline(always)]
    pub fn canonical(self, ifma: Ifma) -> Self {
        let mut out = self;
        for _ in 0..2 {
            let less = carried(ifma, difference(out.0, multiple::<M>(ifma, 1)));
            out = out.select(!less[4].negative(), Self(less, PhantomData));
        }
        out
    }

    /// Lanes that hold zero.
    #[inline(always)]
    pub fn is_zero(self, ifma: Ifma) -> Mask {
        let all = self.canonical(ifma).0;
        let ones = all[0].or(all[1]).or(all[2]).or(all[3]).or(all[4]);
        ones.equal(Lanes::splat(ifma, 0))
    }

    /// `other` where the mask has a one.
    #[inline(always)]
    pub fn select(self, mask: Mask, other: Self) -> Self {
        Self(select(self.0, mask, other.0), PhantomData)
    }
}

impl<M: Modulus> Loose<M> {
    #[inline(always)]
    pub fn mul(self, ifma: Ifma, other: Self) -> Rough<M> {
        self.mul_onto(Wide::zero(ifma), other).reduce(ifma)
    }

    #[inline(always)]
    pub fn square(self, ifma: Ifma) -> Rough<M> {
        Wide::square(ifma, self.0).reduce(ifma)
    }

    /// `start` + `self`·`other`
    #[inline(always)]
    pub fn mul_onto(self, start: Wide<M>, other: Self) -> Wide<M> {
        start.add_product(self.0, other.0)
    }

    /// `self` + `other`; the bounds add up.
    #[inline(always)]
    pub fn add(self, ifma: Ifma, other: Self) -> Self {
        Self(
            half_carried(sum(masked(ifma, self.0), masked(ifma, other.0))),
            PhantomData,
        )
    }

    /// `self` − `other` + 4p, for an `other` up to 4p.
    #[inline(always)]
    pub fn sub_raised(self, ifma: Ifma, other: Self) -> Self {
        let raised = sum(masked(ifma, self.0), multiple::<M>(ifma, 4));
        Self(half_carried(difference(raised, masked(ifma, other.0))), PhantomData)
    }

    /// The same number, below 2p.
    #[inline(always)]
    pub fn settled(self, ifma: Ifma) -> Element<M> {
        Element(masked(ifma, self.0), PhantomData)
    }
}

impl<M: Modulus> Rough<M> {
    #[inline(always)]
    pub fn new(limbs: [Lanes; 5]) -> Self {
        Self(limbs, PhantomData)
    }

    #[inline(always)]
    pub fn carried(self, ifma: Ifma) -> Element<M> {
        Element(carried(ifma, self.0), PhantomData)
    }

    #[inline(always)]
    pub fn factor(self) -> Loose<M> {
        Loose(half_carried(self.0), PhantomData)
    }

    #[inline(always)]
    pub fn sub(self, ifma: Ifma, other: Self) -> Element<M> {
        Self::total(ifma, [self], [other])
    }

    #[inline(always)]
    pub fn loose_sub(self, ifma: Ifma, other: Self) -> Loose<M> {
        Self::loose_total(ifma, [self], [other])
    }

    #[inline(always)]
    pub fn sub_both(self, ifma: Ifma, first: Self, second: Self) -> Element<M> {
        Self::total(ifma, [self], [first, second])
    }

    /// Σ `plus` − Σ `minus`, four of them at most, not all taken away.
    #[inline(always)]
    pub fn total<const N: usize, const K: usize>(ifma: Ifma, plus: [Self; N], minus: [Self; K]) -> Element<M> {
        reduced(ifma, totalled(ifma, plus, minus))
    }

    /// Σ `plus` − Σ `minus`, four of them at most, not all taken away: up to 8p.
    #[inline(always)]
    pub fn loose_total<const N: usize, const K: usize>(ifma: Ifma, plus: [Self; N], minus: [Self; K]) -> Loose<M> {
        Loose(half_carried(totalled(ifma, plus, minus)), PhantomData)
    }
}

#[inline(always)]
fn multiple<M: Modulus>(ifma: Ifma, times: usize) -> [Lanes; 5] {
    let mut limbs = [0; 5];
    for (limb, multiples) in limbs.iter_mut().zip(&M::MULTIPLES) {
        *limb = multiples[times];
    }
    constant(ifma, &limbs)
}

/// The sum, raised by a multiple of p that keeps it positive: limbs of a number below 8p, not carried.
#[inline(always)]
fn totalled<M: Modulus, const N: usize, const K: usize>(
    ifma: Ifma,
    plus: [Rough<M>; N],
    minus: [Rough<M>; K],
) -> [Lanes; 5] {
    const { assert!(N + K <= 4 && K < 4) };
    let mut out = multiple::<M>(ifma, 2 * K);
    for element in plus {
        out = sum(out, element.0);
    }
    for element in minus {
        out = difference(out, element.0);
    }
    out
}

/// The element, below 2p, of a number below 8p whose limbs may be out of range by a little.
///
/// The top limb tells how often p fits, or one less. What the lower limbs still carry is worth 2^9 of its units,
/// 2^−36 of p, and can make it negative; the reciprocal is too small by more than 2^−19 of itself, so that the quotient
/// is never too large, and by less than 2^−16, so that what stays is below 1.001 p.
#[inline(always)]
fn reduced<M: Modulus>(ifma: Ifma, limbs: [Lanes; 5]) -> Element<M> {
    let none = Lanes::splat(ifma, 0);
    let reciprocal = Lanes::splat(ifma, ((1 << 63) / M::P[4] - 1) * 2); // of p's top limb, times 2^64
    let times = none.add_high(limbs[4].max_signed(none).shift_right::<12>(), reciprocal);
    let mut out = limbs;
    for (limb, multiples) in out.iter_mut().zip(&M::MULTIPLES) {
        *limb = *limb - Lanes::load(ifma, multiples).pick(times);
    }
    Element(carried(ifma, out), PhantomData)
}
