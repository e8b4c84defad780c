//! Groth16's prover over a loaded key.
//!
//! The quotient comes from A·B − C on the odd points of the doubled domain: there the vanishing polynomial of the
//! domain is a constant, which the key's H points already hold, so nothing is divided.

use crate::bases::{Group, Scalars};
use crate::error::{malformed, Result};
use crate::heap::keep_blocks;
use crate::msm::check;
use crate::tables::spacing;
use crate::verifying_key::Proof;
use crate::zkey::{ProvingKey, Query};
use ark_bn254::{Fr, G1Projective};
use ark_ec::short_weierstrass::Projective;
use ark_ec::CurveGroup;
use ark_ff::{BigInt, One, PrimeField};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Proves `witness`, one element a wire, under the blinding (r, s).
///
/// Whether the witness satisfies the circuit shows only in the proof: whoever hands it out verifies it first.
pub fn prove(key: &ProvingKey, witness: &[Fr], r: Fr, s: Fr, cancel: &AtomicBool) -> Result<Proof> {
    if witness.len() != key.head.n_variables as usize {
        return Err(malformed(
            "witness-length",
            format!(
                "the key has {} wires, the witness {}",
                key.head.n_variables,
                witness.len()
            ),
        ));
    }
    if !witness[0].is_one() {
        return Err(malformed("witness-one", "the witness does not start with 1"));
    }
    keep_blocks();
    let [witness_columns, quotient_columns] = key.tables.columns();
    let plain = witness.par_iter().map(|value| value.into_bigint()).collect();
    let scalars = Scalars::new(plain, spacing(witness_columns));
    let (quotient, (sums, b2)) = rayon::join(
        || -> Result<G1Projective> {
            let odd = quotient_on_odd_points(key, witness, cancel)?;
            query_sum(&key.h, &Scalars::new(odd, spacing(quotient_columns)), cancel)
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
    let a = a + key.head.verifying_key.alpha + key.head.delta1 * r;
    let b1 = b1 + key.head.beta1 + key.head.delta1 * s;
    let b2 = b2? + key.head.verifying_key.beta + key.head.verifying_key.delta * s;
    let c = c + quotient? + a * s + b1 * r - key.head.delta1 * (r * s);
    Ok(Proof {
        a: a.into_affine(),
        b: b2.into_affine(),
        c: c.into_affine(),
    })
}

/// A query's sum. Points may come from a cache; what they add up to must be a point before anything is blinded by it,
/// for off its curve nothing is known of what the blinding hides.
fn query_sum<P: Group>(query: &Query<P>, scalars: &Scalars, cancel: &AtomicBool) -> Result<Projective<P>> {
    let sum = query.points.sum(&query.wires, scalars, cancel)?;
    if sum.into_affine().is_on_curve() {
        return Ok(sum);
    }
    Err(malformed(
        "prepared-key",
        "the prepared key is not the key's: delete the file ending in .prepared",
    ))
}

fn quotient_on_odd_points(key: &ProvingKey, witness: &[Fr], cancel: &AtomicBool) -> Result<Vec<BigInt<4>>> {
    let (a, b) = rayon::join(
        || key.left.times(witness, &key.coefficients),
        || key.right.times(witness, &key.coefficients),
    );
    key.odd.quotient(&a, &b, cancel)
}
