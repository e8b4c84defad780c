//! Sums of many pairs of points at once: affine additions that share inversions, eight lanes at a time.
//!
//! An addition divides by the difference of its x. A first walk, backwards, multiplies up all differences of a chunk; the
//! eight products are inverted; a second walk, forwards, takes one inverse after the other off again. A chunk whose
//! product is zero holds a pair that the formula does not cover, and is done again with care: equal points are
//! doubled, opposite ones give infinity, infinity is left out.

use super::coordinate::Coordinate;
use super::lanes::{prefetch, Mask};
use super::{Ifma, Task};

/// Pairs that share an inversion: what a core's second-level cache holds.
const CHUNK: usize = 4096;

/// Blocks of eight pairs between a record's prefetch and its use.
const AHEAD: usize = 8;

/// `left` + `right`, each twice a place plus one if the point there counts negative, go to `out`.
#[derive(Clone, Copy)]
pub struct Pair {
    pub left: u32,
    pub right: u32,
    pub out: u32,
}

/// Adds `pairs` of points of `table`, or of `points` itself if there is none, into `points`.
///
/// In `points` itself a pair's `out` must not come after its own places, nor be a place of a later pair.
/// Returns whether infinity may have come out.
pub struct AddPairs<'a, C: Coordinate> {
    pub table: Option<&'a [C::Record]>,
    pub points: &'a mut [C::Record],
    pub pairs: &'a [Pair],
    /// Whether infinity may be among the places.
    pub infinities: bool,
    pub scratch: &'a mut Vec<C>,
}

impl<C: Coordinate> Task for AddPairs<'_, C> {
    type Output = bool;

    #[inline(always)]
    fn run(self, ifma: Ifma) -> bool {
        let Self {
            table,
            points,
            pairs,
            mut infinities,
            scratch,
        } = self;
        for chunk in pairs.chunks(CHUNK) {
            scratch.clear();
            let places = Places::<C> { table, pairs: chunk };
            let plain = !infinities && {
                let product = places.multiply_up::<false>(ifma, points, scratch);
                let usable = product.is_zero(ifma) == 0;
                if usable {
                    places.add::<false>(ifma, points, scratch, product);
                }
                usable
            };
            if !plain {
                scratch.clear();
                let product = places.multiply_up::<true>(ifma, points, scratch);
                infinities |= places.add::<true>(ifma, points, scratch, product);
            }
        }
        infinities
    }
}

struct Places<'a, C: Coordinate> {
    table: Option<&'a [C::Record]>,
    pairs: &'a [Pair],
}

/// How the sums of eight pairs come about: slope = rise / run, or one of the points as it is.
struct Slopes<C: Coordinate> {
    rise: C::Loose,
    run: C::Loose,
    left_alone: Mask,
    right_alone: Mask,
    neither: Mask,
}

impl<C: Coordinate> Places<'_, C> {
    fn blocks(&self) -> usize {
        self.pairs.len().div_ceil(8)
    }

    /// The pairs of one block; the last pair fills up a short one.
    #[inline(always)]
    fn block(&self, block: usize) -> [Pair; 8] {
        let first = 8 * block;
        match self.pairs[first..].first_chunk() {
            Some(pairs) => *pairs,
            None => {
                let mut pairs = [self.pairs[self.pairs.len() - 1]; 8];
                pairs[..self.pairs.len() - first].copy_from_slice(&self.pairs[first..]);
                pairs
            }
        }
    }

    #[inline(always)]
    fn prefetch(&self, ifma: Ifma, block: usize) {
        if let (Some(table), Some(pairs)) = (self.table, self.pairs.get(8 * block..8 * block + 8)) {
            for pair in pairs {
                for place in [pair.left, pair.right] {
                    for line in table[(place >> 1) as usize].as_ref() {
                        prefetch(ifma, line);
                    }
                }
            }
        }
    }

    /// Appends to `scratch`, last block first, the product of the blocks behind each; returns the product of all.
    #[inline(always)]
    fn multiply_up<const CARE: bool>(&self, ifma: Ifma, points: &[C::Record], scratch: &mut Vec<C>) -> C {
        let table = self.table.unwrap_or(points);
        let mut product = C::one(ifma);
        for block in (0..self.blocks()).rev() {
            if let Some(block) = block.checked_sub(AHEAD) {
                self.prefetch(ifma, block);
            }
            let pairs = self.block(block);
            let (left, right) = sides(&pairs);
            let run = if CARE {
                let (left, right) = (load::<C>(ifma, table, left), load::<C>(ifma, table, right));
                slopes::<true, C>(ifma, left, right).run
            } else {
                let left = C::load_x(ifma, left.map(|place| &table[(place >> 1) as usize]));
                let right = C::load_x(ifma, right.map(|place| &table[(place >> 1) as usize]));
                right.loose_sub(ifma, left)
            };
            scratch.push(product);
            product = C::loose_mul(ifma, product.loose(), run);
        }
        product
    }

    /// Takes the inverses off `scratch` again and adds; returns whether infinity came out.
    #[inline(always)]
    fn add<const CARE: bool>(&self, ifma: Ifma, points: &mut [C::Record], scratch: &[C], product: C) -> bool {
        let mut infinities = 0;
        let mut inverse = product.inverse(ifma);
        for (block, behind) in scratch.iter().rev().enumerate() {
            let pairs = self.block(block);
            let (left, right) = sides(&pairs);
            let table = self.table.unwrap_or(points);
            let (left, right) = (load::<C>(ifma, table, left), load::<C>(ifma, table, right));
            let how = slopes::<CARE, C>(ifma, left, right);
            let slope = C::loose_mul(ifma, how.rise, inverse.mul(ifma, *behind).loose());
            inverse = C::loose_mul(ifma, inverse.loose(), how.run);
            let mut x = slope.square(ifma).sub_both(ifma, left[0], right[0]);
            let mut y = C::loose_mul(ifma, slope.loose(), left[0].loose_sub(ifma, x)).sub(ifma, left[1]);
            if CARE {
                x = x.select(how.left_alone, left[0]).select(how.right_alone, right[0]);
                y = y.select(how.left_alone, left[1]).select(how.right_alone, right[1]);
                let zero = C::zero(ifma);
                (x, y) = (x.select(how.neither, zero), y.select(how.neither, zero));
                infinities |= how.neither;
            }
            let sums = C::records(ifma, [x, y]);
            let some = (self.pairs.len() - 8 * block).min(8);
            for (pair, sum) in pairs.iter().zip(sums).take(some) {
                points[pair.out as usize] = sum;
            }
        }
        infinities != 0
    }
}

#[inline(always)]
fn sides(pairs: &[Pair; 8]) -> ([u32; 8], [u32; 8]) {
    let (mut left, mut right) = ([0; 8], [0; 8]);
    for (lane, pair) in pairs.iter().enumerate() {
        left[lane] = pair.left;
        right[lane] = pair.right;
    }
    (left, right)
}

#[inline(always)]
fn load<C: Coordinate>(ifma: Ifma, table: &[C::Record], places: [u32; 8]) -> [C; 2] {
    let [x, y] = C::load(ifma, places.map(|place| &table[(place >> 1) as usize]));
    let mut negative = 0;
    for (lane, place) in places.iter().enumerate() {
        negative |= ((place & 1) as Mask) << lane;
    }
    [x, y.neg_where(ifma, negative)]
}

#[inline(always)]
fn slopes<const CARE: bool, C: Coordinate>(ifma: Ifma, left: [C; 2], right: [C; 2]) -> Slopes<C> {
    let mut slopes = Slopes {
        rise: right[1].loose_sub(ifma, left[1]),
        run: right[0].loose_sub(ifma, left[0]),
        left_alone: 0,
        right_alone: 0,
        neither: 0,
    };
    if CARE {
        let left_infinite = left[0].is_zero(ifma) & left[1].is_zero(ifma);
        let right_infinite = right[0].is_zero(ifma) & right[1].is_zero(ifma);
        let same_x = right[0].sub(ifma, left[0]).is_zero(ifma) & !left_infinite & !right_infinite;
        let opposite = same_x & left[1].add(ifma, right[1]).is_zero(ifma);
        let equal = same_x & !opposite;
        slopes.left_alone = right_infinite & !left_infinite;
        slopes.right_alone = left_infinite & !right_infinite;
        slopes.neither = opposite | (left_infinite & right_infinite);
        let square = left[0].square(ifma);
        let tangent = square.add(ifma, square).add(ifma, square);
        let one = slopes.left_alone | slopes.right_alone | slopes.neither;
        let rise = right[1].sub(ifma, left[1]).select(equal, tangent);
        let run = right[0].sub(ifma, left[0]).select(equal, left[1].add(ifma, left[1]));
        slopes.rise = rise.loose();
        slopes.run = run.select(one, C::one(ifma)).loose();
    }
    slopes
}
