"""Powers of tau and phase 2 in iden3's formats: the native kernel's ceremony functions with names for what they return.

The reference kernel has no twin of these: snarkjs judges them instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from .errors import EnvironmentFault
from .files import read_file, reading

if TYPE_CHECKING:
    from . import _native

__all__ = [
    "Beacon",
    "Contribution",
    "KeyTranscript",
    "PowersOfTau",
    "beacon",
    "check_key",
    "claimed_transcript",
    "contribute",
]


@dataclass(frozen=True)
class Beacon:
    """A public value, hashed 2^exponent times."""

    value: bytes
    exponent: int


@dataclass(frozen=True)
class Contribution:
    """One factor of a key's delta: who made it, the hash they publish, and the beacon where it was one."""

    name: str
    hash: bytes
    beacon: Beacon | None


@dataclass(frozen=True)
class KeyTranscript:
    """What section 10 of a `.zkey` says: the circuit's hash and the contributions, oldest first."""

    circuit: bytes
    contributions: tuple[Contribution, ...]


class PowersOfTau:
    """A `.ptau` that passed every check: its points, its powers, its Lagrange sections."""

    def __init__(self, ptau: _native.Ptau) -> None:
        """Keep what `load` has checked."""
        self._ptau = ptau
        self.power = ptau.power
        self.contributions = ptau.contributions

    @classmethod
    def load(cls, path: Path) -> PowersOfTau:
        """Read and check a prepared `.ptau`. Raises FormatError, FileError."""
        kernel = _kernel()
        with reading(path):
            return cls(kernel.Ptau.from_bytes(read_file(path, magic=b"ptau")))

    def initial_key(self, r1cs: bytes) -> bytes:
        """Return the `.zkey` of a circuit before anyone contributed: anyone can forge under it.

        The bytes are those of `snarkjs zkey new`. Raises FormatError when the circuit does not fit the powers.
        """
        return self._ptau.initial_key(r1cs)


def contribute(zkey: bytes, *, name: str, text: bytes = b"", replay: bytes | None = None) -> tuple[bytes, bytes]:
    """Multiply a key's delta by a secret of fresh entropy and `text`; return the key and the contribution's hash.

    The secret exists only inside this call. `replay`, 64 bytes, takes the place of the system's entropy and makes the
    secret known to whoever knows them: tests only. Raises FormatError.
    """
    key, digest = _kernel().ceremony_contribute(zkey, name, text, replay)
    return key, digest


def beacon(zkey: bytes, *, name: str, value: bytes, exponent: int) -> tuple[bytes, bytes]:
    """Multiply a key's delta by what `value`, hashed 2^exponent times, gives; anyone can repeat it. Raises FormatError.

    `value` has 1 to 255 bytes, the exponent is from 10 to 40.
    """
    key, digest = _kernel().ceremony_beacon(zkey, name, value, exponent)
    return key, digest


def check_key(before: bytes, after: bytes) -> KeyTranscript:
    """Check that `after` is `before` with contributions and nothing else, and return what it says of them.

    With the initial key as `before` this is all there is to check of a key. Contributors' names are in the file, but
    under no hash of it. Raises FormatError (`ceremony`, or what is malformed).
    """
    return _transcript(_kernel().ceremony_check(before, after))


def claimed_transcript(zkey: bytes) -> KeyTranscript:
    """Return what a key says of itself, unchecked. Raises FormatError."""
    return _transcript(_kernel().ceremony_claims(zkey))


def _transcript(records: tuple[bytes, list[_native.Record]]) -> KeyTranscript:
    circuit, contributions = records
    return KeyTranscript(
        circuit,
        tuple(
            Contribution(name or "", digest, Beacon(*source) if source else None)
            for name, source, digest in contributions
        ),
    )


def _kernel() -> ModuleType:
    try:
        from . import _native as native
    except ImportError:
        raise EnvironmentFault(
            "ceremonies need the native kernel, which was not built",
            code="no-native-kernel",
            hint="install a Rust toolchain and install zkmargin again",
        ) from None
    return native
