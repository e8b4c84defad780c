//! A whole proof with arkworks' own sums and transforms, on iden3's files.
//!
//! Points at infinity are dropped before the clock runs; quotient and sums are laid out as arkworks' Groth16 does it:
//! each uses every core, one after the other.

use crate::clock::clock;
use crate::Outcome;
use _native::parts::{odd_shift, read_scalars, Bases, Group, ProvingKey, Query, Sections};
use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::PrimeField;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use rayon::prelude::*;

/// One query in arkworks' form.
struct Points<P: Group> {
    wires: Vec<u32>,
    points: Vec<Affine<P>>,
}

impl<P: Group> Points<P> {
    fn of(query: &Query<P>) -> Outcome<Self> {
        let wires = query.wires.clone();
        match &query.points {
            Bases::Portable(points) => Ok(Self {
                wires,
                points: points.affine().collect(),
            }),
            #[cfg(target_arch = "x86_64")]
            Bases::Ifma(..) => Err("arkworks' points are read with ZKMARGIN_KERNEL_PATH=portable".into()),
        }
    }

    fn sum(&self, scalars: &[Fr]) -> Projective<P>
    where
        Projective<P>: VariableBaseMSM<ScalarField = Fr, MulBase = Affine<P>>,
    {
        let chosen: Vec<Fr> = self.wires.iter().map(|wire| scalars[*wire as usize]).collect();
        Projective::<P>::msm_unchecked(&self.points, &chosen)
    }
}

/// Proves some rounds, and tells their times and the last proof.
pub fn arkworks(zkey: &[u8], wtns: &[u8], rounds: usize) -> Outcome<Vec<String>> {
    let key = ProvingKey::parse(zkey)?;
    let witness = read_scalars(
        Sections::parse(wtns, b"wtns", 2, "wtns")?.get(2)?,
        "bad-format",
        "the witness",
    )?;
    let (a, b1, b2) = (Points::of(&key.a)?, Points::of(&key.b1)?, Points::of(&key.b2)?);
    let (c, h) = (Points::of(&key.c)?, Points::of(&key.h)?);
    let domain = Domains::new(key.head.domain_size as usize)?;
    let [r, s] = blinding()?;
    let head = &key.head;
    let ((a, b, c), times) = clock(rounds, || {
        let odd = domain.quotient(&key, &witness);
        let a = a.sum(&witness) + head.verifying_key.alpha + head.delta1 * r;
        let b1: G1Projective = b1.sum(&witness) + head.beta1 + head.delta1 * s;
        let b2: G2Projective = b2.sum(&witness) + head.verifying_key.beta + head.verifying_key.delta * s;
        let c = c.sum(&witness) + h.sum(&odd) + a * s + b1 * r - head.delta1 * (r * s);
        (a.into_affine(), b2.into_affine(), c.into_affine())
    });
    let proof = format!(
        "{{\"protocol\": \"groth16\", \"curve\": \"bn128\", \"pi_a\": [\"{}\", \"{}\", \"1\"], \
         \"pi_b\": [[\"{}\", \"{}\"], [\"{}\", \"{}\"], [\"1\", \"0\"]], \"pi_c\": [\"{}\", \"{}\", \"1\"]}}",
        a.x, a.y, b.x.c0, b.x.c1, b.y.c0, b.y.c1, c.x, c.y
    );
    Ok(vec![format!("\"prove\": {times}"), format!("\"proof\": {proof}")])
}

/// Two random scalars.
fn blinding() -> Outcome<[Fr; 2]> {
    let mut bytes = [0; 96];
    getrandom::getrandom(&mut bytes).map_err(|error| error.to_string())?;
    Ok([&bytes[..48], &bytes[48..]].map(Fr::from_le_bytes_mod_order))
}

/// The key's domain and its odd coset.
struct Domains {
    domain: Radix2EvaluationDomain<Fr>,
    coset: Radix2EvaluationDomain<Fr>,
}

impl Domains {
    fn new(size: usize) -> Outcome<Self> {
        let domain = Radix2EvaluationDomain::<Fr>::new(size).ok_or("there is no domain this large")?;
        let coset = domain
            .get_coset(odd_shift(size)?)
            .ok_or("there is no coset this large")?;
        Ok(Self { domain, coset })
    }

    /// A·B − C on the odd points.
    fn quotient(&self, key: &ProvingKey, witness: &[Fr]) -> Vec<Fr> {
        let mut a = key.left.times(witness, &key.coefficients);
        let mut b = key.right.times(witness, &key.coefficients);
        let mut c: Vec<Fr> = a.par_iter().zip(&b).map(|(a, b)| *a * b).collect();
        for values in [&mut a, &mut b, &mut c] {
            self.domain.ifft_in_place(values);
            self.coset.fft_in_place(values);
        }
        a.par_iter_mut().zip(&b).zip(&c).for_each(|((a, b), c)| *a = *a * b - c);
        a
    }
}
