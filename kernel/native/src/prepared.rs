//! A key in the kernel's own layout, in a file that is mapped and read in place: loading takes milliseconds.
//!
//! The file is a cache, worth exactly as much as the key it was made of. It names that key by hash, and a digest over
//! everything in it tells a damaged file from a whole one; whatever does not fit is as if it were absent. Neither stops
//! a program of the same user from writing a file that fits and is wrong, and it gains nothing by it: what blinds
//! proofs and what verifies them is read from the `.zkey` each time, sums of points are looked at before they are
//! blinded, and a proof that does not verify is never handed out.

use crate::bases::{layout, Bases, Group};
use crate::encoding::Coordinate;
use crate::error::{Fault, Result};
use crate::map::{Map, Words};
use crate::matrix::Matrix;
use crate::ntt::OddCoset;
use crate::zkey::{Head, ProvingKey, Query};
use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Write;
use std::sync::Arc;

const MAGIC: u64 = u64::from_le_bytes(*b"zkmkey/2");

/// Points of five queries, which so lie on cache lines, their wires, rows and terms of two matrices, the coefficients.
const SECTIONS: usize = 15;

/// Magic, layout, hash of the key, digest of the rest, then each section's length; padded to whole cache lines.
const HEADER: usize = 32;
const LAYOUT: usize = 1;
const KEY: usize = 2;
const DIGEST: usize = 6;
const LENGTHS: usize = 10;

/// Words that are hashed at once, on any core.
const CHUNK: usize = 1 << 15;

/// A SHA-256.
pub type Hash = [u8; 32];

/// Writes a key that was read from a `.zkey` of this hash.
pub fn write(key: &ProvingKey, zkey: &Hash, file: &mut File) -> Result<()> {
    let coefficients: Vec<u64> = key.coefficients.iter().flat_map(|value| value.0 .0).collect();
    let wires = [&key.a.wires, &key.b1.wires, &key.b2.wires, &key.c.wires, &key.h.wires];
    let wires = wires.map(|wires| wires.iter().map(|wire| u64::from(*wire)).collect::<Vec<u64>>());
    let g1 = [&key.a, &key.b1, &key.c, &key.h].map(|query| query.points.words());
    let b2 = key.b2.points.words();
    let ([left_starts, left_terms], [right_starts, right_terms]) = (key.left.words(), key.right.words());
    let sections: [&[u64]; SECTIONS] = [
        &g1[0],
        &g1[1],
        &b2,
        &g1[2],
        &g1[3],
        &wires[0],
        &wires[1],
        &wires[2],
        &wires[3],
        &wires[4],
        left_starts,
        left_terms,
        right_starts,
        right_terms,
        &coefficients,
    ];
    let mut header = [0; HEADER];
    header[0] = MAGIC;
    header[LAYOUT] = layout();
    header[KEY..DIGEST].copy_from_slice(&words_of(zkey));
    for (length, section) in header[LENGTHS..].iter_mut().zip(sections) {
        *length = section.len() as u64;
    }
    let digest = digest(&header, &sections);
    header[DIGEST..LENGTHS].copy_from_slice(&words_of(&digest));
    let mut put = |words: &[u64]| {
        words.chunks(CHUNK).try_for_each(|words| {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            file.write_all(&bytes)
        })
    };
    put(&header)
        .and_then(|()| sections.iter().try_for_each(|section| put(section)))
        .map_err(|error| Fault::Io(error.to_string()))
}

/// The key of a mapped file, or nothing unless the file is whole and was made of the `.zkey` of this hash, whose bytes
/// `zkey` are.
pub fn read(map: Map, zkey: &[u8], hash: &Hash) -> Result<Option<ProvingKey>> {
    let map = Arc::new(map);
    let Some(sections) = sections(&map, hash) else {
        return Ok(None);
    };
    let head = Head::parse(zkey)?;
    Ok(key(head, sections))
}

fn sections(map: &Arc<Map>, hash: &Hash) -> Option<Vec<Words>> {
    let words = map.words();
    let header: [u64; HEADER] = words.get(..HEADER)?.try_into().ok()?;
    let known = header[0] == MAGIC && header[LAYOUT] == layout() && header[KEY..DIGEST] == words_of(hash);
    if cfg!(target_endian = "big") || !known || words.len() * 8 != map.bytes().len() {
        return None;
    }
    let (mut slices, mut sections, mut start) = (Vec::new(), Vec::new(), HEADER);
    for length in &header[LENGTHS..LENGTHS + SECTIONS] {
        let end = start.checked_add(usize::try_from(*length).ok()?)?;
        slices.push(words.get(start..end)?);
        sections.push(Words::Mapped(map.clone(), start..end));
        start = end;
    }
    let whole = start == words.len() && header[DIGEST..LENGTHS] == words_of(&digest(&header, &slices));
    whole.then_some(sections)
}

fn key(head: Head, sections: Vec<Words>) -> Option<ProvingKey> {
    let mut sections = sections.into_iter();
    let mut next = || sections.next();
    let (wires, rows) = (head.n_variables, head.domain_size);
    let [a, b1, b2, c, h] = [next()?, next()?, next()?, next()?, next()?];
    let (a, b1) = (query(a, &next()?, wires)?, query(b1, &next()?, wires)?);
    let b2 = query(b2, &next()?, wires)?;
    let (c, h) = (query(c, &next()?, wires)?, query(h, &next()?, rows)?);
    let (left, right) = ((next()?, next()?), (next()?, next()?));
    let coefficients: Option<Vec<Fr>> = next()?.chunks_exact(4).map(coefficient).collect();
    let coefficients = coefficients?;
    let matrix = |(starts, terms)| Matrix::from_words(starts, terms, rows, wires, coefficients.len());
    Some(ProvingKey {
        a,
        b1,
        b2,
        c,
        h,
        left: matrix(left)?,
        right: matrix(right)?,
        coefficients,
        odd: OddCoset::new(rows as usize).ok()?,
        head,
    })
}

fn query<P: Group<BaseField: Coordinate>>(points: Words, wires: &[u64], bound: u32) -> Option<Query<P>> {
    let inside = wires.iter().all(|wire| *wire < u64::from(bound));
    let points = Bases::from_words(points, wires.len()).filter(|_| inside)?;
    Some(Query {
        wires: wires.iter().map(|wire| *wire as u32).collect(),
        points,
    })
}

fn coefficient(words: &[u64]) -> Option<Fr> {
    let number = BigInt(words.try_into().ok()?);
    (number < Fr::MODULUS).then(|| Fr::new_unchecked(number))
}

/// SHA-256 over the header without its digest and the digests of all chunks.
fn digest(header: &[u64; HEADER], sections: &[&[u64]]) -> Hash {
    let mut header = *header;
    header[DIGEST..LENGTHS].fill(0);
    let chunks: Vec<&[u64]> = sections.iter().flat_map(|section| section.chunks(CHUNK)).collect();
    let digests: Vec<Hash> = chunks.into_par_iter().map(hash_of).collect();
    let mut all = Sha256::new_with_prefix(hash_of(&header));
    digests.iter().for_each(|digest| all.update(digest));
    all.finalize().into()
}

fn hash_of(words: &[u64]) -> Hash {
    let mut hash = Sha256::new();
    let mut bytes = [0; 4096];
    for words in words.chunks(512) {
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        hash.update(&bytes[..8 * words.len()]);
    }
    hash.finalize().into()
}

fn words_of(hash: &Hash) -> [u64; 4] {
    core::array::from_fn(|at| {
        let mut word = [0; 8];
        word.copy_from_slice(&hash[8 * at..8 * at + 8]);
        u64::from_le_bytes(word)
    })
}
