//! Words that are either the process's own or a file's, as the operating system maps it.

#[cfg(target_arch = "x86_64")]
use crate::aligned::Aligned;
use memmap2::Mmap;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A file in memory, read-only and private to the process.
pub struct Map(Mmap);

impl Map {
    /// Maps an open file, which may be closed afterwards.
    #[cfg(unix)]
    #[allow(unsafe_code)]
    pub fn of_descriptor(descriptor: i32) -> std::io::Result<Self> {
        // SAFETY: a mapped file must not change under its reader. What is mapped here is a cache, which is only ever
        // replaced under its name and never written to, and a key beside it; a program of the same user that cuts
        // one short while it is read ends this process with a bus error, as it could by a signal. Every word is an
        // integer, and what it leads to is checked where it is used, so that no content breaks memory's rules.
        unsafe { Mmap::map(descriptor) }.map(Self)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The file as words, without bytes that do not fill one. A mapping starts at a page.
    #[allow(unsafe_code)]
    pub fn words(&self) -> &[u64] {
        // SAFETY: any eight bytes are a word, and `align_to` leaves out what is not aligned.
        let (_, words, _) = unsafe { self.0.align_to::<u64>() };
        words
    }
}

/// Words, wherever they stand.
pub enum Words {
    Owned(Vec<u64>),
    #[cfg(target_arch = "x86_64")]
    Aligned(Aligned),
    Mapped(Arc<Map>, Range<usize>),
}

impl Deref for Words {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        match self {
            Self::Owned(words) => words,
            #[cfg(target_arch = "x86_64")]
            Self::Aligned(words) => words,
            Self::Mapped(map, range) => &map.words()[range.clone()],
        }
    }
}
