//! Tables of a key's points times powers of two, and when they are worth their memory.
//!
//! With every point also standing multiplied by 2^s, 2^2s, ... (columns, s bits apart), windows of digits that are s bits
//! apart share one set of buckets: fewer buckets to add up, so wider digits, so fewer additions. But each point of a
//! table is read once a sum, where a single column is read in every window and stays in the caches. So what tables are
//! worth is estimated, and what is not worth its memory is left out. The estimate's constants fit whole proofs of margin
//! circuits on two cores with 1 MiB of second-level cache each, in processor time against none, columns of the witness's sums
//! and of the quotient's in brackets: at 2^12 rows (2, 2) 0.92, (6, 10) 0.86 and (11, 10) 0.84, at 2^14 (2, 2) 0.93 and (10, 10)
//! 0.89 for 94 MiB, at 2^16 (2, 1) 0.97 for 34 MiB, (4, 4) 1.03 and (8, 8) 0.95 for 296 MiB.
//!
//! Two groups of sums have a recoding each, and so a spacing: the witness's four and the quotient's one.

use crate::path::{path, Path};
use crate::recoding::{best_width, LONGEST};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::OnceLock;

/// Columns of A, B1, B2 and C, and of H.
pub type Columns = [usize; 2];

/// The points as they are.
pub const NONE: Columns = [1, 1];

/// Columns that no table exceeds: digits get no narrower than they are without tables.
const MAX_COLUMNS: usize = 16;

/// Bits that all columns together hold: halves of scalars and a sign, and one more for the digits' own.
const BITS: usize = LONGEST + 1;

/// Bytes of a point of G1 with its image; a point of G2 has twice as many.
const POINT: u64 = 128;

/// A table of so many bytes, its first column included, the caches hold well enough while it is read. Of a larger one each
/// point costs an eighth of an addition, and from the second bound on a quarter.
const NEAR: u64 = 8 << 20;
const FAR: u64 = 32 << 20;

/// The part of all additions that a MiB of tables must save.
const WORTH: u128 = 1000;

/// How many points each query has.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub a: usize,
    pub b1: usize,
    pub b2: usize,
    pub c: usize,
    pub h: usize,
}

/// The columns that make proofs cheapest with at most `budget` bytes of tables.
pub fn plan(sizes: Sizes, budget: u64) -> Columns {
    if matches!(path(), Path::Portable) || budget == 0 {
        return NONE;
    }
    let counts = || (1..=MAX_COLUMNS).filter(|columns| BITS.div_ceil(bits_apart(*columns)) == *columns);
    let pairs = counts().flat_map(|witness| counts().map(move |quotient| [witness, quotient]));
    let possible = pairs.filter(|columns| bytes(sizes, *columns) <= budget && places(sizes, *columns));
    let none = cost(sizes, NONE) as u128;
    let price = |columns: &Columns| {
        let memory = u128::from(bytes(sizes, *columns)) * none / (WORTH << 20);
        cost(sizes, *columns) as u128 + memory
    };
    possible.min_by_key(price).unwrap_or(NONE)
}

/// Bits between two columns; nothing where there is one.
pub fn spacing(columns: usize) -> Option<usize> {
    (columns > 1).then(|| bits_apart(columns))
}

fn bits_apart(columns: usize) -> usize {
    BITS.div_ceil(columns)
}

/// Bytes of all columns but the first.
pub fn bytes(sizes: Sizes, [witness, quotient]: Columns) -> u64 {
    let witnesses = (sizes.a + sizes.b1 + 2 * sizes.b2 + sizes.c) as u64;
    POINT * (witnesses * (witness as u64 - 1) + sizes.h as u64 * (quotient as u64 - 1))
}

/// Whether sums can number all points: by 31 bits, images included.
fn places(sizes: Sizes, [witness, quotient]: Columns) -> bool {
    let most = sizes.a.max(sizes.b1).max(sizes.b2).max(sizes.c);
    (most * witness).max(sizes.h * quotient) < 1 << 30
}

/// Additions in G1, an addition in G2 being two. Of a witness half is taken to be of full size, as in margin circuits.
fn cost(sizes: Sizes, columns: Columns) -> usize {
    let sum = |points: usize, long: usize, size: u64, columns: usize| {
        let bytes = points as u64 * size * columns as u64;
        let eighths = usize::from(bytes > NEAR) + usize::from(bytes > FAR);
        let read = long * eighths * (columns - 1) / columns / 8;
        best_width(long + read, LONGEST, spacing(columns)).1
    };
    let [witness, quotient] = columns;
    let g1 = [sizes.a, sizes.b1, sizes.c].map(|points| sum(points, points, POINT, witness));
    let b2 = sum(sizes.b2, sizes.b2, 2 * POINT, witness);
    g1.iter().sum::<usize>() + 2 * b2 + sum(sizes.h, 2 * sizes.h, POINT, quotient)
}

/// The tables of a loaded key, looked at before they are first used.
///
/// That takes longer than one proof gains by them, so a process's first proof goes without.
pub struct Tables {
    columns: Columns,
    warm: AtomicBool,
    whole: OnceLock<bool>,
    check: Box<dyn Fn() -> bool + Send + Sync>,
}

impl Tables {
    /// Tables of which `check` says whether they are as they were made.
    pub fn new(columns: Columns, check: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self {
            columns,
            warm: AtomicBool::new(false),
            whole: OnceLock::new(),
            check: Box::new(check),
        }
    }

    /// No tables.
    pub fn none() -> Self {
        Self::new(NONE, || true)
    }

    /// All columns that there are.
    pub fn made(&self) -> Columns {
        self.columns
    }

    /// Whether they were looked at and are not as they were made.
    pub fn damaged(&self) -> bool {
        self.whole.get() == Some(&false)
    }

    /// The columns to prove with now.
    pub fn columns(&self) -> Columns {
        let used =
            self.columns != NONE && self.warm.swap(true, Ordering::Relaxed) && *self.whole.get_or_init(&self.check);
        if used {
            self.columns
        } else {
            NONE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(rows: usize) -> Sizes {
        Sizes {
            a: rows,
            b1: rows * 4 / 5,
            b2: rows * 4 / 5,
            c: rows,
            h: rows,
        }
    }

    #[test]
    fn tables_stay_within_their_budget_and_pay() {
        for rows in [0, 1, 10, 1 << 12, 1 << 14, 1 << 16, 1 << 20, 1 << 27] {
            assert_eq!(plan(sizes(rows), 0), NONE);
            for budget in (10..40).map(|bits| 1 << bits) {
                let columns = plan(sizes(rows), budget);
                assert!(bytes(sizes(rows), columns) <= budget);
                assert!(places(sizes(rows), columns));
                assert!(cost(sizes(rows), columns) <= cost(sizes(rows), NONE));
            }
        }
    }

    /// What measurements say: much at 2^12 rows, something at 2^14, too little at 2^16.
    #[test]
    fn tables_are_made_where_they_pay() {
        if matches!(path(), Path::Portable) {
            assert_eq!(plan(sizes(1 << 12), 1 << 25), NONE);
            return;
        }
        let [small, middle, large] = [12, 14, 16].map(|power| plan(sizes(1 << power), 1 << 25));
        assert!(small[0] >= 8 && small[1] >= 8, "{small:?}");
        assert!(middle[0] > 1 && middle[1] > 1, "{middle:?}");
        assert_eq!(large, NONE);
    }

    #[test]
    fn tables_are_looked_at_once_and_only_before_a_second_proof() {
        let looks = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        for (whole, found) in [(true, [2, 3]), (false, NONE)] {
            let counter = looks.clone();
            let tables = Tables::new([2, 3], move || {
                counter.fetch_add(1, Ordering::Relaxed);
                whole
            });
            looks.store(0, Ordering::Relaxed);
            assert_eq!((tables.columns(), looks.load(Ordering::Relaxed)), (NONE, 0));
            assert_eq!((tables.columns(), looks.load(Ordering::Relaxed)), (found, 1));
            assert_eq!((tables.columns(), looks.load(Ordering::Relaxed)), (found, 1));
        }
        assert_eq!(Tables::none().columns(), NONE);
    }
}
