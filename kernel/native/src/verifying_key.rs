//! The verifying key, the checks that every key must pass, and the verification of a proof.

use crate::encoding::{read_element, read_point, write_element, write_point, Form, PointBytes, PointFault};
use crate::error::{bad, malformed, Fault, Result};
use crate::msm::msm;
use ark_bn254::{Bn254, Fq12, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::{Pairing, PairingOutput};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, One, PrimeField};
use std::sync::atomic::AtomicBool;

pub struct VerifyingKey {
    pub alpha: G1Affine,
    pub beta: G2Affine,
    pub gamma: G2Affine,
    pub delta: G2Affine,
    /// IC: one point for the constant 1, then one a public input.
    pub inputs: Vec<G1Affine>,
    pub(crate) alpha_beta: Fq12,
    pub(crate) prepared: [<Bn254 as Pairing>::G2Prepared; 2],
}

impl VerifyingKey {
    /// Checks what no key may lack, then prepares the pairings.
    pub fn new(
        alpha: G1Affine,
        beta: G2Affine,
        gamma: G2Affine,
        delta: G2Affine,
        inputs: Vec<G1Affine>,
    ) -> Result<Self> {
        if alpha.is_zero() || beta.is_zero() || gamma.is_zero() || delta.is_zero() {
            return Err(malformed(
                "key-infinity",
                "the key has alpha, beta, gamma or delta at infinity",
            ));
        }
        if ![&beta, &gamma, &delta].iter().all(|point| point.in_subgroup()) {
            return Err(malformed(
                "key-subgroup",
                "a G2 point of the key is not in the prime subgroup",
            ));
        }
        // Two points of the subgroup with one x are equal or opposite.
        if delta.x == gamma.x || delta.x == G2Affine::generator().x {
            return Err(malformed(
                "key-uncontributed",
                "the key's delta is its gamma or the generator, up to sign: no one contributed to it, anyone can forge its proofs",
            ));
        }
        if beta.x == gamma.x || beta.x == delta.x {
            return Err(malformed(
                "key-related",
                "the key's beta is its gamma or delta, up to sign: anyone can forge its proofs",
            ));
        }
        if inputs.is_empty() || inputs.iter().any(|point| point.is_zero()) {
            return Err(malformed(
                "key-infinity",
                "an input point (IC) of the key is missing or at infinity",
            ));
        }
        let alpha_beta = Bn254::pairing(alpha, beta).0;
        let prepared = [(-gamma).into(), (-delta).into()];
        Ok(Self {
            alpha,
            beta,
            gamma,
            delta,
            inputs,
            alpha_beta,
            prepared,
        })
    }

    /// alpha, beta, gamma, delta, then the input points, plain.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        const FIXED: usize = 64 + 3 * 128;
        if bytes.len() <= FIXED || !(bytes.len() - FIXED).is_multiple_of(64) {
            return Err(bad("the verifying key has the wrong length"));
        }
        let g2 = |at: usize| key_point::<G2Affine>(&bytes[at..at + 128]);
        let inputs = bytes[FIXED..].chunks_exact(64).map(key_point).collect::<Result<_>>()?;
        Self::new(key_point(&bytes[..64])?, g2(64)?, g2(192)?, g2(320)?, inputs)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write_point(&self.alpha, Form::Plain, &mut out);
        for point in [&self.beta, &self.gamma, &self.delta] {
            write_point(point, Form::Plain, &mut out);
        }
        for point in &self.inputs {
            write_point(point, Form::Plain, &mut out);
        }
        out
    }

    /// e(alpha, beta), its twelve coordinates in the order of snarkjs' nested lists.
    pub fn alpha_beta_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for coordinate in self.alpha_beta.to_base_prime_field_elements() {
            write_element(&coordinate, Form::Plain, &mut out);
        }
        out
    }

    /// e(A, B) = e(alpha, beta) · e(Σ input·IC, gamma) · e(C, delta)
    pub fn verify(&self, public: &[Fr], proof: &Proof) -> Result<bool> {
        if public.len() + 1 != self.inputs.len() {
            return Err(malformed(
                "input-count",
                format!(
                    "the key takes {} public inputs, {} were given",
                    self.inputs.len() - 1,
                    public.len()
                ),
            ));
        }
        let scalars: Vec<_> = public.iter().map(|value| value.into_bigint()).collect();
        let never = AtomicBool::new(false);
        let inputs: G1Projective = msm(&self.inputs[1..], &scalars, &never)? + self.inputs[0];
        let [gamma, delta] = self.prepared.clone();
        let miller = Bn254::multi_miller_loop([proof.a, inputs.into_affine(), proof.c], [proof.b.into(), gamma, delta]);
        let Some(PairingOutput(value)) = Bn254::final_exponentiation(miller) else {
            return Ok(false);
        };
        Ok(value == self.alpha_beta)
    }
}

fn key_point<P: PointBytes>(bytes: &[u8]) -> Result<P> {
    read_point(bytes, Form::Plain).map_err(|fault| match fault {
        PointFault::NotCanonical => malformed("key-not-canonical", "a coordinate of the key is not below the modulus"),
        PointFault::OffCurve => malformed("key-off-curve", "a point of the key is not on its curve"),
    })
}

pub struct Proof {
    pub a: G1Affine,
    pub b: G2Affine,
    pub c: G1Affine,
}

impl Proof {
    /// A, B, C, plain: 256 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if bytes.len() != 256 {
            return Err(malformed("proof-length", "a proof has 256 bytes"));
        }
        let b: G2Affine = proof_point(&bytes[64..192])?;
        if !b.in_subgroup() {
            return Err(malformed(
                "proof-subgroup",
                "the proof's B is not in the prime subgroup",
            ));
        }
        Ok(Self {
            a: proof_point(&bytes[..64])?,
            b,
            c: proof_point(&bytes[192..])?,
        })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        write_point(&self.a, Form::Plain, &mut out);
        write_point(&self.b, Form::Plain, &mut out);
        write_point(&self.c, Form::Plain, &mut out);
        out
    }
}

fn proof_point<P: PointBytes>(bytes: &[u8]) -> Result<P> {
    let point: P = read_point(bytes, Form::Plain).map_err(|fault| match fault {
        PointFault::NotCanonical => malformed(
            "proof-not-canonical",
            "a coordinate of the proof is not below the modulus",
        ),
        PointFault::OffCurve => malformed("proof-off-curve", "a point of the proof is not on its curve"),
    })?;
    if point.is_zero() {
        return Err(malformed("proof-infinity", "a point of the proof is at infinity"));
    }
    Ok(point)
}

/// Whether Π e(g1_i, g2_i) = 1, points checked like a key's.
pub fn pairing_check(bytes: &[u8]) -> Result<bool> {
    if !bytes.len().is_multiple_of(192) {
        return Err(bad("pairs of points do not fill whole records"));
    }
    let mut left = Vec::new();
    let mut right = Vec::new();
    for pair in bytes.chunks_exact(192) {
        left.push(key_point::<G1Affine>(&pair[..64])?);
        let point = key_point::<G2Affine>(&pair[64..])?;
        if !point.in_subgroup() {
            return Err(malformed("key-subgroup", "a G2 point is not in the prime subgroup"));
        }
        right.push(point);
    }
    Ok(Bn254::multi_pairing(left, right).0.is_one())
}

/// Reads public inputs: canonical, 32 bytes each.
pub fn read_inputs(bytes: &[u8]) -> Result<Vec<Fr>> {
    if !bytes.len().is_multiple_of(32) {
        return Err(malformed(
            "input-not-canonical",
            "public inputs do not fill whole words",
        ));
    }
    bytes
        .chunks_exact(32)
        .map(|chunk| {
            read_element(chunk, Form::Plain).ok_or_else(|| -> Fault {
                malformed("input-not-canonical", "a public input is not below the field's order")
            })
        })
        .collect()
}
