//! Eight elements of a prime field, in Montgomery form with R = 2^260.
//!
//! An [`Element`] is a number up to 2p, five limbs of 52 bits in five [`Lanes`]; numbers that differ by p stand for the
//! same element. R is 84 times p, so factors need no reduction: a [`Loose`] number is up to 8p, and a [`Wide`] product
//! of two of them, up to 64 p², reduces to an element without a comparison.

use super::lanes::{Lanes, Mask};
use super::modulus::{Limbs, Modulus, LIMB};
use super::Ifma;
use core::marker::PhantomData;

/// Eight elements in memory, limb by limb.
pub type Block = [[u64; 8]; 5];

/// Eight elements, each up to 2p.
#[derive(Clone, Copy)]
pub struct Element<M>([Lanes; 5], PhantomData<M>);

/// Eight numbers up to 8p in limbs of 52 bits: good as a factor.
#[derive(Clone, Copy)]
pub struct Loose<M>([Lanes; 5], PhantomData<M>);

/// Eight numbers from 0 to 64 p² in limbs that may be out of range: products, their sums and differences.
#[derive(Clone, Copy)]
pub struct Wide<M>([Lanes; 10], PhantomData<M>);

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
    pub fn loose(self) -> Loose<M> {
        Loose(self.0, PhantomData)
    }

    #[inline(always)]
    pub fn mul(self, ifma: Ifma, other: Self) -> Self {
        self.loose().mul(ifma, other.loose())
    }

    #[inline(always)]
    pub fn square(self, ifma: Ifma) -> Self {
        self.loose().square(ifma)
    }

    #[inline(always)]
    pub fn add(self, ifma: Ifma, other: Self) -> Self {
        Self::reduced(ifma, sum(self.0, other.0))
    }

    #[inline(always)]
    pub fn double(self, ifma: Ifma) -> Self {
        self.add(ifma, self)
    }

    #[inline(always)]
    pub fn sub(self, ifma: Ifma, other: Self) -> Self {
        let raised = sum(self.0, multiple::<M>(ifma, 2));
        Self::reduced(ifma, difference(raised, other.0))
    }

    #[inline(always)]
    pub fn neg(self, ifma: Ifma) -> Self {
        Self::reduced(ifma, difference(multiple::<M>(ifma, 2), self.0))
    }

    /// The opposite where the mask has a one.
    #[inline(always)]
    pub fn neg_where(self, ifma: Ifma, mask: Mask) -> Self {
        let opposite = difference(multiple::<M>(ifma, 2), self.0);
        let mut out = self.0;
        for (mine, theirs) in out.iter_mut().zip(opposite) {
            *mine = mine.select(mask, theirs);
        }
        Self(carried(ifma, out), PhantomData)
    }

    /// `self` + `other`, up to 4p.
    #[inline(always)]
    pub fn loose_add(self, ifma: Ifma, other: Self) -> Loose<M> {
        self.loose().add(ifma, other.loose())
    }

    /// `self` − `other`, up to 4p.
    #[inline(always)]
    pub fn loose_sub(self, ifma: Ifma, other: Self) -> Loose<M> {
        let raised = sum(self.0, multiple::<M>(ifma, 2));
        Loose(carried(ifma, difference(raised, other.0)), PhantomData)
    }

    /// `self` − `first` − `second`.
    #[inline(always)]
    pub fn sub_both(self, ifma: Ifma, first: Self, second: Self) -> Self {
        let raised = sum(self.0, multiple::<M>(ifma, 4));
        Self::reduced(ifma, difference(difference(raised, first.0), second.0))
    }

    /// Σ `plus` − Σ `minus`, four elements at most.
    #[inline(always)]
    pub fn total<const N: usize, const K: usize>(ifma: Ifma, plus: [Self; N], minus: [Self; K]) -> Self {
        Self::reduced(ifma, totalled(ifma, plus, minus))
    }

    /// Σ `plus` − Σ `minus`, four elements at most, below 8p.
    #[inline(always)]
    pub fn loose_total<const N: usize, const K: usize>(ifma: Ifma, plus: [Self; N], minus: [Self; K]) -> Loose<M> {
        Loose(carried(ifma, totalled(ifma, plus, minus)), PhantomData)
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
        let mut out = self.0;
        for (mine, theirs) in out.iter_mut().zip(other.0) {
            *mine = mine.select(mask, theirs);
        }
        Self(out, PhantomData)
    }

    /// The element, below 2p, of a number below 8p whose limbs may be out of range by a little.
    ///
    /// The top limb tells how often p fits, or one less. What the lower limbs still carry is worth a few of its units,
    /// 2^−43 of p, and can make it −1; the reciprocal is too small by more than 2^−19 of itself, so that the quotient
    /// is never too large, and by less than 2^−17, so that what stays is below 1.001 p.
    #[inline(always)]
    fn reduced(ifma: Ifma, limbs: [Lanes; 5]) -> Self {
        let none = Lanes::splat(ifma, 0);
        let reciprocal = Lanes::splat(ifma, ((1 << 63) / M::P[4] - 1) * 2); // of p's top limb, times 2^64
        let times = none.add_high(limbs[4].max_signed(none).shift_right::<12>(), reciprocal);
        let mut out = limbs;
        for (limb, multiples) in out.iter_mut().zip(&M::MULTIPLES) {
            *limb = *limb - Lanes::load(ifma, multiples).pick(times);
        }
        Self(carried(ifma, out), PhantomData)
    }
}

impl<M: Modulus> Loose<M> {
    #[inline(always)]
    pub fn mul(self, ifma: Ifma, other: Self) -> Element<M> {
        self.wide_mul(ifma, other).reduce(ifma)
    }

    #[inline(always)]
    pub fn square(self, ifma: Ifma) -> Element<M> {
        let a = self.0;
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
        Wide(t, PhantomData).reduce(ifma)
    }

    #[inline(always)]
    pub fn wide_mul(self, ifma: Ifma, other: Self) -> Wide<M> {
        let (a, b) = (self.0, other.0);
        let mut t = [Lanes::splat(ifma, 0); 10];
        for i in 0..5 {
            for j in 0..5 {
                t[i + j] = t[i + j].add_low(a[i], b[j]);
                t[i + j + 1] = t[i + j + 1].add_high(a[i], b[j]);
            }
        }
        Wide(t, PhantomData)
    }

    /// `self` + `other`; the bounds add up.
    #[inline(always)]
    pub fn add(self, ifma: Ifma, other: Self) -> Self {
        Self(carried(ifma, sum(self.0, other.0)), PhantomData)
    }

    /// `self` − `other` + 4p, for an `other` up to 4p.
    #[inline(always)]
    pub fn sub_raised(self, ifma: Ifma, other: Self) -> Self {
        let raised = sum(self.0, multiple::<M>(ifma, 4));
        Self(carried(ifma, difference(raised, other.0)), PhantomData)
    }
}

impl<M: Modulus> Wide<M> {
    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Self(sum(self.0, other.0), PhantomData)
    }

    /// `self` − `other`, which must not exceed it.
    #[inline(always)]
    pub fn minus(self, other: Self) -> Self {
        Self(difference(self.0, other.0), PhantomData)
    }

    /// `self` + 16 p².
    #[inline(always)]
    pub fn raised(self, ifma: Ifma) -> Self {
        let mut out = self.0;
        for (limb, constant) in out.iter_mut().zip(&M::SQUARE_16) {
            *limb = *limb + Lanes::splat(ifma, *constant);
        }
        Self(out, PhantomData)
    }

    /// This over 2^260 modulo p, below 2p.
    ///
    /// A limb at the bottom is worth that limb times FOLD, 2^−52 modulo p, one place higher. FOLD is below p/7, so that
    /// four such steps leave t / 2^208 + 2^52·p/7, and one limb, which is cancelled by less than 2^52·p: altogether
    /// (64/84 + 1/7 + 1)·p.
    #[inline(always)]
    pub fn reduce(self, ifma: Ifma) -> Element<M> {
        let mut t = self.0;
        let mask = Lanes::splat(ifma, LIMB);
        let fold = constant(ifma, &M::FOLD);
        for i in 0..4 {
            t[i + 1] = t[i + 1] + t[i].shift_right_signed::<52>();
            let low = t[i].and(mask);
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
        Element(carried(ifma, [t[5], t[6], t[7], t[8], t[9]]), PhantomData)
    }
}

#[inline(always)]
fn constant(ifma: Ifma, limbs: &Limbs) -> [Lanes; 5] {
    let mut out = [Lanes::splat(ifma, 0); 5];
    for (lanes, limb) in out.iter_mut().zip(limbs) {
        *lanes = Lanes::splat(ifma, *limb);
    }
    out
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
    plus: [Element<M>; N],
    minus: [Element<M>; K],
) -> [Lanes; 5] {
    const { assert!(N + K <= 4) };
    let mut out = multiple::<M>(ifma, 2 * K);
    for element in plus {
        out = sum(out, element.0);
    }
    for element in minus {
        out = difference(out, element.0);
    }
    out
}

#[inline(always)]
fn sum<const N: usize>(mut a: [Lanes; N], b: [Lanes; N]) -> [Lanes; N] {
    for (a, b) in a.iter_mut().zip(b) {
        *a = *a + b;
    }
    a
}

#[inline(always)]
fn difference<const N: usize>(mut a: [Lanes; N], b: [Lanes; N]) -> [Lanes; N] {
    for (a, b) in a.iter_mut().zip(b) {
        *a = *a - b;
    }
    a
}

/// Carries limbs out of range, signed ones too, into the next; the top limb keeps the sign.
#[inline(always)]
fn carried(ifma: Ifma, mut limbs: [Lanes; 5]) -> [Lanes; 5] {
    let mask = Lanes::splat(ifma, LIMB);
    for i in 0..4 {
        limbs[i + 1] = limbs[i + 1] + limbs[i].shift_right_signed::<52>();
        limbs[i] = limbs[i].and(mask);
    }
    limbs
}

#[inline(always)]
fn split(ifma: Ifma, w: [Lanes; 4]) -> [Lanes; 5] {
    let mask = Lanes::splat(ifma, LIMB);
    [
        w[0].and(mask),
        w[0].shift_right::<52>().or(w[1].shift_left::<12>()).and(mask),
        w[1].shift_right::<40>().or(w[2].shift_left::<24>()).and(mask),
        w[2].shift_right::<28>().or(w[3].shift_left::<36>()).and(mask),
        w[3].shift_right::<16>(),
    ]
}

#[inline(always)]
fn join(l: [Lanes; 5]) -> [Lanes; 4] {
    [
        l[0].or(l[1].shift_left::<52>()),
        l[1].shift_right::<12>().or(l[2].shift_left::<40>()),
        l[2].shift_right::<24>().or(l[3].shift_left::<28>()),
        l[3].shift_right::<36>().or(l[4].shift_left::<16>()),
    ]
}
