//! A key in the kernel's own layout, in a file that is mapped and read in place: loading takes milliseconds.
//!
//! The file is a cache, worth exactly as much as the key it was made of. It names that key by hash, and digests over
//! everything in it tell a damaged file from a whole one; whatever does not fit is as if it were absent. Neither stops
//! a program of the same user from writing a file that fits and is wrong, and it gains nothing by it: what blinds
//! proofs and what verifies them is read from the `.zkey` each time, sums of points are looked at before they are
//! blinded, and a proof that does not verify is never handed out.
//!
//! There are two digests, since tables (`tables.rs`) are ten times the rest and a process that proves once does not need
//! them: one over all but the tables, taken when the file is loaded, and one over the tables, taken before they are first used;
//! damaged tables stay unused. As whoever can write the file can also write its digests, they are
//! there for accidents alone: leaves are mixed by multiplications at the speed of memory, and only these are hashed.

use crate::bases::{layout, next_column, Bases, Group};
use crate::encoding::Coordinate;
use crate::error::{Fault, Result};
use crate::map::{Map, Words};
use crate::matrix::Matrix;
use crate::msm::check;
use crate::ntt::OddCoset;
use crate::tables::{plan, spacing, Columns, Sizes, Tables};
use crate::zkey::{Head, ProvingKey, Query};
use ark_bn254::{g1, g2, Fr};
use ark_ff::{BigInt, PrimeField};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fs::File;
use std::io::{Seek, Write};
use std::sync::atomic::AtomicBool;
use std::sync::Arc;

const MAGIC: u64 = u64::from_le_bytes(*b"zkmkey/3");

/// Points of five queries, column after column, which so lie on cache lines, their wires, rows and terms of two matrices,
/// the coefficients.
const SECTIONS: usize = 15;
const QUERIES: usize = 5;

/// Magic, layout, hash of the key, digest of the rest without tables, each section's length, columns of the witness's
/// queries and of the quotient's, digest of the tables: whole cache lines.
const HEADER: usize = 32;
const LAYOUT: usize = 1;
const KEY: usize = 2;
const DIGEST: usize = 6;
const LENGTHS: usize = 10;
const COLUMNS: usize = LENGTHS + SECTIONS;
const TABLES: usize = COLUMNS + 2;

/// Words of a leaf of a digest, on any core.
const CHUNK: usize = 1 << 15;

/// A SHA-256.
pub type Hash = [u8; 32];

/// What is left of a leaf: eight words, each of which every eighth word goes into.
type Leaf = [u64; 8];

/// Writes a key that was read from a `.zkey` of this hash, with as many bytes of tables as pay, `budget` at most.
pub fn write(key: &ProvingKey, zkey: &Hash, budget: u64, file: &mut File, cancel: &AtomicBool) -> Result<()> {
    let coefficients: Vec<u64> = key.coefficients.iter().flat_map(|value| value.0 .0).collect();
    let wires = [&key.a.wires, &key.b1.wires, &key.b2.wires, &key.c.wires, &key.h.wires];
    let wires = wires.map(|wires| wires.iter().map(|wire| u64::from(*wire)).collect::<Vec<u64>>());
    let points: [Cow<'_, [u64]>; QUERIES] = [
        key.a.points.words(),
        key.b1.points.words(),
        key.b2.points.words(),
        key.c.points.words(),
        key.h.points.words(),
    ];
    let first = |number: usize| &points[number][..points[number].len() / columns_of(number, key.tables.made())];
    let ([left_starts, left_terms], [right_starts, right_terms]) = (key.left.words(), key.right.words());
    let sections: [&[u64]; SECTIONS] = [
        first(0),
        first(1),
        first(2),
        first(3),
        first(4),
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
    let columns = plan(key.sizes(), budget);
    let mut header = [0; HEADER];
    header[0] = MAGIC;
    header[LAYOUT] = layout();
    header[KEY..DIGEST].copy_from_slice(&words_of(zkey));
    for (number, section) in sections.iter().enumerate() {
        header[LENGTHS + number] = (section.len() * columns_of(number, columns)) as u64;
    }
    header[COLUMNS..TABLES].copy_from_slice(&columns.map(|columns| columns as u64));
    let mut tables = Vec::new();
    put(file, &header)?;
    for (number, section) in sections.iter().enumerate() {
        put(file, section)?;
        let bits = spacing(columns_of(number, columns)).unwrap_or(0);
        let mut last: Option<Words> = None;
        for _ in 1..columns_of(number, columns) {
            check(cancel)?;
            let before = last.as_deref().unwrap_or(*section);
            let next = match number {
                2 => next_column::<g2::Config>(before, bits),
                _ => next_column::<g1::Config>(before, bits),
            };
            let next = next.ok_or_else(|| Fault::Io("there are no tables on this path".into()))?;
            put(file, &next)?;
            tables.extend(leaves([&*next].into_iter()));
            last = Some(next);
        }
    }
    header[TABLES..TABLES + 4].copy_from_slice(&words_of(&hash_of(&[], &tables)));
    let digest = digest(&header, &sections);
    header[DIGEST..LENGTHS].copy_from_slice(&words_of(&digest));
    file.rewind().map_err(|error| Fault::Io(error.to_string()))?;
    put(file, &header)
}

fn put(file: &mut File, words: &[u64]) -> Result<()> {
    let mut put = |words: &[u64]| {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        file.write_all(&bytes)
    };
    words
        .chunks(CHUNK)
        .try_for_each(&mut put)
        .map_err(|error| Fault::Io(error.to_string()))
}

/// The key of a mapped file, or nothing unless the file is whole, was made of the `.zkey` of this hash, whose bytes
/// `zkey` are, and has the tables of this budget.
pub fn read(map: Map, zkey: &[u8], hash: &Hash, budget: u64) -> Result<Option<ProvingKey>> {
    let map = Arc::new(map);
    let Some((sections, tables)) = sections(&map, hash, budget) else {
        return Ok(None);
    };
    let head = Head::parse(zkey)?;
    Ok(key(head, sections, tables))
}

fn sections(map: &Arc<Map>, hash: &Hash, budget: u64) -> Option<(Vec<Words>, Tables)> {
    let words = map.words();
    let header: [u64; HEADER] = words.get(..HEADER)?.try_into().ok()?;
    let known = header[0] == MAGIC && header[LAYOUT] == layout() && header[KEY..DIGEST] == words_of(hash);
    if cfg!(target_endian = "big") || !known || words.len() * 8 != map.bytes().len() {
        return None;
    }
    let length = |section: usize| {
        let length = usize::try_from(header[LENGTHS + section]).ok()?;
        (length <= words.len()).then_some(length)
    };
    let columns = plan(
        Sizes {
            a: length(QUERIES)?,
            b1: length(QUERIES + 1)?,
            b2: length(QUERIES + 2)?,
            c: length(QUERIES + 3)?,
            h: length(QUERIES + 4)?,
        },
        budget,
    );
    if header[COLUMNS..TABLES] != columns.map(|columns| columns as u64) {
        return None;
    }
    let (mut firsts, mut tables, mut sections, mut start) = (Vec::new(), Vec::new(), Vec::new(), HEADER);
    for section in 0..SECTIONS {
        let end = start + length(section)?;
        let first = start + length(section)? / columns_of(section, columns);
        firsts.push(words.get(start..end)?.get(..first - start)?);
        tables.push((first..end, first - start));
        sections.push(Words::Mapped(map.clone(), start..end));
        start = end;
    }
    let whole = start == words.len() && header[DIGEST..LENGTHS] == words_of(&digest(&header, &firsts));
    let map = map.clone();
    let tables_whole = move || {
        let columns = tables.iter().flat_map(|(table, column)| {
            let table = &map.words()[table.clone()];
            table.chunks((*column).max(1))
        });
        header[TABLES..TABLES + 4] == words_of(&hash_of(&[], &leaves(columns)))
    };
    whole.then(|| (sections, Tables::new(columns, tables_whole)))
}

/// The columns of a section: tables are of points.
fn columns_of(section: usize, [witness, quotient]: Columns) -> usize {
    match section {
        0..4 => witness,
        4 => quotient,
        _ => 1,
    }
}

fn key(head: Head, sections: Vec<Words>, tables: Tables) -> Option<ProvingKey> {
    let mut sections = sections.into_iter();
    let mut next = || sections.next();
    let (wires, rows) = (head.n_variables, head.domain_size);
    let [witness, quotient] = tables.made();
    let [a, b1, b2, c, h] = [next()?, next()?, next()?, next()?, next()?];
    let (a, b1) = (
        query(a, &next()?, wires, witness)?,
        query(b1, &next()?, wires, witness)?,
    );
    let b2 = query(b2, &next()?, wires, witness)?;
    let (c, h) = (query(c, &next()?, wires, witness)?, query(h, &next()?, rows, quotient)?);
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
        tables,
    })
}

fn query<P: Group<BaseField: Coordinate>>(
    points: Words,
    wires: &[u64],
    bound: u32,
    columns: usize,
) -> Option<Query<P>> {
    let inside = wires.iter().all(|wire| *wire < u64::from(bound));
    let points = Bases::from_words(points, wires.len(), columns).filter(|_| inside)?;
    Some(Query {
        wires: wires.iter().map(|wire| *wire as u32).collect(),
        points,
    })
}

fn coefficient(words: &[u64]) -> Option<Fr> {
    let number = BigInt(words.try_into().ok()?);
    (number < Fr::MODULUS).then(|| Fr::new_unchecked(number))
}

/// Of the header, the digest itself left out, and of sections.
fn digest(header: &[u64; HEADER], sections: &[&[u64]]) -> Hash {
    let mut header = *header;
    header[DIGEST..LENGTHS].fill(0);
    hash_of(&header, &leaves(sections.iter().copied()))
}

fn hash_of(header: &[u64], leaves: &[Leaf]) -> Hash {
    let mut hash = Sha256::new();
    let words = header.iter().chain(leaves.iter().flatten());
    words.for_each(|word| hash.update(word.to_le_bytes()));
    hash.finalize().into()
}

/// Of runs of words, each in chunks.
fn leaves<'a>(runs: impl Iterator<Item = &'a [u64]>) -> Vec<Leaf> {
    let chunks: Vec<&[u64]> = runs.flat_map(|run| run.chunks(CHUNK)).collect();
    chunks.into_par_iter().map(leaf).collect()
}

/// One step is a bijection of what came before, for each word, and of the word: no single changed word goes unnoticed, and
/// others by an accident of 64 bits.
fn leaf(words: &[u64]) -> Leaf {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut lanes: Leaf = [1, 2, 3, 4, 5, 6, 7, 8];
    for words in words.chunks(8) {
        for (lane, word) in lanes.iter_mut().zip(words) {
            let product = (*lane ^ word).wrapping_mul(ODD);
            *lane = product ^ product >> 32;
        }
    }
    lanes
}

fn words_of(hash: &Hash) -> [u64; 4] {
    core::array::from_fn(|at| {
        let mut word = [0; 8];
        word.copy_from_slice(&hash[8 * at..8 * at + 8]);
        u64::from_le_bytes(word)
    })
}
