//! Eight 64-bit words and the instructions on them.

#![allow(unsafe_code)]

use super::Ifma;
use core::arch::x86_64::*;
use core::ops::{Add, Sub};

/// Eight words. They come from an [`Ifma`] or from other lanes, so where they exist, the instructions do.
#[derive(Clone, Copy)]
pub struct Lanes(__m512i);

/// One bit a lane.
pub type Mask = u8;

/// The one door to the intrinsics.
macro_rules! intrinsic {
    ($call:expr) => {
        // SAFETY: every caller holds `Lanes` or an `Ifma`, and these exist only where `Ifma::detect` has found
        // the instructions; none of the calls touches memory except through a reference to as many bytes.
        unsafe { $call }
    };
}

impl Lanes {
    #[inline(always)]
    pub fn splat(_: Ifma, word: u64) -> Self {
        Self(intrinsic!(_mm512_set1_epi64(word as i64)))
    }

    #[inline(always)]
    pub fn load(_: Ifma, words: &[u64; 8]) -> Self {
        Self(intrinsic!(_mm512_loadu_si512(words.as_ptr().cast())))
    }

    /// Four words of each of eight rows: lane i of output j is word j of row i.
    #[inline(always)]
    pub fn load_fours(_: Ifma, rows: [&[u64; 4]; 8]) -> [Self; 4] {
        intrinsic!({
            let half = |row: &[u64; 4]| _mm256_loadu_si256(row.as_ptr().cast());
            let both = |low, high| _mm512_inserti64x4::<1>(_mm512_castsi256_si512(half(low)), half(high));
            let (r04, r15) = (both(rows[0], rows[4]), both(rows[1], rows[5]));
            let (r26, r37) = (both(rows[2], rows[6]), both(rows[3], rows[7]));
            let (even01, odd01) = (_mm512_unpacklo_epi64(r04, r15), _mm512_unpackhi_epi64(r04, r15));
            let (even23, odd23) = (_mm512_unpacklo_epi64(r26, r37), _mm512_unpackhi_epi64(r26, r37));
            let first = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
            let second = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
            [
                Self(_mm512_permutex2var_epi64(even01, first, even23)),
                Self(_mm512_permutex2var_epi64(odd01, first, odd23)),
                Self(_mm512_permutex2var_epi64(even01, second, even23)),
                Self(_mm512_permutex2var_epi64(odd01, second, odd23)),
            ]
        })
    }

    #[inline(always)]
    pub fn words(self) -> [u64; 8] {
        let mut words = [0; 8];
        self.store(&mut words);
        words
    }

    #[inline(always)]
    pub fn store(self, words: &mut [u64; 8]) {
        intrinsic!(_mm512_storeu_si512(words.as_mut_ptr().cast(), self.0));
    }

    #[inline(always)]
    pub fn and(self, other: Self) -> Self {
        Self(intrinsic!(_mm512_and_si512(self.0, other.0)))
    }

    #[inline(always)]
    pub fn or(self, other: Self) -> Self {
        Self(intrinsic!(_mm512_or_si512(self.0, other.0)))
    }

    #[inline(always)]
    pub fn shift_left<const BITS: u32>(self) -> Self {
        Self(intrinsic!(_mm512_slli_epi64::<BITS>(self.0)))
    }

    #[inline(always)]
    pub fn shift_right<const BITS: u32>(self) -> Self {
        Self(intrinsic!(_mm512_srli_epi64::<BITS>(self.0)))
    }

    /// Shifts right what `above` and `self` are side by side: the low bits of `above` fill up.
    #[inline(always)]
    pub fn shift_right_pair<const BITS: i32>(self, above: Self) -> Self {
        Self(intrinsic!(_mm512_shrdi_epi64::<BITS>(self.0, above.0)))
    }

    /// Shifts signed words: the sign fills up.
    #[inline(always)]
    pub fn shift_right_signed<const BITS: u32>(self) -> Self {
        Self(intrinsic!(_mm512_srai_epi64::<BITS>(self.0)))
    }

    #[inline(always)]
    pub fn max_signed(self, other: Self) -> Self {
        Self(intrinsic!(_mm512_max_epi64(self.0, other.0)))
    }

    /// `self` + the low 52 bits of `a`·`b`, each factor's low 52 bits counting.
    #[inline(always)]
    pub fn add_low(self, a: Self, b: Self) -> Self {
        Self(intrinsic!(_mm512_madd52lo_epu64(self.0, a.0, b.0)))
    }

    /// `self` + bits 52 to 103 of `a`·`b`, each factor's low 52 bits counting.
    #[inline(always)]
    pub fn add_high(self, a: Self, b: Self) -> Self {
        Self(intrinsic!(_mm512_madd52hi_epu64(self.0, a.0, b.0)))
    }

    /// `self`[index[i]] in lane i, of each index its low three bits.
    #[inline(always)]
    pub fn pick(self, index: Self) -> Self {
        Self(intrinsic!(_mm512_permutexvar_epi64(index.0, self.0)))
    }

    /// `other` where the mask has a one.
    #[inline(always)]
    pub fn select(self, mask: Mask, other: Self) -> Self {
        Self(intrinsic!(_mm512_mask_blend_epi64(mask, self.0, other.0)))
    }

    #[inline(always)]
    pub fn equal(self, other: Self) -> Mask {
        intrinsic!(_mm512_cmpeq_epi64_mask(self.0, other.0))
    }

    /// Lanes below zero, as signed words.
    #[inline(always)]
    pub fn negative(self) -> Mask {
        intrinsic!(_mm512_movepi64_mask(self.0))
    }

    /// Lane i of output j is lane j of input i.
    #[inline(always)]
    pub fn transpose(rows: [Self; 8]) -> [Self; 8] {
        intrinsic!({
            let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
            let r = [r0.0, r1.0, r2.0, r3.0, r4.0, r5.0, r6.0, r7.0];
            let (a0, a1) = (_mm512_unpacklo_epi64(r[0], r[1]), _mm512_unpackhi_epi64(r[0], r[1]));
            let (a2, a3) = (_mm512_unpacklo_epi64(r[2], r[3]), _mm512_unpackhi_epi64(r[2], r[3]));
            let (a4, a5) = (_mm512_unpacklo_epi64(r[4], r[5]), _mm512_unpackhi_epi64(r[4], r[5]));
            let (a6, a7) = (_mm512_unpacklo_epi64(r[6], r[7]), _mm512_unpackhi_epi64(r[6], r[7]));
            // Blocks of two words: 0x88 takes the even blocks of both, 0xdd the odd ones.
            let (b0, b4) = (
                _mm512_shuffle_i64x2::<0x88>(a0, a2),
                _mm512_shuffle_i64x2::<0xdd>(a0, a2),
            );
            let (b1, b5) = (
                _mm512_shuffle_i64x2::<0x88>(a1, a3),
                _mm512_shuffle_i64x2::<0xdd>(a1, a3),
            );
            let (b2, b6) = (
                _mm512_shuffle_i64x2::<0x88>(a4, a6),
                _mm512_shuffle_i64x2::<0xdd>(a4, a6),
            );
            let (b3, b7) = (
                _mm512_shuffle_i64x2::<0x88>(a5, a7),
                _mm512_shuffle_i64x2::<0xdd>(a5, a7),
            );
            [
                Self(_mm512_shuffle_i64x2::<0x88>(b0, b2)),
                Self(_mm512_shuffle_i64x2::<0x88>(b1, b3)),
                Self(_mm512_shuffle_i64x2::<0x88>(b4, b6)),
                Self(_mm512_shuffle_i64x2::<0x88>(b5, b7)),
                Self(_mm512_shuffle_i64x2::<0xdd>(b0, b2)),
                Self(_mm512_shuffle_i64x2::<0xdd>(b1, b3)),
                Self(_mm512_shuffle_i64x2::<0xdd>(b4, b6)),
                Self(_mm512_shuffle_i64x2::<0xdd>(b5, b7)),
            ]
        })
    }
}

/// Lanes whose number is odd.
#[inline(always)]
pub fn odd(_: Ifma, numbers: &[u32; 8]) -> Mask {
    intrinsic!(_mm256_test_epi32_mask(
        _mm256_loadu_si256(numbers.as_ptr().cast()),
        _mm256_set1_epi32(1)
    ))
}

/// Asks for a cache line that will be read soon.
#[inline(always)]
pub fn prefetch<T>(_: Ifma, place: &T) {
    intrinsic!(_mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(place).cast()));
}

impl Add for Lanes {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(intrinsic!(_mm512_add_epi64(self.0, other.0)))
    }
}

impl Sub for Lanes {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(intrinsic!(_mm512_sub_epi64(self.0, other.0)))
    }
}
