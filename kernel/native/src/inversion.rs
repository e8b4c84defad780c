//! One over a coordinate or a scalar by division steps, 62 at a time: the sums of points wait for each inversion they
//! share, and a witness program divides hundreds of times, each by what came before.
//!
//! Bernstein and Yang, "Fast constant-time gcd computation and modular inversion" (2019), in variable time: a step takes
//! (f, g), f odd, to (g, (g − f)/2) or (f, (g + f)/2) or (f, g/2), so that g ends at zero and f at ±1. Which it is hangs
//! on the lowest bits only, so steps are made on single words and their matrix applied to all limbs at once. Beside them
//! go d and e with f = d·x and g = e·x modulo p, up to one factor.

use ark_bn254::{Fq, Fr};
use ark_ff::PrimeField;

/// Bits of a limb, and steps between two looks at the whole numbers.
const STEPS: u32 = 62;
const LIMB: i64 = (1 << STEPS) - 1;

/// A number in limbs of 62 bits, lowest first; the last has its sign.
type Signed = [i64; 5];

/// A prime p below 2^254, and what division steps modulo p need of it.
pub trait DivisionModulus {
    const P: Signed;

    /// R² modulo p: an inverse times this is in Montgomery form when the number was.
    const FACTOR: Signed;

    /// 1/p modulo 2^62.
    const INVERSE: i64 = {
        let (mut inverse, mut round) = (1i64, 0);
        while round < 6 {
            inverse = inverse.wrapping_mul(2i64.wrapping_sub(Self::P[0].wrapping_mul(inverse)));
            round += 1;
        }
        inverse & LIMB
    };
}

impl DivisionModulus for Fq {
    const P: Signed = split(&Fq::MODULUS.0);
    const FACTOR: Signed = split(&Fq::R2.0);
}

impl DivisionModulus for Fr {
    const P: Signed = split(&Fr::MODULUS.0);
    const FACTOR: Signed = split(&Fr::R2.0);
}

/// What 2^62 times the new numbers are: f·u + g·v and f·q + g·r. |u| + |v| and |q| + |r| are 2^62 at most.
struct Matrix {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

/// 1/x, or zero for zero, of a number below p, both in Montgomery form with R = 2^256. Takes a time that hangs on x.
pub fn inverse<M: DivisionModulus>(x: &[u64; 4]) -> [u64; 4] {
    let (mut f, mut g) = (M::P, split(x));
    let (mut d, mut e) = ([0; 5], M::FACTOR);
    let mut eta = -1;
    let mut limbs = 5;
    while g[..limbs].iter().any(|limb| *limb != 0) {
        let matrix;
        (eta, matrix) = steps(eta, f[0], g[0]);
        apply(&matrix, &mut f[..limbs], &mut g[..limbs]);
        apply_modulo::<M>(&matrix, &mut d, &mut e);
        limbs = shortened(&mut f, &mut g, limbs);
    }
    if d[4] < 0 {
        d = carried(core::array::from_fn(|i| d[i] + M::P[i]));
    }
    if f[limbs - 1] < 0 {
        d = carried(d.map(|limb| -limb));
    }
    if d[4] < 0 {
        d = carried(core::array::from_fn(|i| d[i] + M::P[i]));
    }
    join(&d)
}

/// 62 steps on the lowest limbs of f and g. `eta` is the paper's −δ.
#[inline(always)]
fn steps(mut eta: i64, f: i64, g: i64) -> (i64, Matrix) {
    let (mut f, mut g) = (f as u64, g as u64);
    let (mut u, mut v, mut q, mut r) = (1u64, 0u64, 0u64, 1u64);
    let mut left = STEPS;
    loop {
        let halvings = (g | u64::MAX << left).trailing_zeros();
        g >>= halvings;
        u <<= halvings;
        v <<= halvings;
        eta -= i64::from(halvings);
        left -= halvings;
        if left == 0 {
            break;
        }
        if eta < 0 {
            eta = -eta;
            (f, g) = (g, f.wrapping_neg());
            (u, q) = (q, u.wrapping_neg());
            (v, r) = (r, v.wrapping_neg());
        }
        // Until the next exchange only multiples of f are added: all at once, as many as clear six bits of g, for
        // f·(2 − f²) is 1/f modulo 2^6.
        let bits = (eta + 1).min(i64::from(left)).min(6);
        let inverse = f.wrapping_mul(f.wrapping_mul(f).wrapping_sub(2));
        let multiple = g.wrapping_mul(inverse) & ((1 << bits) - 1);
        g = g.wrapping_add(f.wrapping_mul(multiple));
        q = q.wrapping_add(u.wrapping_mul(multiple));
        r = r.wrapping_add(v.wrapping_mul(multiple));
    }
    let [u, v, q, r] = [u, v, q, r].map(|entry| entry as i64);
    (eta, Matrix { u, v, q, r })
}

/// (f, g) after the steps, which 2^62 divides without a rest.
#[inline(always)]
fn apply(matrix: &Matrix, f: &mut [i64], g: &mut [i64]) {
    let (mut first, mut second) = (0i128, 0i128);
    for i in 0..f.len() {
        first += wide(matrix.u, f[i]) + wide(matrix.v, g[i]);
        second += wide(matrix.q, f[i]) + wide(matrix.r, g[i]);
        if i > 0 {
            f[i - 1] = first as i64 & LIMB;
            g[i - 1] = second as i64 & LIMB;
        }
        first >>= STEPS;
        second >>= STEPS;
    }
    let last = f.len() - 1;
    f[last] = first as i64;
    g[last] = second as i64;
}

/// (d, e) after the steps, modulo p, from and to numbers above −2p and below p.
///
/// A negative one counts p more, which leaves it between −p and p; so is the new one then, and less than p goes off it
/// to make it divisible.
#[inline(always)]
fn apply_modulo<M: DivisionModulus>(matrix: &Matrix, d: &mut Signed, e: &mut Signed) {
    let (below_d, below_e) = (d[4] >> 63, e[4] >> 63);
    let mut multiples = [
        (matrix.u & below_d) + (matrix.v & below_e),
        (matrix.q & below_d) + (matrix.r & below_e),
    ];
    let mut first = wide(matrix.u, d[0]) + wide(matrix.v, e[0]);
    let mut second = wide(matrix.q, d[0]) + wide(matrix.r, e[0]);
    for (multiple, low) in multiples.iter_mut().zip([first, second]) {
        *multiple -= M::INVERSE.wrapping_mul(low as i64).wrapping_add(*multiple) & LIMB;
    }
    first += wide(M::P[0], multiples[0]);
    second += wide(M::P[0], multiples[1]);
    for i in 1..5 {
        first = (first >> STEPS) + wide(matrix.u, d[i]) + wide(matrix.v, e[i]) + wide(M::P[i], multiples[0]);
        second = (second >> STEPS) + wide(matrix.q, d[i]) + wide(matrix.r, e[i]) + wide(M::P[i], multiples[1]);
        d[i - 1] = first as i64 & LIMB;
        e[i - 1] = second as i64 & LIMB;
    }
    d[4] = (first >> STEPS) as i64;
    e[4] = (second >> STEPS) as i64;
}

/// The limbs that f and g need: one less when the last of both is only a sign, which the one before then takes.
#[inline(always)]
fn shortened(f: &mut Signed, g: &mut Signed, limbs: usize) -> usize {
    let last = limbs - 1;
    let sign = |number: &Signed| number[last] == number[last] >> 63;
    if last == 0 || !sign(f) || !sign(g) {
        return limbs;
    }
    for number in [f, g] {
        number[last - 1] |= number[last] << STEPS;
    }
    last
}

#[inline(always)]
fn wide(left: i64, right: i64) -> i128 {
    i128::from(left) * i128::from(right)
}

/// The same number, all limbs but the last in their range.
fn carried(mut number: Signed) -> Signed {
    for i in 0..4 {
        number[i + 1] += number[i] >> STEPS;
        number[i] &= LIMB;
    }
    number
}

const fn split(words: &[u64; 4]) -> Signed {
    let [a, b, c, d] = *words;
    let limbs = [a, a >> 62 | b << 2, b >> 60 | c << 4, c >> 58 | d << 6, d >> 56];
    let mask = LIMB as u64;
    [
        (limbs[0] & mask) as i64,
        (limbs[1] & mask) as i64,
        (limbs[2] & mask) as i64,
        (limbs[3] & mask) as i64,
        limbs[4] as i64,
    ]
}

fn join(number: &Signed) -> [u64; 4] {
    let [a, b, c, d, e] = number.map(|limb| limb as u64);
    [a | b << 62, b >> 2 | c << 60, c >> 4 | d << 58, d >> 6 | e << 56]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::{AdditiveGroup, BigInt, BigInteger, Field};

    /// Of the number as coordinate and as scalar.
    fn agrees(x: BigInt<4>) {
        if x < Fq::MODULUS {
            let x = Fq::new_unchecked(x);
            let wanted = x.inverse().unwrap_or(Fq::ZERO);
            assert_eq!(inverse::<Fq>(&x.0 .0), wanted.0 .0, "{x}");
        }
        if x < Fr::MODULUS {
            let x = Fr::new_unchecked(x);
            let wanted = x.inverse().unwrap_or(Fr::ZERO);
            assert_eq!(inverse::<Fr>(&x.0 .0), wanted.0 .0, "{x}");
        }
    }

    /// Both as numbers and as they are kept: what stands in memory decides the steps.
    #[test]
    fn ends_of_the_range_have_their_inverses() {
        let mut ends: Vec<BigInt<4>> = (0..300u64).map(BigInt::from).collect();
        for power in 0..254 {
            let mut number = BigInt::from(1u64) << power;
            ends.push(number);
            number.sub_with_borrow(&BigInt::from(1u64));
            ends.push(number);
        }
        for number in ends.clone() {
            for mut opposite in [Fq::MODULUS, Fr::MODULUS] {
                if !opposite.sub_with_borrow(&number) {
                    ends.push(opposite);
                }
            }
        }
        for number in ends {
            agrees(number);
            agrees(Fq::new(number).0);
            agrees(Fr::new(number).0);
        }
    }

    /// Numbers of a sequence that ZKMARGIN_SEED starts elsewhere.
    #[test]
    fn random_numbers_have_their_inverses() {
        let count = match std::env::var("ZKMARGIN_ASSURANCE") {
            Ok(depth) if depth == "long" => 100_000,
            _ => 10_000,
        };
        let seed = std::env::var("ZKMARGIN_SEED").ok().and_then(|seed| seed.parse().ok());
        let mut x = Fq::from(seed.unwrap_or(7u64));
        for _ in 0..count {
            x = x.square() + Fq::from(3u64);
            agrees(x.0);
            agrees(Fr::from(x.into_bigint()).0);
        }
    }
}
