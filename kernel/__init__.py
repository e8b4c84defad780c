"""BN254, Poseidon and Groth16: one interface, two kernels.

`ZKMARGIN_KERNEL` chooses `native` (Rust) or `reference` (Python, slow, the twin that judges the other); unset, the
native one is taken where it was built. Importing this package imports neither.
"""

from __future__ import annotations

from .choice import backend, kernel
from .development import DEVELOPMENT_ALPHAS, development_secrets, is_development_key
from .facade import (
    field_add,
    field_inv,
    field_mul,
    field_sub,
    g1_add,
    g1_multiply,
    g2_add,
    g2_multiply,
    load_key,
    load_program,
    msm_g1,
    msm_g2,
    ntt,
    pairing_check,
    poseidon,
    poseidon_permutation,
    prove,
    public_inputs,
    setup,
    verify,
    verify_batch,
)
from .field import Q, R
from .groth16_data import G1, G2, Proof, VerifyingKey
from .interface import Kernel, Program, ProvingKey
from .poseidon_constants import poseidon_constants
from .wtns import read_wtns, write_wtns

__all__ = [
    "DEVELOPMENT_ALPHAS",
    "G1",
    "G2",
    "Kernel",
    "Program",
    "Proof",
    "ProvingKey",
    "Q",
    "R",
    "VerifyingKey",
    "backend",
    "development_secrets",
    "field_add",
    "field_inv",
    "field_mul",
    "field_sub",
    "g1_add",
    "g1_multiply",
    "g2_add",
    "g2_multiply",
    "is_development_key",
    "kernel",
    "load_key",
    "load_program",
    "msm_g1",
    "msm_g2",
    "ntt",
    "pairing_check",
    "poseidon",
    "poseidon_constants",
    "poseidon_permutation",
    "prove",
    "public_inputs",
    "read_wtns",
    "setup",
    "verify",
    "verify_batch",
    "write_wtns",
]
