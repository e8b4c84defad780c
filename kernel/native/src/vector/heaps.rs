//! Sums of many heaps of points at once: all heaps are halved together, round after round, in pairs.

use super::coordinate::Coordinate;
use super::pairs::{AddPairs, Pairs};
use super::Ifma;
use crate::aligned::Aligned;

/// Points in heaps: heap i stands at starts[i], and has lengths[i] of them. Its memory serves one sum after the other.
pub struct Heaps<C: Coordinate> {
    points: Aligned,
    starts: Vec<u32>,
    lengths: Vec<u32>,
    pairs: Pairs,
    scratch: Vec<C::Loose>,
    /// Whether infinity may be among the points.
    pub infinities: bool,
}

impl<C: Coordinate> Default for Heaps<C> {
    fn default() -> Self {
        Self {
            points: Aligned::default(),
            starts: Vec::new(),
            lengths: Vec::new(),
            pairs: Pairs::default(),
            scratch: Vec::new(),
            infinities: false,
        }
    }
}

impl<C: Coordinate> Heaps<C> {
    /// Takes up the halves of heaps of places in a table, each twice an index plus one if the point counts negative.
    pub fn gather(&mut self, ifma: Ifma, table: &[C::Record], places: &[u32], lengths: &[u32]) {
        self.lengths.clear();
        self.lengths.extend(lengths.iter().map(|length| length.div_ceil(2)));
        self.start();
        self.pairs.clear();
        let points = C::view_mut(&mut self.points);
        let mut rest = places;
        for (start, length) in self.starts.iter().zip(lengths) {
            let (mine, others) = rest.split_at(*length as usize);
            rest = others;
            let (pairs, single) = mine.as_chunks();
            for (out, [left, right]) in (*start..).zip(pairs) {
                self.pairs.push(*left, *right, out);
            }
            if let [place] = single {
                let record = &table[(place >> 1) as usize];
                let out = &mut points[*start as usize + pairs.len()];
                *out = if place & 1 == 1 { C::opposite(record) } else { *record };
            }
        }
        self.infinities |= ifma.run(AddPairs::<C> {
            table: Some(table),
            points,
            pairs: &self.pairs,
            infinities: false,
            scratch: &mut self.scratch,
        });
    }

    /// Takes up heaps of points that stand behind one another.
    pub fn take(&mut self, points: &[C::Record], lengths: &[u32]) {
        self.lengths.clear();
        self.lengths.extend_from_slice(lengths);
        self.start();
        C::view_mut(&mut self.points)[..points.len()].copy_from_slice(points);
    }

    /// Halves all heaps as long as that adds at least `worth` pairs; with one, one point is left in each.
    pub fn sum(&mut self, ifma: Ifma, worth: usize) {
        while self.halve(ifma, worth.max(1)) {}
    }

    /// What is left, with the numbers of the heaps, in order.
    pub fn left(&self) -> impl Iterator<Item = (u32, &C::Record)> {
        let points = C::view(&self.points);
        let heaps = (0..).zip(self.starts.iter().zip(&self.lengths));
        heaps.flat_map(|(heap, (start, length))| {
            let mine = &points[*start as usize..(start + length) as usize];
            mine.iter().map(move |point| (heap, point))
        })
    }

    fn start(&mut self) {
        self.starts.clear();
        let mut total = 0;
        for length in &self.lengths {
            self.starts.push(total);
            total += length;
        }
        self.points.resize(total as usize * size_of::<C::Record>() / 8);
    }

    fn halve(&mut self, ifma: Ifma, worth: usize) -> bool {
        self.pairs.clear();
        for (start, length) in self.starts.iter().zip(&self.lengths) {
            for pair in 0..length / 2 {
                let left = start + 2 * pair;
                self.pairs.push(left << 1, (left + 1) << 1, start + pair);
            }
        }
        if self.pairs.count() < worth {
            return false;
        }
        let points = C::view_mut(&mut self.points);
        self.infinities = ifma.run(AddPairs::<C> {
            table: None,
            points,
            pairs: &self.pairs,
            infinities: self.infinities,
            scratch: &mut self.scratch,
        });
        for (start, length) in self.starts.iter().zip(&mut self.lengths) {
            if *length > 1 && *length % 2 == 1 {
                points[(start + *length / 2) as usize] = points[(start + *length - 1) as usize];
            }
            *length = length.div_ceil(2);
        }
        true
    }
}
