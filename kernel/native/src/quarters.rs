//! Runs of values in quarters, as the passes of transforms walk them on either path.

use rayon::prelude::*;

pub type Quarters<'a, T> = [&'a mut [T]; 4];

#[inline(always)]
pub fn split<T>(values: &mut [T]) -> Quarters<'_, T> {
    let (low, high) = values.split_at_mut(values.len() / 2);
    let (a, b) = low.split_at_mut(low.len() / 2);
    let (c, d) = high.split_at_mut(high.len() / 2);
    [a, b, c, d]
}

/// A pass over all quarters, `share` values of each a task, beside the turns that belong to them.
pub fn each_quarter<T: Send, U: Sync>(
    values: &mut [T],
    turns: &[U],
    share: usize,
    pass: impl Fn(Quarters<'_, T>, &[U]) + Sync,
) {
    let [a, b, c, d] = split(values);
    (
        a.par_chunks_mut(share),
        b.par_chunks_mut(share),
        c.par_chunks_mut(share),
        d.par_chunks_mut(share),
        turns.par_chunks(share),
    )
        .into_par_iter()
        .for_each(|(a, b, c, d, turns)| pass([a, b, c, d], turns));
}
