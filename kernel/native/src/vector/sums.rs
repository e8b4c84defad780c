//! Pippenger's buckets over a recoding: one sum for each window of digits.
//!
//! A window's buckets are heaps. Their weighted sum, bucket i counting i + 1 times, is taken apart by the bits of i: while
//! neighbouring buckets are added level by level, the odd ones of level j go to a heap of its own, which counts 2^j times.
//! So that, too, is nothing but sums of heaps, without a chain of dependent additions.

use super::heaps::{Heaps, Scratch};
use super::pairs::{AddPairs, Pair};
use super::points::{PreparedPoints, Record, VectorCurve};
use super::Ifma;
use crate::error::Result;
use crate::msm::check;
use crate::recoding::Recoding;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ff::{AdditiveGroup, Zero};
use core::ops::Range;
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Digits a task sorts at once: enough to share the rounds' inversions, few enough to stay near a core.
const TASK: usize = 1 << 17;

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
    let mut scratch = Scratch::default();
    let (places, lengths) = sorted(terms, windows.clone());
    let mut heaps = Heaps::gather(ifma, terms.points.records(), &places, &lengths, &mut scratch);
    drop(places);
    heaps.sum(ifma, &mut scratch);
    weighted::<P>(ifma, heaps, windows.len(), terms.recoding.width() - 1, scratch)
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

/// Σ (i + 1)·bucket[i] of each window, 2^`levels` buckets each, of which `heaps` holds the sums.
fn weighted<P: VectorCurve>(
    ifma: Ifma,
    heaps: Heaps<P::Coordinate>,
    windows: usize,
    levels: usize,
    mut scratch: Scratch<P::Coordinate>,
) -> Vec<Projective<P>> {
    let mut infinities = heaps.infinities;
    let mut ids: Vec<u32> = Vec::new();
    let mut points: Vec<Record<P>> = Vec::new();
    for ((id, start), length) in (0..).zip(&heaps.starts).zip(&heaps.lengths) {
        if *length > 0 {
            ids.push(id);
            points.push(heaps.points[*start as usize]);
        }
    }
    let mut odd: Vec<Record<P>> = Vec::with_capacity(points.len());
    let mut odd_lengths = vec![0u32; levels * windows];
    for level in 0..levels {
        for (id, point) in ids.iter().zip(&points) {
            if id & 1 == 1 {
                odd.push(*point);
                odd_lengths[level * windows + (id >> (levels - level)) as usize] += 1;
            }
        }
        scratch.pairs.clear();
        let mut merged = Vec::with_capacity(points.len());
        let mut next = Vec::with_capacity(points.len());
        let mut at = 0;
        while at < ids.len() {
            let parent = ids[at] >> 1;
            if at + 1 < ids.len() && ids[at + 1] >> 1 == parent {
                scratch.pairs.push(Pair {
                    left: (at as u32) << 1,
                    right: (at as u32 + 1) << 1,
                    out: merged.len() as u32,
                });
                at += 1;
            }
            merged.push(parent);
            next.push(points[at]);
            at += 1;
        }
        infinities = ifma.run(AddPairs::<P::Coordinate> {
            table: Some(&points),
            points: &mut next,
            pairs: &scratch.pairs,
            infinities,
            scratch: &mut scratch.products,
        });
        (ids, points) = (merged, next);
    }
    let mut odd = Heaps::<P::Coordinate>::new(odd, odd_lengths, infinities);
    odd.sum(ifma, &mut scratch);
    let mut sums = vec![Projective::zero(); windows];
    for level in (0..levels).rev() {
        for (window, sum) in sums.iter_mut().enumerate() {
            sum.double_in_place();
            let heap = level * windows + window;
            if odd.lengths[heap] > 0 {
                *sum += point::<P>(&odd.points[odd.starts[heap] as usize]);
            }
        }
    }
    for (window, all) in ids.iter().zip(&points) {
        sums[*window as usize] += point::<P>(all);
    }
    sums
}

fn point<P: VectorCurve>(record: &Record<P>) -> Affine<P> {
    P::coordinates(record).map_or_else(Affine::identity, |(x, y)| Affine::new_unchecked(x, y))
}
