//! Groth16's key of a circuit from powers of tau, before anyone contributed: iden3's bytes, delta still the generator.
//!
//! Anyone can forge under it. Loaders refuse it; only ceremonies take it further.

use crate::buckets::Limbed;
use crate::encoding::{modulus_bytes, write_point, Coordinate, Form, PointBytes};
use crate::error::{malformed, Result};
use crate::msm::{check, msm};
use crate::ptau::Ptau;
use crate::r1cs::R1cs;
use crate::sampling::Hasher;
use crate::sections::Writer;
use crate::setup::{coefficients, points_bytes};
use crate::transcript::Transcript;
use ark_bn254::{Fq, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, One, PrimeField, Zero};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Terms from which a bucket sum beats one multiplication a term.
const MANY: usize = 64;
/// iden3's hash of a circuit takes the powers in chunks of this many, the last one filled up.
const CHUNK: usize = 1 << 14;

/// One matrix, wire by wire: (row, coefficient).
type Columns = Vec<Vec<(u32, Fr)>>;

/// The bytes of the `.zkey` nobody contributed to.
pub fn initial_key(r1cs: &R1cs, ptau: &Ptau, cancel: &AtomicBool) -> Result<Vec<u8>> {
    let rows = r1cs.constraints.len() + r1cs.n_public as usize + 1;
    let size = rows.next_power_of_two().max(2);
    let level = size.trailing_zeros();
    if level > ptau.power {
        return Err(malformed(
            "ptau-too-small",
            format!("the circuit needs a ptau of power {level}, this one has {}", ptau.power),
        ));
    }
    if level == ptau.power && size > CHUNK {
        return Err(malformed(
            "ptau-too-small",
            format!(
                "iden3's hash of a circuit of 2^{level} rows reads one power more: take a ptau of {}",
                level + 1
            ),
        ));
    }
    let [a, b, c] = columns(r1cs);
    let basis = ptau.basis(level);
    check(cancel)?;
    let a_points = sums(&[(&a, basis.g1)], cancel)?;
    let b_points = sums(&[(&b, basis.g1)], cancel)?;
    let b2_points = sums(&[(&b, basis.g2)], cancel)?;
    let combined = sums(&[(&a, basis.beta), (&b, basis.alpha), (&c, basis.g1)], cancel)?;
    let (inputs, rest) = combined.split_at(r1cs.n_public as usize + 1);
    let odd: Vec<G1Affine> = ptau.g1_basis(level + 1).iter().skip(1).step_by(2).copied().collect();
    check(cancel)?;

    let mut hasher = Hasher::new();
    let header = header(ptau, r1cs, size as u32, &mut hasher);
    hash_points(&mut hasher, inputs);
    hash_vanishing(&mut hasher, ptau, size);
    hash_points(&mut hasher, rest);
    hash_points(&mut hasher, &a_points);
    hash_points(&mut hasher, &b_points);
    hash_points(&mut hasher, &b2_points);
    let transcript = Transcript {
        circuit: hasher.finish(),
        contributions: Vec::new(),
    };

    let mut writer = Writer::new(b"zkey", 1);
    writer.push(1, &1u32.to_le_bytes());
    writer.push(2, &header);
    writer.push(4, &coefficients(r1cs));
    writer.push(3, &points_bytes(inputs));
    writer.push(9, &points_bytes(&odd));
    writer.push(8, &points_bytes(rest));
    writer.push(5, &points_bytes(&a_points));
    writer.push(6, &points_bytes(&b_points));
    writer.push(7, &points_bytes(&b2_points));
    writer.push(10, &transcript.to_bytes());
    Ok(writer.finish())
}

/// The matrices by wire, with the extra rows that bind the public wires.
fn columns(r1cs: &R1cs) -> [Columns; 3] {
    let mut columns = [0, 1, 2].map(|_| vec![Vec::new(); r1cs.n_wires as usize]);
    for (row, constraint) in (0u32..).zip(&r1cs.constraints) {
        for (matrix, combination) in columns.iter_mut().zip(constraint) {
            for (wire, value) in combination {
                matrix[*wire as usize].push((row, *value));
            }
        }
    }
    for wire in 0..=r1cs.n_public {
        columns[0][wire as usize].push((r1cs.constraints.len() as u32 + wire, Fr::one()));
    }
    columns
}

/// For every wire the sum of its coefficients times the points of their rows, over all `parts`.
fn sums<C: Limbed>(parts: &[(&Columns, &[Affine<C>])], cancel: &AtomicBool) -> Result<Vec<Affine<C>>> {
    let wires = parts[0].0.len();
    let sums: Vec<Projective<C>> = (0..wires)
        .into_par_iter()
        .map(|wire| {
            check(cancel)?;
            let terms = || {
                parts.iter().flat_map(|(columns, basis)| {
                    let column = &columns[wire];
                    column.iter().map(|(row, value)| (basis[*row as usize], *value))
                })
            };
            if terms().count() < MANY {
                return Ok(terms().map(|(point, value)| multiple(point, value)).sum());
            }
            let (points, scalars): (Vec<_>, Vec<_>) = terms()
                .filter(|(point, _)| !point.is_zero())
                .map(|(point, value)| (point, value.into_bigint()))
                .unzip();
            msm(&points, &scalars, cancel)
        })
        .collect::<Result<_>>()?;
    Ok(Projective::normalize_batch(&sums))
}

/// Most coefficients are small, or small and negative.
fn multiple<C: Limbed>(point: Affine<C>, value: Fr) -> Projective<C> {
    let (plain, negative) = (value.into_bigint(), (-value).into_bigint());
    if plain.is_zero() {
        Projective::zero()
    } else if plain.num_bits() <= negative.num_bits() {
        point.mul_bigint(plain)
    } else {
        -point.mul_bigint(negative)
    }
}

fn header(ptau: &Ptau, r1cs: &R1cs, domain_size: u32, hasher: &mut Hasher) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(32u32.to_le_bytes());
    out.extend(modulus_bytes::<Fq>());
    out.extend(32u32.to_le_bytes());
    out.extend(modulus_bytes::<Fr>());
    for count in [r1cs.n_wires, r1cs.n_public, domain_size] {
        out.extend(count.to_le_bytes());
    }
    push(&ptau.alpha_tau[0], &mut out, hasher);
    push(&ptau.beta_tau[0], &mut out, hasher);
    push(&ptau.beta_g2, &mut out, hasher);
    push(&G2Affine::generator(), &mut out, hasher); // gamma
    push(&G1Affine::generator(), &mut out, hasher); // delta
    push(&G2Affine::generator(), &mut out, hasher);
    out
}

fn push<C: SWCurveConfig>(point: &Affine<C>, out: &mut Vec<u8>, hasher: &mut Hasher)
where
    Affine<C>: PointBytes,
    C::BaseField: Coordinate,
{
    write_point(point, Form::Montgomery, out);
    hasher.point(point);
}

fn hash_points<C: SWCurveConfig>(hasher: &mut Hasher, points: &[Affine<C>])
where
    C::BaseField: Coordinate,
{
    hasher.count(points.len());
    for point in points {
        hasher.point(point);
    }
}

/// The powers times the domain's vanishing polynomial, τ^(n+i) − τ^i: the H of iden3's hash.
fn hash_vanishing(hasher: &mut Hasher, ptau: &Ptau, size: usize) {
    hasher.count(size - 1);
    let count = if size > CHUNK { size } else { size - 1 };
    let differences: Vec<G1Projective> = (0..count)
        .into_par_iter()
        .map(|i| ptau.tau_g1[size + i].into_group() - ptau.tau_g1[i])
        .collect();
    for point in G1Projective::normalize_batch(&differences) {
        hasher.point(&point);
    }
}
