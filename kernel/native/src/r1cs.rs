//! iden3's `.r1cs`: constraints (Σ a·w)(Σ b·w) = Σ c·w over the wires w, wire 0 being 1.

use crate::encoding::{modulus_bytes, read_element, Form};
use crate::error::{bad, Result};
use crate::sections::{Reader, Sections};
use ark_bn254::Fr;

/// One side of one constraint: (wire, coefficient).
pub type Combination = Vec<(u32, Fr)>;

pub struct R1cs {
    pub n_wires: u32,
    /// Outputs and public inputs; they are the wires 1 to `n_public`.
    pub n_public: u32,
    pub constraints: Vec<[Combination; 3]>,
}

impl R1cs {
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let sections = Sections::parse(bytes, b"r1cs", 1, "r1cs")?;
        let mut header = sections.reader(1)?;
        header.modulus(&modulus_bytes::<Fr>(), "field")?;
        let n_wires = header.u32()?;
        let n_outputs = header.u32()?;
        let n_inputs = header.u32()?;
        header.u32()?; // private inputs, which circom counts before its optimiser removes some of their wires
        header.u64()?; // labels: names for humans
        let n_constraints = header.u32()?;
        header.finish()?;
        let inputs = u64::from(n_outputs) + u64::from(n_inputs);
        if inputs + 1 > u64::from(n_wires) {
            return Err(bad("the r1cs has fewer wires than its outputs and public inputs need"));
        }
        // One label a wire: a lying count of wires is refused before it costs memory.
        sections.records(3, n_wires.into(), 8)?;
        let mut reader = sections.reader(2)?;
        // Every constraint takes 12 bytes at least: a lying count is refused before it costs memory.
        if u64::from(n_constraints) * 12 > reader.rest() as u64 {
            return Err(bad("the r1cs claims more constraints than it holds"));
        }
        let constraints = (0..n_constraints)
            .map(|_| {
                Ok([
                    combination(&mut reader, n_wires)?,
                    combination(&mut reader, n_wires)?,
                    combination(&mut reader, n_wires)?,
                ])
            })
            .collect::<Result<_>>()?;
        reader.finish()?;
        Ok(Self {
            n_wires,
            n_public: inputs as u32,
            constraints,
        })
    }
}

fn combination(reader: &mut Reader<'_>, n_wires: u32) -> Result<Combination> {
    let count = reader.u32()?;
    if u64::from(count) * 36 > reader.rest() as u64 {
        return Err(bad("a constraint of the r1cs claims more terms than the file holds"));
    }
    (0..count)
        .map(|_| {
            let wire = reader.u32()?;
            if wire >= n_wires {
                return Err(bad(format!("the r1cs uses wire {wire} of {n_wires}")));
            }
            let value = read_element(reader.take(32)?, Form::Plain)
                .ok_or_else(|| bad("a coefficient of the r1cs is not below the field's order"))?;
            Ok((wire, value))
        })
        .collect()
}
