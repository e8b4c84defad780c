//! Sums of many heaps of points at once: all heaps are halved together, round after round, in pairs.

use super::coordinate::Coordinate;
use super::pairs::{AddPairs, Pair};
use super::Ifma;

/// Memory that many sums use one after the other.
pub struct Scratch<C: Coordinate> {
    pub pairs: Vec<Pair>,
    pub products: Vec<C>,
}

impl<C: Coordinate> Default for Scratch<C> {
    fn default() -> Self {
        Self {
            pairs: Vec::new(),
            products: Vec::new(),
        }
    }
}

/// Points in heaps: heap i stands at starts[i], and has lengths[i] of them.
pub struct Heaps<C: Coordinate> {
    pub points: Vec<C::Record>,
    pub starts: Vec<u32>,
    pub lengths: Vec<u32>,
    /// Whether infinity may be among the points.
    pub infinities: bool,
}

impl<C: Coordinate> Heaps<C> {
    /// Halves heaps of places in a table, each twice an index plus one if the point counts negative.
    pub fn gather(ifma: Ifma, table: &[C::Record], places: &[u32], lengths: &[u32], scratch: &mut Scratch<C>) -> Self {
        let halved: Vec<u32> = lengths.iter().map(|length| length.div_ceil(2)).collect();
        let starts = starts(&halved);
        let mut points = vec![C::INFINITY; halved.iter().sum::<u32>() as usize];
        scratch.pairs.clear();
        let mut rest = places;
        for (start, length) in starts.iter().zip(lengths) {
            let (mine, others) = rest.split_at(*length as usize);
            rest = others;
            let (pairs, single) = mine.as_chunks();
            scratch
                .pairs
                .extend((*start..).zip(pairs).map(|(out, [left, right])| Pair {
                    left: *left,
                    right: *right,
                    out,
                }));
            if let [place] = single {
                let record = &table[(place >> 1) as usize];
                let out = &mut points[*start as usize + pairs.len()];
                *out = if place & 1 == 1 { C::opposite(record) } else { *record };
            }
        }
        let infinities = ifma.run(AddPairs::<C> {
            table: Some(table),
            points: &mut points,
            pairs: &scratch.pairs,
            infinities: false,
            scratch: &mut scratch.products,
        });
        Self {
            points,
            starts,
            lengths: halved,
            infinities,
        }
    }

    /// Heaps of points that stand behind one another.
    pub fn new(points: Vec<C::Record>, lengths: Vec<u32>, infinities: bool) -> Self {
        Self {
            points,
            starts: starts(&lengths),
            lengths,
            infinities,
        }
    }

    /// Leaves one point in every heap that has any.
    pub fn sum(&mut self, ifma: Ifma, scratch: &mut Scratch<C>) {
        while self.halve(ifma, scratch) {}
    }

    fn halve(&mut self, ifma: Ifma, scratch: &mut Scratch<C>) -> bool {
        scratch.pairs.clear();
        for (start, length) in self.starts.iter().zip(&self.lengths) {
            scratch.pairs.extend((0..length / 2).map(|pair| Pair {
                left: (start + 2 * pair) << 1,
                right: (start + 2 * pair + 1) << 1,
                out: start + pair,
            }));
        }
        if scratch.pairs.is_empty() {
            return false;
        }
        self.infinities = ifma.run(AddPairs::<C> {
            table: None,
            points: &mut self.points,
            pairs: &scratch.pairs,
            infinities: self.infinities,
            scratch: &mut scratch.products,
        });
        for (start, length) in self.starts.iter().zip(&mut self.lengths) {
            if *length > 1 && *length % 2 == 1 {
                self.points[(start + *length / 2) as usize] = self.points[(start + *length - 1) as usize];
            }
            *length = length.div_ceil(2);
        }
        true
    }
}

fn starts(lengths: &[u32]) -> Vec<u32> {
    lengths
        .iter()
        .scan(0, |next, length| {
            let start = *next;
            *next += length;
            Some(start)
        })
        .collect()
}
