"""The development set-up: a Groth16 key whose secrets are published, for tests and development chains only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..circuits.build import Manifest
from ..circuits.stats import estimate
from ..kernel import VerifyingKey, development_secrets, setup
from ..kernel.arguments import PATH, takes
from ..kernel.errors import FileError
from ..kernel.files import write_file
from ..kernel.progress import tracked
from ..kernel.strict_json import read_json
from ..verifier.keys import KEY_RECORD, VERIFYING_KEY, ZKEY, file_hash, key_id

__all__ = ["SetupResult", "development_setup", "record_key"]


@dataclass(frozen=True)
class SetupResult:
    """A key that was made: its id and its files."""

    key_id: str
    verifying_key: VerifyingKey
    files: dict[str, str]


@takes(directory=PATH)
def development_setup(directory: Path) -> SetupResult:
    """Make the development key of a compiled circuit, in its folder; the record of it is written last.

    Anyone can forge under this key: every loader knows it by its alpha point, and registries refuse it off development
    chains. Raises FileError, FormatError, MismatchError when the folder is no compiled circuit; FileError (code
    "exists") when it has the key of a ceremony, finished or under way: what people made together is not made again.
    """
    manifest = Manifest.load(directory)
    _refuse_ceremony(directory)
    manifest.read("circuit.r1cs")
    secrets = development_secrets()
    (directory / KEY_RECORD).unlink(missing_ok=True)
    counts = manifest.counts
    domain = 1 << (counts["constraints"] + counts["public"]).bit_length()
    about = estimate(counts["wires"], domain)["setup_ms"] / 1e3
    for r1cs in tracked("key", [directory / "circuit.r1cs"], 1, about):
        key = setup(
            r1cs,
            directory / ZKEY,
            tau=secrets.tau,
            alpha=secrets.alpha,
            beta=secrets.beta,
            delta=secrets.delta,
        )
    return record_key(directory, key, development=True)


def record_key(directory: Path, key: VerifyingKey, *, development: bool) -> SetupResult:
    """Write a key's JSON, then the record that ties it to the folder's circuit and `circuit.zkey`. Raises FileError."""
    _write(directory / VERIFYING_KEY, key.as_json())
    record = {
        "schema": "zkmargin/key/1",
        "key_id": key_id(key),
        "development": development,
        "files": {name: file_hash(directory / name) for name in ("circuit.r1cs", ZKEY, VERIFYING_KEY)},
    }
    _write(directory / KEY_RECORD, record)
    files = {name: str(directory / name) for name in (ZKEY, VERIFYING_KEY, KEY_RECORD)}
    return SetupResult(str(record["key_id"]), key, files)


def _write(path: Path, content: object) -> None:
    """Write JSON that is for everybody to read."""
    write_file(path, (json.dumps(content, indent=1) + "\n").encode(), mode=0o644)


def _refuse_ceremony(directory: Path) -> None:
    """Raise FileError when a folder has a key that is not a development one."""
    record = directory / KEY_RECORD
    if record.exists():
        said = read_json(record)
        made = not (isinstance(said, dict) and said.get("development") is True)
    else:
        made = (directory / "transcript.json").exists()
    if made:
        raise FileError(
            "this circuit has the key of a ceremony", code="exists", file=str(directory), hint="another folder's copy"
        )
