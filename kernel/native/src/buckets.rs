//! Sums of many small heaps of points at once.
//!
//! An affine addition costs six field multiplications once its inversion is shared, a mixed one ten. So all heaps
//! are halved together, round after round, a batch of pairs at a time with one inversion.
//!
//! What is sorted into heaps are signed numbers of points. The first round fetches the points, later ones read what
//! the round before left, heap after heap.

use crate::coordinate::{Coordinate, Quadratic};
use crate::limbs::{Element, Prime};
use ark_bn254::{g1, g2, Fq, Fq2, Fr};
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::AffineRepr;
use ark_ff::Field;
use core::hint::black_box;

/// Either group of BN254, whose coordinates have limbs.
pub trait Limbed: SWCurveConfig<ScalarField = Fr> {
    type Limbs: Coordinate<Ark = Self::BaseField>;

    /// x of the point times lambda, the recoding's, from x of the point.
    fn endomorphism(x: &Self::BaseField) -> Self::BaseField;
}

impl Limbed for g1::Config {
    type Limbs = Prime<Fq>;

    fn endomorphism(x: &Fq) -> Fq {
        Self::ENDO_COEFFS[0].square() * x
    }
}

impl Limbed for g2::Config {
    type Limbs = Quadratic;

    fn endomorphism(x: &Fq2) -> Fq2 {
        Self::ENDO_COEFFS[0] * x
    }
}

/// Pairs that share an inversion: enough to forget it, few enough for the nearer caches.
const BATCH: usize = 1024;

/// Coordinates, in as few cache lines as they need; (0, 0) is on neither curve and stands for infinity.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct Point<F> {
    x: F,
    y: F,
}

impl<F: Coordinate> Point<F> {
    const INFINITY: Self = Self { x: F::ZERO, y: F::ZERO };

    pub fn new<P: SWCurveConfig<BaseField = F::Ark>>(point: &Affine<P>) -> Self {
        if point.is_zero() {
            return Self::INFINITY;
        }
        Self {
            x: F::from_ark(&point.x),
            y: F::from_ark(&point.y),
        }
    }

    pub fn to_affine<P: SWCurveConfig<BaseField = F::Ark>>(self) -> Affine<P> {
        if self.is_infinite() {
            return Affine::identity();
        }
        Affine::new_unchecked(self.x.to_ark(), self.y.to_ark())
    }

    /// On neither curve is there a point of order two, whose y would be zero.
    #[inline(always)]
    fn is_infinite(&self) -> bool {
        self.y.is_blank()
    }
}

/// The sum of each of `heaps` heaps a row. A row of digits has one for each point: digit d puts the point into heap
/// d − 1 of the row, −d its opposite, 0 leaves it out. Heaps stand row after row.
pub fn heap_sums<F: Coordinate>(points: &[Point<F>], digits: &[i16], heaps: usize) -> Vec<Point<F>> {
    let (order, mut lengths) = sort(points.len(), digits, heaps);
    let mut batch = Batch::new();
    let sums = batch.halve(&mut lengths, &Sorted { points, order: &order });
    batch.sums(sums, lengths)
}

/// Σ (i + 1)·points[i] of each row of 2^bits points, as parts that count 1, 1, 2, 4, ... times.
///
/// Neighbours are added level by level, and what stood at odd places of level j counts 2^j times more than its place
/// there says: nothing but sums of heaps, without a chain of additions.
pub fn weighted_sums<F: Coordinate>(points: Vec<Point<F>>, bits: usize) -> Vec<Vec<Point<F>>> {
    let rows = points.len() >> bits;
    let mut batch = Batch::new();
    let (mut level, mut odd, mut lengths) = (points, Vec::new(), Vec::new());
    for bit in (0..bits).rev() {
        odd.extend(level.iter().skip(1).step_by(2));
        lengths.extend(vec![1u32 << bit; rows]);
        level = batch.halve(&mut vec![2; rows << bit], &level[..]);
    }
    let odd = batch.sums(odd, lengths);
    (0..rows)
        .map(|row| {
            let bits = odd.iter().skip(row).step_by(rows);
            std::iter::once(&level[row]).chain(bits).copied().collect()
        })
        .collect()
}

/// The points' numbers in the order of their heaps, doubled, plus one for an opposite; and the heaps' lengths.
fn sort(points: usize, digits: &[i16], heaps: usize) -> (Vec<u32>, Vec<u32>) {
    let rows = digits.len() / points.max(1);
    let mut lengths = vec![0u32; rows * heaps];
    for (row, digits) in digits.chunks_exact(points.max(1)).enumerate() {
        let lengths = &mut lengths[row * heaps..(row + 1) * heaps];
        for digit in digits.iter().filter(|digit| **digit != 0) {
            lengths[digit.unsigned_abs() as usize - 1] += 1;
        }
    }
    let mut total = 0;
    let mut next: Vec<u32> = lengths
        .iter()
        .map(|length| {
            total += length;
            total - length
        })
        .collect();
    let mut order = vec![0u32; total as usize];
    for (row, digits) in digits.chunks_exact(points.max(1)).enumerate() {
        let next = &mut next[row * heaps..(row + 1) * heaps];
        for (number, digit) in digits.iter().enumerate().filter(|(_, digit)| **digit != 0) {
            let place = &mut next[digit.unsigned_abs() as usize - 1];
            order[*place as usize] = (number as u32) << 1 | u32::from(*digit < 0);
            *place += 1;
        }
    }
    (order, lengths)
}

/// Points heap after heap.
trait Source<F> {
    /// Reads of the point what brings it near.
    fn touch(&self, place: usize) -> bool;
    fn point(&self, place: usize) -> Point<F>;
}

impl<F: Coordinate> Source<F> for [Point<F>] {
    #[inline(always)]
    fn touch(&self, _: usize) -> bool {
        false
    }

    #[inline(always)]
    fn point(&self, place: usize) -> Point<F> {
        self[place]
    }
}

/// Points by their numbers, as `sort` gives them.
struct Sorted<'a, F> {
    points: &'a [Point<F>],
    order: &'a [u32],
}

impl<F: Coordinate> Source<F> for Sorted<'_, F> {
    #[inline(always)]
    fn touch(&self, place: usize) -> bool {
        let point = &self.points[(self.order[place] >> 1) as usize];
        point.x.is_odd() ^ point.y.is_odd()
    }

    #[inline(always)]
    fn point(&self, place: usize) -> Point<F> {
        let mut point = self.points[(self.order[place] >> 1) as usize];
        if self.order[place] & 1 == 1 {
            point.y = point.y.neg();
        }
        point
    }
}

/// Pairs waiting for their inversion, and room to work.
struct Batch<F: Coordinate> {
    /// The place of each pair's left point; the right one stands behind it.
    from: Vec<u32>,
    to: Vec<u32>,
    pairs: Vec<Pair<F>>,
    cases: Vec<Case>,
    norms: Vec<Prime<Fq>>,
    /// The product of the norms before each.
    products: Vec<Prime<Fq>>,
}

impl<F: Coordinate> Batch<F> {
    fn new() -> Self {
        Self {
            from: Vec::with_capacity(BATCH),
            to: Vec::with_capacity(BATCH),
            pairs: Vec::with_capacity(BATCH),
            cases: Vec::with_capacity(BATCH),
            norms: Vec::with_capacity(BATCH),
            products: Vec::with_capacity(BATCH),
        }
    }

    /// The sum of each heap; infinity for a heap of nothing.
    fn sums(&mut self, mut points: Vec<Point<F>>, mut lengths: Vec<u32>) -> Vec<Point<F>> {
        while lengths.iter().any(|length| *length > 1) {
            points = self.halve(&mut lengths, &points[..]);
        }
        let mut rest = points.into_iter();
        let mut sum = |length: &u32| rest.by_ref().take(*length as usize).next().unwrap_or(Point::INFINITY);
        lengths.iter().map(&mut sum).collect()
    }

    /// Adds the points of each heap in pairs; the source has them heap after heap.
    fn halve(&mut self, lengths: &mut [u32], source: &(impl Source<F> + ?Sized)) -> Vec<Point<F>> {
        let left: usize = lengths.iter().map(|length| length.div_ceil(2) as usize).sum();
        let mut sums = vec![Point::INFINITY; left];
        let (mut from, mut to) = (0, 0);
        for length in lengths {
            for _ in 0..*length / 2 {
                self.from.push(from);
                self.to.push(to);
                if self.from.len() == BATCH {
                    self.add(source, &mut sums);
                }
                from += 2;
                to += 1;
            }
            if *length % 2 == 1 {
                sums[to as usize] = source.point(from as usize);
                from += 1;
                to += 1;
            }
            *length = length.div_ceil(2);
        }
        self.add(source, &mut sums);
        sums
    }

    /// Adds the waiting pairs with one inversion, whose shares come off the products from behind.
    fn add(&mut self, source: &(impl Source<F> + ?Sized), sums: &mut [Point<F>]) {
        // Reading goes first and alone, so that the memory works on many points at once.
        let near = self.from.iter().map(|from| *from as usize);
        black_box(near.fold(false, |seen, from| seen ^ source.touch(from) ^ source.touch(from + 1)));
        let places = self.from.drain(..).map(|from| from as usize);
        self.pairs
            .extend(places.map(|from| Pair(source.point(from), source.point(from + 1))));
        let mut product = Prime::<Fq>::ONE;
        for pair in &self.pairs {
            let case = pair.case();
            let norm = pair.denominator(case).norm();
            self.cases.push(case);
            self.norms.push(norm);
            self.products.push(product);
            product = product.mul(&norm);
        }
        let mut inverse = product.inverse(); // a product of numbers that are not zero
        let shares = self.norms.iter().zip(&self.products);
        let pairs = self.pairs.iter().zip(&self.cases).zip(&self.to);
        for (((pair, case), to), (norm, product)) in pairs.zip(shares).rev() {
            sums[*to as usize] = pair.sum(*case, &inverse.mul(product));
            inverse = inverse.mul(norm);
        }
        self.to.clear();
        self.pairs.clear();
        self.cases.clear();
        self.norms.clear();
        self.products.clear();
    }
}

/// How two points lie.
#[derive(Clone, Copy)]
enum Case {
    /// On a chord that is not upright.
    Apart,
    Equal,
    Opposite,
    /// One at least is infinity.
    Infinite,
}

/// Two points of a curve with a = 0 and no point of order two, as both of BN254's are.
struct Pair<F>(Point<F>, Point<F>);

impl<F: Coordinate> Pair<F> {
    #[inline(always)]
    fn case(&self) -> Case {
        let Self(left, right) = self;
        let infinite = left.is_infinite() | right.is_infinite();
        if !(infinite | self.run().is_zero()) {
            Case::Apart
        } else if infinite {
            Case::Infinite
        } else if left.y == right.y {
            Case::Equal
        } else {
            Case::Opposite
        }
    }

    #[inline(always)]
    fn run(&self) -> F {
        self.1.x.sub(&self.0.x)
    }

    /// What the slope is divided by; never zero, and anything where the sum needs no slope.
    #[inline(always)]
    fn denominator(&self, case: Case) -> F {
        match case {
            Case::Apart => self.run(),
            Case::Equal => self.0.y.double(),
            Case::Opposite | Case::Infinite => F::ONE,
        }
    }

    /// The points' sum, given one over the denominator's norm.
    #[inline(always)]
    fn sum(&self, case: Case, inverse: &Prime<Fq>) -> Point<F> {
        let Self(left, right) = self;
        let rise = match case {
            Case::Apart => right.y.sub(&left.y),
            Case::Equal => {
                let square = left.x.square();
                square.double().add(&square)
            }
            Case::Opposite => return Point::INFINITY,
            Case::Infinite if left.is_infinite() => return *right,
            Case::Infinite => return *left,
        };
        let slope = rise.mul(&self.denominator(case).inverse_by(inverse));
        let x = slope.square().sub(&left.x).sub(&right.x);
        let y = slope.mul(&left.x.sub(&x)).sub(&left.y);
        Point { x, y }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::{G1Affine, G1Projective};
    use ark_ec::{CurveGroup, PrimeGroup};
    use ark_ff::Zero;

    /// Heaps of equal, opposite and infinite points, which the slope's formula does not cover, in two rows.
    #[test]
    fn sums_of_heaps_are_sums() {
        let generator = G1Projective::generator();
        let multiples: Vec<G1Affine> = (0..7)
            .map(|i| (generator * ark_bn254::Fr::from(i)).into_affine())
            .collect();
        let points: Vec<G1Affine> = (0..3000).map(|i: usize| multiples[i * i % 7]).collect();
        let kept: Vec<_> = points.iter().map(Point::new).collect();
        let digit = |i: usize| match i % 11 {
            0 => 0,
            10 => 6,                        // one heap of everything
            7 if i.is_multiple_of(2) => -7, // opposite points side by side
            place => place as i16 * if i.is_multiple_of(3) { -1 } else { 1 },
        };
        let digits: Vec<i16> = (0..points.len())
            .map(digit)
            .chain((0..points.len()).rev().map(digit))
            .collect();
        let sums = heap_sums::<Prime<Fq>>(&kept, &digits, 10);
        assert_eq!(sums.len(), 20);
        for (heap, sum) in sums.into_iter().enumerate() {
            let mut wanted = G1Projective::zero();
            for (point, digit) in points.iter().zip(&digits[heap / 10 * points.len()..]) {
                match digit.unsigned_abs() as usize == heap % 10 + 1 {
                    true if *digit > 0 => wanted += point,
                    true => wanted -= point,
                    false => {}
                }
            }
            assert_eq!(sum.to_affine::<g1::Config>(), wanted);
        }
    }

    #[test]
    fn no_points_have_no_sums() {
        let sums = heap_sums::<Prime<Fq>>(&[], &[], 4);
        assert!(sums.is_empty());
    }
}
