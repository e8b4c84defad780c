"""The native kernel behind the interface: integers in, integers out, bytes in between."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from . import _native
from .errors import EnvironmentFault, FormatError
from .field import R
from .files import read_file, reading, write_file
from .groth16_data import G1, G2, Proof, VerifyingKey
from .prepared import discard, load_with_cache, prepared_path
from .witness_program import WitnessProgram
from .words import (
    from_words,
    g1_from,
    g1_words,
    g2_from,
    g2_words,
    key_words,
    proof_words,
    scalar_words,
)

__all__ = ["NativeKernel", "NativeProgram", "NativeProvingKey"]


class NativeProvingKey:
    """A `.zkey` held by the native kernel."""

    def __init__(self, key: _native.ProvingKey, cache: Path | None = None) -> None:
        """Wrap a loaded key, and where its cache stands."""
        self._key = key
        self._cache = cache
        self.n_public = key.n_public
        self.n_variables = key.n_variables
        self.domain_size = key.domain_size

    @cached_property
    def verifying_key(self) -> VerifyingKey:
        """The key its proofs verify under."""
        return _key_from(self._key.verifying_key(), self._key.alpha_beta())

    def prove(self, witness: bytes, r: int, s: int) -> Proof:
        """Prove on all cores without the interpreter's lock; Ctrl-C stops it."""
        code = "scalar-not-canonical"
        data = self._key.prove(witness, scalar_words([r], code), scalar_words([s], code))
        if self._cache is not None and self._key.tables_damaged:
            discard(self._cache)
            self._cache = None
        a, b, c = g1_from(data[:64]), g2_from(data[64:192]), g1_from(data[192:])
        # Points at infinity are left as (0, 0): verification refuses them.
        return Proof(a or (0, 0), b or ((0, 0), (0, 0)), c or (0, 0))


class NativeProgram:
    """A witness program held by the native kernel."""

    def __init__(self, data: bytes) -> None:
        """Load and check it; raises FormatError."""
        self._data = data
        self._program = _native.WitnessProgram(data)
        self.wires = int.from_bytes(data[8:12], "little")  # the header's second count

    def run(self, public: Sequence[int], hidden: Sequence[int]) -> bytes:
        """Return the witness; raises Unsatisfied when a value does not fit its bits or a division is by zero."""
        words = (scalar_words([value % R for value in values], "bad-inputs") for values in (public, hidden))
        witness, failed = self._program.run(*words)
        if failed is not None:
            raise self._twin.refusal(self._twin.instructions[failed])
        return witness

    @cached_property
    def _twin(self) -> WitnessProgram:
        """The same program in Python, which knows its instructions' names."""
        return WitnessProgram.from_bytes(self._data)


class NativeKernel:
    """Groth16, Poseidon and BN254 by the Rust crate."""

    def __init__(self) -> None:
        """Settle the instructions; raises EnvironmentFault when ZKMARGIN_KERNEL_PATH asks for what cannot be had."""
        try:
            self._name = _native.path()
        except ValueError as error:
            raise EnvironmentFault(str(error), code="unknown-kernel-path") from None

    def name(self) -> str:
        """native-ifma where the processor has AVX-512 IFMA, otherwise native."""
        return self._name

    def threads(self) -> int:
        """Cores it works on."""
        return _native.threads()

    def setup(self, r1cs: Path, zkey: Path, *, tau: int, alpha: int, beta: int, delta: int) -> VerifyingKey:
        """Make a key from known secrets and write it; raises FormatError, FileError."""
        secrets = [scalar_words([value], "setup-secrets") for value in (tau, alpha, beta, delta)]
        with reading(r1cs):
            data = _native.setup(read_file(r1cs, magic=b"r1cs"), *secrets)
        key = self.load_key(data).verifying_key
        write_file(zkey, data, mode=0o644)
        return key

    def load_key(self, zkey: Path | bytes, digest: bytes | None = None) -> NativeProvingKey:
        """Load and check a `.zkey`, through the cache beside it where it is a file.

        Raises FormatError, FileError, EnvironmentFault.
        """
        if isinstance(zkey, bytes):
            return NativeProvingKey(_native.ProvingKey.from_bytes(zkey))
        return NativeProvingKey(load_with_cache(zkey, digest), prepared_path(zkey))

    def load_program(self, data: bytes) -> NativeProgram:
        """Load and check a witness program; raises FormatError."""
        return NativeProgram(data)

    def verify(self, vk: VerifyingKey, public: Sequence[int], proof: Proof) -> bool:
        """Whether the proof holds; raises FormatError when anything is malformed."""
        return _prepared(vk).verify(scalar_words(public, "input-not-canonical"), proof_words(proof))

    def verify_batch(self, vk: VerifyingKey, publics: Sequence[Sequence[int]], proofs: Sequence[Proof]) -> bool:
        """Whether all proofs hold; raises FormatError when anything is malformed."""
        key = _prepared(vk)
        for public in publics:
            if len(public) != vk.n_public:
                raise FormatError(
                    f"the key takes {vk.n_public} public inputs, {len(public)} were given", code="input-count"
                )
        inputs = b"".join(scalar_words(public, "input-not-canonical") for public in publics)
        return key.verify_batch(inputs, b"".join(map(proof_words, proofs)))

    def poseidon(self, inputs: Sequence[int]) -> int:
        """Hash 1 to 16 elements."""
        return int.from_bytes(_native.poseidon(scalar_words(inputs)), "little")

    def poseidon_permutation(self, state: Sequence[int]) -> list[int]:
        """Permute a state of 2 to 17 elements."""
        return from_words(_native.poseidon_permutation(scalar_words(state)))

    def field_add(self, left: Sequence[int], right: Sequence[int]) -> list[int]:
        """Add element by element."""
        return from_words(_native.field_add(scalar_words(left), scalar_words(right)))

    def field_sub(self, left: Sequence[int], right: Sequence[int]) -> list[int]:
        """Subtract element by element."""
        return from_words(_native.field_sub(scalar_words(left), scalar_words(right)))

    def field_mul(self, left: Sequence[int], right: Sequence[int]) -> list[int]:
        """Multiply element by element."""
        return from_words(_native.field_mul(scalar_words(left), scalar_words(right)))

    def field_inv(self, values: Sequence[int]) -> list[int]:
        """Invert each element."""
        return from_words(_native.field_inv(scalar_words(values)))

    def ntt(self, values: Sequence[int], inverse: bool = False) -> list[int]:
        """Evaluate or interpolate on the domain of as many elements."""
        return from_words(_native.ntt(scalar_words(values), inverse))

    def g1_add(self, left: G1 | None, right: G1 | None) -> G1 | None:
        """Add two points of G1."""
        return g1_from(_native.g1_add(g1_words(left), g1_words(right)))

    def g2_add(self, left: G2 | None, right: G2 | None) -> G2 | None:
        """Add two points of the twist."""
        return g2_from(_native.g2_add(g2_words(left), g2_words(right)))

    def g1_multiply(self, point: G1 | None, scalar: int) -> G1 | None:
        """Multiply a point of G1."""
        return g1_from(_native.g1_multiply(g1_words(point), scalar_words([scalar])))

    def g2_multiply(self, point: G2 | None, scalar: int) -> G2 | None:
        """Multiply a point of the twist."""
        return g2_from(_native.g2_multiply(g2_words(point), scalar_words([scalar])))

    def msm_g1(self, points: Sequence[G1 | None], scalars: Sequence[int]) -> G1 | None:
        """Sum scalar multiples in G1."""
        return g1_from(_native.msm_g1(b"".join(map(g1_words, points)), scalar_words(scalars)))

    def msm_g2(self, points: Sequence[G2 | None], scalars: Sequence[int]) -> G2 | None:
        """Sum scalar multiples in G2; points outside the subgroup raise FormatError."""
        return g2_from(_native.msm_g2(b"".join(map(g2_words, points)), scalar_words(scalars)))

    def pairing_check(self, pairs: Sequence[tuple[G1 | None, G2 | None]]) -> bool:
        """Whether the product of the pairings is one."""
        return _native.pairing_check(b"".join(g1_words(left) + g2_words(right) for left, right in pairs))


@lru_cache(maxsize=16)
def _prepared(vk: VerifyingKey) -> _native.VerifyingKey:
    return _native.VerifyingKey(key_words(vk))


def _key_from(data: bytes, alpha_beta: bytes) -> VerifyingKey:
    words = from_words(data)
    alpha, rest = (words[0], words[1]), words[2:]
    beta, gamma, delta = (((w[0], w[1]), (w[2], w[3])) for w in (rest[0:4], rest[4:8], rest[8:12]))
    ic = tuple(zip(rest[12::2], rest[13::2], strict=True))
    return VerifyingKey(alpha, beta, gamma, delta, ic, tuple(from_words(alpha_beta)))
