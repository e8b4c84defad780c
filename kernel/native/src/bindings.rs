//! The functions Python sees.

use crate::arithmetic;
use crate::encoding::{read_element, read_scalars, write_element, Form};
use crate::error::{bad, malformed, Fault, Result};
use crate::interrupt::{interruptible, python_error};
use crate::map::Map;
use crate::path::{checked_path, Path};
use crate::poseidon;
use crate::prepared::{self, Hash};
use crate::program::{Outcome, Program};
use crate::prove;
use crate::r1cs::R1cs;
use crate::setup::{setup, Secrets};
use crate::verifying_key::{self, read_inputs, Proof};
use crate::zkey;
use ark_bn254::{g1, g2, Fr, G1Affine, G2Affine};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// A verifying key, checked and with its pairings prepared.
#[pyclass(frozen)]
struct VerifyingKey(verifying_key::VerifyingKey);

#[pymethods]
impl VerifyingKey {
    #[new]
    fn new(py: Python<'_>, key: &[u8]) -> PyResult<Self> {
        verifying_key::VerifyingKey::from_bytes(key)
            .map(Self)
            .map_err(|fault| python_error(py, fault))
    }

    /// e(alpha, beta): 12 elements.
    fn alpha_beta<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.alpha_beta_bytes())
    }

    fn verify(&self, py: Python<'_>, public: &[u8], proof: &[u8]) -> PyResult<bool> {
        py.detach(|| self.0.verify(&read_inputs(public)?, &Proof::from_bytes(proof)?))
            .map_err(|fault| python_error(py, fault))
    }

    /// Whether all proofs hold; public inputs and proofs stand behind one another.
    fn verify_batch(&self, py: Python<'_>, publics: &[u8], proofs: &[u8]) -> PyResult<bool> {
        py.detach(|| self.0.verify_batch(&read_inputs(publics)?, proofs))
            .map_err(|fault| python_error(py, fault))
    }
}

/// A proving key, loaded once for many proofs.
#[pyclass(frozen)]
struct ProvingKey(zkey::ProvingKey);

#[pymethods]
impl ProvingKey {
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        interruptible(py, |_| zkey::ProvingKey::parse(bytes)).map(Self)
    }

    /// The key of a mapped cache, read beside its `.zkey` of this SHA-256; None when it is another's, damaged, or without
    /// the tables that such a key has within a budget of bytes.
    #[staticmethod]
    fn from_prepared(py: Python<'_>, prepared: i32, zkey: i32, digest: Hash, budget: u64) -> PyResult<Option<Self>> {
        let open = |descriptor| Map::of_descriptor(descriptor).map_err(|error| Fault::Io(error.to_string()));
        interruptible(py, |_| {
            prepared::read(open(prepared)?, open(zkey)?.bytes(), &digest, budget)
        })
        .map(|key| key.map(Self))
    }

    /// Writes the cache of this key, which was read from a `.zkey` of this SHA-256, with tables of so many bytes at most.
    fn write_prepared(&self, py: Python<'_>, path: PathBuf, digest: Hash, budget: u64) -> PyResult<()> {
        interruptible(py, |cancel| {
            let mut file = std::fs::File::create(&path).map_err(|error| Fault::Io(error.to_string()))?;
            prepared::write(&self.0, &digest, budget, &mut file, cancel)
        })
    }

    /// Whether a proof has found the tables of the cache damaged; they are not used.
    #[getter]
    fn tables_damaged(&self) -> bool {
        self.0.tables.damaged()
    }

    #[getter]
    fn n_public(&self) -> u32 {
        self.0.head.n_public
    }

    #[getter]
    fn n_variables(&self) -> u32 {
        self.0.head.n_variables
    }

    #[getter]
    fn domain_size(&self) -> u32 {
        self.0.head.domain_size
    }

    /// alpha, beta, gamma, delta, input points.
    fn verifying_key<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.head.verifying_key.to_bytes())
    }

    fn alpha_beta<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.head.verifying_key.alpha_beta_bytes())
    }

    fn prove<'py>(&self, py: Python<'py>, witness: &[u8], r: &[u8], s: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let proof = interruptible(py, |cancel| {
            let witness = read_scalars(witness, "witness-not-canonical", "the witness values")?;
            prove::prove(&self.0, &witness, scalar(r)?, scalar(s)?, cancel)
        })?;
        Ok(PyBytes::new(py, &proof.to_bytes()))
    }
}

/// A witness program, loaded once for many witnesses.
#[pyclass(frozen)]
struct WitnessProgram(Program);

#[pymethods]
impl WitnessProgram {
    #[new]
    fn new(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        Program::parse(bytes).map(Self).map_err(|fault| python_error(py, fault))
    }

    /// The witness, or the number of the step that has no value: it does not fit its bits, or divides by zero.
    fn run<'py>(
        &self,
        py: Python<'py>,
        public: &[u8],
        hidden: &[u8],
    ) -> PyResult<(Bound<'py, PyBytes>, Option<usize>)> {
        let run = |cancel: &AtomicBool| {
            let read = |bytes| read_scalars(bytes, "bad-inputs", "the circuit's inputs");
            self.0.run(&read(public)?, &read(hidden)?, cancel)
        };
        let outcome = if self.0.is_short() {
            py.detach(|| run(&AtomicBool::new(false)))
                .map_err(|fault| python_error(py, fault))?
        } else {
            interruptible(py, run)?
        };
        Ok(match outcome {
            Outcome::Witness(wires) => {
                let mut out = Vec::with_capacity(32 * wires.len());
                wires.iter().for_each(|wire| write_element(wire, Form::Plain, &mut out));
                (PyBytes::new(py, &out), None)
            }
            Outcome::Refused(step) => (PyBytes::new(py, &[]), Some(step)),
        })
    }
}

/// The bytes of a `.zkey` made from known secrets.
#[pyfunction]
#[pyo3(name = "setup")]
fn setup_<'py>(
    py: Python<'py>,
    r1cs: &[u8],
    tau: &[u8],
    alpha: &[u8],
    beta: &[u8],
    delta: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let zkey = interruptible(py, |cancel| {
        let secrets = Secrets {
            tau: scalar(tau)?,
            alpha: scalar(alpha)?,
            beta: scalar(beta)?,
            delta: scalar(delta)?,
        };
        setup(&R1cs::parse(r1cs)?, &secrets, cancel)
    })?;
    Ok(PyBytes::new(py, &zkey))
}

#[pyfunction]
#[pyo3(name = "poseidon")]
fn poseidon_<'py>(py: Python<'py>, inputs: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let hash = read_scalars(inputs, "bad-format", "the hash's inputs").and_then(|inputs| poseidon::poseidon(&inputs));
    give(
        py,
        hash.map(|hash| {
            let mut out = Vec::with_capacity(32);
            write_element(&hash, Form::Plain, &mut out);
            out
        }),
    )
}

/// Poseidon's permutation of a whole state.
#[pyfunction]
fn poseidon_permutation<'py>(py: Python<'py>, state: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let permuted = read_scalars(state, "bad-format", "the state").and_then(poseidon::permutation);
    give(
        py,
        permuted.map(|state| {
            let mut out = Vec::with_capacity(32 * state.len());
            state
                .iter()
                .for_each(|value| write_element(value, Form::Plain, &mut out));
            out
        }),
    )
}

#[pyfunction]
fn field_add<'py>(py: Python<'py>, left: &[u8], right: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    give(py, arithmetic::pairwise(left, right, |a, b| a + b))
}

#[pyfunction]
fn field_sub<'py>(py: Python<'py>, left: &[u8], right: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    give(py, arithmetic::pairwise(left, right, |a, b| a - b))
}

#[pyfunction]
fn field_mul<'py>(py: Python<'py>, left: &[u8], right: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    give(py, arithmetic::pairwise(left, right, |a, b| a * b))
}

#[pyfunction]
fn field_inv<'py>(py: Python<'py>, values: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    give(py, arithmetic::inverses(values))
}

#[pyfunction]
fn ntt<'py>(py: Python<'py>, values: &[u8], inverse: bool) -> PyResult<Bound<'py, PyBytes>> {
    give(py, arithmetic::ntt(values, inverse))
}

#[pyfunction]
fn g1_add<'py>(py: Python<'py>, left: &[u8], right: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    give(py, arithmetic::add::<G1Affine>(left, right))
}

#[pyfunction]
fn g2_add<'py>(py: Python<'py>, left: &[u8], right: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    give(py, arithmetic::add::<G2Affine>(left, right))
}

#[pyfunction]
fn g1_multiply<'py>(py: Python<'py>, point: &[u8], scalar: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    give(py, arithmetic::multiply::<G1Affine>(point, scalar))
}

#[pyfunction]
fn g2_multiply<'py>(py: Python<'py>, point: &[u8], scalar: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    give(py, arithmetic::multiply::<G2Affine>(point, scalar))
}

#[pyfunction]
fn msm_g1<'py>(py: Python<'py>, points: &[u8], scalars: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let sum = interruptible(py, |cancel| {
        arithmetic::multiply_sum::<g1::Config>(points, scalars, cancel)
    })?;
    Ok(PyBytes::new(py, &sum))
}

#[pyfunction]
fn msm_g2<'py>(py: Python<'py>, points: &[u8], scalars: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let sum = interruptible(py, |cancel| {
        arithmetic::multiply_sum::<g2::Config>(points, scalars, cancel)
    })?;
    Ok(PyBytes::new(py, &sum))
}

/// Whether the product of the pairings of (G1, G2) pairs is one.
#[pyfunction]
fn pairing_check(py: Python<'_>, pairs: &[u8]) -> PyResult<bool> {
    py.detach(|| verifying_key::pairing_check(pairs))
        .map_err(|fault| python_error(py, fault))
}

/// Cores the kernel works on.
#[pyfunction]
fn threads() -> usize {
    rayon::current_num_threads()
}

/// The name of the kernel's instructions; ValueError if those that the environment asks for cannot be had.
#[pyfunction]
fn path() -> PyResult<&'static str> {
    checked_path().map(Path::name).map_err(PyValueError::new_err)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<VerifyingKey>()?;
    module.add_class::<ProvingKey>()?;
    module.add_class::<WitnessProgram>()?;
    for function in [
        wrap_pyfunction!(setup_, module)?,
        wrap_pyfunction!(poseidon_, module)?,
        wrap_pyfunction!(poseidon_permutation, module)?,
        wrap_pyfunction!(field_add, module)?,
        wrap_pyfunction!(field_sub, module)?,
        wrap_pyfunction!(field_mul, module)?,
        wrap_pyfunction!(field_inv, module)?,
        wrap_pyfunction!(ntt, module)?,
        wrap_pyfunction!(g1_add, module)?,
        wrap_pyfunction!(g2_add, module)?,
        wrap_pyfunction!(g1_multiply, module)?,
        wrap_pyfunction!(g2_multiply, module)?,
        wrap_pyfunction!(msm_g1, module)?,
        wrap_pyfunction!(msm_g2, module)?,
        wrap_pyfunction!(pairing_check, module)?,
        wrap_pyfunction!(threads, module)?,
        wrap_pyfunction!(path, module)?,
    ] {
        module.add_function(function)?;
    }
    Ok(())
}

fn give(py: Python<'_>, result: Result<Vec<u8>>) -> PyResult<Bound<'_, PyBytes>> {
    match result {
        Ok(bytes) => Ok(PyBytes::new(py, &bytes)),
        Err(fault) => Err(python_error(py, fault)),
    }
}

fn scalar(bytes: &[u8]) -> Result<Fr> {
    if bytes.len() != 32 {
        return Err(bad("a scalar has 32 bytes"));
    }
    read_element(bytes, Form::Plain)
        .ok_or_else(|| malformed("scalar-not-canonical", "a scalar is not below the field's order"))
}
