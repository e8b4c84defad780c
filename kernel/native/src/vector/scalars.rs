//! Scalars into blocks of eight and out again, and the powers that transforms turn by.

use super::field::{Block, Element};
use super::lanes::Lanes;
use super::modulus::{limbs, Limbs, Scalars};
use super::{Ifma, Task};
use ark_bn254::Fr;
use ark_ff::{BigInt, Field};
use rayon::prelude::*;

type Words = [[u64; 8]; 4];

/// Elements that one thread converts at a time.
const SHARE: usize = 2048;

/// An element as eight lanes keep it, times 2^260.
pub fn kept(value: Fr) -> Limbs {
    limbs(&(value * Fr::from(16u64)).0 .0)
}

/// Blocks of arkworks' own numbers, times 2^256, as they are.
pub fn blocks(ifma: Ifma, values: &[Fr]) -> Vec<Block> {
    let mut out = vec![[[0; 8]; 5]; values.len() / 8];
    (values.par_chunks(SHARE), out.par_chunks_mut(SHARE / 8))
        .into_par_iter()
        .for_each(|(values, out)| ifma.run(Pack { values, out }));
    out
}

struct Pack<'a> {
    values: &'a [Fr],
    out: &'a mut [Block],
}

impl Task for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        for (values, block) in self.values.chunks_exact(8).zip(self.out) {
            let mut words: Words = [[0; 8]; 4];
            for (lane, value) in values.iter().enumerate() {
                for (row, word) in words.iter_mut().zip(value.0 .0) {
                    row[lane] = word;
                }
            }
            let mut lanes = [Lanes::splat(ifma, 0); 4];
            for (lanes, row) in lanes.iter_mut().zip(&words) {
                *lanes = Lanes::load(ifma, row);
            }
            Element::<Scalars>::unpack(ifma, lanes).store(block);
        }
    }
}

/// The canonical numbers of blocks, in the form they have.
pub struct Unpack<'a> {
    pub blocks: &'a [Block],
    pub out: &'a mut [Fr],
}

impl Task for Unpack<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        for (block, out) in self.blocks.iter().zip(self.out.chunks_exact_mut(8)) {
            let words = Element::<Scalars>::load(ifma, block).canonical(ifma).pack();
            for (value, number) in out.iter_mut().zip(columns(words)) {
                *value = Fr::new_unchecked(number);
            }
        }
    }
}

/// `out` = a·b / 2^260
pub struct Product<'a> {
    pub a: &'a [Block],
    pub b: &'a [Block],
    pub out: &'a mut [Block],
}

impl Task for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        for ((a, b), out) in self.a.iter().zip(self.b).zip(self.out) {
            let a = Element::<Scalars>::load(ifma, a);
            a.mul(ifma, Element::load(ifma, b)).store(out);
        }
    }
}

/// `out` = (a·b / 2^260 − c) / 2^252, canonical
pub struct Difference<'a> {
    pub a: &'a [Block],
    pub b: &'a [Block],
    pub c: &'a [Block],
    pub out: &'a mut [BigInt<4>],
}

impl Task for Difference<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let last = Element::<Scalars>::splat(ifma, &[1 << 8, 0, 0, 0, 0]);
        let factors = self.a.iter().zip(self.b).zip(self.c);
        for (((a, b), c), out) in factors.zip(self.out.chunks_exact_mut(8)) {
            let product = Element::load(ifma, a).mul(ifma, Element::load(ifma, b));
            let rest = product.loose_sub(ifma, Element::load(ifma, c));
            let words = rest.mul(ifma, last.loose()).carried(ifma).canonical(ifma).pack();
            out.copy_from_slice(&columns(words));
        }
    }
}

/// The number in each lane.
#[inline(always)]
pub fn columns(words: [Lanes; 4]) -> [BigInt<4>; 8] {
    let mut out = [BigInt([0; 4]); 8];
    for (limb, lanes) in words.into_iter().enumerate() {
        let mut row = [0; 8];
        lanes.store(&mut row);
        for (number, word) in out.iter_mut().zip(row) {
            number.0[limb] = word;
        }
    }
    out
}

/// The first `count` powers of `step`, from one.
pub fn powers(ifma: Ifma, step: Fr, count: usize) -> Vec<Block> {
    ifma.run(Powers { step, count })
}

struct Powers {
    step: Fr,
    count: usize,
}

impl Task for Powers {
    type Output = Vec<Block>;

    #[inline(always)]
    fn run(self, ifma: Ifma) -> Vec<Block> {
        let first = block_of(core::array::from_fn(|power| self.step.pow([power as u64])));
        let stride = Element::<Scalars>::splat(ifma, &kept(self.step.pow([8u64])));
        let mut element = Element::load(ifma, &first);
        let mut out = vec![[[0; 8]; 5]; self.count / 8];
        for block in &mut out {
            element.store(block);
            element = element.mul(ifma, stride);
        }
        out
    }
}

/// `share`·`shift`^i for the i-th coefficient of `size`, in the order of a transform's middle: bit-reversed, and
/// transposed within sixty-four.
pub fn scale(ifma: Ifma, size: usize, shift: Fr, share: Fr) -> Vec<Block> {
    let groups = size / 64;
    let unused = usize::BITS - groups.trailing_zeros();
    let far = shift.pow([groups as u64]); // the six high bits of i, of which a group has every value
    let rows = core::array::from_fn(|row| {
        block_of(core::array::from_fn(|lane| {
            let place = 8 * lane + row;
            share * far.pow([(place.reverse_bits() >> (usize::BITS - 6)) as u64])
        }))
    });
    let mut near = Vec::with_capacity(groups); // the low bits
    let mut power = Fr::ONE;
    for _ in 0..groups {
        near.push(kept(power));
        power *= shift;
    }
    let factors = (0..groups).map(|group| near[group.reverse_bits().checked_shr(unused).unwrap_or(0)]);
    ifma.run(Scale {
        rows,
        factors: factors.collect(),
    })
}

struct Scale {
    rows: [Block; 8],
    factors: Vec<Limbs>,
}

impl Task for Scale {
    type Output = Vec<Block>;

    #[inline(always)]
    fn run(self, ifma: Ifma) -> Vec<Block> {
        let mut out = vec![[[0; 8]; 5]; 8 * self.factors.len()];
        for (factor, group) in self.factors.iter().zip(out.chunks_exact_mut(8)) {
            let factor = Element::<Scalars>::splat(ifma, factor);
            for (row, block) in self.rows.iter().zip(group) {
                Element::load(ifma, row).mul(ifma, factor).store(block);
            }
        }
        out
    }
}

fn block_of(values: [Fr; 8]) -> Block {
    let mut block = [[0; 8]; 5];
    for (lane, value) in values.into_iter().enumerate() {
        for (row, limb) in block.iter_mut().zip(kept(value)) {
            row[lane] = limb;
        }
    }
    block
}
