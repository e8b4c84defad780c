//! Eight field elements at once on AVX-512 IFMA, the 52-bit multiply-add.
//!
//! Everything vectorised takes an [`Ifma`], which only a processor that has the instructions gives out; a value made
//! from it proves that they are there. Work is written as a [`Task`] and run through [`Ifma::run`], where the
//! compiler sees the processor's features; all that happens inside must be `#[inline(always)]` to share them.

pub mod coordinate;
pub mod field;
pub mod heaps;
pub mod lanes;
pub mod limbs;
pub mod modulus;
pub mod ntt;
pub mod pairs;
pub mod passes;
pub mod points;
pub mod quadratic;
pub mod rows;
pub mod scalars;
pub mod sums;
pub mod wide;

#[cfg(test)]
mod sums_tests;
#[cfg(test)]
pub(crate) mod tests;

/// Proof that this processor has the instructions of the vector kernels.
#[derive(Clone, Copy)]
pub struct Ifma(());

/// Work for the vector unit. `run` must be `#[inline(always)]`.
pub trait Task {
    type Output;
    fn run(self, ifma: Ifma) -> Self::Output;
}

impl Ifma {
    pub fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512ifma")
            && is_x86_feature_detected!("avx512vbmi2");
        found.then_some(Self(()))
    }

    /// Runs a task compiled for the vector unit.
    #[inline]
    pub fn run<T: Task>(self, task: T) -> T::Output {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
        fn compiled<T: Task>(task: T, ifma: Ifma) -> T::Output {
            task.run(ifma)
        }
        // SAFETY: an `Ifma` exists only where `detect` has found every feature that `compiled` enables.
        #[allow(unsafe_code)]
        unsafe {
            compiled(task, self)
        }
    }

    /// The same as a call of its own: for a large piece that many places share.
    #[inline(always)]
    pub fn call<T: Task>(self, task: T) -> T::Output {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma,avx512vbmi2")]
        #[inline(never)]
        fn compiled<T: Task>(task: T, ifma: Ifma) -> T::Output {
            task.run(ifma)
        }
        // SAFETY: as above.
        #[allow(unsafe_code)]
        unsafe {
            compiled(task, self)
        }
    }
}
