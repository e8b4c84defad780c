//! Words that begin at a cache line, so that no record of 64 bytes straddles two: additions would take twice as long.

use core::ops::{Deref, DerefMut};

const LINE: usize = 64;

/// A run of words at a cache line.
#[derive(Default)]
pub struct Aligned {
    words: Vec<u64>,
    start: usize,
    length: usize,
}

impl Aligned {
    pub fn zeroed(length: usize) -> Self {
        let mut aligned = Self::default();
        aligned.resize(length);
        aligned
    }

    /// Makes this `length` words, with whatever they held before.
    pub fn resize(&mut self, length: usize) {
        let needed = length + LINE / 8;
        if self.words.len() < needed {
            self.words = vec![0; needed];
            self.start = self.words.as_ptr().align_offset(LINE).min(LINE / 8);
        }
        self.length = length;
    }
}

impl Deref for Aligned {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        &self.words[self.start..self.start + self.length]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [u64] {
        &mut self.words[self.start..self.start + self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_at_a_line_however_often_they_grow() {
        let mut words = Aligned::default();
        for length in [0, 1, 8, 5, 1000, 20_000, 3] {
            words.resize(length);
            assert_eq!((words.len(), words.as_ptr() as usize % LINE), (length, 0));
            words.fill(7);
        }
        assert!(Aligned::zeroed(9).iter().all(|word| *word == 0));
    }
}
