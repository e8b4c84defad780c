//! Sums of many small heaps of points at once.
//!
//! An affine addition costs six field multiplications once its inversion is shared, a mixed one ten. So all heaps
//! are halved together, round after round, pair by pair, with one inversion a round; when a round would be too
//! small to pay for its inversion, the rest is summed by mixed additions.

use ark_ec::short_weierstrass::{Affine, Bucket, SWCurveConfig};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, Field, Zero};

/// Below this many pairs an inversion costs more than it saves.
const WORTH_AN_INVERSION: usize = 48;

/// Points sorted into heaps.
pub struct Heaps<P: SWCurveConfig> {
    points: Vec<Affine<P>>,
    starts: Vec<usize>,
    lengths: Vec<usize>,
}

impl<P: SWCurveConfig> Heaps<P> {
    /// Sorts `entries` (heap, point) into `count` heaps; the iterator is walked twice.
    pub fn new(count: usize, entries: impl Iterator<Item = (usize, Affine<P>)> + Clone) -> Self {
        let mut lengths = vec![0; count];
        for (heap, _) in entries.clone() {
            lengths[heap] += 1;
        }
        let mut starts = Vec::with_capacity(count);
        let mut total = 0;
        for length in &lengths {
            starts.push(total);
            total += length;
        }
        let mut next = starts.clone();
        let mut points = vec![Affine::identity(); total];
        for (heap, point) in entries {
            points[next[heap]] = point;
            next[heap] += 1;
        }
        Self {
            points,
            starts,
            lengths,
        }
    }

    /// The sum of every heap.
    pub fn sums(mut self) -> Vec<Bucket<P>> {
        let mut inverses = Vec::new();
        while self.lengths.iter().map(|length| length / 2).sum::<usize>() >= WORTH_AN_INVERSION {
            self.halve(&mut inverses);
        }
        self.starts
            .iter()
            .zip(&self.lengths)
            .map(|(start, length)| {
                let mut sum = Bucket::default();
                for point in &self.points[*start..start + length] {
                    sum += point;
                }
                sum
            })
            .collect()
    }

    /// Adds the points of each heap in pairs.
    fn halve(&mut self, inverses: &mut Vec<P::BaseField>) {
        inverses.clear();
        for (start, length) in self.starts.iter().zip(&self.lengths) {
            let pairs = self.points[*start..start + length].chunks_exact(2);
            inverses.extend(pairs.map(|pair| denominator(&pair[0], &pair[1])));
        }
        invert(inverses);
        let mut inverse = inverses.iter();
        for (start, length) in self.starts.iter().zip(&mut self.lengths) {
            let pairs = *length / 2;
            for (pair, inverse) in (0..pairs).zip(&mut inverse) {
                let at = start + 2 * pair;
                self.points[start + pair] = add(&self.points[at], &self.points[at + 1], inverse);
            }
            if *length % 2 == 1 {
                self.points[start + pairs] = self.points[start + *length - 1];
            }
            *length -= pairs;
        }
    }
}

/// What the slope of `left + right` is divided by; zero where the sum needs no slope.
fn denominator<P: SWCurveConfig>(left: &Affine<P>, right: &Affine<P>) -> P::BaseField {
    if left.is_zero() || right.is_zero() {
        P::BaseField::zero()
    } else if left.x != right.x {
        right.x - left.x
    } else if left.y == right.y {
        left.y.double()
    } else {
        P::BaseField::zero()
    }
}

/// `left + right` on a curve with a = 0, as both of BN254's are, given 1/`denominator`, or 0 where that was 0.
fn add<P: SWCurveConfig>(left: &Affine<P>, right: &Affine<P>, inverse: &P::BaseField) -> Affine<P> {
    if left.is_zero() {
        return *right;
    }
    if right.is_zero() {
        return *left;
    }
    if inverse.is_zero() {
        return Affine::identity();
    }
    let rise = if left.x == right.x {
        let square = left.x.square();
        square.double() + square
    } else {
        right.y - left.y
    };
    let slope = rise * inverse;
    let x = slope.square() - left.x - right.x;
    Affine::new_unchecked(x, slope * (left.x - x) - left.y)
}

/// Inverts every element that is not zero, with one inversion.
fn invert<F: Field>(values: &mut [F]) {
    let mut products = Vec::with_capacity(values.len());
    let mut product = F::one();
    for value in values.iter().filter(|value| !value.is_zero()) {
        products.push(product);
        product *= value;
    }
    let mut inverse = product.inverse().unwrap_or_else(F::one);
    let left_out = values.iter_mut().rev().filter(|value| !value.is_zero());
    for (value, product) in left_out.zip(products.iter().rev()) {
        let next = inverse * *value;
        *value = inverse * product;
        inverse = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::{g1, G1Affine, G1Projective};
    use ark_ec::{CurveGroup, PrimeGroup};

    /// Heaps of equal, opposite and infinite points, which the slope's formula does not cover.
    #[test]
    fn sums_of_heaps_are_sums() {
        let generator = G1Projective::generator();
        let points: Vec<G1Affine> = (0..7)
            .map(|i| (generator * ark_bn254::Fr::from(i)).into_affine())
            .collect();
        let entries: Vec<(usize, G1Affine)> = (0..900)
            .map(|i: usize| {
                let point = points[i * i % 7];
                (i % 5, if i.is_multiple_of(3) { -point } else { point })
            })
            .chain((0..64).map(|i| (5, if i % 2 == 0 { points[1] } else { -points[1] })))
            .chain((0..64).map(|_| (6, points[3])))
            .collect();
        let sums = Heaps::<g1::Config>::new(8, entries.iter().copied()).sums();
        for (heap, sum) in sums.into_iter().enumerate() {
            let mine = entries.iter().filter(|(other, _)| *other == heap);
            assert_eq!(
                G1Projective::from(sum),
                mine.map(|(_, point)| *point).sum::<G1Projective>()
            );
        }
    }

    #[test]
    fn shared_inversion_skips_zeros() {
        let mut values: Vec<ark_bn254::Fq> = (0..9u64).map(|i| ark_bn254::Fq::from(i % 4)).collect();
        let before = values.clone();
        invert(&mut values);
        for (inverse, value) in values.iter().zip(before) {
            assert_eq!(*inverse, value.inverse().unwrap_or_default());
        }
    }
}
