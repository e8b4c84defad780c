//! The passes of a number-theoretic transform, without vector instructions.
//!
//! Two levels of butterflies are done at once, so that memory is walked half as often: four quarters are read, four
//! written. Between the two, numbers are left unreduced where a product follows. `vector::passes` does the same on blocks.

use crate::limbs::{Element, Prime};
use crate::quarters::Quarters;
use ark_bn254::Fr;

pub type Scalar = Prime<Fr>;

/// Powers of a root ω that turn the quarters of a pass: ω^2j, ω^j and ω^3j.
pub type Turns = [Fr; 3];

/// From values to their transform in bit-reversed order, two levels; `quarter` is ω to a quarter of its order.
pub fn in_frequency(quarters: Quarters<'_, Scalar>, turns: &[Turns], quarter: &Fr) {
    let [first, second, third, fourth] = quarters;
    let rest = second.iter_mut().zip(third).zip(fourth).zip(turns);
    for (a, (((b, c), d), [even_turn, odd_turn, last_turn])) in first.iter_mut().zip(rest) {
        let (low, high, difference) = (a.add(c), b.add(d), a.sub(c));
        let turned = b.loose_sub(d).turned(quarter);
        *a = low.add(&high);
        *b = low.loose_sub(&high).turned(even_turn);
        *c = difference.loose_add(&turned).turned(odd_turn);
        *d = difference.loose_sub(&turned).turned(last_turn);
    }
}

/// The way back: from bit-reversed order to natural order, two levels.
pub fn in_time(quarters: Quarters<'_, Scalar>, turns: &[Turns], quarter: &Fr) {
    let [first, second, third, fourth] = quarters;
    let rest = second.iter_mut().zip(third).zip(fourth).zip(turns);
    for (a, (((b, c), d), [even_turn, odd_turn, last_turn])) in first.iter_mut().zip(rest) {
        let turned = [*a, b.turned(even_turn), c.turned(odd_turn), d.turned(last_turn)];
        [*a, *b, *c, *d] = fours_in_time(turned, quarter);
    }
}

/// One level, which needs no turn, either way.
#[inline(always)]
pub fn twos([a, b]: [Scalar; 2]) -> [Scalar; 2] {
    [a.add(&b), a.sub(&b)]
}

/// Two levels without turns.
#[inline(always)]
pub fn fours_in_frequency([a, b, c, d]: [Scalar; 4], quarter: &Fr) -> [Scalar; 4] {
    let (low, high, difference) = (a.add(&c), b.add(&d), a.sub(&c));
    let turned = b.loose_sub(&d).turned(quarter);
    [
        low.add(&high),
        low.sub(&high),
        difference.add(&turned),
        difference.sub(&turned),
    ]
}

/// Two levels of the way back, of quarters that are turned already.
#[inline(always)]
pub fn fours_in_time([a, b, c, d]: [Scalar; 4], quarter: &Fr) -> [Scalar; 4] {
    let (low, difference, high) = (a.add(&b), a.sub(&b), c.add(&d));
    let turned = c.loose_sub(&d).turned(quarter);
    [
        low.add(&high),
        difference.add(&turned),
        low.sub(&high),
        difference.sub(&turned),
    ]
}

/// Powers of a root of order eight, from the first to the third.
pub type Eighths = [Fr; 3];

/// Three levels without turns.
#[inline(always)]
pub fn eights_in_frequency(e: [Scalar; 8], [first, second, third]: &Eighths) -> [Scalar; 8] {
    let low = [e[0].add(&e[4]), e[1].add(&e[5]), e[2].add(&e[6]), e[3].add(&e[7])];
    let high = [
        e[0].sub(&e[4]),
        e[1].loose_sub(&e[5]).turned(first),
        e[2].loose_sub(&e[6]).turned(second),
        e[3].loose_sub(&e[7]).turned(third),
    ];
    let [a, b, c, d] = fours_in_frequency(low, second);
    let [f, g, h, i] = fours_in_frequency(high, second);
    [a, b, c, d, f, g, h, i]
}

/// The way back.
#[inline(always)]
pub fn eights_in_time(e: [Scalar; 8], [first, second, third]: &Eighths) -> [Scalar; 8] {
    let low = fours_in_time([e[0], e[1], e[2], e[3]], second);
    let [a, b, c, d] = fours_in_time([e[4], e[5], e[6], e[7]], second);
    let high = [a, b.turned(first), c.turned(second), d.turned(third)];
    let mut out = e;
    for i in 0..4 {
        out[i] = low[i].add(&high[i]);
        out[i + 4] = low[i].sub(&high[i]);
    }
    out
}
