//! What ceremonies derive from hashes: iden3's ChaCha20 stream, elements and points drawn from it, and their hashing.
//!
//! The stream and what is drawn for a contributor are secret: both are wiped when dropped.

use crate::encoding::{Coordinate, Form};
use crate::error::{Fault, Result};
use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::AffineRepr;
use ark_ff::{BigInt, Field, Fp, FpConfig, MontBackend, MontConfig, PrimeField, Zero};
use blake2::{Blake2b512, Digest};
use zeroize::Zeroize;

pub type Hash = [u8; 64];

/// ChaCha20 with a zero nonce: its key comes as eight big-endian words, its output is read word by word.
pub struct Stream {
    state: [u32; 16],
    block: [u32; 16],
    next: usize,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.state.zeroize();
        self.block.zeroize();
    }
}

impl Stream {
    pub fn new(key: &[u8; 32]) -> Self {
        let mut state = [0; 16];
        state[..4].copy_from_slice(&[0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
        for (word, bytes) in state[4..12].iter_mut().zip(key.chunks_exact(4)) {
            *word = bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
        }
        Self {
            state,
            block: [0; 16],
            next: 16,
        }
    }

    /// A stream keyed by the first half of a hash.
    pub fn from_hash(hash: &Hash) -> Self {
        let mut key = [0; 32];
        key.copy_from_slice(&hash[..32]);
        let stream = Self::new(&key);
        key.zeroize();
        stream
    }

    /// A stream nobody can foresee.
    pub fn unforeseen() -> Result<Self> {
        let mut key = [0; 32];
        entropy(&mut key)?;
        let stream = Self::new(&key);
        key.zeroize();
        Ok(stream)
    }

    fn word(&mut self) -> u32 {
        if self.next == 16 {
            self.refill();
        }
        self.next += 1;
        self.block[self.next - 1]
    }

    fn refill(&mut self) {
        self.block = self.state;
        for _ in 0..10 {
            for [a, b, c, d] in [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]] {
                quarter(&mut self.block, a, b, c, d);
            }
            for [a, b, c, d] in [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]] {
                quarter(&mut self.block, a, b, c, d);
            }
        }
        for (word, start) in self.block.iter_mut().zip(self.state) {
            *word = word.wrapping_add(start);
        }
        let counter = (u64::from(self.state[13]) << 32 | u64::from(self.state[12])).wrapping_add(1);
        self.state[12] = counter as u32;
        self.state[13] = (counter >> 32) as u32;
        self.next = 0;
    }

    fn long(&mut self) -> u64 {
        u64::from(self.word()) << 32 | u64::from(self.word())
    }

    /// An element whose *stored* integer, Montgomery's, is uniform below the modulus.
    pub fn element<T: MontConfig<4>>(&mut self) -> Fp<MontBackend<T, 4>, 4>
    where
        MontBackend<T, 4>: FpConfig<4>,
    {
        loop {
            let mut limbs = [0; 4].map(|_: u64| self.long());
            limbs[3] &= (1 << 62) - 1; // both moduli have 254 bits
            if BigInt(limbs) < T::MODULUS {
                return Fp::new_unchecked(BigInt(limbs));
            }
        }
    }

    /// 128 bits, for the coefficients of random combinations.
    pub fn coefficient(&mut self) -> Fr {
        Fr::from(u128::from(self.long()) << 64 | u128::from(self.long()))
    }

    /// 16 bits.
    pub fn short(&mut self) -> u64 {
        u64::from(self.word() >> 16)
    }

    pub fn g1(&mut self) -> G1Affine {
        self.on_curve(Self::element)
    }

    /// A point of the prime subgroup of the twist whose logarithm nobody knows.
    pub fn g2(&mut self) -> G2Affine {
        self.on_curve(|stream| Fq2::new(stream.element(), stream.element()))
            .mul_by_cofactor()
    }

    fn on_curve<C>(&mut self, draw: impl Fn(&mut Self) -> C::BaseField) -> Affine<C>
    where
        C: SWCurveConfig,
        C::BaseField: Greater,
    {
        loop {
            let x = draw(self);
            let greater = self.word() & 1 == 1;
            if let Some(y) = (x.square() * x + C::COEFF_B).sqrt() {
                return Affine::new_unchecked(x, if y.is_greater() == greater { y } else { -y });
            }
        }
    }
}

fn quarter(block: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize) {
    for (into, from, target, turn) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
        block[into] = block[into].wrapping_add(block[from]);
        block[target] = (block[target] ^ block[into]).rotate_left(turn);
    }
}

/// Which of a square's two roots is the greater one.
trait Greater: Field {
    fn is_greater(&self) -> bool;
}

impl Greater for Fq {
    fn is_greater(&self) -> bool {
        self.into_bigint() > (-*self).into_bigint()
    }
}

impl Greater for Fq2 {
    fn is_greater(&self) -> bool {
        if self.c1.is_zero() {
            self.c0.is_greater()
        } else {
            self.c1.is_greater()
        }
    }
}

/// Fills `out` with the operating system's entropy.
pub fn entropy(out: &mut [u8]) -> Result<()> {
    getrandom::getrandom(out).map_err(|error| Fault::Io(format!("the system has no entropy: {error}")))
}

/// Blake2b of points in their uncompressed form: big-endian coordinates, of a pair the second first, infinity zeros.
pub struct Hasher(Blake2b512);

impl Hasher {
    pub fn new() -> Self {
        Self(Blake2b512::new())
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn count(&mut self, count: usize) {
        self.0.update((count as u32).to_be_bytes());
    }

    pub fn point<C: SWCurveConfig>(&mut self, point: &Affine<C>)
    where
        C::BaseField: Coordinate,
    {
        let width = C::BaseField::WIDTH;
        let mut out = Vec::with_capacity(2 * width);
        if let Some((x, y)) = point.xy() {
            x.write(Form::Plain, &mut out);
            y.write(Form::Plain, &mut out);
        }
        out.resize(2 * width, 0);
        for coordinate in out.chunks_exact_mut(width) {
            coordinate.reverse();
        }
        self.0.update(&out);
    }

    pub fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

impl Clone for Hasher {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
