//! Sums of a key's points without vector instructions: points with their images under the endomorphism, and the recoding
//! of the scalars that all sums of a proof share.

use crate::buckets::{Limbed, Point};
use crate::error::Result;
use crate::msm::{check, horner, window_sums};
use crate::recoding::Recoding;
use ark_ec::short_weierstrass::{Affine, Projective};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Digits a task sorts at once: enough to share the last rounds' inversions.
const TASK: usize = 1 << 13;

/// Points of the subgroup, none at infinity, and behind them lambda times each.
pub struct Points<P: Limbed>(Vec<Point<P::Limbs>>);

impl<P: Limbed> Points<P> {
    pub fn new(points: &[Affine<P>]) -> Self {
        let image = |point: &Affine<P>| Affine::new_unchecked(P::endomorphism(&point.x), point.y);
        let images = points.iter().map(|point| Point::new::<P>(&image(point)));
        Self(points.iter().map(Point::new::<P>).chain(images).collect())
    }

    /// The points, without their images.
    pub fn affine(&self) -> impl IndexedParallelIterator<Item = Affine<P>> + '_ {
        let points = &self.0[..self.0.len() / 2];
        points.par_iter().map(|point| point.to_affine())
    }

    /// Σ scalars[wires[i]]·point[i]
    pub fn sum(&self, wires: &[u32], scalars: &Recoding, cancel: &AtomicBool) -> Result<Projective<P>> {
        let windows = scalars.windows().len();
        let share = (TASK / self.0.len().max(1)).clamp(1, windows.div_ceil(rayon::current_num_threads()).max(1));
        let sums: Vec<Vec<Projective<P>>> = (0..windows.div_ceil(share))
            .into_par_iter()
            .map(|task| {
                check(cancel)?;
                let mut rows = Vec::with_capacity(share * self.0.len());
                for window in task * share..windows.min((task + 1) * share) {
                    let digits = scalars.digits(window);
                    rows.extend(wires.iter().map(|wire| digits[*wire as usize][0]));
                    rows.extend(wires.iter().map(|wire| digits[*wire as usize][1]));
                }
                Ok(window_sums::<P>(&self.0, &rows, scalars.width()))
            })
            .collect::<Result<_>>()?;
        Ok(horner(sums.iter().flatten().rev(), scalars.width()))
    }
}
