//! The matrices of a constraint system, row by row, and their products with a witness.
//!
//! Most coefficients are one, minus one or a power of two, so each is kept once: a term is a word that holds its wire
//! and the place of its coefficient.

use crate::map::Words;
use crate::path::{path, Path};
#[cfg(target_arch = "x86_64")]
use crate::vector::rows;
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;
use std::array::from_fn;
use std::collections::HashMap;

/// The places of one and minus one, which cost no multiplication.
const ONE: u32 = 0;
const MINUS_ONE: u32 = 1;

/// Every coefficient of a key's matrices once.
pub struct Coefficients {
    values: Vec<Fr>,
    places: HashMap<Fr, u32>,
}

impl Coefficients {
    pub fn new() -> Self {
        let values = vec![Fr::one(), -Fr::one()];
        let places = (0..).zip(&values).map(|(place, value)| (*value, place)).collect();
        Self { values, places }
    }

    pub fn place(&mut self, value: Fr) -> u32 {
        let next = self.values.len() as u32;
        *self.places.entry(value).or_insert_with(|| {
            self.values.push(value);
            next
        })
    }

    pub fn into_values(self) -> Vec<Fr> {
        self.values
    }
}

/// One matrix: row i's terms stand at starts[i]..starts[i + 1].
pub struct Matrix {
    starts: Words,
    terms: Words,
}

impl Matrix {
    /// Of entries (row, wire, place of the coefficient), rows and wires being in their ranges.
    pub fn new(entries: &[(u32, u32, u32)], rows: u32) -> Self {
        let mut starts = vec![0u64; rows as usize + 1];
        for (row, _, _) in entries {
            starts[*row as usize + 1] += 1;
        }
        for row in 0..rows as usize {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut terms = vec![0; entries.len()];
        for (row, wire, place) in entries {
            terms[next[*row as usize] as usize] = term(*wire, *place);
            next[*row as usize] += 1;
        }
        Self {
            starts: Words::Owned(starts),
            terms: Words::Owned(terms),
        }
    }

    /// Of words as another `Matrix` had them; nothing when they are not a matrix of this size.
    pub fn from_words(starts: Words, terms: Words, rows: u32, wires: u32, coefficients: usize) -> Option<Self> {
        let ordered = starts.len() == rows as usize + 1
            && starts[0] == 0
            && starts[rows as usize] == terms.len() as u64
            && starts.windows(2).all(|pair| pair[0] <= pair[1]);
        let inside = terms
            .iter()
            .all(|term| wire(*term) < wires as usize && place(*term) < coefficients);
        (ordered && inside).then_some(Self { starts, terms })
    }

    pub fn words(&self) -> [&[u64]; 2] {
        [&self.starts, &self.terms]
    }

    fn row(&self, row: usize) -> &[u64] {
        &self.terms[self.starts[row] as usize..self.starts[row + 1] as usize]
    }

    pub fn is_empty_row(&self, row: usize) -> bool {
        self.row(row).is_empty()
    }

    /// Whether the row is one wire, once.
    pub fn is_wire_row(&self, row: usize, wire: u32) -> bool {
        self.row(row) == [term(wire, ONE)]
    }

    /// Every row's value.
    pub fn times(&self, witness: &[Fr], coefficients: &[Fr]) -> Vec<Fr> {
        let path = path();
        (0..self.starts.len() - 1)
            .into_par_iter()
            .with_min_len(64)
            .map(|row| dot(path, self.row(row), witness, coefficients))
            .collect()
    }
}

fn dot(path: Path, terms: &[u64], witness: &[Fr], coefficients: &[Fr]) -> Fr {
    #[cfg(target_arch = "x86_64")]
    if let Some(ifma) = path.ifma().filter(|_| terms.len() >= rows::LEAST) {
        let (eights, rest) = terms.as_chunks();
        let factors = |terms: &[u64; 8]| {
            let left = terms.each_ref().map(|term| &coefficients[place(*term)]);
            [left, terms.each_ref().map(|term| &witness[wire(*term)])]
        };
        if rest.len() < rows::REST {
            let terms = eights.iter().map(factors);
            return ifma.run(rows::Dot { terms }) + singly(rest, witness, coefficients);
        }
        let zero = Fr::zero();
        let rest = from_fn(|i| {
            rest.get(i)
                .map_or([&zero; 2], |term| [&coefficients[place(*term)], &witness[wire(*term)]])
        });
        let rest: [[&Fr; 2]; 8] = rest;
        let last = [0, 1].map(|side| rest.map(|pair| pair[side]));
        let terms = eights.iter().map(factors).chain([last]);
        return ifma.run(rows::Dot { terms });
    }
    let _ = path;
    singly(terms, witness, coefficients)
}

fn singly(terms: &[u64], witness: &[Fr], coefficients: &[Fr]) -> Fr {
    let mut sum = Fr::zero();
    for term in terms {
        let value = &witness[wire(*term)];
        match *term as u32 {
            ONE => sum += value,
            MINUS_ONE => sum -= value,
            _ => sum += coefficients[place(*term)] * value,
        }
    }
    sum
}

fn term(wire: u32, place: u32) -> u64 {
    u64::from(wire) << 32 | u64::from(place)
}

fn wire(term: u64) -> usize {
    (term >> 32) as usize
}

fn place(term: u64) -> usize {
    term as u32 as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::Field;

    /// Rows of 0 to 1,100 terms: more than one reduction covers, with the largest numbers there are.
    #[test]
    fn rows_of_every_length_are_sums_of_products() {
        let mut value = Fr::from(7u64);
        let mut elements = vec![Fr::one(), -Fr::one(), Fr::zero(), Fr::one() + Fr::one()];
        for _ in 0..200 {
            value = value.square() + Fr::one();
            elements.push(value);
        }
        // Kept as the largest words that a canonical element has.
        elements.push(-Fr::from(2u64).pow([256]).inverse().unwrap_or_default());
        let lengths = (0..70).chain([511, 512, 513, 1100]);
        for length in lengths {
            let at = |index: usize| {
                if length == 1100 {
                    elements.len() - 1
                } else {
                    index * index % elements.len()
                }
            };
            let entries: Vec<_> = (0..length).map(|i| (0, at(i) as u32, at(i + length) as u32)).collect();
            let matrix = Matrix::new(&entries, 1);
            let sum: Fr = entries
                .iter()
                .map(|(_, wire, place)| elements[*wire as usize] * elements[*place as usize])
                .sum();
            assert_eq!(matrix.times(&elements, &elements), [sum], "{length} terms");
        }
    }
}
