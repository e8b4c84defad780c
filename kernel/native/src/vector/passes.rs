//! The passes of a number-theoretic transform over blocks of eight elements.
//!
//! Two levels of butterflies are done at once, so that memory is walked half as often: four quarters are read, four
//! written, with four multiplications for every four blocks. Three levels remain inside blocks of eight: there eight
//! blocks are transposed, after which each is one element of eight transforms.
//!
//! No closure touches lanes here or elsewhere: the compiler does not give it the processor's features.

use super::field::{Block, Element, Rough};
use super::modulus::{Limbs, Modulus};
use super::{Ifma, Task};
use crate::quarters::Quarters;

/// Powers of a root ω that turn the quarters of a pass: ω^2j, ω^j and ω^3j.
pub type Turns = [Block; 3];

/// From values to their transform in bit-reversed order, two levels; `quarter` is ω to a quarter of its order.
pub struct InFrequency<'a, M> {
    pub quarters: Quarters<'a, Block>,
    pub turns: &'a [Turns],
    pub quarter: &'a Limbs,
    pub modulus: core::marker::PhantomData<M>,
}

impl<M: Modulus> Task for InFrequency<'_, M> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let quarter = Element::<M>::splat(ifma, self.quarter);
        let [first, second, third, fourth] = self.quarters;
        let rest = second.iter_mut().zip(third).zip(fourth).zip(self.turns);
        for (first, (((second, third), fourth), turns)) in first.iter_mut().zip(rest) {
            let (a, b) = (Element::load(ifma, first), Element::load(ifma, second));
            let (c, d) = (Element::load(ifma, third), Element::load(ifma, fourth));
            let turned = b.loose_sub(ifma, d).mul(ifma, quarter.loose());
            let (a, b, c, d) = (a.rough(), b.rough(), c.rough(), d.rough());
            let [even_turn, odd_turn, last_turn] = turns;
            Rough::total(ifma, [a, b, c, d], []).store(first);
            let even = Rough::loose_total(ifma, [a, c], [b, d]);
            even.mul(ifma, Element::load(ifma, even_turn).loose())
                .carried(ifma)
                .store(second);
            let odd = Rough::loose_total(ifma, [a, turned], [c]);
            odd.mul(ifma, Element::load(ifma, odd_turn).loose())
                .carried(ifma)
                .store(third);
            let last = Rough::loose_total(ifma, [a], [c, turned]);
            last.mul(ifma, Element::load(ifma, last_turn).loose())
                .carried(ifma)
                .store(fourth);
        }
    }
}

/// The way back: from bit-reversed order to natural order, two levels.
pub struct InTime<'a, M> {
    pub quarters: Quarters<'a, Block>,
    pub turns: &'a [Turns],
    pub quarter: &'a Limbs,
    pub modulus: core::marker::PhantomData<M>,
}

impl<M: Modulus> Task for InTime<'_, M> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let quarter = Element::<M>::splat(ifma, self.quarter);
        let [first, second, third, fourth] = self.quarters;
        let rest = second.iter_mut().zip(third).zip(fourth).zip(self.turns);
        for (first, (((second, third), fourth), turns)) in first.iter_mut().zip(rest) {
            let turned = [
                Element::load(ifma, first).rough(),
                turned(ifma, second, &turns[0]),
                turned(ifma, third, &turns[1]),
                turned(ifma, fourth, &turns[2]),
            ];
            let [a, b, c, d] = in_time(ifma, turned, quarter);
            a.store(first);
            b.store(second);
            c.store(third);
            d.store(fourth);
        }
    }
}

/// One level from values to their transform, for sizes that pairs of levels do not divide.
pub struct HalvesInFrequency<'a, M> {
    pub halves: [&'a mut [Block]; 2],
    pub turns: &'a [Block],
    pub modulus: core::marker::PhantomData<M>,
}

impl<M: Modulus> Task for HalvesInFrequency<'_, M> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let [low, high] = self.halves;
        for ((low, high), turn) in low.iter_mut().zip(high).zip(self.turns) {
            let (a, b) = (Element::<M>::load(ifma, low), Element::load(ifma, high));
            a.add(ifma, b).store(low);
            let turned = a.loose_sub(ifma, b).mul(ifma, Element::load(ifma, turn).loose());
            turned.carried(ifma).store(high);
        }
    }
}

/// One level of the way back.
pub struct HalvesInTime<'a, M> {
    pub halves: [&'a mut [Block]; 2],
    pub turns: &'a [Block],
    pub modulus: core::marker::PhantomData<M>,
}

impl<M: Modulus> Task for HalvesInTime<'_, M> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let [low, high] = self.halves;
        for ((low, high), turn) in low.iter_mut().zip(high).zip(self.turns) {
            let a = Element::<M>::load(ifma, low).rough();
            let b = turned(ifma, high, turn);
            Rough::total(ifma, [a, b], []).store(low);
            Rough::total(ifma, [a], [b]).store(high);
        }
    }
}

#[inline(always)]
fn turned<M: Modulus>(ifma: Ifma, block: &Block, turn: &Block) -> Rough<M> {
    let element = Element::<M>::load(ifma, block);
    element.loose().mul(ifma, Element::load(ifma, turn).loose())
}

/// What the last three levels turn by: the powers 1, 2 and 3 of an eighth root of one.
pub type Eighths = [Limbs; 3];

/// Eight blocks through the three levels inside them; each block then holds one element of eight transforms.
#[inline(always)]
pub fn eights_in_frequency<M: Modulus>(ifma: Ifma, rows: [Element<M>; 8], eighths: &Eighths) -> [Element<M>; 8] {
    let (first, second, third) = turns(ifma, eighths);
    let mut e = Element::transpose(rows);
    for i in 0..4 {
        let (low, high) = (e[i], e[i + 4]);
        e[i] = low.add(ifma, high);
        let difference = low.loose_sub(ifma, high);
        e[i + 4] = match i {
            0 => low.sub(ifma, high),
            1 => difference.mul(ifma, first.loose()).carried(ifma),
            2 => difference.mul(ifma, second.loose()).carried(ifma),
            _ => difference.mul(ifma, third.loose()).carried(ifma),
        };
    }
    let [a, b, c, d] = fours_in_frequency(ifma, [e[0], e[1], e[2], e[3]], second);
    let [f, g, h, i] = fours_in_frequency(ifma, [e[4], e[5], e[6], e[7]], second);
    [a, b, c, d, f, g, h, i]
}

/// The way back; the blocks are rows again.
#[inline(always)]
pub fn eights_in_time<M: Modulus>(ifma: Ifma, e: [Element<M>; 8], eighths: &Eighths) -> [Element<M>; 8] {
    let (first, second, third) = turns(ifma, eighths);
    let low = in_time(ifma, [e[0].rough(), e[1].rough(), e[2].rough(), e[3].rough()], second);
    let high = [e[4].rough(), e[5].rough(), e[6].rough(), e[7].rough()];
    let [a, b, c, d] = in_time(ifma, high, second);
    let high = [
        a.rough(),
        b.loose().mul(ifma, first.loose()),
        c.loose().mul(ifma, second.loose()),
        d.loose().mul(ifma, third.loose()),
    ];
    let mut out = e;
    for i in 0..4 {
        out[i] = Rough::total(ifma, [low[i].rough(), high[i]], []);
        out[i + 4] = Rough::total(ifma, [low[i].rough()], [high[i]]);
    }
    Element::transpose(out)
}

#[inline(always)]
fn turns<M: Modulus>(ifma: Ifma, eighths: &Eighths) -> (Element<M>, Element<M>, Element<M>) {
    let [first, second, third] = eighths;
    (
        Element::splat(ifma, first),
        Element::splat(ifma, second),
        Element::splat(ifma, third),
    )
}

/// Two levels without turns.
#[inline(always)]
fn fours_in_frequency<M: Modulus>(ifma: Ifma, [a, b, c, d]: [Element<M>; 4], quarter: Element<M>) -> [Element<M>; 4] {
    let turned = b.loose_sub(ifma, d).mul(ifma, quarter.loose());
    let (a, b, c, d) = (a.rough(), b.rough(), c.rough(), d.rough());
    [
        Rough::total(ifma, [a, b, c, d], []),
        Rough::total(ifma, [a, c], [b, d]),
        Rough::total(ifma, [a, turned], [c]),
        Rough::total(ifma, [a], [c, turned]),
    ]
}

/// Two levels of the way back, of quarters that are turned already.
#[inline(always)]
fn in_time<M: Modulus>(ifma: Ifma, [a, b, c, d]: [Rough<M>; 4], quarter: Element<M>) -> [Element<M>; 4] {
    let turned = Rough::loose_total(ifma, [c], [d]).mul(ifma, quarter.loose());
    [
        Rough::total(ifma, [a, b, c, d], []),
        Rough::total(ifma, [a, turned], [b]),
        Rough::total(ifma, [a, b], [c, d]),
        Rough::total(ifma, [a], [b, turned]),
    ]
}
