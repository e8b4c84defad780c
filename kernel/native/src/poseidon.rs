//! Poseidon over BN254 with circomlib's parameters, constants drawn from the paper's Grain register.

use crate::error::{bad, Result};
use ark_bn254::Fr;
use ark_ff::{batch_inversion, BigInt, BigInteger, Field, PrimeField, Zero};
use std::sync::OnceLock;

const FULL_ROUNDS: usize = 8;
const PARTIAL_ROUNDS: [usize; 16] = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];
const BITS: usize = 254;

struct Parameters {
    partial_rounds: usize,
    constants: Vec<Fr>,
    mds: Vec<Vec<Fr>>,
}

/// Poseidon of 1 to 16 inputs: the state starts as (0, inputs), its first element is the hash.
pub fn poseidon(inputs: &[Fr]) -> Result<Fr> {
    if inputs.is_empty() || inputs.len() > PARTIAL_ROUNDS.len() {
        return Err(bad(format!("Poseidon takes 1 to 16 inputs, not {}", inputs.len())));
    }
    let parameters = parameters(inputs.len() + 1);
    let mut state = vec![Fr::zero()];
    state.extend(inputs);
    let width = state.len();
    let mut mixed = vec![Fr::zero(); width];
    for (round, constants) in parameters.constants.chunks_exact(width).enumerate() {
        for (value, constant) in state.iter_mut().zip(constants) {
            *value += constant;
        }
        let half = FULL_ROUNDS / 2;
        let partial = (half..half + parameters.partial_rounds).contains(&round);
        for value in state.iter_mut().take(if partial { 1 } else { width }) {
            *value *= value.square().square();
        }
        for (value, row) in mixed.iter_mut().zip(&parameters.mds) {
            *value = row.iter().zip(&state).map(|(factor, value)| *factor * value).sum();
        }
        std::mem::swap(&mut state, &mut mixed);
    }
    Ok(state[0])
}

fn parameters(width: usize) -> &'static Parameters {
    static CACHE: [OnceLock<Parameters>; 18] = [const { OnceLock::new() }; 18];
    CACHE[width].get_or_init(|| draw(width))
}

fn draw(width: usize) -> Parameters {
    let partial_rounds = PARTIAL_ROUNDS[width - 2];
    let mut grain = Grain::new(width, partial_rounds);
    let count = width * (FULL_ROUNDS + partial_rounds);
    let mut constants = Vec::with_capacity(count);
    while constants.len() < count {
        let value = grain.integer();
        if value < Fr::MODULUS {
            constants.push(Fr::new(value));
        }
    }
    loop {
        // The matrix draws reduce instead of rejecting, as the paper's script does.
        let points: Vec<Fr> = (0..2 * width)
            .map(|_| Fr::from_le_bytes_mod_order(&grain.integer().to_bytes_le()))
            .collect();
        if let Some(mds) = cauchy(&points[..width], &points[width..]) {
            return Parameters {
                partial_rounds,
                constants,
                mds,
            };
        }
    }
}

/// M_ij = 1 / (x_i + y_j), when all points differ and no sum is zero.
fn cauchy(xs: &[Fr], ys: &[Fr]) -> Option<Vec<Vec<Fr>>> {
    let all: Vec<&Fr> = xs.iter().chain(ys).collect();
    let distinct = all.iter().enumerate().all(|(i, point)| !all[..i].contains(point));
    if !distinct {
        return None;
    }
    let mut entries: Vec<Fr> = xs.iter().flat_map(|x| ys.iter().map(move |y| *x + y)).collect();
    if entries.iter().any(Fr::is_zero) {
        return None;
    }
    batch_inversion(&mut entries);
    Some(entries.chunks_exact(ys.len()).map(<[Fr]>::to_vec).collect())
}

/// The 80-bit register in self-shrinking mode: of each pair of bits, the second counts where the first is 1.
///
/// Held as an integer, the oldest bit lowest. The newest bit that the next one depends on is 62, so 18 bits follow
/// from the register at once; the constants of one width take half a million.
struct Grain {
    state: u128,
    /// Bits drawn and not yet looked at, the first lowest.
    drawn: u128,
    left: u32,
}

/// An even number, so that pairs stay together.
const STRIDE: u32 = 18;

impl Grain {
    fn new(width: usize, partial_rounds: usize) -> Self {
        let mut bits = Vec::with_capacity(80);
        // Prime field, x^5, field size, width, rounds; then thirty ones.
        for (value, count) in [
            (1, 2),
            (0, 4),
            (BITS, 12),
            (width, 12),
            (FULL_ROUNDS, 10),
            (partial_rounds, 10),
        ] {
            bits.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        }
        bits.extend([true; 30]);
        let state = bits.iter().rev().fold(0, |state, bit| state << 1 | u128::from(*bit));
        let mut grain = Self {
            state,
            drawn: 0,
            left: 0,
        };
        // 160 bits are thrown away: eight strides and sixteen bits of the ninth.
        for _ in 0..9 {
            grain.drawn = grain.step();
        }
        grain.drawn >>= 16;
        grain.left = STRIDE - 16;
        grain
    }

    /// The register's next bits, the first lowest.
    fn step(&mut self) -> u128 {
        let sum = [62, 51, 38, 23, 13, 0]
            .iter()
            .fold(0, |sum, tap| sum ^ self.state >> tap);
        let bits = sum & ((1 << STRIDE) - 1);
        self.state = self.state >> STRIDE | bits << (80 - STRIDE);
        bits
    }

    fn pair(&mut self) -> (bool, bool) {
        if self.left == 0 {
            self.drawn = self.step();
            self.left = STRIDE;
        }
        let pair = (self.drawn & 1 == 1, self.drawn & 2 == 2);
        self.drawn >>= 2;
        self.left -= 2;
        pair
    }

    /// The next 254 bits, highest first.
    fn integer(&mut self) -> BigInt<4> {
        let mut limbs = [0u64; 4];
        let mut missing = BITS;
        while missing > 0 {
            let (keep, bit) = self.pair();
            if keep {
                missing -= 1;
                limbs[missing / 64] |= u64::from(bit) << (missing % 64);
            }
        }
        BigInt(limbs)
    }
}
