//! Transforms of scalars on eight lanes.
//!
//! Values become coefficients by decimation in frequency, which leaves them in bit-reversed order, and coefficients
//! values by decimation in time, which takes them so: nothing is reordered on the way there and back. Both recurse
//! depth first, a quarter at a time, so that the lower levels find their elements in the first cache.

use super::field::{Block, Element};
use super::modulus::{Limbs, Scalars};
use super::passes::{
    eights_in_frequency, eights_in_time, Eighths, HalvesInFrequency, HalvesInTime, InFrequency, InTime, Turns,
};
use super::scalars::{blocks, kept, powers, scale, Difference, Product, Unpack};
use super::{Ifma, Task};
use crate::quarters::{each_quarter, split};
use ark_bn254::Fr;
use ark_ff::{BigInt, Field};
use core::marker::PhantomData;
use rayon::prelude::*;

/// Fewer elements are not worth eight lanes.
pub const LEAST: usize = 128;

/// Blocks that one task takes through all their levels: 20 KiB, which the first cache holds.
const LEAF: usize = 64;

/// Blocks of a quarter that one thread walks through at a time.
const SHARE: usize = 256;

/// The turns of every pass of a size, the largest first.
struct Turning {
    halves: Option<Vec<Block>>,
    quarters: Vec<Vec<Turns>>,
    quarter: Limbs,
    eighths: Eighths,
}

impl Turning {
    fn new(ifma: Ifma, size: usize, root: Fr) -> Self {
        let (halved, quarter, mut levels) = (size.trailing_zeros() & 1 == 0, root.pow([size as u64 / 4]), Vec::new());
        let (mut left, mut turn) = if halved {
            (size / 2, root.square())
        } else {
            (size, root)
        };
        while left > 8 {
            levels.push((left / 4, turn));
            (left, turn) = (left / 4, turn.square().square());
        }
        let (halves, quarters) = rayon::join(
            || halved.then(|| powers(ifma, root, size / 2)),
            || {
                levels
                    .into_par_iter()
                    .map(|(count, root)| turns(ifma, count, root))
                    .collect()
            },
        );
        Self {
            halves,
            quarters,
            quarter: kept(quarter),
            eighths: [1u64, 2, 3].map(|times| kept(turn.pow([times]))),
        }
    }
}

fn turns(ifma: Ifma, count: usize, root: Fr) -> Vec<Turns> {
    let row = |times: u64| powers(ifma, root.pow([times]), count);
    let (even, (odd, last)) = rayon::join(|| row(2), || rayon::join(|| row(1), || row(3)));
    let rows = even.into_iter().zip(odd).zip(last);
    rows.map(|((even, odd), last)| [even, odd, last]).collect()
}

/// Two transforms of one size: from values at one set of points to values at another.
pub struct Plan {
    ifma: Ifma,
    size: usize,
    down: Turning,
    up: Turning,
    /// What each coefficient is multiplied by, in the order they have between the two.
    scale: Vec<Block>,
}

impl Plan {
    /// From values at the powers of `root` to values at `shift` times these: `size` of them, a power of two from
    /// `LEAST`, which is also the root's order. Nothing when root or size have no inverse.
    pub fn new(ifma: Ifma, size: usize, root: Fr, shift: Fr) -> Option<Self> {
        Some(Self {
            ifma,
            size,
            down: Turning::new(ifma, size, root.inverse()?),
            up: Turning::new(ifma, size, root),
            scale: scale(ifma, size, shift, Fr::from(size as u64).inverse()?),
        })
    }

    /// A·B − C at the shifted points, plain, given A and B at the powers of the root; C is their product there.
    ///
    /// Arkworks' 2^256 is kept through both transforms instead of 2^260: products are then times 2^252, on both
    /// sides of the difference, and the last factor makes it one.
    pub fn quotient(&self, a: &[Fr], b: &[Fr]) -> Vec<BigInt<4>> {
        let (mut a, mut b) = rayon::join(|| blocks(self.ifma, a), || blocks(self.ifma, b));
        let mut c = vec![[[0; 8]; 5]; a.len()];
        (a.par_chunks(SHARE), b.par_chunks(SHARE), c.par_chunks_mut(SHARE))
            .into_par_iter()
            .for_each(|(a, b, out)| self.ifma.run(Product { a, b, out }));
        rayon::join(
            || self.shift(&mut a),
            || rayon::join(|| self.shift(&mut b), || self.shift(&mut c)),
        );
        let mut out = vec![BigInt::default(); self.size];
        (
            a.par_chunks(SHARE),
            b.par_chunks(SHARE),
            c.par_chunks(SHARE),
            out.par_chunks_mut(8 * SHARE),
        )
            .into_par_iter()
            .for_each(|(a, b, c, out)| self.ifma.run(Difference { a, b, c, out }));
        out
    }

    /// Values at the powers of the root become values at the shifted points.
    pub fn shift(&self, blocks: &mut [Block]) {
        let walk = Walk {
            ifma: self.ifma,
            down: &self.down,
            up: Some(&self.up),
        };
        walk.whole(blocks, &self.scale);
    }
}

/// Values at the powers of `root` from coefficients, in natural order; with an inverse root and n times over, back.
pub fn transform(ifma: Ifma, values: &[Fr], root: Fr) -> Vec<Fr> {
    let mut blocks = blocks(ifma, values);
    let down = &Turning::new(ifma, values.len(), root);
    Walk { ifma, down, up: None }.whole(&mut blocks, &[]);
    let mut scrambled = vec![Fr::default(); values.len()];
    (blocks.par_chunks(SHARE), scrambled.par_chunks_mut(8 * SHARE))
        .into_par_iter()
        .for_each(|(blocks, out)| ifma.run(Unpack { blocks, out }));
    let unused = usize::BITS - values.len().trailing_zeros();
    (0..values.len())
        .into_par_iter()
        .with_min_len(8 * SHARE)
        .map(|index| {
            let place = index.reverse_bits() >> unused;
            // Sixty-four elements stand transposed.
            scrambled[place & !63 | (place & 7) << 3 | place >> 3 & 7]
        })
        .collect()
}

/// One walk down all levels and, where there is an `up`, back.
#[derive(Clone, Copy)]
struct Walk<'a> {
    ifma: Ifma,
    down: &'a Turning,
    up: Option<&'a Turning>,
}

impl Walk<'_> {
    fn whole(self, blocks: &mut [Block], scale: &[Block]) {
        let Some(turns) = &self.down.halves else {
            return self.quarters(blocks, scale, 0);
        };
        let modulus = PhantomData::<Scalars>;
        each_half(blocks, turns, |halves, turns| {
            self.ifma.run(HalvesInFrequency { halves, turns, modulus });
        });
        let (low, high) = blocks.split_at_mut(blocks.len() / 2);
        let (first, second) = scale.split_at(scale.len() / 2);
        rayon::join(|| self.quarters(low, first, 0), || self.quarters(high, second, 0));
        if let Some(turns) = self.up.and_then(|up| up.halves.as_ref()) {
            each_half(blocks, turns, |halves, turns| {
                self.ifma.run(HalvesInTime { halves, turns, modulus });
            });
        }
    }

    fn quarters(self, blocks: &mut [Block], scale: &[Block], level: usize) {
        if blocks.len() <= LEAF {
            return self.ifma.run(Leaf {
                walk: self,
                blocks,
                scale,
                level,
            });
        }
        let (modulus, quarter) = (PhantomData::<Scalars>, &self.down.quarter);
        each_quarter(blocks, &self.down.quarters[level], SHARE, |quarters, turns| {
            self.ifma.run(InFrequency {
                quarters,
                turns,
                quarter,
                modulus,
            });
        });
        let (half, first) = (blocks.len() / 2, scale.len() / 2);
        let ((low, high), (left, right)) = (blocks.split_at_mut(half), scale.split_at(first));
        let both = |blocks: &mut [Block], scale: &[Block]| {
            let (low, high) = blocks.split_at_mut(half / 2);
            let (left, right) = scale.split_at(first / 2);
            let rest = || self.quarters(high, right, level + 1);
            rayon::join(|| self.quarters(low, left, level + 1), rest);
        };
        rayon::join(|| both(low, left), || both(high, right));
        if let Some(up) = self.up {
            each_quarter(blocks, &up.quarters[level], SHARE, |quarters, turns| {
                let quarter = &up.quarter;
                self.ifma.run(InTime {
                    quarters,
                    turns,
                    quarter,
                    modulus,
                });
            });
        }
    }
}

fn each_half(blocks: &mut [Block], turns: &[Block], pass: impl Fn([&mut [Block]; 2], &[Block]) + Sync) {
    let (low, high) = blocks.split_at_mut(blocks.len() / 2);
    (
        low.par_chunks_mut(SHARE),
        high.par_chunks_mut(SHARE),
        turns.par_chunks(SHARE),
    )
        .into_par_iter()
        .for_each(|(low, high, turns)| pass([low, high], turns));
}

/// The levels that fit the first cache.
struct Leaf<'a> {
    walk: Walk<'a>,
    blocks: &'a mut [Block],
    scale: &'a [Block],
    level: usize,
}

impl Task for Leaf<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, ifma: Ifma) {
        let (modulus, down) = (PhantomData::<Scalars>, self.walk.down);
        for turns in &down.quarters[self.level..] {
            for blocks in self.blocks.chunks_exact_mut(4 * turns.len()) {
                let (quarters, quarter) = (split(blocks), &down.quarter);
                InFrequency {
                    quarters,
                    turns,
                    quarter,
                    modulus,
                }
                .run(ifma);
            }
        }
        for (number, rows) in self.blocks.chunks_exact_mut(8).enumerate() {
            let mut out = eights_in_frequency(ifma, read(ifma, rows), &down.eighths);
            if let Some(up) = self.walk.up {
                for (element, scale) in out.iter_mut().zip(&self.scale[8 * number..]) {
                    *element = element.mul(ifma, Element::load(ifma, scale));
                }
                out = eights_in_time(ifma, out, &up.eighths);
            }
            for (element, row) in out.into_iter().zip(rows) {
                element.store(row);
            }
        }
        let Some(up) = self.walk.up else { return };
        for turns in up.quarters[self.level..].iter().rev() {
            for blocks in self.blocks.chunks_exact_mut(4 * turns.len()) {
                let (quarters, quarter) = (split(blocks), &up.quarter);
                InTime {
                    quarters,
                    turns,
                    quarter,
                    modulus,
                }
                .run(ifma);
            }
        }
    }
}

#[inline(always)]
fn read(ifma: Ifma, rows: &[Block]) -> [Element<Scalars>; 8] {
    let mut out = [Element::zero(ifma); 8];
    for (element, row) in out.iter_mut().zip(rows) {
        *element = Element::load(ifma, row);
    }
    out
}
