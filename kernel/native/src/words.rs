//! Whole numbers as 64-bit words, lowest first: products, sums and differences that are not reduced.
//!
//! A product is four rows, each a number times one word. Written so, a row is four multiplications and one chain of
//! carries, which is what compilers make the processor's own carries of.

use core::hint::select_unpredictable;

pub type Words = [u64; 4];

/// A product of two, or a sum of such products.
pub type Double = [u64; 8];

/// The sum modulo 2^(64·N), and whether it is more than that.
#[inline(always)]
pub fn add<const N: usize>(left: &[u64; N], right: &[u64; N]) -> ([u64; N], bool) {
    let (mut out, mut carry) = ([0; N], false);
    for i in 0..N {
        (out[i], carry) = add_words(left[i], right[i], carry);
    }
    (out, carry)
}

/// The difference modulo 2^(64·N), and whether it is below zero.
#[inline(always)]
pub fn sub<const N: usize>(left: &[u64; N], right: &[u64; N]) -> ([u64; N], bool) {
    let (mut out, mut borrow) = ([0; N], false);
    for i in 0..N {
        let (once, first) = left[i].overflowing_sub(right[i]);
        let (twice, second) = once.overflowing_sub(u64::from(borrow));
        (out[i], borrow) = (twice, first | second);
    }
    (out, borrow)
}

/// Whether the numbers are the same, found word by word: compared in wider pieces, they would have to be in memory.
#[inline(always)]
pub fn same(left: &Words, right: &Words) -> bool {
    let mut apart = 0;
    for i in 0..4 {
        apart |= left[i] ^ right[i];
    }
    apart == 0
}

/// The number if it is wanted, zero otherwise, without a branch.
#[inline(always)]
pub fn only_if<const N: usize>(wanted: bool, number: &[u64; N]) -> [u64; N] {
    let (mut out, mask) = ([0; N], u64::from(wanted).wrapping_neg());
    for i in 0..N {
        out[i] = number[i] & mask;
    }
    out
}

/// One of two numbers, without a branch: which one is as good as random.
#[inline(always)]
pub fn either(first: bool, numbers: [&Words; 2]) -> Words {
    let mut out = [0; 4];
    for i in 0..4 {
        out[i] = select_unpredictable(first, numbers[0][i], numbers[1][i]);
    }
    out
}

#[inline(always)]
fn add_words(left: u64, right: u64, carry: bool) -> (u64, bool) {
    let (once, first) = left.overflowing_add(right);
    let (twice, second) = once.overflowing_add(u64::from(carry));
    (twice, first | second)
}

#[inline(always)]
fn wide(left: u64, right: u64) -> (u64, u64) {
    let product = u128::from(left) * u128::from(right);
    (product as u64, (product >> 64) as u64)
}

/// number·word
#[inline(always)]
pub fn row(number: &Words, word: u64) -> [u64; 5] {
    let (mut low, mut high) = ([0; 5], [0; 5]);
    for i in 0..4 {
        (low[i], high[i + 1]) = wide(number[i], word);
    }
    add(&low, &high).0
}

#[inline(always)]
pub fn product(left: &Words, right: &Words) -> Double {
    let [a, upper @ ..] = row(left, right[0]);
    let (b, upper) = next(&upper, left, right[1]);
    let (c, upper) = next(&upper, left, right[2]);
    let (d, [e, f, g, h]) = next(&upper, left, right[3]);
    [a, b, c, d, e, f, g, h]
}

/// upper + left·word: its lowest word, and those above.
#[inline(always)]
fn next(upper: &Words, left: &Words, word: u64) -> (u64, Words) {
    let [a, b, c, d] = *upper;
    let ([lowest, rest @ ..], _) = add(&[a, b, c, d, 0], &row(left, word));
    (lowest, rest)
}

/// The products of different words count twice: ten multiplications instead of sixteen.
#[inline(always)]
pub fn square(number: &Words) -> Double {
    let [a, b, c, d] = *number;
    let [ab, ac, ad] = [wide(a, b), wide(a, c), wide(a, d)];
    let [bc, bd, cd] = [wide(b, c), wide(b, d), wide(c, d)];
    let (mixed, _) = add(&[ab.0, ac.0, ad.0, bd.0, cd.0, cd.1], &[0, ab.1, ac.1, ad.1, bd.1, 0]);
    let ([e, f, g, h, i, j], _) = add(&mixed, &[0, 0, bc.0, bc.1, 0, 0]);
    let mixed = [0, e, f, g, h, i, j, 0];
    let mut twice = [0; 8];
    for i in 1..8 {
        twice[i] = mixed[i] << 1 | mixed[i - 1] >> 63;
    }
    let [a, b, c, d] = [wide(a, a), wide(b, b), wide(c, c), wide(d, d)];
    add(&twice, &[a.0, a.1, b.0, b.1, c.0, c.1, d.0, d.1]).0
}
