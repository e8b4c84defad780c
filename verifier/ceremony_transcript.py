"""The transcript of a ceremony: what was made from what, step by step, each step carrying the hash of the one before.

`transcript.json` is replaced as a whole after a step's keys are written: it alone says which step was the last.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..kernel.errors import FileError, MismatchError
from ..kernel.files import read_file, write_file
from ..kernel.phase2 import Beacon, Contribution
from .keys import ZKEY

__all__ = ["POWERS", "TRANSCRIPT", "BeaconRecord", "Circuit", "KeyRecord", "Powers", "Step", "Transcript"]

TRANSCRIPT = "transcript.json"
POWERS = "powers.ptau"
FOLDER = re.compile(r"\.|[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)

Digest = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
LongDigest = Annotated[str, Field(pattern=r"^0x[0-9a-f]{128}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Powers(_Strict):
    """The powers of tau everything starts from."""

    sha256: Digest
    power: int


class Circuit(_Strict):
    """A circuit of the ceremony: its folder, its constraints, and iden3's hash of it with these powers."""

    folder: str
    r1cs: Digest
    circuit_hash: LongDigest


class KeyRecord(_Strict):
    """A circuit's key after a step; the contribution's hash is absent after the start."""

    sha256: Digest
    contribution: LongDigest | None


class BeaconRecord(_Strict):
    """A beacon's value in hexadecimal, and how often it was hashed: 2^exponent times."""

    value: Annotated[str, Field(pattern=r"^(?:[0-9a-f]{2}){1,255}$")]
    exponent: int

    @classmethod
    def of(cls, beacon: Beacon) -> BeaconRecord:
        """Return the record of a beacon."""
        return cls(value=beacon.value.hex(), exponent=beacon.exponent)


class Step(_Strict):
    """One step: who did what to every circuit's key."""

    kind: Literal["start", "contribution", "beacon"]
    name: str
    at: str
    beacon: BeaconRecord | None
    keys: tuple[KeyRecord, ...]
    previous: Digest
    hash: Digest

    def digest(self) -> str:
        """Return the hash of everything this step says, the hash of the step before included."""
        return _digest(self.model_dump(mode="json", exclude={"hash"}))

    def tells(self, made: Contribution, circuit: int) -> bool:
        """Return whether the step says of a circuit's contribution what its key says."""
        return (self.name, self.beacon, self.keys[circuit].contribution) == (
            made.name,
            BeaconRecord.of(made.beacon) if made.beacon else None,
            "0x" + made.hash.hex(),
        )


class Transcript(_Strict):
    """The whole ceremony so far."""

    schema_: Annotated[Literal["zkmargin/ceremony/1"], Field(alias="schema")] = "zkmargin/ceremony/1"
    powers: Powers
    circuits: tuple[Circuit, ...]
    steps: tuple[Step, ...] = ()

    def extended(
        self, kind: Literal["start", "contribution", "beacon"], name: str, beacon: Beacon | None, keys: list[KeyRecord]
    ) -> Transcript:
        """Return the transcript with one step more."""
        step = Step(
            kind=kind,
            name=name,
            at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            beacon=BeaconRecord.of(beacon) if beacon else None,
            keys=tuple(keys),
            previous=self.steps[-1].hash if self.steps else self.foundation(),
            hash="0x" + bytes(32).hex(),
        )
        step = step.model_copy(update={"hash": step.digest()})
        return self.model_copy(update={"steps": (*self.steps, step)})

    def foundation(self) -> str:
        """Return the hash the first step builds on: powers and circuits."""
        return _digest(self.model_dump(mode="json", by_alias=True, exclude={"steps"}))

    @property
    def hash(self) -> str:
        """Return the hash of the last step: whoever publishes it has published the whole transcript."""
        return self.steps[-1].hash

    @property
    def beacon_given(self) -> bool:
        """Return whether the beacon, which is the last step, was given."""
        return self.steps[-1].kind == "beacon"

    def key_path(self, directory: Path, circuit: Circuit) -> Path:
        """Return where a circuit's key is written after the last step."""
        return directory / circuit.folder / f"circuit_{len(self.steps) - 1:04}.zkey"

    def find_key(self, directory: Path, circuit: Circuit) -> Path:
        """Return where a circuit's key after the last step lies: a finished ceremony has its final name."""
        final = directory / circuit.folder / ZKEY
        path = self.key_path(directory, circuit)
        return final if final.exists() and not path.exists() else path

    def save(self, directory: Path) -> None:
        """Replace the transcript on disk. Raises FileError."""
        write_file(directory / TRANSCRIPT, self._bytes(), mode=0o644)

    @classmethod
    def load(cls, directory: Path) -> Transcript:
        """Read the transcript and check its chain. Raises FileError, MismatchError."""
        path = directory / TRANSCRIPT
        if not path.exists():
            raise FileError("there is no ceremony in this folder", file=str(path), hint="zkmargin ceremony start")
        try:
            content = read_file(path)
            transcript = cls.model_validate_json(content)
        except ValidationError as error:
            raise FileError("this is not a ceremony's transcript", file=str(path)) from error
        if content != transcript._bytes():
            raise MismatchError(
                "the transcript was changed: it is written another way", code="ceremony", file=str(path)
            )
        transcript._check(path)
        return transcript

    def _bytes(self) -> bytes:
        return (json.dumps(self.model_dump(mode="json", by_alias=True), indent=1) + "\n").encode()

    def _check(self, path: Path) -> None:
        folders = [circuit.folder for circuit in self.circuits]
        kinds = [step.kind for step in self.steps]
        formed = (
            bool(folders)
            and len(set(folders)) == len(folders)
            and all(FOLDER.fullmatch(folder) for folder in folders)
            and kinds[:1] == ["start"]
            and "start" not in kinds[1:]
            and "beacon" not in kinds[:-1]
            and all(len(step.keys) == len(folders) for step in self.steps)
        )
        if not formed:
            raise FileError("this transcript's circuits or steps are not those of a ceremony", file=str(path))
        previous = self.foundation()
        for number, step in enumerate(self.steps):
            if step.previous != previous or step.hash != step.digest():
                raise MismatchError(f"step {number} of the transcript was changed", code="ceremony", file=str(path))
            previous = step.hash


def _digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return "0x" + sha256(text.encode()).hexdigest()
