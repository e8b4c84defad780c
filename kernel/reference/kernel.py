"""The reference kernel behind the interface: integers all the way, nothing fast, everything readable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from py_ecc.optimized_bn128.optimized_curve import add, multiply

from ..errors import FormatError
from ..field import Q, R
from ..files import read_file, reading, write_file
from ..groth16_data import G1, G2, Proof, VerifyingKey
from ..witness_program import WitnessProgram
from ..words import scalar_words
from .curve import Point, g1, g2, in_subgroup, pairing_product_is_one
from .groth16 import ReferenceProvingKey, setup, verify, verify_batch
from .poseidon import poseidon, poseidon_permutation
from .r1cs import read_r1cs
from .transform import evaluate, interpolate

__all__ = ["ReferenceKernel"]


class ReferenceProgram:
    """A witness program run by the Python interpreter."""

    def __init__(self, data: bytes) -> None:
        """Load and check it; raises FormatError."""
        self._program = WitnessProgram.from_bytes(data)
        self.wires = self._program.wires

    def run(self, public: Sequence[int], hidden: Sequence[int]) -> bytes:
        """Return the witness; raises Unsatisfied when a value does not fit its bits or a division is by zero."""
        return scalar_words(self._program.run(public, hidden))


class ReferenceKernel:
    """Groth16, Poseidon and BN254 by py_ecc."""

    def name(self) -> str:
        """As `--json` tells it."""
        return "reference"

    def threads(self) -> int:
        """One: it is plain Python."""
        return 1

    def setup(self, r1cs: Path, zkey: Path, *, tau: int, alpha: int, beta: int, delta: int) -> VerifyingKey:
        """Make a key from known secrets and write it; raises FormatError, FileError."""
        with reading(r1cs):
            system = read_r1cs(read_file(r1cs, magic=b"r1cs"))
        data = setup(system, tau=tau, alpha=alpha, beta=beta, delta=delta)
        key = ReferenceProvingKey(data).verifying_key
        write_file(zkey, data, mode=0o644)
        return key

    def load_key(self, zkey: Path | bytes, digest: bytes | None = None) -> ReferenceProvingKey:
        """Load and check a `.zkey`; raises FormatError, FileError."""
        if isinstance(zkey, bytes):
            return ReferenceProvingKey(zkey)
        with reading(zkey):
            return ReferenceProvingKey(read_file(zkey, magic=b"zkey"))

    def load_program(self, data: bytes) -> ReferenceProgram:
        """Load and check a witness program."""
        return ReferenceProgram(data)

    def verify(self, vk: VerifyingKey, public: Sequence[int], proof: Proof) -> bool:
        """Whether the proof holds; raises FormatError when anything is malformed."""
        return verify(vk, public, proof)

    def verify_batch(self, vk: VerifyingKey, publics: Sequence[Sequence[int]], proofs: Sequence[Proof]) -> bool:
        """Whether all proofs hold; raises FormatError when anything is malformed."""
        return verify_batch(vk, publics, proofs)

    def poseidon(self, inputs: Sequence[int]) -> int:
        """Hash 1 to 16 elements."""
        return poseidon(_elements(inputs))

    def poseidon_permutation(self, state: Sequence[int]) -> list[int]:
        """Permute a state of 2 to 17 elements."""
        return poseidon_permutation(_elements(state))

    def field_add(self, left: Sequence[int], right: Sequence[int]) -> list[int]:
        """Add element by element."""
        return _pairwise(left, right, lambda a, b: a + b)

    def field_sub(self, left: Sequence[int], right: Sequence[int]) -> list[int]:
        """Subtract element by element."""
        return _pairwise(left, right, lambda a, b: a - b)

    def field_mul(self, left: Sequence[int], right: Sequence[int]) -> list[int]:
        """Multiply element by element."""
        return _pairwise(left, right, lambda a, b: a * b)

    def field_inv(self, values: Sequence[int]) -> list[int]:
        """Invert each element."""
        if 0 in _elements(values):
            raise FormatError("zero has no inverse")
        return [pow(value, -1, R) for value in values]

    def ntt(self, values: Sequence[int], inverse: bool = False) -> list[int]:
        """Evaluate or interpolate on the domain of as many elements."""
        if not values or len(values) & (len(values) - 1):
            raise FormatError("a transform takes a power of two of elements")
        return interpolate(_elements(values)) if inverse else evaluate(_elements(values))

    def g1_add(self, left: G1 | None, right: G1 | None) -> G1 | None:
        """Add two points of G1."""
        return g1.affine(add(_g1(left), _g1(right)))

    def g2_add(self, left: G2 | None, right: G2 | None) -> G2 | None:
        """Add two points of the twist."""
        return g2.affine(add(_g2(left), _g2(right)))

    def g1_multiply(self, point: G1 | None, scalar: int) -> G1 | None:
        """Multiply a point of G1."""
        return g1.affine(multiply(_g1(point), _elements([scalar])[0]))

    def g2_multiply(self, point: G2 | None, scalar: int) -> G2 | None:
        """Multiply a point of the twist."""
        return g2.affine(multiply(_g2(point), _elements([scalar])[0]))

    def msm_g1(self, points: Sequence[G1 | None], scalars: Sequence[int]) -> G1 | None:
        """Sum scalar multiples in G1."""
        _same_length(points, scalars)
        return g1.affine(g1.sum_of_multiples([_g1(point) for point in points], _elements(scalars)))

    def msm_g2(self, points: Sequence[G2 | None], scalars: Sequence[int]) -> G2 | None:
        """Sum scalar multiples in G2; points outside the subgroup raise FormatError."""
        _same_length(points, scalars)
        if not all(in_subgroup(_g2(point)) for point in set(points)):
            raise FormatError("a point is not in the prime subgroup", code="point-subgroup")
        return g2.affine(g2.sum_of_multiples([_g2(point) for point in points], _elements(scalars)))

    def pairing_check(self, pairs: Sequence[tuple[G1 | None, G2 | None]]) -> bool:
        """Whether the product of the pairings is one."""
        points = [(_g1(left), _g2(right)) for left, right in pairs]
        if not all(in_subgroup(right) for _, right in points):
            raise FormatError("a G2 point is not in the prime subgroup", code="key-subgroup")
        return pairing_product_is_one(points)


def _elements(values: Sequence[int]) -> list[int]:
    if any(not 0 <= value < R for value in values):
        raise FormatError("a number is not an element of the field")
    return list(values)


def _same_length(left: Sequence[object], right: Sequence[object]) -> None:
    if len(left) != len(right):
        raise FormatError("the two lists differ in length")


def _pairwise(left: Sequence[int], right: Sequence[int], operation: Callable[[int, int], int]) -> list[int]:
    _same_length(left, right)
    return [operation(a, b) % R for a, b in zip(_elements(left), _elements(right), strict=True)]


def _g1(affine: G1 | None) -> Point:
    point = g1.point(affine)
    if affine is not None and not (max(affine) < Q and min(affine) >= 0 and g1.on_curve(point)):
        raise FormatError("a point is not on its curve")
    return point


def _g2(affine: G2 | None) -> Point:
    point = g2.point(affine)
    if affine is not None:
        coordinates = (*affine[0], *affine[1])
        if not (max(coordinates) < Q and min(coordinates) >= 0 and g2.on_curve(point)):
            raise FormatError("a point is not on its curve")
    return point
