//! Points kept for many sums, and scalars made ready once for several, each in the form of the kernel's path.

use crate::encoding::Coordinate;
use crate::error::Result;
use crate::map::Words;
use crate::path::{path, Path};
use crate::portable::Points;
use crate::recoding::Recoding;
#[cfg(target_arch = "x86_64")]
use crate::vector::{points::PreparedPoints, sums, Ifma};
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ff::BigInt;
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::atomic::AtomicBool;

#[cfg(target_arch = "x86_64")]
pub use crate::vector::points::VectorCurve as Group;

/// Without vector instructions limbs do.
#[cfg(not(target_arch = "x86_64"))]
pub use crate::buckets::Limbed as Group;

/// Points of the subgroup, none at infinity.
pub enum Bases<P: Group> {
    Portable(Points<P>),
    #[cfg(target_arch = "x86_64")]
    Ifma(Ifma, Words),
}

/// Scalars, recoded once for every sum over points in the same columns.
pub struct Scalars(Recoding);

impl<P: Group> Bases<P> {
    pub fn new(points: Vec<Affine<P>>) -> Self {
        match path() {
            Path::Portable => Self::Portable(Points::new(&points)),
            #[cfg(target_arch = "x86_64")]
            Path::Ifma(ifma) => Self::Ifma(ifma, Words::Aligned(PreparedPoints::words(&points))),
        }
    }

    /// Σ scalars[wires[i]]·point[i]
    pub fn sum(&self, wires: &[u32], scalars: &Scalars, cancel: &AtomicBool) -> Result<Projective<P>> {
        let Scalars(recoding) = scalars;
        match self {
            Self::Portable(points) => points.sum(wires, recoding, cancel),
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(ifma, words) => {
                let points = PreparedPoints::new(words);
                let terms = sums::Terms {
                    points,
                    wires,
                    recoding,
                };
                sums::sum(*ifma, terms, cancel)
            }
        }
    }
}

impl<P: Group<BaseField: Coordinate>> Bases<P> {
    /// The points, in all their columns, as words in the layout of this process, for a file.
    pub fn words(&self) -> Cow<'_, [u64]> {
        match self {
            Self::Portable(points) => {
                let coordinates = points.affine().flat_map_iter(|point| [point.x, point.y]);
                Cow::Owned(coordinates.flat_map_iter(|coordinate| coordinate.words()).collect())
            }
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(_, words) => Cow::Borrowed(words),
        }
    }

    /// `count` points in so many columns, as `words` and [`next_column`] gave them. That they are points is for whoever keeps
    /// the words to know.
    pub fn from_words(words: Words, count: usize, columns: usize) -> Option<Self> {
        let width = P::BaseField::WIDTH / 8;
        match path() {
            Path::Portable => {
                let points = words.par_chunks_exact(2 * width).map(|words| {
                    let (x, y) = words.split_at(width);
                    let coordinates = (P::BaseField::of_words(x)?, P::BaseField::of_words(y)?);
                    Some(Affine::new_unchecked(coordinates.0, coordinates.1))
                });
                let whole = words.len() == 2 * width * count && columns == 1;
                let points = points.collect::<Option<Vec<_>>>().filter(|_| whole)?;
                Some(Self::Portable(Points::new(&points)))
            }
            // Each point, and each image.
            #[cfg(target_arch = "x86_64")]
            Path::Ifma(ifma) => (words.len() == 4 * width * count * columns).then_some(Self::Ifma(ifma, words)),
        }
    }
}

/// The points of a column of a table times 2^`bits`; nothing on a path without tables.
pub fn next_column<P: Group>(column: &[u64], bits: usize) -> Option<Words> {
    match path() {
        Path::Portable => None,
        #[cfg(target_arch = "x86_64")]
        Path::Ifma(ifma) => Some(Words::Aligned(PreparedPoints::<P>::multiplied(ifma, column, bits))),
    }
}

/// Which layout the words of this process have.
pub fn layout() -> u64 {
    match path() {
        Path::Portable => 1,
        #[cfg(target_arch = "x86_64")]
        Path::Ifma(_) => 2,
    }
}

impl Scalars {
    /// For points whose columns are `spacing` bits apart; without it, for points as they are.
    pub fn new(plain: Vec<BigInt<4>>, spacing: Option<usize>) -> Self {
        Self(Recoding::new(&plain, spacing))
    }
}
