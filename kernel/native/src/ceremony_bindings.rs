//! What Python sees of ceremonies: checked powers of tau, contributions, and their checks.

use crate::contribution::{beacon_stream, check_extension, claimed, contribute};
use crate::error::{bad, Result};
use crate::interrupt::interruptible;
use crate::phase2::initial_key;
use crate::ptau;
use crate::r1cs::R1cs;
use crate::sampling::{entropy, Hash, Hasher, Stream};
use crate::transcript::{read_name, Source, Transcript, ITERATIONS};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeroize::Zeroize;

/// Name, beacon's value and exponent where it is one, contribution's hash.
type Record = (Option<String>, Option<(Vec<u8>, u8)>, Vec<u8>);
/// The circuit's hash and its contributions, oldest first.
type Records = (Vec<u8>, Vec<Record>);

/// Powers of tau that passed every check.
#[pyclass(frozen)]
struct Ptau(ptau::Ptau);

#[pymethods]
impl Ptau {
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        interruptible(py, |cancel| ptau::Ptau::parse(bytes, cancel)).map(Self)
    }

    #[getter]
    fn power(&self) -> u32 {
        self.0.power
    }

    #[getter]
    fn contributions(&self) -> u32 {
        self.0.contributions
    }

    fn initial_key<'py>(&self, py: Python<'py>, r1cs: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let zkey = interruptible(py, |cancel| initial_key(&R1cs::parse(r1cs)?, &self.0, cancel))?;
        Ok(PyBytes::new(py, &zkey))
    }
}

/// Contributes to a key: fresh entropy of the system and `text`, or exactly `replay` (64 bytes) instead.
#[pyfunction]
#[pyo3(name = "ceremony_contribute")]
fn contribute_<'py>(
    py: Python<'py>,
    zkey: &[u8],
    name: &str,
    text: &[u8],
    replay: Option<&[u8]>,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let made = interruptible(py, |cancel| {
        let mut seed: Hash = [0; 64];
        match replay {
            None => entropy(&mut seed)?,
            Some(replay) if replay.len() == 64 => seed.copy_from_slice(replay),
            Some(_) => return Err(bad("a replayed seed has 64 bytes")),
        }
        let mut hasher = Hasher::new();
        hasher.bytes(&seed);
        hasher.bytes(text);
        seed.zeroize();
        let mut hash = hasher.finish();
        let stream = Stream::from_hash(&hash);
        hash.zeroize();
        contribute(zkey, stream, Source::Person, named(name)?, cancel)
    })?;
    Ok((PyBytes::new(py, &made.0), PyBytes::new(py, &made.1)))
}

/// Contributes a beacon's value, hashed 2^exponent times.
#[pyfunction]
fn ceremony_beacon<'py>(
    py: Python<'py>,
    zkey: &[u8],
    name: &str,
    value: &[u8],
    exponent: u8,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let made = interruptible(py, |cancel| {
        if value.is_empty() || value.len() > 255 || !ITERATIONS.contains(&exponent) {
            return Err(bad(format!(
                "a beacon has 1 to 255 bytes and an exponent from {} to {}",
                ITERATIONS.start(),
                ITERATIONS.end()
            )));
        }
        let stream = beacon_stream(value, exponent, cancel)?;
        let source = Source::Beacon {
            exponent,
            value: value.to_vec(),
        };
        contribute(zkey, stream, source, named(name)?, cancel)
    })?;
    Ok((PyBytes::new(py, &made.0), PyBytes::new(py, &made.1)))
}

/// Checks that `after` is `before` and contributions; returns the records of `after`.
#[pyfunction]
fn ceremony_check(py: Python<'_>, before: &[u8], after: &[u8]) -> PyResult<Records> {
    interruptible(py, |cancel| Ok(records(&check_extension(before, after, cancel)?)))
}

/// What a key claims of itself, unchecked.
#[pyfunction]
fn ceremony_claims(py: Python<'_>, zkey: &[u8]) -> PyResult<Records> {
    interruptible(py, |_| Ok(records(&claimed(zkey)?)))
}

fn named(name: &str) -> Result<Option<String>> {
    match name {
        "" => Ok(None),
        name => read_name(name.as_bytes()).map(Some),
    }
}

fn records(transcript: &Transcript) -> Records {
    let contributions = transcript
        .contributions
        .iter()
        .map(|made| {
            let beacon = match &made.source {
                Source::Person => None,
                Source::Beacon { exponent, value } => Some((value.clone(), *exponent)),
            };
            (made.name.clone(), beacon, made.hash().to_vec())
        })
        .collect();
    (transcript.circuit.to_vec(), contributions)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Ptau>()?;
    for function in [
        wrap_pyfunction!(contribute_, module)?,
        wrap_pyfunction!(ceremony_beacon, module)?,
        wrap_pyfunction!(ceremony_check, module)?,
        wrap_pyfunction!(ceremony_claims, module)?,
    ] {
        module.add_function(function)?;
    }
    Ok(())
}
