//! The witness program: instructions over a tape of wires and hidden inputs, recorded by the circuit compiler.
//!
//! The file: `zkmw`, then eight counts (version, wires, inputs, steps, combinations, terms, coefficients, bytes of
//! labels), then flat little-endian arrays: steps of five words (operation, wire, size, source, label), starts,
//! wires and coefficient numbers of the terms, coefficients of 32 bytes, labels. The program is not trusted:
//! whatever it writes, the constraints decide; but no file may read or write outside the tape.

use crate::encoding::read_scalars;
use crate::error::{malformed, Fault, Result};
use crate::inversion;
use crate::msm::check;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInt as Limbs, BigInteger, Field, PrimeField, Zero};
use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use std::cmp::Ordering;
use std::sync::atomic::AtomicBool;

const MAGIC: &[u8] = b"zkmw";
/// How many operations a version has: version 1 ends with the quotient, version 2 with the root, 3 with the product and
/// sum.
const OPERATIONS: [usize; 3] = [7, 10, 12];
const HEADER: usize = 36;
/// Wires that no step fills: the public inputs.
const MOST_PUBLIC: usize = 1 << 20;
const MOST_STEPS: usize = 1 << 24;
/// Terms and combinations that a run reads, sorting counted in; steps may share them, so the file's size does not say.
const MOST_WORK: usize = 1 << 28;
/// Milliseconds: not worth a thread that can be stopped.
const SHORT_WORK: usize = 1 << 18;
/// What an inversion counts as, in terms read.
const DIVISION: usize = 256;
const BITS_OF_R: usize = 254;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Linear,
    Products,
    Bits,
    Sign,
    Largest,
    Smallest,
    Quotient,
    Ranked,
    Flags,
    Root,
    Divide,
    MultiplyAdd,
}

struct Step {
    operation: Operation,
    wire: usize,
    size: usize,
    source: usize,
    label: usize,
}

impl Step {
    /// How many wires it writes and how many combinations it reads.
    fn extent(&self) -> (usize, usize) {
        match self.operation {
            Operation::Linear | Operation::Root => (1, 1),
            Operation::Products => (self.size, 2 * self.size),
            Operation::Bits => (self.size, 1),
            Operation::Sign => (self.size + 1, 1),
            Operation::Largest | Operation::Smallest => (1, self.size),
            Operation::Quotient | Operation::Divide => (1, 2),
            Operation::MultiplyAdd => (1, 3),
            // The largest of nothing is refused.
            Operation::Ranked | Operation::Flags if self.size == 0 => (0, 0),
            Operation::Ranked => (1, 1 + self.size),
            Operation::Flags => (self.size, 1 + self.size),
        }
    }

    /// What reading so many combinations costs apart from their terms.
    fn reading(&self, read: usize) -> usize {
        match self.operation {
            Operation::Ranked | Operation::Flags => read * (1 + (usize::BITS - read.leading_zeros()) as usize),
            Operation::Divide => DIVISION,
            _ => read,
        }
    }
}

pub struct Program {
    wires: usize,
    inputs: usize,
    steps: Vec<Step>,
    starts: Vec<usize>,
    terms: Vec<(usize, usize)>,
    coefficients: Vec<Fr>,
    /// How many names of checks there are; the names themselves are for Python's messages.
    labels: usize,
    work: usize,
}

/// How a run ended: a witness, or the number of the step whose value does not fit its bits or that divides by zero.
pub enum Outcome {
    Witness(Vec<Fr>),
    Refused(usize),
}

fn damaged() -> Fault {
    malformed(
        "bad-program",
        "the witness program is cut, of another version, or names places that do not exist",
    )
}

impl Program {
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() < HEADER || &bytes[..4] != MAGIC {
            return Err(malformed("bad-program", "this is not a witness program"));
        }
        let header = words(&bytes[4..HEADER]);
        let [version, wires, inputs, steps, combinations, terms, coefficients, labels] = header[..] else {
            return Err(damaged());
        };
        let sizes = [
            20 * steps,
            4 * (combinations + 1),
            4 * terms,
            4 * terms,
            32 * coefficients,
            labels,
        ];
        let known = version.checked_sub(1).and_then(|version| OPERATIONS.get(version));
        let Some(&operations) = known else {
            return Err(damaged());
        };
        if bytes.len() != HEADER + sizes.iter().sum::<usize>() {
            return Err(damaged());
        }
        let mut rest = &bytes[HEADER..];
        let mut section = |size: usize| {
            let (section, tail) = rest.split_at(size);
            rest = tail;
            section
        };
        let (raw_steps, starts) = (words(section(sizes[0])), words(section(sizes[1])));
        let (places, numbers) = (words(section(sizes[2])), words(section(sizes[3])));
        let mut program = Self {
            wires,
            inputs,
            steps: raw_steps
                .chunks_exact(5)
                .map(|raw| step(raw, operations))
                .collect::<Result<_>>()?,
            starts,
            terms: places.into_iter().zip(numbers).collect(),
            coefficients: read_scalars(section(sizes[4]), "bad-program", "the program's coefficients")?,
            labels: 1 + section(sizes[5]).iter().filter(|&&byte| byte == b'\n').count(),
            work: 0,
        };
        program.work = program.checked()?;
        Ok(program)
    }

    /// Whether a run is over before anybody could stop it.
    pub fn is_short(&self) -> bool {
        self.work <= SHORT_WORK
    }

    /// Every step writes wires and reads combinations that exist; the tape is no longer than what fills it. What a run
    /// reads is returned.
    fn checked(&self) -> Result<usize> {
        let tape = self.wires + self.inputs;
        let ordered = self.starts.windows(2).all(|pair| pair[0] <= pair[1]);
        let whole = self.starts.first() == Some(&0) && self.starts.last() == Some(&self.terms.len());
        let placed = self
            .terms
            .iter()
            .all(|&(wire, number)| wire < tape && number < self.coefficients.len());
        let mut filled = 1 + MOST_PUBLIC;
        let mut sound = ordered && whole && placed && self.inputs <= MOST_PUBLIC;
        let mut work = 0;
        for step in &self.steps {
            let (written, read) = step.extent();
            let largest = match step.operation {
                Operation::Linear
                | Operation::Quotient
                | Operation::Root
                | Operation::Divide
                | Operation::MultiplyAdd => 1,
                Operation::Bits | Operation::Sign => BITS_OF_R,
                _ => usize::MAX,
            };
            filled += written;
            sound = sound
                && read > 0
                && step.wire > 0
                && step.size <= largest
                && step.label < self.labels
                && step.wire + written <= self.wires
                && step.source + read < self.starts.len();
            if sound {
                work += self.starts[step.source + read] - self.starts[step.source] + step.reading(read);
            }
        }
        if !sound || !(1..=filled).contains(&self.wires) {
            return Err(damaged());
        }
        // Few combinations, read again and again by many steps: a run would not end.
        if self.steps.len() > MOST_STEPS || work > MOST_WORK {
            return Err(malformed(
                "bad-program",
                format!(
                    "the witness program has {} steps that read {work} terms: at most {MOST_STEPS} steps and \
                     {MOST_WORK} terms are run",
                    self.steps.len()
                ),
            ));
        }
        Ok(work)
    }

    /// Fills the wires from the public inputs (wires 1 and on) and the hidden ones; `cancel` stops it between two sums.
    pub fn run(&self, public: &[Fr], hidden: &[Fr], cancel: &AtomicBool) -> Result<Outcome> {
        if hidden.len() != self.inputs || public.len() >= self.wires {
            return Err(malformed("bad-inputs", "the circuit has another number of inputs"));
        }
        let mut tape = vec![Fr::ZERO; self.wires + self.inputs];
        tape[0] = Fr::ONE;
        tape[1..=public.len()].copy_from_slice(public);
        tape[self.wires..].copy_from_slice(hidden);
        for (number, step) in self.steps.iter().enumerate() {
            if !self.step(step, &mut tape, cancel)? {
                return Ok(Outcome::Refused(number));
            }
        }
        tape.truncate(self.wires);
        Ok(Outcome::Witness(tape))
    }

    /// Runs one step; false when its value does not fit its bits, or it divides by zero.
    fn step(&self, step: &Step, tape: &mut [Fr], cancel: &AtomicBool) -> Result<bool> {
        check(cancel)?;
        match step.operation {
            Operation::Linear => tape[step.wire] = self.dot(step.source, tape),
            Operation::Products => {
                for i in 0..step.size {
                    check(cancel)?;
                    let source = step.source + 2 * i;
                    tape[step.wire + i] = self.dot(source, tape) * self.dot(source + 1, tape);
                }
            }
            Operation::Bits => return Ok(write_bits(self.dot(step.source, tape), step.wire, step.size, tape)),
            Operation::Sign => {
                let value = self.dot(step.source, tape);
                let negative = is_negative(&value);
                tape[step.wire] = Fr::from(negative);
                let magnitude = if negative { -value } else { value };
                return Ok(write_bits(magnitude, step.wire + 1, step.size, tape));
            }
            Operation::Largest | Operation::Smallest => {
                let wanted = if step.operation == Operation::Largest {
                    Ordering::Greater
                } else {
                    Ordering::Less
                };
                let mut chosen = self.dot(step.source, tape);
                for i in 1..step.size {
                    check(cancel)?;
                    let value = self.dot(step.source + i, tape);
                    if compare(&value, &chosen) == wanted {
                        chosen = value;
                    }
                }
                tape[step.wire] = chosen;
            }
            Operation::Quotient => {
                let (numerator, divisor) = (self.dot(step.source, tape), self.dot(step.source + 1, tape));
                tape[step.wire] = quotient(numerator, divisor);
            }
            Operation::Ranked | Operation::Flags => self.rank(step, tape, cancel)?,
            Operation::Root => tape[step.wire] = root(self.dot(step.source, tape)),
            Operation::Divide => {
                let divisor = self.dot(step.source + 1, tape);
                if divisor.is_zero() {
                    return Ok(false);
                }
                let inverse = Fr::new_unchecked(Limbs(inversion::inverse::<Fr>(&divisor.0 .0)));
                tape[step.wire] = self.dot(step.source, tape) * inverse;
            }
            Operation::MultiplyAdd => {
                let product = self.dot(step.source, tape) * self.dot(step.source + 1, tape);
                tape[step.wire] = product + self.dot(step.source + 2, tape);
            }
        }
        Ok(true)
    }

    /// Writes the k-th largest of several values, or which are the k largest. A k that is out of bounds is cut.
    fn rank(&self, step: &Step, tape: &mut [Fr], cancel: &AtomicBool) -> Result<()> {
        let value = |i| check(cancel).map(|()| self.dot(step.source + i, tape));
        let values: Vec<Fr> = (1..=step.size).map(value).collect::<Result<_>>()?;
        let mut order: Vec<usize> = (0..step.size).collect();
        order.sort_by(|&left, &right| compare(&values[right], &values[left])); // stable: the first of equals leads
        let k = match signed(self.dot(step.source, tape)).to_biguint() {
            Some(k) => usize::try_from(k).unwrap_or(step.size).clamp(1, step.size),
            None => 1,
        };
        if step.operation == Operation::Ranked {
            tape[step.wire] = values[order[k - 1]];
            return Ok(());
        }
        for (rank, &i) in order.iter().enumerate() {
            tape[step.wire + i] = Fr::from(rank < k);
        }
        Ok(())
    }

    /// The value of a combination; most wires of a margin circuit are bits, so zeros and ones are worth a branch.
    fn dot(&self, number: usize, tape: &[Fr]) -> Fr {
        let mut sum = Fr::ZERO;
        for &(wire, coefficient) in &self.terms[self.starts[number]..self.starts[number + 1]] {
            let value = &tape[wire];
            if !value.is_zero() {
                let factor = &self.coefficients[coefficient];
                sum += if *value == Fr::ONE { *factor } else { *value * factor };
            }
        }
        sum
    }
}

fn words(bytes: &[u8]) -> Vec<usize> {
    bytes
        .chunks_exact(4)
        .map(|chunk| u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]) as usize)
        .collect()
}

fn step(raw: &[usize], operations: usize) -> Result<Step> {
    if raw[0] >= operations {
        return Err(damaged());
    }
    let operation = match raw[0] {
        0 => Operation::Linear,
        1 => Operation::Products,
        2 => Operation::Bits,
        3 => Operation::Sign,
        4 => Operation::Largest,
        5 => Operation::Smallest,
        6 => Operation::Quotient,
        7 => Operation::Ranked,
        8 => Operation::Flags,
        9 => Operation::Root,
        10 => Operation::Divide,
        11 => Operation::MultiplyAdd,
        _ => return Err(damaged()),
    };
    Ok(Step {
        operation,
        wire: raw[1],
        size: raw[2],
        source: raw[3],
        label: raw[4],
    })
}

/// Field elements above half the order stand for negative integers.
fn is_negative(value: &Fr) -> bool {
    value.into_bigint() > Fr::MODULUS_MINUS_ONE_DIV_TWO
}

/// Orders two elements as the signed integers they stand for.
fn compare(left: &Fr, right: &Fr) -> Ordering {
    match (is_negative(left), is_negative(right)) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => left.into_bigint().cmp(&right.into_bigint()),
    }
}

/// The signed integer an element stands for.
fn signed(value: Fr) -> BigInt {
    match is_negative(&value) {
        true => -BigInt::from(BigUint::from((-value).into_bigint())),
        false => BigInt::from(BigUint::from(value.into_bigint())),
    }
}

/// The square root rounded down; zero of a negative number.
fn root(value: Fr) -> Fr {
    match is_negative(&value) {
        true => Fr::ZERO,
        false => Fr::from(BigUint::from(value.into_bigint()).sqrt()),
    }
}

/// The integer quotient rounded down, of the signed integers two elements stand for; zero by zero.
fn quotient(numerator: Fr, divisor: Fr) -> Fr {
    if divisor.is_zero() {
        return Fr::ZERO;
    }
    let result = signed(numerator).div_floor(&signed(divisor));
    let magnitude = Fr::from(result.magnitude().clone());
    if result.sign() == Sign::Minus {
        -magnitude
    } else {
        magnitude
    }
}

fn write_bits(value: Fr, wire: usize, size: usize, tape: &mut [Fr]) -> bool {
    let integer = value.into_bigint();
    if integer.num_bits() as usize > size {
        return false;
    }
    for i in 0..size {
        tape[wire + i] = Fr::from(integer.get_bit(i));
    }
    true
}
