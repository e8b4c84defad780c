//! The memory of proofs, kept from one to the next.
//!
//! Blocks of some megabytes are taken and given back at every stage. The C library maps each from the system anew, and
//! page by page that costs a twentieth of a proof of 2^16 rows. It stops once it has seen a block as large given back.

use std::hint::black_box;
use std::sync::Once;

/// The largest block that glibc learns from (mallopt(3), M_MMAP_THRESHOLD), less its own header.
const LARGEST: usize = (32 << 20) - (64 << 10);

/// Has the C library keep blocks of up to 32 MiB for the next who asks. Nothing of the block is touched.
pub fn keep_blocks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(black_box(Vec::<u8>::with_capacity(LARGEST))));
}
