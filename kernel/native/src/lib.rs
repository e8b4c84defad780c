//! The native kernel of zkmargin: BN254, Poseidon and Groth16 on arkworks, seen from Python as bytes.
//!
//! Elements are 32 little-endian bytes, points their coordinates, infinity zeros; `zkmargin.kernel` turns
//! them into integers.

#[cfg(target_arch = "x86_64")]
mod aligned;
mod arithmetic;
mod bases;
mod batch;
mod bindings;
mod buckets;
mod ceremony_bindings;
mod contribution;
mod coordinate;
mod encoding;
mod error;
mod heap;
mod interrupt;
mod inversion;
mod limbs;
mod map;
mod matrix;
mod msm;
mod ntt;
mod passes;
mod path;
mod phase2;
mod portable;
mod poseidon;
mod prepared;
mod program;
mod prove;
mod ptau;
mod quarters;
mod r1cs;
mod recoding;
mod sampling;
mod sections;
mod setup;
mod tables;
mod transcript;
mod transform;
#[cfg(target_arch = "x86_64")]
pub mod vector;
mod verifying_key;
mod words;
mod zkey;

/// What `benches/` times and reads files with; nothing else links this library from Rust.
pub mod parts {
    pub use crate::bases::{Bases, Group, Scalars};
    pub use crate::encoding::{read_element, read_points, read_scalars, write_element, write_point, Form, PointBytes};
    pub use crate::ntt::{odd_shift, transform};
    pub use crate::sections::Sections;
    pub use crate::zkey::{ProvingKey, Query};
}

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    bindings::register(module)?;
    ceremony_bindings::register(module)
}
