//! iden3's Groth16 `.zkey`, read and checked.
//!
//! A key that is wrong in silence proves nothing or proves anything, so every point must be on its curve and every
//! index in its range before the first proof. Coefficients stand in the file multiplied by R² (Montgomery twice).

use crate::bases::{Bases, Group};
use crate::encoding::{modulus_bytes, read_element, read_points, Form, PointBytes};
use crate::error::{bad, malformed, Result};
use crate::ntt::OddCoset;
use crate::sections::{Reader, Sections};
use crate::verifying_key::VerifyingKey;
use ark_bn254::{g1, g2, Fq, Fr, G1Affine};
use ark_ec::short_weierstrass::Affine;
use ark_ec::AffineRepr;
use ark_ff::{One, PrimeField};

/// The domain of the whole field: 2^28 rows. Its double must exist for the odd coset.
const MAX_DOMAIN: u32 = 1 << 27;

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

/// One matrix of the constraint system, row by row: row i's terms stand at starts[i]..starts[i + 1].
pub struct Matrix {
    pub starts: Vec<u32>,
    pub terms: Vec<(u32, Fr)>,
}

impl Matrix {
    fn new(entries: &[(u32, u32, Fr)], rows: u32) -> Self {
        let mut starts = vec![0u32; rows as usize + 1];
        for (row, _, _) in entries {
            starts[*row as usize + 1] += 1;
        }
        for row in 0..rows as usize {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut terms = vec![(0, Fr::from(0u64)); entries.len()];
        for (row, wire, value) in entries {
            terms[next[*row as usize] as usize] = (*wire, *value);
            next[*row as usize] += 1;
        }
        Self { starts, terms }
    }

    pub fn row(&self, row: usize) -> &[(u32, Fr)] {
        &self.terms[self.starts[row] as usize..self.starts[row + 1] as usize]
    }
}

pub struct ProvingKey {
    pub n_variables: u32,
    pub n_public: u32,
    pub domain_size: u32,
    pub verifying_key: VerifyingKey,
    pub beta1: G1Affine,
    pub delta1: G1Affine,
    pub a: Query<g1::Config>,
    pub b1: Query<g1::Config>,
    pub b2: Query<g2::Config>,
    pub c: Query<g1::Config>,
    pub h: Query<g1::Config>,
    pub left: Matrix,
    pub right: Matrix,
    pub odd: OddCoset,
}

impl ProvingKey {
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let sections = Sections::parse(bytes, b"zkey", 1, "zkey")?;
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
        let (variables, public) = (u64::from(n_variables), u64::from(n_public));
        let g1 = |kind: u32, count: u64, name: &str| -> Result<Vec<G1Affine>> {
            let bytes = sections.records(kind, count, 64)?;
            read_points(bytes, Form::Montgomery, &format!("the zkey's {name} points"))
        };
        let inputs = g1(3, public + 1, "IC")?;
        let verifying_key = VerifyingKey::new(alpha, beta2, gamma2, delta2, inputs)?;
        let b2 = read_points(
            sections.records(7, variables, 128)?,
            Form::Montgomery,
            "the zkey's B2 points",
        )?;
        // Before the matrices: their memory grows with the domain, whose size these points prove.
        let h = g1(9, u64::from(domain_size), "H")?;
        let (left, right) = coefficients(sections.get(4)?, n_variables, n_public, domain_size)?;
        sections.get(10)?;
        Ok(Self {
            n_variables,
            n_public,
            domain_size,
            verifying_key,
            beta1,
            delta1,
            a: Query::new(g1(5, variables, "A")?, 0),
            b1: Query::new(g1(6, variables, "B1")?, 0),
            b2: Query::new(b2, 0),
            c: Query::new(g1(8, variables - public - 1, "C")?, n_public + 1),
            h: Query::new(h, 0),
            left,
            right,
            odd: OddCoset::new(domain_size as usize)?,
        })
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

fn coefficients(bytes: &[u8], n_variables: u32, n_public: u32, domain_size: u32) -> Result<(Matrix, Matrix)> {
    let mut reader = Reader::new(bytes, "zkey");
    let count = reader.u32()?;
    if u64::from(count) * 44 != reader.rest() as u64 {
        return Err(bad("the zkey's coefficients do not fill their section"));
    }
    let mut matrices = [Vec::new(), Vec::new()];
    for _ in 0..count {
        let (matrix, row, wire) = (reader.u32()?, reader.u32()?, reader.u32()?);
        if matrix > 1 || row >= domain_size || wire >= n_variables {
            return Err(bad("a coefficient of the zkey stands outside its matrices"));
        }
        let stored: Fr = read_element(reader.take(32)?, Form::Montgomery)
            .ok_or_else(|| bad("a coefficient of the zkey is not below the field's order"))?;
        // `stored` took one R off, this takes the other.
        let value = Fr::new_unchecked(stored.into_bigint());
        matrices[matrix as usize].push((row, wire, value));
    }
    let left = Matrix::new(&matrices[0], domain_size);
    let right = Matrix::new(&matrices[1], domain_size);
    check_public_rows(&left, &right, n_public, domain_size)?;
    Ok((left, right))
}

/// Demands the rows w_i · 0 = 0 for every public wire i, the constant included, at the end of the rows in use.
///
/// Without them the polynomials of public wires may depend on each other and a proof may be moved to other inputs.
fn check_public_rows(left: &Matrix, right: &Matrix, n_public: u32, domain_size: u32) -> Result<()> {
    let used = (0..domain_size as usize)
        .rev()
        .find(|row| !left.row(*row).is_empty() || !right.row(*row).is_empty())
        .map_or(0, |row| row + 1);
    let first = used.checked_sub(n_public as usize + 1);
    let bound = first.is_some_and(|first| {
        (0..=n_public).all(|wire| {
            let row = first + wire as usize;
            left.row(row) == [(wire, Fr::one())] && right.row(row).is_empty()
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
