//! Sums on the vector path and on the portable one against a single multiplication: points are known multiples.

use super::points::{affine, PreparedPoints, VectorCurve};
use super::sums::{sum, Terms};
use super::tests::{size, Stream};
use super::Ifma;
use crate::aligned::Aligned;
use crate::msm::msm;
use crate::portable::Points;
use crate::recoding::Recoding;
use crate::tables::spacing;
use ark_bn254::{g1, g2, Fr};
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{BigInt, Field, MontFp, PrimeField, Zero};
use std::sync::atomic::AtomicBool;

/// Points with their logarithms: small, opposite and random ones.
struct Known<P: VectorCurve> {
    logs: Vec<Fr>,
    points: Vec<Affine<P>>,
}

impl<P: VectorCurve> Known<P> {
    fn new(stream: &mut Stream) -> Self {
        let mut logs: Vec<Fr> = (1..=8u64).map(Fr::from).collect();
        logs.extend((0..24).map(|_| stream.scalar()));
        logs.extend(logs.clone().into_iter().map(|log| -log));
        let points: Vec<Projective<P>> = logs.iter().map(|log| Projective::generator() * log).collect();
        Self {
            points: Projective::normalize_batch(&points),
            logs,
        }
    }

    fn agrees(&self, ifma: Ifma, terms: &[(usize, Fr)], columns: usize) {
        let never = AtomicBool::new(false);
        let points: Vec<Affine<P>> = terms.iter().map(|(at, _)| self.points[*at]).collect();
        let scalars: Vec<BigInt<4>> = terms.iter().map(|(_, scalar)| scalar.into_bigint()).collect();
        let wires: Vec<u32> = (0..).take(terms.len()).collect();
        let log: Fr = terms.iter().map(|(at, scalar)| self.logs[*at] * scalar).sum();
        let expected = Projective::<P>::generator() * log;
        for columns in [1, columns] {
            let words = table(ifma, &points, columns);
            let found = sum(
                ifma,
                Terms {
                    points: PreparedPoints::<P>::new(&words),
                    wires: &wires,
                    recoding: &Recoding::new(&scalars, spacing(columns)),
                },
                &never,
            );
            assert_eq!(
                found,
                Ok(expected),
                "{} terms on the vector path, {columns} columns",
                terms.len()
            );
        }
        assert_eq!(
            Points::new(&points).sum(&wires, &Recoding::new(&scalars, None), &never),
            Ok(expected),
            "{} terms on the portable path",
            terms.len()
        );
        assert_eq!(
            msm(&points, &scalars, &never),
            Ok(expected),
            "{} terms without the endomorphism",
            terms.len()
        );
    }
}

/// Points in columns as a prepared key has them.
fn table<P: VectorCurve>(ifma: Ifma, points: &[Affine<P>], columns: usize) -> Aligned {
    let first = PreparedPoints::<P>::words(points);
    let mut words = Aligned::zeroed(columns * first.len());
    words[..first.len()].copy_from_slice(&first);
    for column in 1..columns {
        let (before, after) = words.split_at_mut(column * first.len());
        let last = &before[(column - 1) * first.len()..];
        let next = PreparedPoints::<P>::multiplied(ifma, last, spacing(columns).unwrap_or(0));
        after[..first.len()].copy_from_slice(&next);
    }
    words
}

fn scalar(stream: &mut Stream, kind: u64) -> Fr {
    match kind {
        0 => Fr::zero(),
        1 => Fr::from(1u64),
        2 => -Fr::from(1u64),
        3 => Fr::from(stream.word()),
        4 => -Fr::from(stream.below(1 << 40)),
        5 => {
            let power = Fr::from(1u64 << stream.below(63)) * Fr::from(1u64 << stream.below(63));
            power + Fr::from(stream.below(3)) - Fr::from(1u64)
        }
        _ => stream.scalar(),
    }
}

fn many_sums<P: VectorCurve>(name: u64, count: usize, most: u64) {
    let Some(ifma) = Ifma::detect() else { return };
    let mut stream = Stream::new(name);
    let known = Known::<P>::new(&mut stream);
    for _ in 0..count {
        let terms = stream.below(most + 1);
        // Few different points and scalars make equal and opposite pairs in every round.
        let (points, kinds) = (1 + stream.below(known.points.len() as u64), 1 + stream.below(12));
        let terms: Vec<(usize, Fr)> = (0..terms)
            .map(|_| {
                let kind = stream.below(kinds);
                (stream.below(points) as usize, scalar(&mut stream, kind))
            })
            .collect();
        let columns = 2 + stream.below(15) as usize;
        known.agrees(ifma, &terms, columns);
    }
}

#[test]
fn small_sums_of_the_first_group_are_sums() {
    many_sums::<g1::Config>(21, size(400, 100_000), 40);
}

#[test]
fn small_sums_of_the_second_group_are_sums() {
    many_sums::<g2::Config>(22, size(150, 20_000), 40);
}

#[test]
fn sums_of_odd_sizes_are_sums() {
    many_sums::<g1::Config>(23, size(12, 200), 3000);
    many_sums::<g2::Config>(24, size(4, 60), 3000);
}

/// Heaps that double, cancel, and cancel only in later rounds.
fn degenerate<P: VectorCurve>(name: u64) {
    let Some(ifma) = Ifma::detect() else { return };
    let mut stream = Stream::new(name);
    let known = Known::<P>::new(&mut stream);
    let opposite = known.points.len() / 2;
    for terms in [1, 2, 3, 7, 8, 9, 64, 1001] {
        for scalar in [Fr::from(1u64), -Fr::from(1u64), Fr::from(5u64), stream.scalar()] {
            let columns = 2 + stream.below(15) as usize;
            let all = |point: &dyn Fn(usize) -> usize| (0..terms).map(|i| (point(i), scalar)).collect::<Vec<_>>();
            known.agrees(ifma, &all(&|_| 9), columns);
            known.agrees(ifma, &all(&|i| if i % 2 == 0 { 9 } else { 9 + opposite }), columns);
            known.agrees(ifma, &all(&|i| if i % 4 < 2 { 9 } else { 9 + opposite }), columns);
            known.agrees(ifma, &all(&|i| [0, 1, 2, opposite + 2, 3, opposite][i % 6]), columns);
        }
    }
}

#[test]
fn equal_and_opposite_points_are_added_exactly() {
    degenerate::<g1::Config>(25);
    degenerate::<g2::Config>(26);
}

#[test]
fn images_are_multiples_by_lambda() {
    fn check<P: VectorCurve>() {
        let lambda: Fr = MontFp!("4407920970296243842393367215006156084916469457145843978461");
        let point = (Projective::<P>::generator() * Fr::from(7u64)).into_affine();
        let image = Affine::<P>::new_unchecked(P::endomorphism(&point.x), point.y);
        assert_eq!(point * lambda, Projective::from(image));
    }
    check::<g1::Config>();
    check::<g2::Config>();
}

#[test]
fn columns_are_multiples_by_powers_of_two() {
    fn check<P: VectorCurve>() {
        let Some(ifma) = Ifma::detect() else { return };
        let points: Vec<Projective<P>> = (1..20u64).map(|log| Projective::generator() * Fr::from(log)).collect();
        let points = Projective::normalize_batch(&points);
        for columns in [2, 5, 12] {
            let words = table(ifma, &points, columns);
            let records = PreparedPoints::<P>::new(&words).records();
            let mut expected = points.clone();
            for column in records.chunks_exact(2 * points.len()) {
                let (plain, images) = column.split_at(points.len());
                let image = |point: &Affine<P>| Affine::<P>::new_unchecked(P::endomorphism(&point.x), point.y);
                assert_eq!(plain.iter().map(affine::<P>).collect::<Vec<_>>(), expected);
                assert_eq!(
                    images.iter().map(affine::<P>).collect::<Vec<_>>(),
                    expected.iter().map(image).collect::<Vec<_>>()
                );
                let power = Fr::from(2u64).pow([spacing(columns).unwrap_or(0) as u64]);
                let next: Vec<Projective<P>> = expected.iter().map(|point| *point * power).collect();
                expected = Projective::normalize_batch(&next);
            }
        }
    }
    check::<g1::Config>();
    check::<g2::Config>();
}
