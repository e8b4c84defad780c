//! Points kept for many sums, and scalars made ready once for several, each in the form of the kernel's path.

use crate::error::Result;
use crate::msm::msm;
use crate::path::{path, Path};
#[cfg(target_arch = "x86_64")]
use crate::recoding::Recoding;
#[cfg(target_arch = "x86_64")]
use crate::vector::{points::PreparedPoints, sums, Ifma};
#[cfg(not(target_arch = "x86_64"))]
use ark_bn254::Fr;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ff::BigInt;
use std::sync::atomic::AtomicBool;

#[cfg(target_arch = "x86_64")]
pub use crate::vector::points::VectorCurve as Group;

/// Without vector instructions any group will do.
#[cfg(not(target_arch = "x86_64"))]
pub trait Group: ark_ec::short_weierstrass::SWCurveConfig<ScalarField = Fr> {}

#[cfg(not(target_arch = "x86_64"))]
impl<P: ark_ec::short_weierstrass::SWCurveConfig<ScalarField = Fr>> Group for P {}

/// Points of the subgroup, none at infinity.
pub enum Bases<P: Group> {
    Portable(Vec<Affine<P>>),
    #[cfg(target_arch = "x86_64")]
    Ifma(Ifma, Vec<u64>),
}

/// Scalars, recoded once for every sum.
pub enum Scalars {
    Portable(Vec<BigInt<4>>),
    #[cfg(target_arch = "x86_64")]
    Ifma(Recoding),
}

impl<P: Group> Bases<P> {
    pub fn new(points: Vec<Affine<P>>) -> Self {
        match path() {
            Path::Portable => Self::Portable(points),
            #[cfg(target_arch = "x86_64")]
            Path::Ifma(ifma) => Self::Ifma(ifma, PreparedPoints::words(&points)),
        }
    }

    /// Σ scalars[wires[i]]·point[i]
    pub fn sum(&self, wires: &[u32], scalars: &Scalars, cancel: &AtomicBool) -> Result<Projective<P>> {
        match (self, scalars) {
            (Self::Portable(points), Scalars::Portable(scalars)) => {
                let chosen: Vec<_> = wires.iter().map(|wire| scalars[*wire as usize]).collect();
                msm(points, &chosen, cancel)
            }
            #[cfg(target_arch = "x86_64")]
            (Self::Ifma(ifma, words), Scalars::Ifma(recoding)) => {
                let points = PreparedPoints::new(words);
                let terms = sums::Terms {
                    points,
                    wires,
                    recoding,
                };
                sums::sum(*ifma, terms, cancel)
            }
            #[cfg(target_arch = "x86_64")]
            _ => unreachable!("the path is settled once for the process"),
        }
    }
}

impl Scalars {
    pub fn new(plain: Vec<BigInt<4>>) -> Self {
        match path() {
            Path::Portable => Self::Portable(plain),
            #[cfg(target_arch = "x86_64")]
            Path::Ifma(_) => Self::Ifma(Recoding::new(&plain)),
        }
    }
}
