//! Groth16's prover over a loaded key.
//!
//! The quotient comes from A·B − C on the odd points of the doubled domain: there the vanishing polynomial of the
//! domain is a constant, which the key's H points already hold, so nothing is divided.

use crate::bases::{Group, Scalars};
use crate::error::{malformed, Result};
use crate::msm::check;
use crate::verifying_key::Proof;
use crate::zkey::{Matrix, ProvingKey, Query};
use ark_bn254::{Fr, G1Projective};
use ark_ec::short_weierstrass::Projective;
use ark_ec::CurveGroup;
use ark_ff::{BigInt, One, PrimeField, Zero};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Proves `witness`, one element a wire, under the blinding (r, s).
///
/// Whether the witness satisfies the circuit shows only in the proof: whoever hands it out verifies it first.
pub fn prove(key: &ProvingKey, witness: &[Fr], r: Fr, s: Fr, cancel: &AtomicBool) -> Result<Proof> {
    if witness.len() != key.n_variables as usize {
        return Err(malformed(
            "witness-length",
            format!("the key has {} wires, the witness {}", key.n_variables, witness.len()),
        ));
    }
    if !witness[0].is_one() {
        return Err(malformed("witness-one", "the witness does not start with 1"));
    }
    let scalars = Scalars::new(witness.par_iter().map(|value| value.into_bigint()).collect());
    let (quotient, (sums, b2)) = rayon::join(
        || -> Result<G1Projective> {
            let odd = quotient_on_odd_points(key, witness, cancel)?;
            query_sum(&key.h, &Scalars::new(odd), cancel)
        },
        || {
            rayon::join(
                || -> Result<[G1Projective; 3]> {
                    let (a, (b1, c)) = rayon::join(
                        || query_sum(&key.a, &scalars, cancel),
                        || {
                            rayon::join(
                                || query_sum(&key.b1, &scalars, cancel),
                                || query_sum(&key.c, &scalars, cancel),
                            )
                        },
                    );
                    Ok([a?, b1?, c?])
                },
                || query_sum(&key.b2, &scalars, cancel),
            )
        },
    );
    let [a, b1, c] = sums?;
    check(cancel)?;
    let a = a + key.verifying_key.alpha + key.delta1 * r;
    let b1 = b1 + key.beta1 + key.delta1 * s;
    let b2 = b2? + key.verifying_key.beta + key.verifying_key.delta * s;
    let c = c + quotient? + a * s + b1 * r - key.delta1 * (r * s);
    Ok(Proof {
        a: a.into_affine(),
        b: b2.into_affine(),
        c: c.into_affine(),
    })
}

fn query_sum<P: Group>(query: &Query<P>, scalars: &Scalars, cancel: &AtomicBool) -> Result<Projective<P>> {
    query.points.sum(&query.wires, scalars, cancel)
}

fn quotient_on_odd_points(key: &ProvingKey, witness: &[Fr], cancel: &AtomicBool) -> Result<Vec<BigInt<4>>> {
    let size = key.domain_size as usize;
    let (a, b) = rayon::join(
        || evaluate(&key.left, witness, size),
        || evaluate(&key.right, witness, size),
    );
    key.odd.quotient(a, b, cancel)
}

fn evaluate(matrix: &Matrix, witness: &[Fr], rows: usize) -> Vec<Fr> {
    (0..rows)
        .into_par_iter()
        .with_min_len(64)
        .map(|row| {
            let mut sum = Fr::zero();
            for (wire, value) in matrix.row(row) {
                sum += *value * witness[*wire as usize];
            }
            sum
        })
        .collect()
}
