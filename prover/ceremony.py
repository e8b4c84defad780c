"""Ceremonies: phase 2 of Groth16's set-up for one circuit or several in one sitting, in snarkjs' own files.

A ceremony is a folder: the powers of tau, each circuit with the key of the last step, and the transcript. A step writes
new keys beside the old ones, checks them, and then replaces the transcript: a run that is killed leaves the last step.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..circuits.build import FILES, MANIFEST, Manifest
from ..kernel import is_development_key, load_key
from ..kernel.arguments import BYTES, PATH, PATHS, TEXT, WHOLE, maybe, takes
from ..kernel.errors import FileError, FormatError, InputError, MismatchError
from ..kernel.files import opened, read_file, write_file
from ..kernel.phase2 import (
    Beacon,
    Contribution,
    KeyTranscript,
    beacon,
    check_key,
    claimed_transcript,
    contribute,
)
from ..kernel.progress import tracked
from ..verifier.ceremony import R1CS, VerifiedCeremony, current_key, digest, load_powers, verify_ceremony
from ..verifier.ceremony_transcript import FOLDER, POWERS, TRANSCRIPT, Circuit, KeyRecord, Powers, Transcript
from ..verifier.keys import KEY_RECORD, ZKEY, file_hash
from .setup import SetupResult, record_key

__all__ = [
    "accept_contribution",
    "add_beacon",
    "add_contribution",
    "contribute_to_file",
    "finish_ceremony",
    "start_ceremony",
    "start_here",
]


@takes(directory=PATH, ptau=PATH, circuits=PATHS)
def start_ceremony(directory: Path, ptau: Path, circuits: Sequence[Path]) -> Transcript:
    """Start a ceremony for compiled circuits (folders) and `.r1cs` files: copies of them, and their initial keys.

    Raises FileError, FormatError, MismatchError, InputError.
    """
    sources: dict[str, Path] = {}
    for path in circuits:
        name = path.stem if path.suffix == ".r1cs" else path.resolve().name
        if not FOLDER.fullmatch(name):
            raise InputError(f"a circuit needs a plain name, not {name!r}", code="usage", file=str(path))
        if name in sources:
            raise InputError(f"two circuits are called {name}", code="usage", file=str(path))
        sources[name] = path
    if not sources:
        raise InputError("a ceremony needs at least one circuit", code="usage")
    _refuse_second(directory)
    for name, source in sources.items():
        folder = directory / name
        if folder.resolve() != source.resolve() and folder.exists() and any(folder.iterdir()):
            message = f"{name} is there already, with files of its own"
            raise FileError(message, code="exists", file=str(folder), hint="choose another folder")
    return _start(directory, ptau, sources)


@takes(directory=PATH, ptau=PATH)
def start_here(directory: Path, ptau: Path) -> Transcript:
    """Start a ceremony of one compiled circuit in the circuit's own folder.

    Raises FileError, FormatError, MismatchError.
    """
    _refuse_second(directory)
    if (directory / KEY_RECORD).exists():
        raise MismatchError(
            "this circuit has a key already", file=str(directory / KEY_RECORD), hint="start in a folder without key"
        )
    return _start(directory, ptau, {".": directory})


@takes(directory=PATH, name=TEXT, text=BYTES, replay=maybe(BYTES))
def add_contribution(directory: Path, name: str, text: bytes = b"", *, replay: bytes | None = None) -> Transcript:
    """Contribute fresh entropy and `text` to every circuit's key; each gets a secret of its own.

    `replay`, 64 bytes, takes the place of the system's entropy, so that tests can repeat a step. Raises InputError,
    FileError, FormatError, MismatchError.
    """
    return _step(directory, lambda key, _: contribute(key, name=_named(name), text=text, replay=replay)[0])


@takes(directory=PATH, value=BYTES, exponent=WHOLE, name=TEXT)
def add_beacon(directory: Path, value: bytes, exponent: int, name: str = "beacon") -> Transcript:
    """Contribute a public value, hashed 2^exponent times: the last step. Raises as `add_contribution`."""
    if not 1 <= len(value) <= 255 or not 10 <= exponent <= 40:
        raise InputError("a beacon has 1 to 255 bytes, and an exponent from 10 to 40", code="usage")
    if not any(step.kind == "contribution" for step in Transcript.load(directory).steps):
        raise InputError("nobody has contributed yet: the beacon comes last", code="ceremony")
    return _step(directory, lambda key, _: beacon(key, name=_named(name), value=value, exponent=exponent)[0])


@takes(directory=PATH, keys=PATHS)
def accept_contribution(directory: Path, keys: Sequence[Path]) -> Transcript:
    """Take over keys that someone contributed to elsewhere, one a circuit, by this tool or by snarkjs.

    Raises as `add_contribution`, MismatchError when a circuit's key is missing or is no step onwards.
    """
    found = {}
    for path in keys:
        content = read_file(path)
        found["0x" + claimed_transcript(content).circuit.hex()] = content

    def theirs(_: bytes, circuit: Circuit) -> bytes:
        if circuit.circuit_hash not in found:
            raise MismatchError(f"there is no key of the circuit {circuit.folder} among the files", code="ceremony")
        return found[circuit.circuit_hash]

    if len(found) != len(keys) or len(found) != len(Transcript.load(directory).circuits):
        raise MismatchError("one key a circuit of this ceremony is needed, no more and no less", code="ceremony")
    return _step(directory, theirs)


@takes(directory=PATH)
def finish_ceremony(directory: Path) -> dict[str, SetupResult]:
    """Check everything once more and write each circuit's keys and their record; return them by circuit.

    Raises InputError without a contribution and a beacon, CeremonyRejected when anything was changed.
    """
    with _alone(directory):
        transcript = Transcript.load(directory)
        _refuse_incomplete(VerifiedCeremony(transcript))
        verify_ceremony(directory, allow_development=True)  # these are refused below, with a word of their own
        results = {}
        for index, circuit in tracked("keys written", enumerate(transcript.circuits), len(transcript.circuits)):
            folder = directory / circuit.folder
            content = current_key(directory, transcript, index)
            key = load_key(content).verifying_key
            if is_development_key(key):
                raise FormatError("the powers of tau are the development ones: anyone can forge", code="ceremony")
            write_file(folder / ZKEY, content, mode=0o644)
            results[circuit.folder] = record_key(folder, key, development=False)
            transcript.key_path(directory, circuit).unlink(missing_ok=True)
        return results


@takes(zkey=PATH, out=PATH, name=TEXT, text=BYTES)
def contribute_to_file(zkey: Path, out: Path, name: str, text: bytes = b"") -> KeyTranscript:
    """Contribute to one `.zkey` of any ceremony, where the coordinator sends files around.

    What came before is not checked: that needs circuit and powers. Raises FileError, FormatError.
    """
    before = read_file(zkey)
    after, _ = contribute(before, name=_named(name), text=text)
    transcript = check_key(before, after)
    write_file(out, after, mode=0o644)
    return transcript


def _start(directory: Path, ptau: Path, sources: dict[str, Path]) -> Transcript:
    """Make every first key before anything is written, then copy circuits and powers; the transcript comes last."""
    powers = load_powers(ptau)
    circuits, keys, records = [], [], []
    for folder, source in tracked("first keys", sources.items(), len(sources)):
        r1cs = read_file(source) if source.suffix == ".r1cs" else Manifest.load(source).read(R1CS)
        key = powers.initial_key(r1cs)
        circuit_hash = "0x" + claimed_transcript(key).circuit.hex()
        circuits.append(Circuit(folder=folder, r1cs=digest(r1cs), circuit_hash=circuit_hash))
        keys.append(key)
        records.append(KeyRecord(sha256=digest(key), contribution=None))
    if len({circuit.circuit_hash for circuit in circuits}) != len(circuits):
        raise InputError("two of the circuits are the same", code="usage")
    for folder, source in sources.items():
        _copy_circuit(source, directory / folder)
    _copy(ptau, directory / POWERS)
    transcript = Transcript(
        powers=Powers(sha256=file_hash(directory / POWERS), power=powers.power), circuits=tuple(circuits)
    ).extended("start", "", None, records)
    for circuit, key in zip(circuits, keys, strict=True):
        write_file(transcript.key_path(directory, circuit), key, mode=0o644)
    transcript.save(directory)
    return transcript


def _step(directory: Path, make: Callable[[bytes, Circuit], bytes]) -> Transcript:
    """Take every circuit one contribution further, check it, write the keys, then the transcript."""
    with _alone(directory):
        transcript = Transcript.load(directory)
        if transcript.beacon_given:
            raise InputError("the beacon was given: nothing comes after it", code="ceremony", hint="ceremony finish")
        keys, made = [], []
        for index, circuit in tracked("keys", enumerate(transcript.circuits), len(transcript.circuits)):
            before = current_key(directory, transcript, index)
            after = make(before, circuit)
            contributions = check_key(before, after).contributions
            if len(contributions) != len(transcript.steps):
                raise MismatchError("a key must come back with exactly one contribution more", code="ceremony")
            keys.append(after)
            made.append(contributions[-1])
        following = _extended(transcript, keys, made)
        for circuit, key in zip(transcript.circuits, keys, strict=True):
            write_file(following.key_path(directory, circuit), key, mode=0o644)
        following.save(directory)
        for circuit in transcript.circuits:
            transcript.key_path(directory, circuit).unlink(missing_ok=True)
        return following


def _extended(transcript: Transcript, keys: list[bytes], made: list[Contribution]) -> Transcript:
    sources: set[tuple[str, Beacon | None]] = {(each.name, each.beacon) for each in made}
    if len(sources) != 1:
        raise MismatchError("the circuits' contributions are of different people or beacons", code="ceremony")
    name, source = sources.pop()
    records = [
        KeyRecord(sha256=digest(key), contribution="0x" + each.hash.hex()) for key, each in zip(keys, made, strict=True)
    ]
    return transcript.extended("beacon" if source else "contribution", name, source, records)


def _refuse_second(directory: Path) -> None:
    if (directory / TRANSCRIPT).exists():
        raise InputError("a ceremony was started in this folder already", code="ceremony", file=str(directory))


def _refuse_incomplete(ceremony: VerifiedCeremony) -> None:
    if not ceremony.contributions:
        raise InputError(
            "nobody has contributed: anyone could forge under these keys",
            code="ceremony",
            hint="zkmargin ceremony contribute",
        )
    if not ceremony.complete:
        raise InputError("there was no beacon yet", code="ceremony", hint="zkmargin ceremony beacon")


def _copy_circuit(source: Path, folder: Path) -> None:
    if source.resolve() == folder.resolve():
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"the folder cannot be made: {error.strerror}", file=str(folder)) from None
    if source.suffix == ".r1cs":
        _copy(source, folder / R1CS)
        return
    manifest = Manifest.load(source)
    for name in FILES:
        write_file(folder / name, manifest.read(name), mode=0o644)
    _copy(source / MANIFEST, folder / MANIFEST)


def _copy(source: Path, target: Path) -> None:
    """Copy a file of any size; no half copy ever has the final name. Raises FileError."""
    if source.resolve() == target.resolve():
        return
    temporary = None
    try:
        # A name nobody can foresee: a link laid under it would be written through.
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file, opened(source) as content:
            os.fchmod(descriptor, 0o644)
            shutil.copyfileobj(content, file)
        temporary.replace(target)
    except OSError as error:
        raise FileError(f"the file cannot be copied: {error.strerror}", file=str(source)) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _named(name: str) -> str:
    if not 0 < len(name) <= 64 or not name.isprintable() or name != name.strip():
        raise InputError("a contributor's name has 1 to 64 printable characters", code="usage")
    return name


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Keep other steps on the same folder out; the lock goes when its process does. Raises FileError, InputError."""
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError as error:
        raise FileError(f"the folder cannot be read: {error.strerror}", file=str(directory)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise InputError("another step of this ceremony is under way", code="ceremony", file=str(directory)) from None
    finally:
        os.close(descriptor)
