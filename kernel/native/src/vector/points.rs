//! The points of a sum as the vector kernel reads them: records, and behind them their images under the endomorphism. Tables
//! have more such columns behind these, each a power of two times the one before.

use super::coordinate::Coordinate;
use super::field::Element;
use super::modulus::{Coordinates, Modulus};
use super::pairs::{AddPairs, Pairs};
use super::quadratic::Quadratic;
use super::Ifma;
use crate::aligned::Aligned;
use crate::buckets::Limbed;
use ark_bn254::{g1, g2, Fq, Fq2};
use ark_ec::short_weierstrass::Affine;
use ark_ff::{BigInt, BigInteger, MontFp};
use rayon::prelude::*;

/// Points that are doubled together.
const BATCH: usize = 4096;

/// A group whose points eight lanes add.
pub trait VectorCurve: Limbed {
    type Coordinate: Coordinate;

    fn record(x: &Self::BaseField, y: &Self::BaseField) -> Record<Self>;
    /// The point of a record; `None` for infinity.
    fn coordinates(record: &Record<Self>) -> Option<(Self::BaseField, Self::BaseField)>;
}

pub type Record<P> = <<P as VectorCurve>::Coordinate as Coordinate>::Record;

impl VectorCurve for g1::Config {
    type Coordinate = Element<Coordinates>;

    fn record(x: &Fq, y: &Fq) -> Record<Self> {
        [joined(kept(x), kept(y))]
    }

    fn coordinates(record: &Record<Self>) -> Option<(Fq, Fq)> {
        (record != &Self::Coordinate::INFINITY).then(|| {
            let [x, y] = parted(&record[0]);
            (x, y)
        })
    }
}

impl VectorCurve for g2::Config {
    type Coordinate = Quadratic;

    fn record(x: &Fq2, y: &Fq2) -> Record<Self> {
        [joined(kept(&x.c0), kept(&x.c1)), joined(kept(&y.c0), kept(&y.c1))]
    }

    fn coordinates(record: &Record<Self>) -> Option<(Fq2, Fq2)> {
        (record != &Self::Coordinate::INFINITY).then(|| {
            let [x, y] = record.map(|block| {
                let [c0, c1] = parted(&block);
                Fq2::new(c0, c1)
            });
            (x, y)
        })
    }
}

/// The point of a record.
pub fn affine<P: VectorCurve>(record: &Record<P>) -> Affine<P> {
    P::coordinates(record).map_or_else(Affine::identity, |(x, y)| Affine::new_unchecked(x, y))
}

/// Points in records, none at infinity, and as many images; over words that somebody else holds.
pub struct PreparedPoints<'a, P: VectorCurve> {
    records: &'a [Record<P>],
}

impl<P: VectorCurve> Clone for PreparedPoints<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: VectorCurve> Copy for PreparedPoints<'_, P> {}

impl<'a, P: VectorCurve> PreparedPoints<'a, P> {
    /// The words of points and images, to be kept and then borrowed; infinity must have been left out.
    pub fn words(points: &[Affine<P>]) -> Aligned {
        let width = P::Coordinate::INFINITY.as_ref().as_flattened().len();
        let mut words = Aligned::zeroed(2 * width * points.len());
        let (plain, images) = words.split_at_mut(width * points.len());
        let places = plain
            .par_chunks_exact_mut(width)
            .zip(images.par_chunks_exact_mut(width));
        places.zip(points).with_min_len(64).for_each(|((plain, image), point)| {
            plain.copy_from_slice(P::record(&point.x, &point.y).as_ref().as_flattened());
            image.copy_from_slice(P::record(&P::endomorphism(&point.x), &point.y).as_ref().as_flattened());
        });
        words
    }

    /// The words of the same points, and their images, times 2^`bits`.
    pub fn multiplied(ifma: Ifma, words: &[u64], bits: usize) -> Aligned {
        let (plain, _) = words.split_at(words.len() / 2);
        let mut out = Aligned::zeroed(plain.len());
        out.copy_from_slice(plain);
        let points: Vec<Affine<P>> = P::Coordinate::view_mut(&mut out)
            .par_chunks_mut(BATCH)
            .flat_map_iter(|points| {
                let mut pairs = Pairs::default();
                (0..points.len() as u32).for_each(|place| pairs.push(place << 1, place << 1, place));
                let mut scratch = Vec::new();
                for _ in 0..bits {
                    ifma.run(AddPairs::<P::Coordinate> {
                        table: None,
                        points,
                        pairs: &pairs,
                        infinities: true,
                        scratch: &mut scratch,
                    });
                }
                points.iter().map(affine::<P>)
            })
            .collect();
        Self::words(&points)
    }

    /// `words` as [`Self::words`] made them, at a cache line too.
    pub fn new(words: &'a [u64]) -> Self {
        Self {
            records: P::Coordinate::view(words),
        }
    }

    /// Points, and behind them their images; column after column.
    pub fn records(&self) -> &'a [Record<P>] {
        self.records
    }
}

/// Times 2^260, as arkworks' times 2^256 of sixteen times the element.
fn kept(element: &Fq) -> [u64; 4] {
    (*element * Fq::from(16u64)).0 .0
}

fn joined(low: [u64; 4], high: [u64; 4]) -> [u64; 8] {
    core::array::from_fn(|word| if word < 4 { low[word] } else { high[word - 4] })
}

fn parted(block: &[u64; 8]) -> [Fq; 2] {
    const SIXTEENTH: Fq = MontFp!("12312136615409592312513603231707217237391675025980025810262583815737939742328");
    [0, 4].map(|first| {
        let mut number = BigInt([block[first], block[first + 1], block[first + 2], block[first + 3]]);
        while number >= Coordinates::WORDS {
            number.sub_with_borrow(&Coordinates::WORDS);
        }
        Fq::new_unchecked(number) * SIXTEENTH
    })
}
