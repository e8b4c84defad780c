//! Pippenger's buckets over a recoding: one sum for each window of digits.
//!
//! A window's buckets are heaps. Their weighted sum, bucket i counting i + 1 times, is taken apart by the bits of i: while
//! neighbouring buckets are added level by level, the odd ones of level j go to a heap of its own, which counts 2^j times.
//! So that, too, is nothing but sums of heaps, without a chain of dependent additions.

use super::coordinate::Coordinate;
use super::heaps::Heaps;
use super::pairs::{AddPairs, Pairs};
use super::points::{PreparedPoints, Record, VectorCurve};
use super::Ifma;
use crate::aligned::Aligned;
use crate::error::Result;
use crate::msm::check;
use crate::recoding::Recoding;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ff::{AdditiveGroup, Zero};
use core::marker::PhantomData;
use core::ops::Range;
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Digits a task sorts at once: enough to share the rounds of its windows' last sums, few enough for many tasks.
const TASK: usize = 1 << 18;

/// Bytes of points that a group of buckets reads: half of them stay, and shall stay in a second-level cache.
const GROUP: usize = 1 << 21;

/// Pairs for which a group alone does another round; what is left is added with the other groups' rests.
const WORTH: usize = 256;

/// Points and the scalar each is multiplied by: point i by scalar wires[i] of the recoding.
pub struct Terms<'a, P: VectorCurve> {
    pub points: PreparedPoints<'a, P>,
    pub wires: &'a [u32],
    pub recoding: &'a Recoding,
}

/// Σ scalar·point
pub fn sum<P: VectorCurve>(ifma: Ifma, terms: Terms<'_, P>, cancel: &AtomicBool) -> Result<Projective<P>> {
    let windows = terms.recoding.windows();
    let share = (TASK / (2 * terms.wires.len()).max(1)).clamp(1, windows.div_ceil(rayon::current_num_threads()).max(1));
    let sums: Vec<Vec<Projective<P>>> = (0..windows.div_ceil(share))
        .into_par_iter()
        .map(|task| {
            check(cancel)?;
            Ok(window_sums(ifma, &terms, task * share..windows.min((task + 1) * share)))
        })
        .collect::<Result<_>>()?;
    Ok(sums.iter().flatten().rev().fold(Projective::zero(), |mut total, sum| {
        for _ in 0..terms.recoding.width() {
            total.double_in_place();
        }
        total + sum
    }))
}

fn window_sums<P: VectorCurve>(ifma: Ifma, terms: &Terms<'_, P>, windows: Range<usize>) -> Vec<Projective<P>> {
    let (places, lengths) = sorted(terms, windows.clone());
    let mut heaps = Heaps::default();
    let buckets = bucket_sums(ifma, terms.points.records(), &places, &lengths, &mut heaps);
    weighted::<P>(ifma, buckets, windows.len(), terms.recoding.width() - 1, heaps)
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

/// The places of all nonzero digits, by window and bucket, and how many there are in each bucket.
fn sorted<P: VectorCurve>(terms: &Terms<'_, P>, windows: Range<usize>) -> (Vec<u32>, Vec<u32>) {
    let half = 1 << (terms.recoding.width() - 1);
    let mut lengths = vec![0u32; windows.len() * half];
    for (at, window) in windows.clone().enumerate() {
        let digits = terms.recoding.digits(window);
        let lengths = &mut lengths[at * half..(at + 1) * half];
        for wire in terms.wires {
            for digit in digits[*wire as usize] {
                if digit != 0 {
                    lengths[digit.unsigned_abs() as usize - 1] += 1;
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
    for (at, window) in windows.enumerate() {
        let digits = terms.recoding.digits(window);
        let next = &mut next[at * half..(at + 1) * half];
        for (index, wire) in (0..).zip(terms.wires) {
            let [plain, image] = digits[*wire as usize];
            for (digit, place) in [(plain, index), (image, index + count)] {
                if digit != 0 {
                    let next = &mut next[digit.unsigned_abs() as usize - 1];
                    places[*next as usize] = place << 1 | u32::from(digit < 0);
                    *next += 1;
                }
            }
        }
    }
    (places, lengths)
}

/// Σ (i + 1)·bucket[i] of each window, 2^`levels` buckets each.
fn weighted<P: VectorCurve>(
    ifma: Ifma,
    mut buckets: Buckets<P::Coordinate>,
    windows: usize,
    levels: usize,
    mut heaps: Heaps<P::Coordinate>,
) -> Vec<Projective<P>> {
    let most = |level: usize| buckets.ids.len().min(windows << (levels - 1 - level));
    let mut odd = Buckets::<P::Coordinate>::for_up_to((0..levels).map(most).sum());
    let mut odd_lengths = vec![0u32; levels * windows];
    let (mut pairs, mut scratch) = (Pairs::default(), Vec::new());
    let mut next = Buckets::<P::Coordinate>::for_up_to(buckets.ids.len());
    for level in 0..levels {
        for (id, point) in buckets.ids.iter().zip(buckets.points()) {
            if id & 1 == 1 {
                let heap = level * windows + (id >> (levels - level)) as usize;
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
    let mut sums = vec![Projective::zero(); windows];
    let mut odds = vec![None; levels * windows];
    for (heap, sum) in heaps.left() {
        odds[heap as usize] = Some(point::<P>(sum));
    }
    for level in odds.chunks(windows.max(1)).rev() {
        for (sum, odd) in sums.iter_mut().zip(level) {
            sum.double_in_place();
            if let Some(odd) = odd {
                *sum += odd;
            }
        }
    }
    for (window, all) in buckets.ids.iter().zip(buckets.points()) {
        sums[*window as usize] += point::<P>(all);
    }
    sums
}

fn point<P: VectorCurve>(record: &Record<P>) -> Affine<P> {
    P::coordinates(record).map_or_else(Affine::identity, |(x, y)| Affine::new_unchecked(x, y))
}
