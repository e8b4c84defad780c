//! iden3's Groth16 `.zkey`, read and checked.
//!
//! A key that is wrong in silence proves nothing or proves anything, so every point must be on its curve and every
//! index in its range before the first proof. Coefficients stand in the file multiplied by R² (Montgomery twice).

use crate::bases::{Bases, Group};
use crate::encoding::{modulus_bytes, read_element, read_points, Form, PointBytes};
use crate::error::{bad, malformed, Result};
use crate::matrix::{Coefficients, Matrix};
use crate::ntt::OddCoset;
use crate::sections::{Reader, Sections};
use crate::tables::{Sizes, Tables};
use crate::verifying_key::VerifyingKey;
use ark_bn254::{g1, g2, Fq, Fr, G1Affine};
use ark_ec::short_weierstrass::Affine;
use ark_ec::AffineRepr;
use ark_ff::PrimeField;

/// The domain of the whole field: 2^28 rows. Its double must exist for the odd coset.
const MAX_DOMAIN: u32 = 1 << 27;

/// Sums number points and their images in 31 bits.
const MAX_WIRES: u32 = 1 << 28;

/// The points of one query with those at infinity left out, beside the wires they belong to.
pub struct Query<P: Group> {
    pub wires: Vec<u32>,
    pub points: Bases<P>,
}

impl<P: Group> Query<P> {
    fn new(points: Vec<Affine<P>>, first_wire: u32) -> Self {
        let (wires, points) = (first_wire..).zip(points).filter(|(_, point)| !point.is_zero()).unzip();
        Self {
            wires,
            points: Bases::new(points),
        }
    }
}

pub struct ProvingKey {
    pub head: Head,
    pub a: Query<g1::Config>,
    pub b1: Query<g1::Config>,
    pub b2: Query<g2::Config>,
    pub c: Query<g1::Config>,
    pub h: Query<g1::Config>,
    pub left: Matrix,
    pub right: Matrix,
    pub coefficients: Vec<Fr>,
    pub odd: OddCoset,
    pub tables: Tables,
}

/// What a key's file says before its large sections: sizes, and the points that blind and verify.
///
/// Always read from the `.zkey` itself and checked, whatever else is taken from a cache.
pub struct Head {
    pub n_variables: u32,
    pub n_public: u32,
    pub domain_size: u32,
    pub verifying_key: VerifyingKey,
    pub beta1: G1Affine,
    pub delta1: G1Affine,
}

impl Head {
    fn read(sections: &Sections<'_>) -> Result<Self> {
        let mut protocol = sections.reader(1)?;
        if protocol.u32()? != 1 {
            return Err(bad("the zkey is not a Groth16 key"));
        }
        protocol.finish()?;
        let mut header = sections.reader(2)?;
        header.modulus(&modulus_bytes::<Fq>(), "curve's field")?;
        header.modulus(&modulus_bytes::<Fr>(), "field")?;
        let n_variables = header.u32()?;
        let n_public = header.u32()?;
        let domain_size = header.u32()?;
        if n_public >= n_variables {
            return Err(bad("the zkey has more public inputs than wires"));
        }
        if n_variables > MAX_WIRES {
            return Err(bad("the zkey has more than 2^28 wires"));
        }
        if !domain_size.is_power_of_two() || !(2..=MAX_DOMAIN).contains(&domain_size) {
            return Err(bad("the zkey's domain is not a power of two from 2 to 2^27"));
        }
        let alpha = header_point(&mut header, "alpha")?;
        let beta1: G1Affine = header_point(&mut header, "beta")?;
        let beta2 = header_point(&mut header, "beta")?;
        let gamma2 = header_point(&mut header, "gamma")?;
        let delta1: G1Affine = header_point(&mut header, "delta")?;
        let delta2 = header_point(&mut header, "delta")?;
        header.finish()?;
        if beta1.is_zero() || delta1.is_zero() {
            return Err(malformed("key-infinity", "the zkey has beta or delta at infinity"));
        }
        let inputs = sections.records(3, u64::from(n_public) + 1, 64)?;
        let inputs = read_points(inputs, Form::Montgomery, "the zkey's IC points")?;
        Ok(Self {
            n_variables,
            n_public,
            domain_size,
            verifying_key: VerifyingKey::new(alpha, beta2, gamma2, delta2, inputs)?,
            beta1,
            delta1,
        })
    }

    /// The head of a key whose large sections come from elsewhere.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Self::read(&Sections::parse(bytes, b"zkey", 1, "zkey")?)
    }
}

impl ProvingKey {
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let sections = Sections::parse(bytes, b"zkey", 1, "zkey")?;
        let head = Head::read(&sections)?;
        let (variables, public) = (u64::from(head.n_variables), u64::from(head.n_public));
        let g1 = |kind: u32, count: u64, name: &str| -> Result<Vec<G1Affine>> {
            let bytes = sections.records(kind, count, 64)?;
            read_points(bytes, Form::Montgomery, &format!("the zkey's {name} points"))
        };
        let b2 = read_points(
            sections.records(7, variables, 128)?,
            Form::Montgomery,
            "the zkey's B2 points",
        )?;
        // Before the matrices: their memory grows with the domain, whose size these points prove.
        let h = g1(9, u64::from(head.domain_size), "H")?;
        let mut coefficients = Coefficients::new();
        let (left, right) = matrices(sections.get(4)?, &head, &mut coefficients)?;
        sections.get(10)?;
        Ok(Self {
            a: Query::new(g1(5, variables, "A")?, 0),
            b1: Query::new(g1(6, variables, "B1")?, 0),
            b2: Query::new(b2, 0),
            c: Query::new(g1(8, variables - public - 1, "C")?, head.n_public + 1),
            h: Query::new(h, 0),
            left,
            right,
            coefficients: coefficients.into_values(),
            odd: OddCoset::new(head.domain_size as usize)?,
            tables: Tables::none(),
            head,
        })
    }

    pub fn sizes(&self) -> Sizes {
        Sizes {
            a: self.a.wires.len(),
            b1: self.b1.wires.len(),
            b2: self.b2.wires.len(),
            c: self.c.wires.len(),
            h: self.h.wires.len(),
        }
    }
}

fn header_point<P: PointBytes>(header: &mut Reader<'_>, name: &str) -> Result<P> {
    let points = read_points(
        header.take(P::WIDTH)?,
        Form::Montgomery,
        &format!("the zkey's {name} points"),
    )?;
    points
        .into_iter()
        .next()
        .ok_or_else(|| bad("the zkey's header is too short"))
}

fn matrices(bytes: &[u8], head: &Head, coefficients: &mut Coefficients) -> Result<(Matrix, Matrix)> {
    let mut reader = Reader::new(bytes, "zkey");
    let count = reader.u32()?;
    if u64::from(count) * 44 != reader.rest() as u64 {
        return Err(bad("the zkey's coefficients do not fill their section"));
    }
    let mut matrices = [Vec::new(), Vec::new()];
    for _ in 0..count {
        let (matrix, row, wire) = (reader.u32()?, reader.u32()?, reader.u32()?);
        if matrix > 1 || row >= head.domain_size || wire >= head.n_variables {
            return Err(bad("a coefficient of the zkey stands outside its matrices"));
        }
        let stored: Fr = read_element(reader.take(32)?, Form::Montgomery)
            .ok_or_else(|| bad("a coefficient of the zkey is not below the field's order"))?;
        // `stored` took one R off, this takes the other.
        let value = Fr::new_unchecked(stored.into_bigint());
        matrices[matrix as usize].push((row, wire, coefficients.place(value)));
    }
    let [left, right] = matrices.map(|entries| Matrix::new(&entries, head.domain_size));
    check_public_rows(&left, &right, head.n_public, head.domain_size)?;
    Ok((left, right))
}

/// Demands the rows w_i · 0 = 0 for every public wire i, the constant included, at the end of the rows in use.
///
/// Without them the polynomials of public wires may depend on each other and a proof may be moved to other inputs.
fn check_public_rows(left: &Matrix, right: &Matrix, n_public: u32, domain_size: u32) -> Result<()> {
    let used = (0..domain_size as usize)
        .rev()
        .find(|row| !left.is_empty_row(*row) || !right.is_empty_row(*row))
        .map_or(0, |row| row + 1);
    let first = used.checked_sub(n_public as usize + 1);
    let bound = first.is_some_and(|first| {
        (0..=n_public).all(|wire| {
            let row = first + wire as usize;
            left.is_wire_row(row, wire) && right.is_empty_row(row)
        })
    });
    if bound {
        return Ok(());
    }
    Err(malformed(
        "key-unbound-input",
        "the zkey lacks the row that binds a public input: its proofs could be moved to other inputs",
    ))
}
