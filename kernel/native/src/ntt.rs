//! The quotient's transforms: on eight lanes where the processor has them, on plain words otherwise; the same numbers.

use crate::error::{bad, Result};
use crate::msm::check;
use crate::transform;
#[cfg(target_arch = "x86_64")]
use crate::{path::path, vector};
use ark_bn254::Fr;
use ark_ff::{BigInt, FftField};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// From a domain to its odd coset, the other half of the domain twice as large.
pub enum OddCoset {
    #[cfg(target_arch = "x86_64")]
    Lanes(vector::ntt::Plan),
    Words(transform::Plan),
}

impl OddCoset {
    /// The domain of `size`, a power of two.
    pub fn new(size: usize) -> Result<Self> {
        let none = || bad("the key's domain is too large, or no power of two");
        let root = Fr::get_root_of_unity(size as u64).filter(|_| size.is_power_of_two());
        let (root, shift) = (root.ok_or_else(none)?, odd_shift(size)?);
        #[cfg(target_arch = "x86_64")]
        if let Some(ifma) = path().ifma().filter(|_| size >= vector::ntt::LEAST) {
            let plan = vector::ntt::Plan::new(ifma, size, root, shift);
            return plan.map(Self::Lanes).ok_or_else(none);
        }
        let plan = transform::Plan::new(size, root, shift);
        plan.map(Self::Words).ok_or_else(none)
    }

    /// A·B − C on the coset, given A and B on the domain; C is the polynomial that is their product there.
    pub fn quotient(&self, a: &[Fr], b: &[Fr], cancel: &AtomicBool) -> Result<Vec<BigInt<4>>> {
        check(cancel)?;
        Ok(match self {
            #[cfg(target_arch = "x86_64")]
            Self::Lanes(plan) => plan.quotient(a, b),
            Self::Words(plan) => plan.quotient(a, b),
        })
    }
}

/// The generator of the doubled domain, which carries the domain to its odd coset.
pub fn odd_shift(size: usize) -> Result<Fr> {
    Fr::get_root_of_unity(2 * size as u64).ok_or_else(|| bad("the key's domain is too large"))
}

/// Values at the powers of the domain's root from coefficients, or back; a power of two of them.
pub fn transform(values: &mut Vec<Fr>, inverse: bool) -> Result<()> {
    let domain = Radix2EvaluationDomain::<Fr>::new(values.len()).ok_or_else(|| bad("there is no domain this large"))?;
    let root = if inverse {
        domain.group_gen_inv
    } else {
        domain.group_gen
    };
    *values = turned(values, root);
    if inverse {
        values.par_iter_mut().for_each(|value| *value *= domain.size_inv);
    }
    Ok(())
}

fn turned(values: &[Fr], root: Fr) -> Vec<Fr> {
    #[cfg(target_arch = "x86_64")]
    if let Some(ifma) = path().ifma().filter(|_| values.len() >= vector::ntt::LEAST) {
        return vector::ntt::transform(ifma, values, root);
    }
    transform::transform(values, root)
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use crate::vector::tests::{size, Stream};
    use ark_ff::{Field, PrimeField, Zero};

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

    /// A·B − C on the odd coset, by arkworks.
    fn expected(a: &[Fr], b: &[Fr]) -> Vec<BigInt<4>> {
        let domain = Radix2EvaluationDomain::<Fr>::new(a.len()).unwrap();
        let coset = domain.get_coset(odd_shift(a.len()).unwrap()).unwrap();
        let c: Vec<Fr> = a.iter().zip(b).map(|(a, b)| *a * b).collect();
        let [a, b, c] = [a, b, &c].map(|values| coset.fft(&domain.ifft(values)));
        let rows = a.iter().zip(&b).zip(&c);
        rows.map(|((a, b), c)| (*a * b - c).into_bigint()).collect()
    }

    /// Every size, both ways, and the quotient, on the path of this process and on plain words.
    #[test]
    fn every_path_computes_the_same_numbers() {
        let mut stream = Stream::new(31);
        let never = AtomicBool::new(false);
        for log in 0..=14 {
            let count = 1 << log;
            let domain = Radix2EvaluationDomain::<Fr>::new(count).unwrap();
            let (root, back) = (domain.group_gen, domain.group_gen_inv);
            let odd = OddCoset::new(count).unwrap();
            let words = transform::Plan::new(count, root, odd_shift(count).unwrap()).unwrap();
            for _ in 0..size(2, 100_000 >> log).max(2) {
                let (a, b) = (values(&mut stream, count), values(&mut stream, count));
                for inverse in [false, true] {
                    let (mut ours, theirs) = (a.clone(), if inverse { domain.ifft(&a) } else { domain.fft(&a) });
                    transform(&mut ours, inverse).unwrap();
                    assert_eq!(ours, theirs, "{count}");
                    let mut plain = transform::transform(&a, if inverse { back } else { root });
                    plain
                        .iter_mut()
                        .filter(|_| inverse)
                        .for_each(|value| *value *= domain.size_inv);
                    assert_eq!(plain, theirs, "{count}");
                }
                let expected = expected(&a, &b);
                assert_eq!(odd.quotient(&a, &b, &never).unwrap(), expected, "{count}");
                assert_eq!(words.quotient(&a, &b), expected, "{count}");
            }
        }
    }

    #[test]
    fn a_size_that_is_no_power_of_two_has_no_domain() {
        assert!(OddCoset::new(0).is_err());
        assert!(OddCoset::new(3).is_err());
        assert!(OddCoset::new(1 << 28).is_err());
    }
}
