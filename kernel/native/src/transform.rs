//! Transforms of scalars without vector instructions.
//!
//! Values become coefficients by decimation in frequency, which leaves them in bit-reversed order, and coefficients
//! values by decimation in time, which takes them so: nothing is reordered on the way there and back. Both recurse
//! depth first, a quarter at a time, so that the lower levels find their elements in the first cache. `vector::ntt` is
//! built in the same way.

use crate::limbs::Element;
use crate::passes::{
    eights_in_frequency, eights_in_time, fours_in_frequency, fours_in_time, in_frequency, in_time, twos, Eighths,
    Scalar, Turns,
};
use crate::quarters::{each_quarter, split};
use ark_bn254::Fr;
use ark_ff::{BigInt, Field};
use rayon::prelude::*;

/// Elements that one task takes through all their levels: 16 KiB, which the first cache holds with their turns.
const LEAF: usize = 512;

/// Elements of a quarter that one thread walks through at a time.
const SHARE: usize = 2048;

/// The turns of every pass of a size, the largest first.
struct Turning {
    quarters: Vec<Vec<Turns>>,
    quarter: Fr,
    eighths: Eighths,
}

impl Turning {
    /// The turns of a root whose order is `size`, or of its inverse, from the first half of the root's powers.
    fn new(size: usize, powers: &[Fr], backwards: bool) -> Self {
        let power = |exponent: usize| {
            let exponent = if backwards { size - exponent } else { exponent } & (size - 1);
            match exponent.checked_sub(powers.len()) {
                Some(rest) => -powers[rest],
                None => powers[exponent],
            }
        };
        let mut quarters: Vec<Vec<Turns>> = Vec::new();
        let mut left = size;
        while left > 8 {
            let turns = match quarters.last() {
                Some(larger) => larger.iter().step_by(4).copied().collect(),
                None => {
                    let turns = (0..size / 4).into_par_iter().with_min_len(SHARE);
                    turns.map(|j| [2 * j, j, 3 * j].map(power)).collect()
                }
            };
            quarters.push(turns);
            left /= 4;
        }
        Self {
            quarters,
            quarter: power(size / 4),
            eighths: [1, 2, 3].map(|times| power(times * size / 8)),
        }
    }
}

/// The first half of the powers of a root whose order is `size`; the others are these, negative.
fn half_turn(size: usize, root: Fr) -> Vec<Fr> {
    powers(Fr::ONE, root, size.div_ceil(2))
}

/// `start` times the first powers of `step`, from one.
fn powers(start: Fr, step: Fr, count: usize) -> Vec<Fr> {
    let mut out = vec![start; count];
    out.par_chunks_mut(SHARE).enumerate().for_each(|(number, out)| {
        let mut power = start * step.pow([(number * SHARE) as u64]);
        for place in out {
            *place = power;
            power *= step;
        }
    });
    out
}

/// Two transforms of one size: from values at one set of points to values at another.
pub struct Plan {
    down: Turning,
    up: Turning,
    /// What each coefficient is multiplied by, in the order they have between the two.
    scale: Vec<Fr>,
}

impl Plan {
    /// From values at the powers of `root` to values at `shift` times these: `size` of them, a power of two
    /// and the root's order. Nothing when the size has no inverse.
    pub fn new(size: usize, root: Fr, shift: Fr) -> Option<Self> {
        let scale = powers(Fr::from(size as u64).inverse()?, shift, size);
        let half = half_turn(size, root);
        Some(Self {
            down: Turning::new(size, &half, true),
            up: Turning::new(size, &half, false),
            scale: in_order(size, |place| scale[place]),
        })
    }

    /// A·B − C at the shifted points, plain, given A and B at the powers of the root; C is their product there.
    pub fn quotient(&self, a: &[Fr], b: &[Fr]) -> Vec<BigInt<4>> {
        let shifted = |mut values: Vec<Scalar>| {
            self.shift(&mut values);
            values
        };
        let scalars = |values: &[Fr]| values.iter().map(Scalar::from_ark).collect();
        let product = || {
            a.iter()
                .zip(b)
                .map(|(a, b)| Scalar::from_ark(a).mul(&Scalar::from_ark(b)))
        };
        let (a, (b, c)) = rayon::join(
            || shifted(scalars(a)),
            || rayon::join(|| shifted(scalars(b)), || shifted(product().collect())),
        );
        (&a, &b, &c)
            .into_par_iter()
            .with_min_len(SHARE)
            .map(|(a, b, c)| a.mul(b).sub(c).to_plain())
            .collect()
    }

    /// Values at the powers of the root become values at the shifted points.
    fn shift(&self, values: &mut [Scalar]) {
        let (down, up) = (&self.down, Some(&self.up));
        Walk { down, up }.quarters(values, &self.scale, 0);
    }
}

/// Values at the powers of `root` from coefficients, in natural order; with an inverse root and n times over, back.
pub fn transform(values: &[Fr], root: Fr) -> Vec<Fr> {
    let size = values.len();
    let down = &Turning::new(size, &half_turn(size, root), false);
    let mut scalars: Vec<Scalar> = values.iter().map(Scalar::from_ark).collect();
    Walk { down, up: None }.quarters(&mut scalars, &[], 0);
    in_order(size, |place| scalars[place].to_ark())
}

/// What stands at the places whose bits are those of 0, 1, 2, ... backwards.
fn in_order(size: usize, at: impl Fn(usize) -> Fr + Sync) -> Vec<Fr> {
    let unused = usize::BITS - size.trailing_zeros();
    (0..size)
        .into_par_iter()
        .with_min_len(SHARE)
        .map(|place| at(place.reverse_bits().checked_shr(unused).unwrap_or(0)))
        .collect()
}

/// One walk down all levels and, where there is an `up`, back.
#[derive(Clone, Copy)]
struct Walk<'a> {
    down: &'a Turning,
    up: Option<&'a Turning>,
}

impl Walk<'_> {
    fn quarters(self, values: &mut [Scalar], scale: &[Fr], level: usize) {
        if values.len() <= LEAF {
            return self.leaf(values, scale, level);
        }
        each_quarter(values, &self.down.quarters[level], SHARE, |quarters, turns| {
            in_frequency(quarters, turns, &self.down.quarter);
        });
        let (half, first) = (values.len() / 2, scale.len() / 2);
        let ((low, high), (left, right)) = (values.split_at_mut(half), scale.split_at(first));
        let both = |values: &mut [Scalar], scale: &[Fr]| {
            let (low, high) = values.split_at_mut(half / 2);
            let (left, right) = scale.split_at(first / 2);
            let rest = || self.quarters(high, right, level + 1);
            rayon::join(|| self.quarters(low, left, level + 1), rest);
        };
        rayon::join(|| both(low, left), || both(high, right));
        if let Some(up) = self.up {
            each_quarter(values, &up.quarters[level], SHARE, |quarters, turns| {
                in_time(quarters, turns, &up.quarter);
            });
        }
    }

    /// The levels that fit the first cache.
    fn leaf(self, values: &mut [Scalar], scale: &[Fr], level: usize) {
        for turns in &self.down.quarters[level..] {
            for values in values.chunks_exact_mut(4 * turns.len()) {
                in_frequency(split(values), turns, &self.down.quarter);
            }
        }
        let (quarter, eighths) = (&self.down.quarter, &self.down.eighths);
        match values.len() >> (2 * self.down.quarters[level..].len()) {
            1 => self.middle(values, scale, |one: [_; 1]| one, |one, _| one),
            2 => self.middle(values, scale, twos, |two, _| twos(two)),
            4 => self.middle(
                values,
                scale,
                |four| fours_in_frequency(four, quarter),
                |four, up| fours_in_time(four, &up.quarter),
            ),
            _ => self.middle(
                values,
                scale,
                |eight| eights_in_frequency(eight, eighths),
                |eight, up| eights_in_time(eight, &up.eighths),
            ),
        }
        let Some(up) = self.up else { return };
        for turns in up.quarters[level..].iter().rev() {
            for values in values.chunks_exact_mut(4 * turns.len()) {
                in_time(split(values), turns, &up.quarter);
            }
        }
    }

    /// The lowest levels down and back, and the scale between them.
    #[inline(always)]
    fn middle<const N: usize>(
        self,
        values: &mut [Scalar],
        scale: &[Fr],
        down: impl Fn([Scalar; N]) -> [Scalar; N],
        back: impl Fn([Scalar; N], &Turning) -> [Scalar; N],
    ) {
        for (number, values) in values.as_chunks_mut().0.iter_mut().enumerate() {
            *values = down(*values);
            if let Some(up) = self.up {
                for (value, scale) in values.iter_mut().zip(&scale[N * number..]) {
                    *value = value.turned(scale);
                }
                *values = back(*values, up);
            }
        }
    }
}
