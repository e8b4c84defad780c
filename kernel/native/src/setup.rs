//! Groth16's key from known secrets, in iden3's form: gamma is the generator, H the Lagrange basis of the odd points.
//!
//! For development: whoever knows the secrets forges proofs. A real key comes from a ceremony.

use crate::encoding::{modulus_bytes, write_element, write_point, Form, PointBytes};
use crate::error::{bad, malformed, Result};
use crate::msm::check;
use crate::ntt::odd_shift;
use crate::r1cs::R1cs;
use crate::sections::Writer;
use ark_bn254::{Fq, Fr, G1Affine, G1Projective, G2Projective};
use ark_ec::scalar_mul::BatchMulPreprocessing;
use ark_ec::{CurveGroup, PrimeGroup};
use ark_ff::{batch_inversion, Field, One, Zero};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

pub struct Secrets {
    pub tau: Fr,
    pub alpha: Fr,
    pub beta: Fr,
    pub delta: Fr,
}

/// Makes the bytes of the `.zkey`.
pub fn setup(r1cs: &R1cs, secrets: &Secrets, cancel: &AtomicBool) -> Result<Vec<u8>> {
    let Secrets {
        tau,
        alpha,
        beta,
        delta,
    } = *secrets;
    let n_public = r1cs.n_public as usize;
    let rows = r1cs.constraints.len() + n_public + 1;
    let size = rows.next_power_of_two().max(2);
    if size > 1 << 27 {
        return Err(bad("the r1cs has more constraints than a key can hold"));
    }
    let domain = Radix2EvaluationDomain::<Fr>::new(size).ok_or_else(|| bad("the r1cs is too large"))?;
    if [tau, alpha, beta, delta].iter().any(Fr::is_zero) || delta.is_one() || tau.pow([2 * size as u64]).is_one() {
        return Err(malformed(
            "setup-secrets",
            "the secrets make a key that anyone can forge: zero, a delta of one, or a tau inside the domain",
        ));
    }
    let lagrange = domain.evaluate_all_lagrange_coefficients(tau);
    let [u, v, w] = wire_polynomials(r1cs, &lagrange);
    check(cancel)?;
    let delta_inverse = delta.inverse().unwrap_or_default();
    let combined: Vec<Fr> = (0..u.len()).map(|i| beta * u[i] + alpha * v[i] + w[i]).collect();
    let (inputs, rest) = combined.split_at(n_public + 1);
    let c: Vec<Fr> = rest.iter().map(|value| *value * delta_inverse).collect();
    let h = odd_lagrange(size, tau, delta_inverse)?;

    let g1 = BatchMulPreprocessing::new(G1Projective::generator(), 3 * u.len() + h.len());
    let g2 = BatchMulPreprocessing::new(G2Projective::generator(), u.len());
    check(cancel)?;
    let mut writer = Writer::new(b"zkey", 1);
    writer.push(1, &1u32.to_le_bytes());
    writer.push(2, &header(secrets, u.len() as u32, r1cs.n_public, size as u32));
    let mut push = |kind: u32, scalars: &[Fr]| -> Result<()> {
        check(cancel)?;
        writer.push(kind, &points_bytes(&g1.batch_mul(scalars)));
        Ok(())
    };
    push(3, inputs)?;
    push(5, &u)?;
    push(6, &v)?;
    push(8, &c)?;
    push(9, &h)?;
    check(cancel)?;
    writer.push(7, &points_bytes(&g2.batch_mul(&v)));
    writer.push(4, &coefficients(r1cs));
    // Circuit hash and contributions: both belong to ceremonies, this key has had none.
    writer.push(10, &[0; 68]);
    Ok(writer.finish())
}

/// Each wire's three polynomials at tau, with the extra rows that bind the public wires.
fn wire_polynomials(r1cs: &R1cs, lagrange: &[Fr]) -> [Vec<Fr>; 3] {
    let mut polynomials = [0, 1, 2].map(|_| vec![Fr::zero(); r1cs.n_wires as usize]);
    for (row, constraint) in r1cs.constraints.iter().enumerate() {
        for (polynomial, combination) in polynomials.iter_mut().zip(constraint) {
            for (wire, value) in combination {
                polynomial[*wire as usize] += *value * lagrange[row];
            }
        }
    }
    for wire in 0..=r1cs.n_public as usize {
        polynomials[0][wire] += lagrange[r1cs.constraints.len() + wire];
    }
    polynomials
}

/// L_(2i+1)(tau) / delta of the doubled domain: (tau^2n − 1)·x / (2n·(tau − x)) at every odd point x.
fn odd_lagrange(size: usize, tau: Fr, delta_inverse: Fr) -> Result<Vec<Fr>> {
    let root = odd_shift(size)?;
    let step = root.square();
    let points: Vec<Fr> = std::iter::successors(Some(root), |x| Some(*x * step))
        .take(size)
        .collect();
    let double = Fr::from(2 * size as u64);
    let mut values: Vec<Fr> = points.iter().map(|x| double * (tau - x)).collect();
    batch_inversion(&mut values);
    let factor = (tau.pow([2 * size as u64]) - Fr::one()) * delta_inverse;
    Ok(values
        .iter()
        .zip(points)
        .map(|(inverse, x)| *inverse * x * factor)
        .collect())
}

fn header(secrets: &Secrets, n_variables: u32, n_public: u32, domain_size: u32) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(32u32.to_le_bytes());
    out.extend(modulus_bytes::<Fq>());
    out.extend(32u32.to_le_bytes());
    out.extend(modulus_bytes::<Fr>());
    for count in [n_variables, n_public, domain_size] {
        out.extend(count.to_le_bytes());
    }
    let g1 = |scalar: Fr| -> G1Affine { (G1Projective::generator() * scalar).into_affine() };
    let g2 = |scalar: Fr| (G2Projective::generator() * scalar).into_affine();
    write_point(&g1(secrets.alpha), Form::Montgomery, &mut out);
    write_point(&g1(secrets.beta), Form::Montgomery, &mut out);
    write_point(&g2(secrets.beta), Form::Montgomery, &mut out);
    write_point(&g2(Fr::one()), Form::Montgomery, &mut out);
    write_point(&g1(secrets.delta), Form::Montgomery, &mut out);
    write_point(&g2(secrets.delta), Form::Montgomery, &mut out);
    out
}

pub fn points_bytes<P: PointBytes>(points: &[P]) -> Vec<u8> {
    points
        .par_iter()
        .flat_map_iter(|point| {
            let mut out = Vec::with_capacity(P::WIDTH);
            write_point(point, Form::Montgomery, &mut out);
            out
        })
        .collect()
}

/// Section 4: matrices A and B, then the extra rows; each value multiplied by R².
pub fn coefficients(r1cs: &R1cs) -> Vec<u8> {
    let mut count = 0u32;
    let mut out = vec![0; 4];
    let mut push = |matrix: u32, row: usize, wire: u32, value: Fr| {
        for word in [matrix, row as u32, wire] {
            out.extend(word.to_le_bytes());
        }
        // The stored integer of `value` is value·R; as an element again it is multiplied by R once more.
        write_element(&Fr::new(value.0), Form::Montgomery, &mut out);
        count += 1;
    };
    for (row, constraint) in r1cs.constraints.iter().enumerate() {
        for (matrix, combination) in constraint.iter().take(2).enumerate() {
            for (wire, value) in combination {
                push(matrix as u32, row, *wire, *value);
            }
        }
    }
    for wire in 0..=r1cs.n_public {
        push(0, r1cs.constraints.len() + wire as usize, wire, Fr::one());
    }
    out[..4].copy_from_slice(&count.to_le_bytes());
    out
}
