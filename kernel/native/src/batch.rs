//! Many proofs under one key at the price of one final exponentiation.
//!
//! Every equation is raised to its own random power of 128 bits and all are multiplied. Were one of them false, the product
//! would hold with a probability of 2^-128 at most: all other powers fixed, at most one value of its own makes it hold. So
//! the first power may be 1. The powers come from the operating system after the proofs are known; nobody can foresee them.

use crate::error::{malformed, Result};
use crate::msm::msm;
use crate::sampling::Stream;
use crate::verifying_key::{Proof, VerifyingKey};
use ark_bn254::{Bn254, Fr, G1Affine, G1Projective};
use ark_ec::pairing::{Pairing, PairingOutput};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{One, PrimeField, Zero};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

impl VerifyingKey {
    /// Whether all proofs hold, each with its own public inputs, which stand one proof's behind another's.
    pub fn verify_batch(&self, publics: &[Fr], proofs: &[u8]) -> Result<bool> {
        if proofs.is_empty() || !proofs.len().is_multiple_of(256) {
            return Err(malformed(
                "proof-length",
                "a batch has one proof or more, of 256 bytes each",
            ));
        }
        let proofs: Vec<Proof> = proofs
            .par_chunks_exact(256)
            .map(Proof::from_bytes)
            .collect::<Result<_>>()?;
        let width = self.inputs.len() - 1;
        if publics.len() != width * proofs.len() {
            return Err(malformed(
                "input-count",
                format!("the key takes {width} public inputs a proof"),
            ));
        }
        let mut stream = Stream::unforeseen()?;
        let powers: Vec<Fr> = (0..proofs.len())
            .map(|index| if index == 0 { Fr::one() } else { stream.coefficient() })
            .collect();

        let never = AtomicBool::new(false);
        let mut scalars = vec![Fr::zero(); width + 1];
        scalars[0] = powers.iter().sum();
        for (index, power) in powers.iter().enumerate() {
            for (scalar, value) in scalars[1..].iter_mut().zip(&publics[index * width..]) {
                *scalar += *power * value;
            }
        }
        let whole = |points: &[G1Affine], scalars: &[Fr]| {
            let scalars: Vec<_> = scalars.iter().map(|scalar| scalar.into_bigint()).collect();
            msm(points, &scalars, &never)
        };
        let inputs = whole(&self.inputs, &scalars)?;
        let last: Vec<G1Affine> = proofs.iter().map(|proof| proof.c).collect();
        let last = whole(&last, &powers)?;
        let mut left: Vec<G1Projective> = proofs
            .par_iter()
            .zip(&powers)
            .map(|(proof, power)| proof.a.mul_bigint(power.into_bigint()))
            .collect();
        left.extend([inputs, last]);
        let right = proofs.iter().map(|proof| proof.b.into()).chain(self.prepared.clone());
        let miller = Bn254::multi_miller_loop(G1Projective::normalize_batch(&left), right);
        // Powers of 128 bits add up to few more: the exponentiation is short.
        let expected = PairingOutput::<Bn254>(self.alpha_beta).mul_bigint(scalars[0].into_bigint());
        Ok(Bn254::final_exponentiation(miller) == Some(expected))
    }
}
