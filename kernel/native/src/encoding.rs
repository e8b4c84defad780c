//! Field elements and points as bytes: 32 little-endian bytes an element, always canonical.
//!
//! `.zkey` files hold points in Montgomery form; everything handed to or from Python is plain.
//! The point at infinity is all zeros in both.

use crate::error::{malformed, Result};
use ark_bn254::{Fq, Fq2, Fr};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ec::AffineRepr;
use ark_ff::{BigInt, Fp, FpConfig, MontBackend, MontConfig, PrimeField, Zero};
use rayon::prelude::*;

type Prime<T> = Fp<MontBackend<T, 4>, 4>;

/// How the integers of a byte string stand for field elements.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Plain,
    Montgomery,
}

pub fn read_bigint(bytes: &[u8]) -> BigInt<4> {
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        *limb = u64::from_le_bytes(word);
    }
    BigInt(limbs)
}

pub fn write_bigint(value: &BigInt<4>, out: &mut Vec<u8>) {
    for limb in value.0 {
        out.extend(limb.to_le_bytes());
    }
}

/// The modulus as files state it.
pub fn modulus_bytes<F: PrimeField<BigInt = BigInt<4>>>() -> [u8; 32] {
    let mut out = Vec::with_capacity(32);
    write_bigint(&F::MODULUS, &mut out);
    let mut array = [0; 32];
    array.copy_from_slice(&out);
    array
}

/// Reads one element; `None` when it is not below the modulus.
pub fn read_element<T: MontConfig<4>>(bytes: &[u8], form: Form) -> Option<Prime<T>>
where
    MontBackend<T, 4>: FpConfig<4>,
{
    let value = read_bigint(bytes);
    if value >= T::MODULUS {
        return None;
    }
    Some(match form {
        Form::Plain => Prime::<T>::new(value),
        Form::Montgomery => Prime::<T>::new_unchecked(value),
    })
}

pub fn write_element<T: MontConfig<4>>(value: &Prime<T>, form: Form, out: &mut Vec<u8>) {
    match form {
        Form::Plain => write_bigint(&value.into_bigint(), out),
        Form::Montgomery => write_bigint(&value.0, out),
    }
}

/// Reads scalars; `what` names them in the message, `code` in the error.
pub fn read_scalars(bytes: &[u8], code: &'static str, what: &str) -> Result<Vec<Fr>> {
    if !bytes.len().is_multiple_of(32) {
        return Err(malformed(code, format!("{what} do not fill whole 32-byte words")));
    }
    bytes
        .par_chunks_exact(32)
        .map(|chunk| {
            read_element(chunk, Form::Plain).ok_or_else(|| {
                malformed(
                    code,
                    format!("{what} hold a number that is not below the field's order"),
                )
            })
        })
        .collect()
}

/// A coordinate of a point: an element of Fq, or two.
pub trait Coordinate: Sized {
    const WIDTH: usize;
    fn read(bytes: &[u8], form: Form) -> Option<Self>;
    fn write(&self, form: Form, out: &mut Vec<u8>);
    /// The numbers that the process keeps.
    fn words(&self) -> Vec<u64>;
    /// A coordinate of numbers as `words` gave them; `None` when one is not below the modulus.
    fn of_words(words: &[u64]) -> Option<Self>;
}

impl Coordinate for Fq {
    const WIDTH: usize = 32;

    fn read(bytes: &[u8], form: Form) -> Option<Self> {
        read_element(bytes, form)
    }

    fn write(&self, form: Form, out: &mut Vec<u8>) {
        write_element(self, form, out);
    }

    fn words(&self) -> Vec<u64> {
        self.0 .0.to_vec()
    }

    fn of_words(words: &[u64]) -> Option<Self> {
        let number = BigInt(words.try_into().ok()?);
        (number < Fq::MODULUS).then(|| Fq::new_unchecked(number))
    }
}

impl Coordinate for Fq2 {
    const WIDTH: usize = 64;

    fn read(bytes: &[u8], form: Form) -> Option<Self> {
        let (real, imaginary) = bytes.split_at(32);
        Some(Self::new(read_element(real, form)?, read_element(imaginary, form)?))
    }

    fn write(&self, form: Form, out: &mut Vec<u8>) {
        write_element(&self.c0, form, out);
        write_element(&self.c1, form, out);
    }

    fn words(&self) -> Vec<u64> {
        [self.c0.0 .0, self.c1.0 .0].concat()
    }

    fn of_words(words: &[u64]) -> Option<Self> {
        let (real, imaginary) = words.split_at_checked(4)?;
        Some(Self::new(Fq::of_words(real)?, Fq::of_words(imaginary)?))
    }
}

/// A point of either group as bytes.
pub trait PointBytes: AffineRepr {
    const WIDTH: usize;
    fn read(bytes: &[u8], form: Form) -> std::result::Result<Self, PointFault>;
    fn write(&self, form: Form, out: &mut Vec<u8>);
    fn in_subgroup(&self) -> bool;
}

impl<C: SWCurveConfig> PointBytes for Affine<C>
where
    C::BaseField: Coordinate,
{
    const WIDTH: usize = 2 * <C::BaseField as Coordinate>::WIDTH;

    fn read(bytes: &[u8], form: Form) -> std::result::Result<Self, PointFault> {
        let (x, y) = bytes.split_at(<C::BaseField as Coordinate>::WIDTH);
        let coordinates = (C::BaseField::read(x, form), C::BaseField::read(y, form));
        let (Some(x), Some(y)) = coordinates else {
            return Err(PointFault::NotCanonical);
        };
        if x.is_zero() && y.is_zero() {
            return Ok(Self::identity());
        }
        let point = Self::new_unchecked(x, y);
        if !point.is_on_curve() {
            return Err(PointFault::OffCurve);
        }
        Ok(point)
    }

    fn write(&self, form: Form, out: &mut Vec<u8>) {
        match self.xy() {
            None => out.extend(std::iter::repeat_n(0, Self::WIDTH)),
            Some((x, y)) => {
                x.write(form, out);
                y.write(form, out);
            }
        }
    }

    fn in_subgroup(&self) -> bool {
        self.is_in_correct_subgroup_assuming_on_curve()
    }
}

/// What is wrong with a point; the caller knows what the point is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PointFault {
    NotCanonical,
    OffCurve,
}

/// Reads one point of `P::WIDTH` bytes: canonical coordinates, on its curve. The subgroup is not checked.
pub fn read_point<P: PointBytes>(bytes: &[u8], form: Form) -> std::result::Result<P, PointFault> {
    P::read(bytes, form)
}

/// Reads points; `what` names them in messages.
pub fn read_points<P: PointBytes>(bytes: &[u8], form: Form, what: &str) -> Result<Vec<P>> {
    if !bytes.len().is_multiple_of(P::WIDTH) {
        return Err(malformed("bad-format", format!("{what} do not fill whole points")));
    }
    bytes
        .par_chunks_exact(P::WIDTH)
        .map(|chunk| {
            read_point(chunk, form).map_err(|fault| match fault {
                PointFault::NotCanonical => malformed(
                    "bad-format",
                    format!("{what} hold a coordinate that is not below the field's modulus"),
                ),
                PointFault::OffCurve => {
                    malformed("bad-format", format!("{what} hold a point that is not on its curve"))
                }
            })
        })
        .collect()
}

pub fn write_point<P: PointBytes>(point: &P, form: Form, out: &mut Vec<u8>) {
    point.write(form, out);
}
