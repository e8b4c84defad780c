//! Sums of points and a transform, on random scalars of full size.
//!
//! Points stand ready in each library's own layout before the clock runs; what is made of the scalars is timed.

use crate::clock::clock;
use crate::Outcome;
use _native::parts::{
    read_element, read_points, transform, write_element, write_point, Bases, Form, Group, PointBytes, Scalars,
};
use ark_bn254::{Fr, FrConfig, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{CurveGroup, PrimeGroup, ScalarMul, VariableBaseMSM};
use ark_ff::PrimeField;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::sync::atomic::AtomicBool;

/// Points of each group, and scalars.
const MOST: usize = 1 << 16;
const FEWER: usize = 1 << 14;

const NAMES: [&str; 4] = ["MSM G1 2^14", "MSM G1 2^16", "MSM G2 2^16", "NTT 2^16"];

/// What every library works on.
pub struct Drawn {
    one: Vec<G1Affine>,
    two: Vec<G2Affine>,
    scalars: Vec<Fr>,
}

/// Points of G1, points of G2 and scalars in Montgomery form, one after the other.
pub fn draw() -> Outcome<Vec<u8>> {
    let mut out = Vec::new();
    for point in G1Projective::generator().batch_mul(&random()?) {
        write_point(&point, Form::Montgomery, &mut out);
    }
    for point in G2Projective::generator().batch_mul(&random()?) {
        write_point(&point, Form::Montgomery, &mut out);
    }
    for scalar in random()? {
        write_element(&scalar, Form::Montgomery, &mut out);
    }
    Ok(out)
}

fn random() -> Outcome<Vec<Fr>> {
    let mut bytes = vec![0; 48 * MOST];
    getrandom::getrandom(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes.par_chunks_exact(48).map(Fr::from_le_bytes_mod_order).collect())
}

impl Drawn {
    pub fn read(bytes: &[u8]) -> Outcome<Self> {
        let (one, rest) = bytes.split_at_checked(64 * MOST).ok_or("the points are cut")?;
        let (two, scalars) = rest.split_at_checked(128 * MOST).ok_or("the points are cut")?;
        let scalars = scalars.par_chunks_exact(32);
        Ok(Self {
            one: read_points(one, Form::Montgomery, "the points of G1")?,
            two: read_points(two, Form::Montgomery, "the points of G2")?,
            scalars: scalars
                .map(|bytes| read_element::<FrConfig>(bytes, Form::Montgomery))
                .collect::<Option<_>>()
                .ok_or("a scalar is not below the field's order")?,
        })
    }
}

/// Our sums, from scalars as field elements; our transform, in natural order on both sides.
pub fn ours(drawn: &Drawn, rounds: usize) -> Outcome<Vec<String>> {
    let few = our_sum(&drawn.one[..FEWER], &drawn.scalars[..FEWER], rounds)?;
    let one = our_sum(&drawn.one, &drawn.scalars, rounds)?;
    let two = our_sum(&drawn.two, &drawn.scalars, rounds)?;
    let mut values = drawn.scalars.clone();
    transform(&mut values, false)?;
    let digest = digest(&values);
    let (done, times) = clock(rounds, || transform(&mut values, false));
    done?;
    Ok(document([few, one, two, (digest, times)]))
}

fn our_sum<P: Group>(points: &[Affine<P>], scalars: &[Fr], rounds: usize) -> Outcome<(String, String)>
where
    Affine<P>: PointBytes,
{
    let (never, wires) = (AtomicBool::new(false), (0..).take(points.len()).collect::<Vec<u32>>());
    let bases = Bases::new(points.to_vec());
    let (sum, times) = clock(rounds, || {
        let plain = scalars.par_iter().map(|scalar| scalar.into_bigint()).collect();
        bases.sum(&wires, &Scalars::new(plain, None), &never)
    });
    Ok((coordinates(sum?), times))
}

/// arkworks' sums and its transform.
pub fn arkworks(drawn: &Drawn, rounds: usize) -> Outcome<Vec<String>> {
    let (few, times_few) = clock(rounds, || {
        G1Projective::msm_unchecked(&drawn.one[..FEWER], &drawn.scalars[..FEWER])
    });
    let (one, times_one) = clock(rounds, || G1Projective::msm_unchecked(&drawn.one, &drawn.scalars));
    let (two, times_two) = clock(rounds, || G2Projective::msm_unchecked(&drawn.two, &drawn.scalars));
    let domain = Radix2EvaluationDomain::<Fr>::new(MOST).ok_or("there is no domain this large")?;
    let digest = digest(&domain.fft(&drawn.scalars));
    let mut values = drawn.scalars.clone();
    let ((), times) = clock(rounds, || domain.fft_in_place(&mut values));
    Ok(document([
        (coordinates(few), times_few),
        (coordinates(one), times_one),
        (coordinates(two), times_two),
        (digest, times),
    ]))
}

fn document(measured: [(String, String); 4]) -> Vec<String> {
    let (results, times): (Vec<_>, Vec<_>) = NAMES
        .iter()
        .zip(&measured)
        .map(|(name, (result, times))| (format!("\"{name}\": \"{result}\""), format!("\"{name}\": {times}")))
        .unzip();
    [times, vec![format!("\"results\": {{{}}}", results.join(", "))]].concat()
}

/// A sum's coordinates in hexadecimal, little-endian.
fn coordinates<P: Group>(sum: Projective<P>) -> String
where
    Affine<P>: PointBytes,
{
    let mut out = Vec::new();
    write_point(&sum.into_affine(), Form::Plain, &mut out);
    hexadecimal(&out)
}

/// SHA-256 of the values, 32 little-endian bytes each.
fn digest(values: &[Fr]) -> String {
    let mut out = Vec::new();
    for value in values {
        write_element(value, Form::Plain, &mut out);
    }
    hexadecimal(&Sha256::digest(&out))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
