//! Poseidon over BN254 with circomlib's parameters, constants drawn from the paper's Grain register.

use crate::error::{bad, Result};
use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, Field, PrimeField, Zero};
use std::collections::VecDeque;
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
    xs.iter()
        .map(|x| ys.iter().map(|y| (*x + y).inverse()).collect())
        .collect()
}

/// The 80-bit register in self-shrinking mode: of each pair of bits, the second counts where the first is 1.
struct Grain(VecDeque<bool>);

impl Grain {
    fn new(width: usize, partial_rounds: usize) -> Self {
        let mut state = VecDeque::with_capacity(80);
        // Prime field, x^5, field size, width, rounds; then thirty ones.
        for (value, bits) in [
            (1, 2),
            (0, 4),
            (BITS, 12),
            (width, 12),
            (FULL_ROUNDS, 10),
            (partial_rounds, 10),
        ] {
            state.extend((0..bits).rev().map(|bit| value >> bit & 1 == 1));
        }
        state.extend([true; 30]);
        let mut grain = Self(state);
        for _ in 0..160 {
            grain.step();
        }
        grain
    }

    fn step(&mut self) -> bool {
        let bit = [62, 51, 38, 23, 13, 0]
            .iter()
            .fold(false, |sum, tap| sum ^ self.0[*tap]);
        self.0.pop_front();
        self.0.push_back(bit);
        bit
    }

    /// The next 254 bits, highest first.
    fn integer(&mut self) -> BigInt<4> {
        let mut bits = Vec::with_capacity(BITS);
        while bits.len() < BITS {
            let (keep, bit) = (self.step(), self.step());
            if keep {
                bits.push(bit);
            }
        }
        BigInt::from_bits_be(&bits)
    }
}
