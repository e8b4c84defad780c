//! Eight elements of Fq2 = Fq[u] / (u² + 1), where the second group's coordinates lie.

use super::field::{Element, Loose, Rough};
use super::lanes::Mask;
use super::modulus::Coordinates;
use super::wide::Wide;
use super::{Ifma, Task};

type Part = Element<Coordinates>;

/// c0 + c1·u
#[derive(Clone, Copy)]
pub struct Quadratic {
    pub c0: Part,
    pub c1: Part,
}

/// Parts up to 4p.
#[derive(Clone, Copy)]
pub struct LooseQuadratic {
    c0: Loose<Coordinates>,
    c1: Loose<Coordinates>,
}

/// Parts up to 2p, for sums.
#[derive(Clone, Copy)]
pub struct RoughQuadratic {
    c0: Rough<Coordinates>,
    c1: Rough<Coordinates>,
}

impl Quadratic {
    #[inline(always)]
    pub fn zero(ifma: Ifma) -> Self {
        Self {
            c0: Part::zero(ifma),
            c1: Part::zero(ifma),
        }
    }

    #[inline(always)]
    pub fn one(ifma: Ifma) -> Self {
        Self {
            c0: Part::one(ifma),
            c1: Part::zero(ifma),
        }
    }

    #[inline(always)]
    pub fn loose(self) -> LooseQuadratic {
        LooseQuadratic {
            c0: self.c0.loose(),
            c1: self.c1.loose(),
        }
    }

    #[inline(always)]
    pub fn add(self, ifma: Ifma, other: Self) -> Self {
        Self {
            c0: self.c0.add(ifma, other.c0),
            c1: self.c1.add(ifma, other.c1),
        }
    }

    #[inline(always)]
    pub fn rough(self) -> RoughQuadratic {
        RoughQuadratic {
            c0: self.c0.rough(),
            c1: self.c1.rough(),
        }
    }

    #[inline(always)]
    pub fn neg_where(self, ifma: Ifma, mask: Mask) -> RoughQuadratic {
        RoughQuadratic {
            c0: self.c0.neg_where(ifma, mask),
            c1: self.c1.neg_where(ifma, mask),
        }
    }

    #[inline(always)]
    pub fn select(self, mask: Mask, other: Self) -> Self {
        Self {
            c0: self.c0.select(mask, other.c0),
            c1: self.c1.select(mask, other.c1),
        }
    }

    #[inline(always)]
    pub fn is_zero(self, ifma: Ifma) -> Mask {
        self.c0.is_zero(ifma) & self.c1.is_zero(ifma)
    }
}

impl RoughQuadratic {
    #[inline(always)]
    pub fn factor(self) -> LooseQuadratic {
        LooseQuadratic {
            c0: self.c0.factor(),
            c1: self.c1.factor(),
        }
    }

    #[inline(always)]
    pub fn carried(self, ifma: Ifma) -> Quadratic {
        Quadratic {
            c0: self.c0.carried(ifma),
            c1: self.c1.carried(ifma),
        }
    }

    #[inline(always)]
    pub fn loose_sub(self, ifma: Ifma, other: Self) -> LooseQuadratic {
        LooseQuadratic {
            c0: Rough::loose_total(ifma, [self.c0], [other.c0]),
            c1: Rough::loose_total(ifma, [self.c1], [other.c1]),
        }
    }

    #[inline(always)]
    pub fn sub(self, ifma: Ifma, other: Self) -> Quadratic {
        Quadratic {
            c0: Rough::total(ifma, [self.c0], [other.c0]),
            c1: Rough::total(ifma, [self.c1], [other.c1]),
        }
    }

    #[inline(always)]
    pub fn sub_both(self, ifma: Ifma, first: Self, second: Self) -> Quadratic {
        Quadratic {
            c0: Rough::total(ifma, [self.c0], [first.c0, second.c0]),
            c1: Rough::total(ifma, [self.c1], [first.c1, second.c1]),
        }
    }
}

/// Arithmetic is called, not inlined: an addition of points would not fit the instruction cache with it.
impl LooseQuadratic {
    #[inline(always)]
    pub fn settled(self, ifma: Ifma) -> Quadratic {
        Quadratic {
            c0: self.c0.settled(ifma),
            c1: self.c1.settled(ifma),
        }
    }

    #[inline(always)]
    pub fn mul(self, ifma: Ifma, other: Self) -> RoughQuadratic {
        ifma.call(Product(&self, &other))
    }

    #[inline(always)]
    pub fn square(self, ifma: Ifma) -> RoughQuadratic {
        ifma.call(Square(&self))
    }
}

struct Product<'a>(&'a LooseQuadratic, &'a LooseQuadratic);

impl Task for Product<'_> {
    type Output = RoughQuadratic;

    /// Three products and two reductions: (a0 + a1)(b0 + b1) holds the cross terms besides both others.
    #[inline(always)]
    fn run(self, ifma: Ifma) -> RoughQuadratic {
        let Self(a, b) = self;
        let raise = Wide::raise(ifma);
        let first = a.c0.mul_onto(raise, b.c0);
        let second = a.c1.mul_onto(Wide::zero(ifma), b.c1);
        let all = a.c0.add(ifma, a.c1).mul_onto(raise, b.c0.add(ifma, b.c1));
        RoughQuadratic {
            c0: first.minus(second).reduce(ifma),
            c1: all.minus(first).minus(second).reduce(ifma),
        }
    }
}

struct Square<'a>(&'a LooseQuadratic);

impl Task for Square<'_> {
    type Output = RoughQuadratic;

    /// (a0 + a1)(a0 − a1) + 2·a0·a1·u
    #[inline(always)]
    fn run(self, ifma: Ifma) -> RoughQuadratic {
        let Self(a) = self;
        let cross = a.c0.mul_onto(Wide::zero(ifma), a.c1);
        RoughQuadratic {
            c0: a.c0.add(ifma, a.c1).mul(ifma, a.c0.sub_raised(ifma, a.c1)),
            c1: cross.plus(cross).reduce(ifma),
        }
    }
}
