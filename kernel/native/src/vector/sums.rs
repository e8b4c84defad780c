//! Pippenger's buckets over a recoding: one sum for each set of windows that share their buckets.
//!
//! Without tables each window is a set. Where the points stand multiplied by powers of two, in columns so many bits apart,
//! windows that are as far apart are one set: each takes its points from its own column.
//!
//! A set's buckets are heaps. Their weighted sum, bucket i counting i + 1 times, is taken apart by the bits of i: while
//! neighbouring buckets are added level by level, the odd ones of level j go to a heap of its own, which counts 2^j times.
//! So that, too, is nothing but sums of heaps, without a chain of dependent additions.

use super::coordinate::Coordinate;
use super::heaps::Heaps;
use super::pairs::{AddPairs, Pairs};
use super::points::{affine, PreparedPoints, VectorCurve};
use super::Ifma;
use crate::aligned::Aligned;
use crate::error::Result;
use crate::msm::check;
use crate::recoding::Recoding;
use ark_ec::short_weierstrass::Projective;
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, Zero};
use core::marker::PhantomData;
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Digits a task sorts at once: enough to share the rounds of its windows' last sums, few enough for many tasks.
const TASK: usize = 1 << 18;

/// Bytes of points that a group of buckets reads: half of them stay, and shall stay in a second-level cache.
const GROUP: usize = 1 << 21;

/// Pairs for which a group alone does another round; what is left is added with the other groups' rests.
const WORTH: usize = 256;

/// Digits of a part of a set's buckets, where there are too few sets for all cores.
const PART: usize = 1 << 15;

/// Points and the scalar each is multiplied by: point i by scalar wires[i] of the recoding.
pub struct Terms<'a, P: VectorCurve> {
    pub points: PreparedPoints<'a, P>,
    pub wires: &'a [u32],
    pub recoding: &'a Recoding,
}

/// Terms as places of points and wires, those first whose scalars reach into the most windows: a witness has many zeros,
/// bits and short numbers, which no window shall look at in vain.
struct Reaching {
    terms: Vec<[u32; 2]>,
    counts: Vec<usize>,
}

impl Reaching {
    fn new<P: VectorCurve>(terms: &Terms<'_, P>) -> Self {
        let windows = terms.recoding.windows().len();
        let mut counts = vec![0; windows + 1];
        for wire in terms.wires {
            counts[windows - terms.recoding.reach(*wire)] += 1;
        }
        let mut total = 0;
        for count in &mut counts {
            total += core::mem::replace(count, total);
        }
        // Now where those of each reach begin, the farthest first, and soon where they end.
        let mut sorted = vec![[0; 2]; terms.wires.len()];
        for (index, wire) in (0..).zip(terms.wires) {
            let place = &mut counts[windows - terms.recoding.reach(*wire)];
            sorted[*place] = [index, *wire];
            *place += 1;
        }
        counts.truncate(windows);
        counts.reverse();
        Self { terms: sorted, counts }
    }

    fn into(&self, window: usize) -> &[[u32; 2]] {
        &self.terms[..self.counts[window]]
    }
}

/// Windows that share buckets, and the power of two that these count.
struct Set {
    start: usize,
    windows: Vec<Columned>,
}

/// A window and the first of its points among the records.
struct Columned {
    window: usize,
    first: u32,
}

/// Σ scalar·point
pub fn sum<P: VectorCurve>(ifma: Ifma, terms: Terms<'_, P>, cancel: &AtomicBool) -> Result<Projective<P>> {
    let (sets, reaching) = (sets(&terms), Reaching::new(&terms));
    let digits = 2 * terms.wires.len() * sets.first().map_or(0, |set| set.windows.len());
    let (threads, count) = (rayon::current_num_threads(), sets.len());
    // As many for every core, and equal, give or take a set.
    let tasks = (count * digits).div_ceil(TASK).next_multiple_of(threads).min(count);
    let wanted = (2 * threads).div_ceil(count.max(1));
    let sums: Vec<Vec<Projective<P>>> = (0..tasks)
        .into_par_iter()
        .map(|task| {
            check(cancel)?;
            let sets = &sets[task * count / tasks..(task + 1) * count / tasks];
            Ok(set_sums(ifma, &terms, &reaching, sets, wanted))
        })
        .collect::<Result<_>>()?;
    let mut total = Projective::zero();
    let mut above = 0;
    for (set, sum) in sets.iter().rev().zip(sums.iter().flatten().rev()) {
        (set.start..above).for_each(|_| {
            total.double_in_place();
        });
        total += sum;
        above = set.start;
    }
    Ok(total)
}

fn sets<P: VectorCurve>(terms: &Terms<'_, P>) -> Vec<Set> {
    let mut sets: Vec<Set> = Vec::new();
    for (number, window) in (0..).zip(terms.recoding.windows()) {
        let (column, start) = match terms.recoding.spacing() {
            Some(spacing) => (window.start / spacing, window.start % spacing),
            None => (0, window.start),
        };
        let columned = Columned {
            window: number,
            first: (2 * column * terms.wires.len()) as u32,
        };
        match sets.iter_mut().find(|set| set.start == start) {
            Some(set) => set.windows.push(columned),
            None => sets.push(Set {
                start,
                windows: vec![columned],
            }),
        }
    }
    sets
}

/// The sums of some sets, which are sorted together and then added up in as many parts each as are wanted and worth it.
fn set_sums<P: VectorCurve>(
    ifma: Ifma,
    terms: &Terms<'_, P>,
    reaching: &Reaching,
    sets: &[Set],
    wanted: usize,
) -> Vec<Projective<P>> {
    let (places, lengths) = sorted(terms, reaching, sets);
    // Rows of a power of two of buckets: whole sets, or equal parts of one.
    let levels = terms.recoding.width() - 1;
    let worth = (places.len() / sets.len().max(1) / PART).max(1).ilog2();
    let parts = 1 << worth.min(wanted.next_power_of_two().ilog2()).min(levels as u32);
    let levels = levels - usize::ilog2(parts) as usize;
    let together = if parts == 1 { sets.len() } else { 1 };
    let mut tasks = Vec::new();
    let (mut rest, mut first) = (places.as_slice(), 0);
    for lengths in lengths.chunks(together << levels) {
        let (mine, others) = rest.split_at(lengths.iter().sum::<u32>() as usize);
        tasks.push((first, mine, lengths));
        (rest, first) = (others, (first + 1) % parts);
    }
    let sums: Vec<Vec<Projective<P>>> = tasks
        .into_par_iter()
        .map(|(part, places, lengths)| {
            let mut heaps = Heaps::default();
            let buckets = bucket_sums(ifma, terms.points.records(), places, lengths, &mut heaps);
            weighted::<P>(ifma, buckets, together, levels, (part as u64) << levels, heaps)
        })
        .collect();
    let rows: Vec<Projective<P>> = sums.into_iter().flatten().collect();
    rows.chunks(parts).map(|parts| parts.iter().sum()).collect()
}

/// Points with the numbers of their buckets, in order.
struct Buckets<C: Coordinate> {
    ids: Vec<u32>,
    points: Aligned,
    curve: PhantomData<C>,
}

impl<C: Coordinate> Buckets<C> {
    fn for_up_to(count: usize) -> Self {
        Self {
            ids: Vec::with_capacity(count),
            points: Aligned::zeroed(count * size_of::<C::Record>() / 8),
            curve: PhantomData,
        }
    }

    fn push(&mut self, id: u32, point: &C::Record) {
        C::view_mut(&mut self.points)[self.ids.len()] = *point;
        self.ids.push(id);
    }

    fn points(&self) -> &[C::Record] {
        &C::view(&self.points)[..self.ids.len()]
    }
}

/// Sums buckets group by group, each from its first round to its last, so that a group stays in the cache.
fn bucket_sums<C: Coordinate>(
    ifma: Ifma,
    table: &[C::Record],
    mut places: &[u32],
    lengths: &[u32],
    heaps: &mut Heaps<C>,
) -> Buckets<C> {
    let most = (GROUP / size_of::<C::Record>()) as u32;
    let mut groups = Vec::new();
    let mut first = 0;
    while first < lengths.len() {
        let (mut end, mut total) = (first, 0);
        while end < lengths.len() && (end == first || total + lengths[end] <= most) {
            total += lengths[end];
            end += 1;
        }
        groups.push((first, end, total));
        first = end;
    }
    // A group leaves a point in each bucket, and of fewer pairs than are worth a round two more at most.
    let filled = lengths.iter().filter(|length| **length > 0).count();
    let mut rests = Buckets::for_up_to(filled + groups.len() * 2 * WORTH);
    let mut left = vec![0; lengths.len()];
    for (first, end, total) in groups {
        let (mine, rest) = places.split_at(total as usize);
        places = rest;
        heaps.gather(ifma, table, mine, &lengths[first..end]);
        heaps.sum(ifma, WORTH);
        for (heap, point) in heaps.left() {
            let bucket = first as u32 + heap;
            left[bucket as usize] += 1;
            rests.push(bucket, point);
        }
    }
    heaps.take(rests.points(), &left);
    heaps.sum(ifma, 1);
    rests.ids.clear();
    for (bucket, point) in heaps.left() {
        rests.push(bucket, point);
    }
    rests
}

/// The places of all nonzero digits, by set and bucket, and how many there are in each bucket.
fn sorted<P: VectorCurve>(terms: &Terms<'_, P>, reaching: &Reaching, sets: &[Set]) -> (Vec<u32>, Vec<u32>) {
    let half = 1 << (terms.recoding.width() - 1);
    let mut lengths = vec![0u32; sets.len() * half];
    for (set, lengths) in sets.iter().zip(lengths.chunks_exact_mut(half)) {
        for Columned { window, .. } in &set.windows {
            let digits = terms.recoding.digits(*window);
            for [_, wire] in reaching.into(*window) {
                for digit in digits[*wire as usize] {
                    if digit != 0 {
                        lengths[digit.unsigned_abs() as usize - 1] += 1;
                    }
                }
            }
        }
    }
    let mut next = Vec::with_capacity(lengths.len());
    let mut total = 0;
    for length in &lengths {
        next.push(total);
        total += length;
    }
    let mut places = vec![0; total as usize];
    let count = terms.wires.len() as u32;
    for (set, next) in sets.iter().zip(next.chunks_exact_mut(half)) {
        for Columned { window, first } in &set.windows {
            let digits = terms.recoding.digits(*window);
            for [index, wire] in reaching.into(*window) {
                let [plain, image] = digits[*wire as usize];
                for (digit, place) in [(plain, first + index), (image, first + index + count)] {
                    if digit != 0 {
                        let next = &mut next[digit.unsigned_abs() as usize - 1];
                        places[*next as usize] = place << 1 | u32::from(digit < 0);
                        *next += 1;
                    }
                }
            }
        }
    }
    (places, lengths)
}

/// Σ (first + i + 1)·bucket[i] of each row, 2^`levels` buckets each.
fn weighted<P: VectorCurve>(
    ifma: Ifma,
    mut buckets: Buckets<P::Coordinate>,
    rows: usize,
    levels: usize,
    first: u64,
    mut heaps: Heaps<P::Coordinate>,
) -> Vec<Projective<P>> {
    let most = |level: usize| buckets.ids.len().min(rows << (levels - 1 - level));
    let mut odd = Buckets::<P::Coordinate>::for_up_to((0..levels).map(most).sum());
    let mut odd_lengths = vec![0u32; levels * rows];
    let (mut pairs, mut scratch) = (Pairs::default(), Vec::new());
    let mut next = Buckets::<P::Coordinate>::for_up_to(buckets.ids.len());
    for level in 0..levels {
        for (id, point) in buckets.ids.iter().zip(buckets.points()) {
            if id & 1 == 1 {
                let heap = level * rows + (id >> (levels - level)) as usize;
                odd.push(heap as u32, point);
                odd_lengths[heap] += 1;
            }
        }
        pairs.clear();
        next.ids.clear();
        let mut at = 0;
        while at < buckets.ids.len() {
            let parent = buckets.ids[at] >> 1;
            if buckets.ids.get(at + 1).is_some_and(|id| id >> 1 == parent) {
                pairs.push((at as u32) << 1, (at as u32 + 1) << 1, next.ids.len() as u32);
                at += 1;
            }
            next.push(parent, &buckets.points()[at]);
            at += 1;
        }
        heaps.infinities = ifma.run(AddPairs::<P::Coordinate> {
            table: Some(buckets.points()),
            points: P::Coordinate::view_mut(&mut next.points),
            pairs: &pairs,
            infinities: heaps.infinities,
            scratch: &mut scratch,
        });
        core::mem::swap(&mut buckets, &mut next);
    }
    heaps.take(odd.points(), &odd_lengths);
    heaps.sum(ifma, 1);
    let mut sums = vec![Projective::zero(); rows];
    let mut odds = vec![None; levels * rows];
    for (heap, sum) in heaps.left() {
        odds[heap as usize] = Some(affine::<P>(sum));
    }
    for level in odds.chunks(rows.max(1)).rev() {
        for (sum, odd) in sums.iter_mut().zip(level) {
            sum.double_in_place();
            if let Some(odd) = odd {
                *sum += odd;
            }
        }
    }
    for (row, all) in buckets.ids.iter().zip(buckets.points()) {
        sums[*row as usize] += affine::<P>(all).mul_bigint([first + 1]);
    }
    sums
}
