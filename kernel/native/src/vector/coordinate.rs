//! What point arithmetic asks of a coordinate, for Fq and Fq2 alike, and how points are kept.
//!
//! A point is a record of 64-byte blocks, so that one is read where it stands with whole cache lines, where
//! it is aligned to them: x, then y, in words
//! of 64 bits. Numbers are up to 2p times 2^260; infinity is all zeros, which no point of either curve is.

use super::field::{Element, Loose, Rough};
use super::lanes::{Lanes, Mask};
use super::modulus::{Coordinates, Modulus};
use super::quadratic::{LooseQuadratic, Quadratic, RoughQuadratic};
use super::Ifma;
use crate::limbs::Prime;
use ark_ff::BigInteger;

/// Eight coordinates.
pub trait Coordinate: Copy + Send + Sync + 'static {
    type Record: Copy + Send + Sync + AsRef<[[u64; 8]]> + AsMut<[[u64; 8]]>;
    /// Good as a factor.
    type Loose: Copy;
    /// Good in sums.
    type Rough: Copy;
    const INFINITY: Self::Record;

    /// Records in a run of words, as they stand in memory or in a mapped file.
    fn view(words: &[u64]) -> &[Self::Record];
    fn view_mut(words: &mut [u64]) -> &mut [Self::Record];
    /// The opposite of the point in a record.
    fn opposite(record: &Self::Record) -> Self::Record;

    fn zero(ifma: Ifma) -> Self;
    fn one(ifma: Ifma) -> Self;
    fn load_x(ifma: Ifma, records: [&Self::Record; 8]) -> Self;
    fn load(ifma: Ifma, records: [&Self::Record; 8]) -> [Self; 2];
    fn records(ifma: Ifma, point: [Self; 2]) -> [Self::Record; 8];

    fn loose(self) -> Self::Loose;
    fn rough(self) -> Self::Rough;
    fn carried(ifma: Ifma, a: Self::Rough) -> Self;
    fn factor(ifma: Ifma, a: Self::Rough) -> Self::Loose;
    /// A factor that is below 2p.
    fn settled(ifma: Ifma, a: Self::Loose) -> Self;
    fn loose_mul(ifma: Ifma, a: Self::Loose, b: Self::Loose) -> Self::Rough;
    fn loose_square(ifma: Ifma, a: Self::Loose) -> Self::Rough;
    fn loose_sub(ifma: Ifma, a: Self::Rough, b: Self::Rough) -> Self::Loose;
    fn sub(ifma: Ifma, a: Self::Rough, b: Self::Rough) -> Self;
    fn sub_both(ifma: Ifma, a: Self::Rough, first: Self::Rough, second: Self::Rough) -> Self;
    fn add(self, ifma: Ifma, other: Self) -> Self;
    /// The opposite where the mask has a one.
    fn neg_where(self, ifma: Ifma, mask: Mask) -> Self::Rough;
    fn select(self, mask: Mask, other: Self) -> Self;
    fn is_zero(self, ifma: Ifma) -> Mask;
    /// 1 / `self`; no lane may be zero.
    fn inverse(self, ifma: Ifma) -> Self;

    #[inline(always)]
    fn mul(self, ifma: Ifma, other: Self) -> Self {
        Self::carried(ifma, Self::loose_mul(ifma, self.loose(), other.loose()))
    }

    #[inline(always)]
    fn square(self, ifma: Ifma) -> Self {
        Self::carried(ifma, Self::loose_square(ifma, self.loose()))
    }
}

type Part = Element<Coordinates>;

macro_rules! delegate {
    ($loose:ty, $rough:ty) => {
        type Loose = $loose;
        type Rough = $rough;

        #[inline(always)]
        fn zero(ifma: Ifma) -> Self {
            Self::zero(ifma)
        }
        #[inline(always)]
        fn one(ifma: Ifma) -> Self {
            Self::one(ifma)
        }
        #[inline(always)]
        fn loose(self) -> Self::Loose {
            self.loose()
        }
        #[inline(always)]
        fn rough(self) -> Self::Rough {
            self.rough()
        }
        #[inline(always)]
        fn carried(ifma: Ifma, a: Self::Rough) -> Self {
            a.carried(ifma)
        }
        #[inline(always)]
        fn factor(_: Ifma, a: Self::Rough) -> Self::Loose {
            a.factor()
        }
        #[inline(always)]
        fn settled(ifma: Ifma, a: Self::Loose) -> Self {
            a.settled(ifma)
        }
        #[inline(always)]
        fn loose_mul(ifma: Ifma, a: Self::Loose, b: Self::Loose) -> Self::Rough {
            a.mul(ifma, b)
        }
        #[inline(always)]
        fn loose_square(ifma: Ifma, a: Self::Loose) -> Self::Rough {
            a.square(ifma)
        }
        #[inline(always)]
        fn loose_sub(ifma: Ifma, a: Self::Rough, b: Self::Rough) -> Self::Loose {
            a.loose_sub(ifma, b)
        }
        #[inline(always)]
        fn sub(ifma: Ifma, a: Self::Rough, b: Self::Rough) -> Self {
            a.sub(ifma, b)
        }
        #[inline(always)]
        fn sub_both(ifma: Ifma, a: Self::Rough, first: Self::Rough, second: Self::Rough) -> Self {
            a.sub_both(ifma, first, second)
        }
        #[inline(always)]
        fn add(self, ifma: Ifma, other: Self) -> Self {
            self.add(ifma, other)
        }
        #[inline(always)]
        fn neg_where(self, ifma: Ifma, mask: Mask) -> Self::Rough {
            self.neg_where(ifma, mask)
        }
        #[inline(always)]
        fn select(self, mask: Mask, other: Self) -> Self {
            self.select(mask, other)
        }
        #[inline(always)]
        fn is_zero(self, ifma: Ifma) -> Mask {
            self.is_zero(ifma)
        }
    };
}

impl Coordinate for Part {
    type Record = [[u64; 8]; 1];
    const INFINITY: Self::Record = [[0; 8]; 1];
    delegate!(Loose<Coordinates>, Rough<Coordinates>);

    fn view(words: &[u64]) -> &[Self::Record] {
        words.as_chunks().0.as_chunks().0
    }

    fn view_mut(words: &mut [u64]) -> &mut [Self::Record] {
        words.as_chunks_mut().0.as_chunks_mut().0
    }

    fn opposite(record: &Self::Record) -> Self::Record {
        let mut out = *record;
        negate(&mut out[0][4..]);
        out
    }

    #[inline(always)]
    fn load_x(ifma: Ifma, records: [&Self::Record; 8]) -> Self {
        let mut halves = [&[0u64; 4]; 8];
        for (half, record) in halves.iter_mut().zip(records) {
            if let Some(x) = record[0].first_chunk() {
                *half = x;
            }
        }
        Self::unpack(ifma, Lanes::load_fours(ifma, halves))
    }

    #[inline(always)]
    fn load(ifma: Ifma, records: [&Self::Record; 8]) -> [Self; 2] {
        let mut rows = [Lanes::splat(ifma, 0); 8];
        for (row, record) in rows.iter_mut().zip(records) {
            *row = Lanes::load(ifma, &record[0]);
        }
        let w = Lanes::transpose(rows);
        [
            Self::unpack(ifma, [w[0], w[1], w[2], w[3]]),
            Self::unpack(ifma, [w[4], w[5], w[6], w[7]]),
        ]
    }

    #[inline(always)]
    fn records(ifma: Ifma, [x, y]: [Self; 2]) -> [Self::Record; 8] {
        let (x, y) = (x.pack(), y.pack());
        let rows = Lanes::transpose([x[0], x[1], x[2], x[3], y[0], y[1], y[2], y[3]]);
        let mut records = [Self::INFINITY; 8];
        for (record, row) in records.iter_mut().zip(rows) {
            row.store(&mut record[0]);
        }
        let _ = ifma;
        records
    }

    #[inline(always)]
    fn inverse(self, ifma: Ifma) -> Self {
        let words = self.to_ark(ifma).map(Lanes::words);
        let values = core::array::from_fn(|lane| Prime::from_words(words.map(|word| word[lane])));
        let inverses = Prime::inverses::<8>(values).map(Prime::words);
        let words: [[u64; 8]; 4] = core::array::from_fn(|word| inverses.map(|inverse| inverse[word]));
        Self::from_ark(ifma, words.map(|word| Lanes::load(ifma, &word)))
    }
}

impl Coordinate for Quadratic {
    type Record = [[u64; 8]; 2];
    const INFINITY: Self::Record = [[0; 8]; 2];
    delegate!(LooseQuadratic, RoughQuadratic);

    fn view(words: &[u64]) -> &[Self::Record] {
        words.as_chunks().0.as_chunks().0
    }

    fn view_mut(words: &mut [u64]) -> &mut [Self::Record] {
        words.as_chunks_mut().0.as_chunks_mut().0
    }

    fn opposite(record: &Self::Record) -> Self::Record {
        let mut out = *record;
        let (c0, c1) = out[1].split_at_mut(4);
        negate(c0);
        negate(c1);
        out
    }

    #[inline(always)]
    fn load_x(ifma: Ifma, records: [&Self::Record; 8]) -> Self {
        load_block(ifma, records, 0)
    }

    #[inline(always)]
    fn load(ifma: Ifma, records: [&Self::Record; 8]) -> [Self; 2] {
        [load_block(ifma, records, 0), load_block(ifma, records, 1)]
    }

    #[inline(always)]
    fn records(_: Ifma, point: [Self; 2]) -> [Self::Record; 8] {
        let mut records = [Self::INFINITY; 8];
        for (block, coordinate) in point.into_iter().enumerate() {
            let (c0, c1) = (coordinate.c0.pack(), coordinate.c1.pack());
            let rows = Lanes::transpose([c0[0], c0[1], c0[2], c0[3], c1[0], c1[1], c1[2], c1[3]]);
            for (record, row) in records.iter_mut().zip(rows) {
                row.store(&mut record[block]);
            }
        }
        records
    }

    /// (c0 − c1·u) / (c0² + c1²)
    #[inline(always)]
    fn inverse(self, ifma: Ifma) -> Self {
        let norm = self.c0.square(ifma).add(ifma, self.c1.square(ifma));
        let inverse = Coordinate::inverse(norm, ifma);
        Self {
            c0: self.c0.mul(ifma, inverse),
            c1: self.c1.mul(ifma, inverse).neg(ifma),
        }
    }
}

/// 2p − `words`
fn negate(words: &mut [u64]) {
    let mut twice = Coordinates::WORDS;
    twice.mul2();
    let mut borrow = false;
    for (word, from) in words.iter_mut().zip(twice.0) {
        let (first, under) = from.overflowing_sub(*word);
        let (second, below) = first.overflowing_sub(u64::from(borrow));
        *word = second;
        borrow = under || below;
    }
}

#[inline(always)]
fn load_block(ifma: Ifma, records: [&[[u64; 8]; 2]; 8], block: usize) -> Quadratic {
    let mut rows = [Lanes::splat(ifma, 0); 8];
    for (row, record) in rows.iter_mut().zip(records) {
        *row = Lanes::load(ifma, &record[block]);
    }
    let w = Lanes::transpose(rows);
    Quadratic {
        c0: Part::unpack(ifma, [w[0], w[1], w[2], w[3]]),
        c1: Part::unpack(ifma, [w[4], w[5], w[6], w[7]]),
    }
}
