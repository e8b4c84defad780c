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

/// Poseidon of 1 to 16 inputs: the permutation of (0, inputs), whose first element is the hash.
pub fn poseidon(inputs: &[Fr]) -> Result<Fr> {
    if inputs.is_empty() || inputs.len() > PARTIAL_ROUNDS.len() {
        return Err(bad(format!("Poseidon takes 1 to 16 inputs, not {}", inputs.len())));
    }
    let mut state = vec![Fr::zero()];
    state.extend(inputs);
    Ok(permutation(state)?[0])
}

/// Poseidon's permutation of a state of 2 to 17 elements.
pub fn permutation(mut state: Vec<Fr>) -> Result<Vec<Fr>> {
    let width = state.len();
    if width < 2 || width > PARTIAL_ROUNDS.len() + 1 {
        return Err(bad(format!("Poseidon permutes 2 to 17 elements, not {width}")));
    }
    let parameters = parameters(width);
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
    Ok(state)
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
/// Held as an integer, the oldest bit lowest. The newest bit that the next one depends on is 62, so sixteen bits follow
/// from the register at once; the constants of one width take two million.
struct Grain {
    state: u128,
    /// Bits that count and are not yet used, the first highest.
    kept: u128,
    count: u32,
}

const STRIDE: u32 = 16;

/// For each byte of the register, its first bit lowest: how many of its bits count, and these, the first highest.
const COUNTED: [(u32, u128); 256] = {
    let mut table = [(0, 0); 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut count, mut bits, mut pair) = (0, 0, 0);
        while pair < 4 {
            if byte >> (2 * pair) & 1 == 1 {
                count += 1;
                bits = bits << 1 | (byte >> (2 * pair + 1) & 1) as u128;
            }
            pair += 1;
        }
        table[byte] = (count, bits);
        byte += 1;
    }
    table
};

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
        let mut grain = Self {
            state: bits.iter().rev().fold(0, |state, bit| state << 1 | u128::from(*bit)),
            kept: 0,
            count: 0,
        };
        for _ in 0..160 / STRIDE {
            grain.step();
        }
        grain
    }

    /// The register's next bits, the first lowest.
    fn step(&mut self) -> [u8; 2] {
        let state = self.state;
        let sum = state ^ state >> 13 ^ state >> 23 ^ state >> 38 ^ state >> 51 ^ state >> 62;
        let bits = sum as u16;
        self.state = state >> STRIDE | u128::from(bits) << (80 - STRIDE);
        bits.to_le_bytes()
    }

    /// The next `wanted` bits that count, up to 64.
    fn bits(&mut self, wanted: u32) -> u64 {
        while self.count < wanted {
            for byte in self.step() {
                let (count, bits) = COUNTED[usize::from(byte)];
                self.kept = self.kept << count | bits;
                self.count += count;
            }
        }
        self.count -= wanted;
        let out = self.kept >> self.count;
        self.kept &= (1 << self.count) - 1;
        out as u64
    }

    /// The next 254 bits, highest first.
    fn integer(&mut self) -> BigInt<4> {
        let highest = self.bits(BITS as u32 - 192);
        let [third, second, first] = [self.bits(64), self.bits(64), self.bits(64)];
        BigInt([first, second, third, highest])
    }
}
