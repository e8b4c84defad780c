//! Sums of many pairs of points at once: affine additions that share inversions, eight lanes at a time.
//!
//! An addition divides by the difference of its x. A first walk, backwards, multiplies up all differences of a chunk; the
//! eight products are inverted; a second walk, forwards, takes one inverse after the other off again. A chunk whose
//! product is zero holds a pair that the formula does not cover, and is done again with care: equal points are
//! doubled, opposite ones give infinity, infinity is left out.

use super::coordinate::Coordinate;
use super::lanes::{odd, prefetch, Mask};
use super::{Ifma, Task};

/// Bytes of points that share an inversion: read twice, they shall stay in a core's second-level cache.
const CHUNK: usize = 1 << 18;

/// Blocks of eight pairs between a record's prefetch and its use, on the first walk and on the second.
const AHEAD: usize = 8;
const AGAIN: usize = 2;

/// Pairs in blocks of eight lanes: `left` + `right`, each twice a place plus one if the point there counts negative,
/// go to `out`.
#[derive(Default)]
pub struct Pairs {
    blocks: Vec<Eight>,
    count: usize,
}

struct Eight {
    left: [u32; 8],
    right: [u32; 8],
    out: [u32; 8],
}

impl Pairs {
    pub fn clear(&mut self) {
        self.blocks.clear();
        self.count = 0;
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// A block that is not full holds its first pair several times, which does no harm.
    #[inline]
    pub fn push(&mut self, left: u32, right: u32, out: u32) {
        let lane = self.count % 8;
        self.count += 1;
        if lane == 0 {
            return self.blocks.push(Eight {
                left: [left; 8],
                right: [right; 8],
                out: [out; 8],
            });
        }
        if let Some(block) = self.blocks.last_mut() {
            (block.left[lane], block.right[lane], block.out[lane]) = (left, right, out);
        }
    }
}

/// Adds `pairs` of points of `table`, or of `points` itself if there is none, into `points`.
///
/// In `points` itself a pair's `out` must not come after its own places, nor be a place of a later pair.
/// Returns whether infinity may have come out.
pub struct AddPairs<'a, C: Coordinate> {
    pub table: Option<&'a [C::Record]>,
    pub points: &'a mut [C::Record],
    pub pairs: &'a Pairs,
    /// Whether infinity may be among the places.
    pub infinities: bool,
    pub scratch: &'a mut Vec<C::Loose>,
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
        let size = CHUNK / (16 * size_of::<C::Record>());
        for (number, blocks) in pairs.blocks.chunks(size).enumerate() {
            let next = pairs.blocks.get((number + 1) * size..).unwrap_or_default();
            let places = Places::<C> { table, blocks, next };
            let plain = !infinities && {
                let product = places.multiply_up::<false>(ifma, points, scratch);
                let usable = product.is_zero(ifma) == 0;
                if usable {
                    places.add::<false>(ifma, points, scratch, product);
                }
                usable
            };
            if !plain {
                let product = places.multiply_up::<true>(ifma, points, scratch);
                infinities |= places.add::<true>(ifma, points, scratch, product);
            }
        }
        infinities
    }
}

struct Places<'a, C: Coordinate> {
    table: Option<&'a [C::Record]>,
    blocks: &'a [Eight],
    /// What the next chunk begins with: the second walk has time to fetch it.
    next: &'a [Eight],
}

/// Pairs whose sum is one of the two points as it is, or infinity; and pairs of the same point.
struct Cases {
    left_alone: Mask,
    right_alone: Mask,
    neither: Mask,
    equal: Mask,
}

impl<C: Coordinate> Places<'_, C> {
    #[inline(always)]
    fn prefetch(&self, ifma: Ifma, blocks: &[Eight], block: usize) {
        if let (Some(table), Some(block)) = (self.table, blocks.get(block)) {
            for places in [&block.left, &block.right] {
                for place in places {
                    for line in table[(place >> 1) as usize].as_ref() {
                        prefetch(ifma, line);
                    }
                }
            }
        }
    }

    /// Appends to `scratch`, last block first, the product of the blocks behind each; returns the product of all.
    #[inline(always)]
    fn multiply_up<const CARE: bool>(&self, ifma: Ifma, points: &[C::Record], scratch: &mut Vec<C::Loose>) -> C {
        let table = self.table.unwrap_or(points);
        let mut product = C::one(ifma).loose();
        scratch.clear();
        for (number, block) in self.blocks.iter().enumerate().rev() {
            self.prefetch(ifma, self.blocks, number.wrapping_sub(AHEAD));
            let run = if CARE {
                let (left, right) = (
                    load::<C>(ifma, table, &block.left),
                    load::<C>(ifma, table, &block.right),
                );
                careful::<C>(ifma, left, right).1
            } else {
                let left = C::load_x(ifma, records(table, &block.left));
                let right = C::load_x(ifma, records(table, &block.right));
                C::loose_sub(ifma, right.rough(), left.rough())
            };
            scratch.push(product);
            product = C::factor(ifma, C::loose_mul(ifma, product, run));
        }
        C::settled(ifma, product)
    }

    /// Takes the inverses off `scratch` again and adds; returns whether infinity came out.
    #[inline(always)]
    fn add<const CARE: bool>(&self, ifma: Ifma, points: &mut [C::Record], scratch: &[C::Loose], product: C) -> bool {
        let mut infinities = 0;
        let mut inverse = product.inverse(ifma).loose();
        for (number, (block, behind)) in self.blocks.iter().zip(scratch.iter().rev()).enumerate() {
            self.prefetch(ifma, self.blocks, number + AGAIN);
            self.prefetch(ifma, self.next, number);
            let table = self.table.unwrap_or(points);
            let (left, right) = (
                load::<C>(ifma, table, &block.left),
                load::<C>(ifma, table, &block.right),
            );
            let (rise, run) = if CARE {
                careful::<C>(ifma, left, right)
            } else {
                (
                    C::loose_sub(ifma, right.1, left.1),
                    C::loose_sub(ifma, right.0.rough(), left.0.rough()),
                )
            };
            let own = C::factor(ifma, C::loose_mul(ifma, inverse, *behind));
            inverse = C::factor(ifma, C::loose_mul(ifma, inverse, run));
            let slope = C::factor(ifma, C::loose_mul(ifma, rise, own));
            let square = C::loose_square(ifma, slope);
            let mut x = C::sub_both(ifma, square, left.0.rough(), right.0.rough());
            let fall = C::loose_sub(ifma, left.0.rough(), x.rough());
            let mut y = C::sub(ifma, C::loose_mul(ifma, slope, fall), left.1);
            if CARE {
                let cases = cases::<C>(ifma, left, right);
                x = x.select(cases.left_alone, left.0).select(cases.right_alone, right.0);
                y = y.select(cases.left_alone, C::carried(ifma, left.1));
                y = y.select(cases.right_alone, C::carried(ifma, right.1));
                let zero = C::zero(ifma);
                (x, y) = (x.select(cases.neither, zero), y.select(cases.neither, zero));
                infinities |= cases.neither;
            }
            for (out, sum) in block.out.iter().zip(C::records(ifma, [x, y])) {
                points[*out as usize] = sum;
            }
        }
        infinities != 0
    }
}

#[inline(always)]
fn records<'a, R>(table: &'a [R], places: &[u32; 8]) -> [&'a R; 8] {
    places.map(|place| &table[(place >> 1) as usize])
}

#[inline(always)]
fn load<C: Coordinate>(ifma: Ifma, table: &[C::Record], places: &[u32; 8]) -> (C, C::Rough) {
    let [x, y] = C::load(ifma, records(table, places));
    (x, y.neg_where(ifma, odd(ifma, places)))
}

/// Rise and run with the tangent's where the points are equal, and a run that is never zero.
#[inline(always)]
fn careful<C: Coordinate>(ifma: Ifma, left: (C, C::Rough), right: (C, C::Rough)) -> (C::Loose, C::Loose) {
    let cases = cases::<C>(ifma, left, right);
    let square = left.0.square(ifma);
    let tangent = square.add(ifma, square).add(ifma, square);
    let y = C::carried(ifma, left.1);
    let rise = C::sub(ifma, right.1, left.1).select(cases.equal, tangent);
    let run = C::sub(ifma, right.0.rough(), left.0.rough()).select(cases.equal, y.add(ifma, y));
    let one = cases.left_alone | cases.right_alone | cases.neither;
    (rise.loose(), run.select(one, C::one(ifma)).loose())
}

#[inline(always)]
fn cases<C: Coordinate>(ifma: Ifma, left: (C, C::Rough), right: (C, C::Rough)) -> Cases {
    let (left_y, right_y) = (C::carried(ifma, left.1), C::carried(ifma, right.1));
    let left_infinite = left.0.is_zero(ifma) & left_y.is_zero(ifma);
    let right_infinite = right.0.is_zero(ifma) & right_y.is_zero(ifma);
    let run = C::sub(ifma, right.0.rough(), left.0.rough());
    let same_x = run.is_zero(ifma) & !left_infinite & !right_infinite;
    let opposite = same_x & left_y.add(ifma, right_y).is_zero(ifma);
    Cases {
        left_alone: right_infinite & !left_infinite,
        right_alone: left_infinite & !right_infinite,
        neither: opposite | (left_infinite & right_infinite),
        equal: same_x & !opposite,
    }
}
