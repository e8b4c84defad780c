"""What a kernel can do: the one interface behind which the native and the reference kernel stand.

Scalars and field elements are integers in [0, R), coordinates in [0, Q); None is the point at infinity.
Everything that is malformed raises FormatError.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from .groth16_data import G1, G2, Proof, VerifyingKey

__all__ = ["Kernel", "Program", "ProvingKey"]


class ProvingKey(Protocol):
    """A loaded `.zkey`, for any number of proofs."""

    @property
    def n_public(self) -> int:
        """Public inputs of a proof."""

    @property
    def n_variables(self) -> int:
        """Wires of the circuit, the constant 1 included."""

    @property
    def domain_size(self) -> int:
        """Rows the key has room for: a power of two."""

    @property
    def verifying_key(self) -> VerifyingKey:
        """The key its proofs verify under."""

    def prove(self, witness: bytes, r: int, s: int) -> Proof:
        """Prove a witness (32 little-endian bytes a wire) under the blinding (r, s); the proof is not yet verified."""


class Program(Protocol):
    """A loaded witness program, for any number of witnesses."""

    @property
    def wires(self) -> int:
        """Wires that it fills, the constant 1 included."""

    def run(self, public: Sequence[int], hidden: Sequence[int]) -> bytes:
        """Return the witness (32 little-endian bytes a wire) of public and hidden inputs, which may be negative.

        A public input that the program computes may be 0. Raises Unsatisfied (code "out-of-range" or
        "division-by-zero") when there is none.
        """


class Kernel(Protocol):
    """Groth16 over BN254, Poseidon, and the arithmetic below them."""

    def name(self) -> str:
        """native-ifma with eight-lane vector arithmetic, native without, reference in plain Python."""

    def threads(self) -> int:
        """Cores it works on."""

    def setup(self, r1cs: Path, zkey: Path, *, tau: int, alpha: int, beta: int, delta: int) -> VerifyingKey:
        """Make a key from known secrets, gamma being 1, and write the `.zkey`."""

    def load_key(self, zkey: Path | bytes, digest: bytes | None = None) -> ProvingKey:
        """Load and check a `.zkey`; `digest` is the file's SHA-256, where the caller has just taken it."""

    def load_program(self, data: bytes) -> Program:
        """Load and check a witness program."""

    def verify(self, vk: VerifyingKey, public: Sequence[int], proof: Proof) -> bool:
        """Whether the proof holds; what is malformed raises FormatError instead."""

    def verify_batch(self, vk: VerifyingKey, publics: Sequence[Sequence[int]], proofs: Sequence[Proof]) -> bool:
        """Whether all proofs hold; what is malformed raises FormatError instead."""

    def poseidon(self, inputs: Sequence[int]) -> int:
        """Hash 1 to 16 elements with circomlib's Poseidon."""

    def poseidon_permutation(self, state: Sequence[int]) -> list[int]:
        """Permute a state of 2 to 17 elements by circomlib's Poseidon: of (0, inputs) the first is the inputs' hash."""

    def field_add(self, left: Sequence[int], right: Sequence[int]) -> list[int]:
        """Add element by element."""

    def field_sub(self, left: Sequence[int], right: Sequence[int]) -> list[int]:
        """Subtract element by element."""

    def field_mul(self, left: Sequence[int], right: Sequence[int]) -> list[int]:
        """Multiply element by element."""

    def field_inv(self, values: Sequence[int]) -> list[int]:
        """Invert each element; zero raises FormatError."""

    def ntt(self, values: Sequence[int], inverse: bool = False) -> list[int]:
        """Evaluate coefficients on the domain of as many elements (a power of two), or interpolate."""

    def g1_add(self, left: G1 | None, right: G1 | None) -> G1 | None:
        """Add two points of G1."""

    def g2_add(self, left: G2 | None, right: G2 | None) -> G2 | None:
        """Add two points of the twist."""

    def g1_multiply(self, point: G1 | None, scalar: int) -> G1 | None:
        """Multiply a point of G1."""

    def g2_multiply(self, point: G2 | None, scalar: int) -> G2 | None:
        """Multiply a point of the twist."""

    def msm_g1(self, points: Sequence[G1 | None], scalars: Sequence[int]) -> G1 | None:
        """Sum scalar multiples in G1."""

    def msm_g2(self, points: Sequence[G2 | None], scalars: Sequence[int]) -> G2 | None:
        """Sum scalar multiples in G2; points outside the subgroup raise FormatError."""

    def pairing_check(self, pairs: Sequence[tuple[G1 | None, G2 | None]]) -> bool:
        """Whether the product of the pairings is one; G2 points outside the subgroup raise FormatError."""
