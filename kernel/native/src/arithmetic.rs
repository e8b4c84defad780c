//! Field, curve and transform on byte strings: what tests compare with the reference, and what other rooms compute with.

use crate::bases::{Bases, Group, Scalars};
use crate::encoding::{read_points, read_scalars, write_element, write_point, Form, PointBytes};
use crate::error::{bad, malformed, Result};
use crate::ntt::transform;
use ark_bn254::Fr;
use ark_ec::short_weierstrass::Affine;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{batch_inversion, PrimeField, Zero};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

const CODE: &str = "bad-format";

fn scalars(bytes: &[u8]) -> Result<Vec<Fr>> {
    read_scalars(bytes, CODE, "the field elements")
}

fn bytes_of(values: &[Fr]) -> Vec<u8> {
    let mut out = Vec::with_capacity(32 * values.len());
    for value in values {
        write_element(value, Form::Plain, &mut out);
    }
    out
}

/// Applies `operation` pair by pair.
pub fn pairwise(left: &[u8], right: &[u8], operation: impl Fn(Fr, Fr) -> Fr) -> Result<Vec<u8>> {
    let (left, right) = (scalars(left)?, scalars(right)?);
    if left.len() != right.len() {
        return Err(bad("the two lists differ in length"));
    }
    let values: Vec<Fr> = left.iter().zip(right).map(|(a, b)| operation(*a, b)).collect();
    Ok(bytes_of(&values))
}

pub fn inverses(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut values = scalars(bytes)?;
    if values.iter().any(Fr::is_zero) {
        return Err(bad("zero has no inverse"));
    }
    batch_inversion(&mut values);
    Ok(bytes_of(&values))
}

/// Values at the powers of the domain's root from coefficients, or back.
pub fn ntt(bytes: &[u8], inverse: bool) -> Result<Vec<u8>> {
    let mut values = scalars(bytes)?;
    if !values.len().is_power_of_two() {
        return Err(bad("a transform takes a power of two of elements"));
    }
    transform(&mut values, inverse)?;
    Ok(bytes_of(&values))
}

fn points<P: PointBytes>(bytes: &[u8]) -> Result<Vec<P>> {
    read_points(bytes, Form::Plain, "the points")
}

fn point_bytes<P: PointBytes>(point: impl CurveGroup<Affine = P>) -> Vec<u8> {
    let mut out = Vec::with_capacity(P::WIDTH);
    write_point(&point.into_affine(), Form::Plain, &mut out);
    out
}

pub fn add<P: PointBytes>(left: &[u8], right: &[u8]) -> Result<Vec<u8>> {
    match (points::<P>(left)?.as_slice(), points::<P>(right)?.as_slice()) {
        ([left], [right]) => Ok(point_bytes(left.into_group() + right)),
        _ => Err(bad("an addition takes two points")),
    }
}

pub fn multiply<P: PointBytes<ScalarField = Fr>>(point: &[u8], scalar: &[u8]) -> Result<Vec<u8>> {
    match (points::<P>(point)?.as_slice(), scalars(scalar)?.as_slice()) {
        ([point], [scalar]) => Ok(point_bytes(point.into_group() * scalar)),
        _ => Err(bad("a multiplication takes one point and one scalar")),
    }
}

/// Σ scalars[i]·points[i]. Sums take scalars modulo the subgroup's order, so a point outside it is refused.
pub fn multiply_sum<P: Group>(points_bytes: &[u8], scalar_bytes: &[u8], cancel: &AtomicBool) -> Result<Vec<u8>>
where
    Affine<P>: PointBytes,
{
    let points = points::<Affine<P>>(points_bytes)?;
    if !points.par_iter().all(|point| point.in_subgroup()) {
        return Err(malformed("point-subgroup", "a point is not in the prime subgroup"));
    }
    let scalars = scalars(scalar_bytes)?;
    if points.len() != scalars.len() {
        return Err(bad("there are not as many points as scalars"));
    }
    let (points, scalars): (Vec<_>, Vec<_>) = points
        .into_iter()
        .zip(scalars)
        .filter(|(point, _)| !point.is_zero())
        .map(|(point, scalar)| (point, scalar.into_bigint()))
        .unzip();
    let wires: Vec<u32> = (0..).take(points.len()).collect();
    let sum = Bases::new(points).sum(&wires, &Scalars::new(scalars, None), cancel)?;
    Ok(point_bytes(sum))
}
