//! Rows of a matrix times a witness, eight terms at a time.

use super::field::{Element, Loose};
use super::lanes::Lanes;
use super::modulus::{Modulus, Scalars};
use super::scalars::columns;
use super::wide::Wide;
use super::{Ifma, Task};
use ark_bn254::Fr;
use ark_ff::Zero;

/// Terms that are worth eight lanes.
pub const LEAST: usize = 16;

/// Terms behind the last eight that are worth eight lanes, some of them idle.
pub const REST: usize = 4;

/// Eights of canonical products that one reduction covers: each product is below p².
const EIGHTS: usize = 64;

/// Σ left·right of eights of elements.
pub struct Dot<T> {
    pub terms: T,
}

impl<'a, T: Iterator<Item = [[&'a Fr; 8]; 2]>> Task for Dot<T> {
    type Output = Fr;

    #[inline(always)]
    fn run(mut self, ifma: Ifma) -> Fr {
        let mut total = Element::<Scalars>::zero(ifma);
        let mut open = true;
        while open {
            let mut wide = Wide::<Scalars>::zero(ifma);
            open = false;
            for [left, right] in self.terms.by_ref().take(EIGHTS) {
                wide = load(ifma, left).mul_onto(wide, load(ifma, right));
                open = true;
            }
            if open {
                total = total.add(ifma, wide.reduce(ifma).carried(ifma));
            }
        }
        // Both factors are times 2^256, so that their product over 2^260 lacks 2^4.
        let four_more = Element::splat(ifma, &Scalars::FROM_ARK);
        let lanes = total.mul(ifma, four_more).canonical(ifma).pack();
        columns(lanes)
            .into_iter()
            .fold(Fr::zero(), |sum, number| sum + Fr::new_unchecked(number))
    }
}

#[inline(always)]
fn load(ifma: Ifma, elements: [&Fr; 8]) -> Loose<Scalars> {
    let mut words = [&[0; 4]; 8];
    for (words, element) in words.iter_mut().zip(elements) {
        *words = &element.0 .0;
    }
    Element::unpack(ifma, Lanes::load_fours(ifma, words)).loose()
}
