//! The quotient's transforms: on eight lanes where the processor has them, arkworks' otherwise; the same numbers.

use crate::error::{bad, Result};
use crate::msm::check;
#[cfg(target_arch = "x86_64")]
use crate::{
    path::path,
    vector::ntt::{Plan, LEAST},
};
use ark_bn254::Fr;
use ark_ff::{BigInt, FftField, PrimeField};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// A domain and its odd coset: the other half of the domain twice as large.
pub struct OddCoset {
    domain: Radix2EvaluationDomain<Fr>,
    coset: Radix2EvaluationDomain<Fr>,
    #[cfg(target_arch = "x86_64")]
    lanes: Option<Plan>,
}

impl OddCoset {
    /// The domain of `size`, a power of two.
    pub fn new(size: usize) -> Result<Self> {
        let none = || bad("the key's domain is too large");
        let shift = odd_shift(size)?;
        let domain = Radix2EvaluationDomain::<Fr>::new(size).ok_or_else(none)?;
        Ok(Self {
            domain,
            coset: domain.get_coset(shift).ok_or_else(none)?,
            #[cfg(target_arch = "x86_64")]
            lanes: path()
                .ifma()
                .filter(|_| size >= LEAST)
                .and_then(|ifma| Plan::new(ifma, size, domain.group_gen, shift)),
        })
    }

    /// A·B − C on the coset, given A and B on the domain; C is the polynomial that is their product there.
    pub fn quotient(&self, a: Vec<Fr>, b: Vec<Fr>, cancel: &AtomicBool) -> Result<Vec<BigInt<4>>> {
        #[cfg(target_arch = "x86_64")]
        if let Some(plan) = &self.lanes {
            check(cancel)?;
            return Ok(plan.quotient(&a, &b));
        }
        self.portable(a, b, cancel)
    }

    fn portable(&self, a: Vec<Fr>, b: Vec<Fr>, cancel: &AtomicBool) -> Result<Vec<BigInt<4>>> {
        let c: Vec<Fr> = a.par_iter().zip(&b).map(|(a, b)| *a * b).collect();
        let to_odd = |mut values: Vec<Fr>| -> Result<Vec<Fr>> {
            check(cancel)?;
            self.domain.ifft_in_place(&mut values);
            check(cancel)?;
            self.coset.fft_in_place(&mut values);
            Ok(values)
        };
        let (a, (b, c)) = rayon::join(|| to_odd(a), || rayon::join(|| to_odd(b), || to_odd(c)));
        let (a, b, c) = (a?, b?, c?);
        let rows = a.par_iter().zip(&b).zip(&c);
        Ok(rows.map(|((a, b), c)| (*a * b - c).into_bigint()).collect())
    }
}

/// The generator of the doubled domain, which carries the domain to its odd coset.
pub fn odd_shift(size: usize) -> Result<Fr> {
    Fr::get_root_of_unity(2 * size as u64).ok_or_else(|| bad("the key's domain is too large"))
}

/// Values at the powers of the domain's root from coefficients, or back; a power of two of them.
pub fn transform(values: &mut Vec<Fr>, inverse: bool) -> Result<()> {
    let domain = Radix2EvaluationDomain::<Fr>::new(values.len()).ok_or_else(|| bad("there is no domain this large"))?;
    #[cfg(target_arch = "x86_64")]
    if let Some(ifma) = path().ifma().filter(|_| values.len() >= LEAST) {
        let root = if inverse {
            domain.group_gen_inv
        } else {
            domain.group_gen
        };
        *values = crate::vector::ntt::transform(ifma, values, root);
        if inverse {
            values.par_iter_mut().for_each(|value| *value *= domain.size_inv);
        }
        return Ok(());
    }
    if inverse {
        domain.ifft_in_place(values);
    } else {
        domain.fft_in_place(values);
    }
    Ok(())
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use crate::vector::tests::{size, Stream};
    use ark_ff::{Field, Zero};

    /// Values that transforms treat unlike others: zeros, ones, minus ones, one value everywhere, a single spike.
    fn values(stream: &mut Stream, count: usize) -> Vec<Fr> {
        let kind = stream.below(6);
        let fixed = Fr::from(stream.word());
        (0..count)
            .map(|at| match kind {
                0 => -Fr::ONE,
                1 => Fr::from(stream.below(2)),
                2 => fixed,
                3 if at as u64 == fixed.into_bigint().0[0] % count as u64 => fixed,
                3 => Fr::zero(),
                _ => Fr::from_bigint(BigInt([0; 4].map(|_: u64| stream.word() >> 3))).unwrap_or(-Fr::ONE),
            })
            .collect()
    }

    /// Every size, both ways, and the quotient, against arkworks.
    #[test]
    fn every_path_computes_the_same_numbers() {
        let mut stream = Stream::new(31);
        let never = AtomicBool::new(false);
        for log in 0..=14 {
            let count = 1 << log;
            let odd = OddCoset::new(count).unwrap();
            let domain = Radix2EvaluationDomain::<Fr>::new(count).unwrap();
            for _ in 0..size(2, 100_000 >> log).max(2) {
                let (a, b) = (values(&mut stream, count), values(&mut stream, count));
                let (mut there, mut back) = (a.clone(), a.clone());
                transform(&mut there, false).unwrap();
                assert_eq!(there, domain.fft(&a), "{count}");
                transform(&mut back, true).unwrap();
                assert_eq!(back, domain.ifft(&a), "{count}");
                let expected = odd.portable(a.clone(), b.clone(), &never).unwrap();
                assert_eq!(odd.quotient(a, b, &never).unwrap(), expected, "{count}");
            }
        }
    }
}
