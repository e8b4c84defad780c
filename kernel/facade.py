"""The kernel in use as plain functions. A proof leaves here only after it was verified."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from .choice import kernel
from .errors import FormatError, Unsatisfied
from .field import R
from .groth16_data import G1, G2, Proof, VerifyingKey
from .interface import Program, ProvingKey
from .words import from_words

__all__ = [
    "field_add",
    "field_inv",
    "field_mul",
    "field_sub",
    "g1_add",
    "g1_multiply",
    "g2_add",
    "g2_multiply",
    "load_key",
    "load_program",
    "msm_g1",
    "msm_g2",
    "ntt",
    "pairing_check",
    "poseidon",
    "poseidon_permutation",
    "prove",
    "public_inputs",
    "setup",
    "verify",
    "verify_batch",
]


def setup(r1cs: Path, zkey: Path, *, tau: int, alpha: int, beta: int, delta: int) -> VerifyingKey:
    """Make a Groth16 key from known secrets (gamma is 1, as in iden3's files) and write `zkey`.

    Whoever knows the secrets forges: for development. Raises FormatError, FileError.
    """
    return kernel().setup(r1cs, zkey, tau=tau, alpha=alpha, beta=beta, delta=delta)


def load_key(zkey: Path | bytes, *, digest: bytes | None = None) -> ProvingKey:
    """Load and check a `.zkey`, for any number of proofs. Raises FormatError, FileError, EnvironmentFault.

    A file is loaded through a cache beside it, `NAME.zkey.prepared`, which is written when it can be and may be deleted
    at any time. On AVX-512 IFMA it holds up to `ZKMARGIN_TABLES_MIB` MiB of tables (32 unless set), for all proofs of a
    process but the first. `digest` is the file's SHA-256, where the caller has just taken it.
    """
    return kernel().load_key(zkey, digest)


def prove(
    key: ProvingKey,
    witness: bytes,
    *,
    blinding: tuple[int, int] | None = None,
    timings: dict[str, float] | None = None,
) -> Proof:
    """Prove a witness (32 little-endian bytes a wire, as in section 2 of a `.wtns`).

    `blinding` makes the proof reproducible, and linkable to its witness: tests only. Raises FormatError when
    the witness is malformed and Unsatisfied when it breaks a constraint. `timings` receives the milliseconds of
    `prove` and `verify`.
    """
    r, s = blinding or (secrets.randbelow(R), secrets.randbelow(R))
    start = perf_counter()
    proof = key.prove(witness, r, s)
    proved = perf_counter()
    if not verify(key.verifying_key, public_inputs(key, witness), proof):
        raise Unsatisfied("the witness does not satisfy the circuit of this key")
    if timings is not None:
        timings.update(prove=1e3 * (proved - start), verify=1e3 * (perf_counter() - proved))
    return proof


def load_program(data: bytes) -> Program:
    """Load and check a witness program, for any number of witnesses. Raises FormatError."""
    return kernel().load_program(data)


def public_inputs(key: ProvingKey, witness: bytes) -> list[int]:
    """Return the public inputs that a witness states, in order."""
    return from_words(witness[32 : 32 * (key.n_public + 1)])


def verify(vk: VerifyingKey, public: Sequence[int], proof: Proof) -> bool:
    """Whether `proof` proves the statement with exactly these public inputs.

    False is the answer for a proof that is merely wrong. What is malformed raises FormatError, each with its own code:
    input-count, input-not-canonical, proof-not-canonical, proof-off-curve, proof-infinity, proof-subgroup,
    key-subgroup.
    """
    return kernel().verify(vk, public, proof)


def verify_batch(vk: VerifyingKey, publics: Sequence[Sequence[int]], proofs: Sequence[Proof]) -> bool:
    """Whether every proof proves its statement: `publics[i]` are the public inputs of `proofs[i]`.

    One check for all: each equation is raised to a random power of 128 bits drawn from the operating system now, so a
    batch with a wrong proof passes with a probability of 2^-128. False does not say which proof is wrong. Raises
    FormatError as `verify` does, with the code batch-count for an empty batch or lists of different lengths.
    """
    if len(publics) != len(proofs) or not proofs:
        raise FormatError(
            f"{len(proofs)} proofs and {len(publics)} lists of public inputs make no batch", code="batch-count"
        )
    return kernel().verify_batch(vk, publics, proofs)


def poseidon(inputs: Sequence[int]) -> int:
    """Hash 1 to 16 field elements with circomlib's Poseidon. Raises FormatError."""
    return kernel().poseidon(inputs)


def poseidon_permutation(state: Sequence[int]) -> list[int]:
    """Permute a state of 2 to 17 field elements by circomlib's Poseidon. Raises FormatError.

    poseidon(inputs) is the first element of the permutation of (0, inputs).
    """
    return kernel().poseidon_permutation(state)


def field_add(left: Sequence[int], right: Sequence[int]) -> list[int]:
    """Add modulo R, element by element."""
    return kernel().field_add(left, right)


def field_sub(left: Sequence[int], right: Sequence[int]) -> list[int]:
    """Subtract modulo R, element by element."""
    return kernel().field_sub(left, right)


def field_mul(left: Sequence[int], right: Sequence[int]) -> list[int]:
    """Multiply modulo R, element by element."""
    return kernel().field_mul(left, right)


def field_inv(values: Sequence[int]) -> list[int]:
    """Invert modulo R, element by element; zero raises FormatError."""
    return kernel().field_inv(values)


def ntt(values: Sequence[int], inverse: bool = False) -> list[int]:
    """Evaluate coefficients on the domain of as many elements (a power of two), or interpolate."""
    return kernel().ntt(values, inverse)


def g1_add(left: G1 | None, right: G1 | None) -> G1 | None:
    """Add in G1; None is infinity. A point off the curve raises FormatError."""
    return kernel().g1_add(left, right)


def g2_add(left: G2 | None, right: G2 | None) -> G2 | None:
    """Add on the twist; None is infinity. A point off the curve raises FormatError."""
    return kernel().g2_add(left, right)


def g1_multiply(point: G1 | None, scalar: int) -> G1 | None:
    """Multiply in G1 by a scalar in [0, R)."""
    return kernel().g1_multiply(point, scalar)


def g2_multiply(point: G2 | None, scalar: int) -> G2 | None:
    """Multiply on the twist by a scalar in [0, R)."""
    return kernel().g2_multiply(point, scalar)


def msm_g1(points: Sequence[G1 | None], scalars: Sequence[int]) -> G1 | None:
    """Return Σ scalars[i]·points[i] in G1."""
    return kernel().msm_g1(points, scalars)


def msm_g2(points: Sequence[G2 | None], scalars: Sequence[int]) -> G2 | None:
    """Return Σ scalars[i]·points[i] in G2. A point outside the prime subgroup raises FormatError."""
    return kernel().msm_g2(points, scalars)


def pairing_check(pairs: Sequence[tuple[G1 | None, G2 | None]]) -> bool:
    """Whether Π e(left, right) = 1. A G2 point outside the prime subgroup raises FormatError."""
    return kernel().pairing_check(pairs)
