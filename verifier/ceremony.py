"""Checking a ceremony: from the powers of tau and the constraints, through every contribution, to the key in use.

It shows that a key belongs to a circuit and that the named people contributed. That one of them was honest and forgot
is not in the files: whoever writes a whole folder can have played all of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ..kernel import VerifyingKey, is_development_key, load_key
from ..kernel.arguments import FLAG, PATH, takes
from ..kernel.errors import CeremonyRejected, FileError, FormatError, MismatchError, ProofRejected
from ..kernel.files import read_file
from ..kernel.phase2 import KeyTranscript, PowersOfTau, check_key, claimed_transcript
from ..kernel.progress import tracked
from .ceremony_transcript import POWERS, TRANSCRIPT, Transcript
from .keys import file_hash

__all__ = [
    "R1CS",
    "VerifiedCeremony",
    "check_transcript",
    "current_key",
    "digest",
    "find_ceremony",
    "load_powers",
    "verify_ceremony",
    "verify_file",
]

R1CS = "circuit.r1cs"
_MOST_HASHES = 1 << 28  # half a minute: what a verifier spends on the beacons of a stranger's key


@dataclass(frozen=True)
class VerifiedCeremony:
    """A ceremony whose every step was checked."""

    transcript: Transcript

    @property
    def contributions(self) -> int:
        """Return how many people contributed, the beacon apart."""
        return sum(step.kind == "contribution" for step in self.transcript.steps)

    @property
    def complete(self) -> bool:
        """Return whether it may be finished."""
        return self.contributions > 0 and self.transcript.beacon_given


@takes(directory=PATH, allow_development=FLAG)
def verify_ceremony(directory: Path, *, allow_development: bool = False) -> VerifiedCeremony:
    """Check everything: the powers, the initial keys made anew, every contribution, the keys and the transcript.

    Raises CeremonyRejected when anything was changed; ProofRejected (code "development-key") when the powers' secrets
    are published, unless that is allowed.
    """
    return _verify(directory, None, allow_development=allow_development)


@takes(circuit=PATH)
def find_ceremony(circuit: Path) -> tuple[Path, str] | None:
    """Return the ceremony that made a circuit's key, and what it calls the circuit; None where its files are not there.

    It lies in the circuit's own folder, or in the one above it when several circuits went through one sitting.
    """
    circuit = circuit.resolve()
    for directory, folder in ((circuit, "."), (circuit.parent, circuit.name)):
        if not (directory / TRANSCRIPT).is_file() or not (directory / POWERS).is_file():
            continue
        with contextlib.suppress(FileError, MismatchError):
            if not any(one.folder == folder for one in Transcript.load(directory).circuits):
                continue
        return directory, folder
    return None


def check_transcript(directory: Path, folder: str, key: VerifyingKey, r1cs: str) -> tuple[str, ...]:
    """Check that a finished ceremony made `key` for the constraints whose file has the SHA-256 `r1cs`.

    Return its contributors. Raises CeremonyRejected.
    """
    ceremony = _verify(directory, folder, allow_development=False)
    transcript = ceremony.transcript
    if not ceremony.complete:
        raise CeremonyRejected("the ceremony is not complete", file=str(directory / TRANSCRIPT))
    with _rejecting():
        index = next(number for number, one in enumerate(transcript.circuits) if one.folder == folder)
        made = load_key(current_key(directory, transcript, index)).verifying_key
    if transcript.circuits[index].r1cs != r1cs:
        raise CeremonyRejected("the ceremony was of another circuit than this version compiles", file=str(directory))
    if made != key:
        raise CeremonyRejected("the ceremony made another key", file=str(directory))
    return tuple(step.name for step in transcript.steps if step.kind == "contribution")


@takes(zkey=PATH, r1cs=PATH, ptau=PATH, allow_development=FLAG)
def verify_file(zkey: Path, r1cs: Path, ptau: Path, *, allow_development: bool = False) -> KeyTranscript:
    """Check one `.zkey` of any ceremony against its circuit and powers. Raises as `verify_ceremony`."""
    with _rejecting():
        content = read_file(zkey)
        checked = check_key(load_powers(ptau).initial_key(read_file(r1cs)), content)
    if not allow_development:
        _refuse_published(content)
    return checked


def current_key(directory: Path, transcript: Transcript, index: int) -> bytes:
    """Return a circuit's key after the last step. Raises FileError, MismatchError when it is not that one."""
    circuit = transcript.circuits[index]
    path = transcript.find_key(directory, circuit)
    content = read_file(path)
    if digest(content) != transcript.steps[-1].keys[index].sha256:
        raise MismatchError("this is not the key that the last step left", code="ceremony", file=str(path))
    return content


@takes(path=PATH)
def load_powers(path: Path) -> PowersOfTau:
    """Read and check powers of tau. Raises FileError, FormatError, which name the file."""
    try:
        return PowersOfTau.load(path)
    except FormatError as error:
        error.file = str(path)
        raise


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file's content as transcripts write it."""
    return "0x" + sha256(content).hexdigest()


def _verify(directory: Path, only: str | None, *, allow_development: bool) -> VerifiedCeremony:
    """Check a ceremony's powers, transcript, and the keys of all circuits or of one."""
    with _rejecting():
        transcript = Transcript.load(directory)
        if transcript.powers.sha256 != file_hash(directory / POWERS):
            raise MismatchError("the powers of tau are not those the ceremony started from", file=POWERS)
        circuits = []
        for index, circuit in enumerate(transcript.circuits):
            if only is not None and circuit.folder != only:
                continue
            r1cs = read_file(directory / circuit.folder / R1CS)
            if digest(r1cs) != circuit.r1cs:
                raise MismatchError(f"the circuit {circuit.folder} is not the one the ceremony started from")
            circuits.append((index, r1cs, current_key(directory, transcript, index)))
        powers = load_powers(directory / POWERS)
        for index, r1cs, key in tracked("keys checked", circuits, len(circuits)):
            claimed = claimed_transcript(key)
            _check_told(transcript, index, claimed)  # before anything is computed that only the key asks for
            if only is not None:
                _check_beacons(claimed)
            initial = powers.initial_key(r1cs)
            if digest(initial) != transcript.steps[0].keys[index].sha256:
                name = transcript.circuits[index].folder
                raise MismatchError(f"the first key of {name} was not made from its circuit and the powers")
            _check_told(transcript, index, check_key(initial, key))
        if transcript.powers.power != powers.power:
            raise MismatchError("the transcript tells of other powers of tau", file=POWERS)
    if not allow_development:
        for _, _, key in circuits:
            _refuse_published(key)
    return VerifiedCeremony(transcript)


def _check_told(transcript: Transcript, index: int, key: KeyTranscript) -> None:
    """Demand that the transcript tells of exactly the contributions in a circuit's key."""
    circuit = transcript.circuits[index]
    steps = transcript.steps[1:]
    told = len(steps) == len(key.contributions) and all(
        step.tells(made, index) for step, made in zip(steps, key.contributions, strict=True)
    )
    if not told or circuit.circuit_hash != "0x" + key.circuit.hex():
        raise MismatchError(f"the transcript and the key of {circuit.folder} tell of different contributions")


def _check_beacons(key: KeyTranscript) -> None:
    """Refuse beacons that take hours to follow: the file that asks for them costs its maker nothing.

    Raises MismatchError.
    """
    if sum(1 << made.beacon.exponent for made in key.contributions if made.beacon) > _MOST_HASHES:
        raise MismatchError(
            f"its beacons take more than {_MOST_HASHES:,} hashes to follow: check it once with zkmargin ceremony "
            "verify, and name the key by its id (--key-id)"
        )


def _refuse_published(zkey: bytes) -> None:
    """Raise ProofRejected for a key from powers whose secrets are published."""
    try:
        key = load_key(zkey).verifying_key
    except FormatError:  # nobody has contributed: no loader takes it for a key
        return
    if is_development_key(key):
        raise ProofRejected(
            "the powers of tau are the development ones, under which anyone can forge (--allow-development accepts "
            "them)",
            code="development-key",
        )


@contextlib.contextmanager
def _rejecting() -> Iterator[None]:
    """Turn what is wrong with a ceremony's files into the one answer that it does not hold."""
    try:
        yield
    except (FormatError, MismatchError, FileError) as error:
        raise CeremonyRejected(error.message, file=error.file) from error
