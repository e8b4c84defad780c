"""The key of a compiled circuit: that it was made for these very constraints, and whether anyone can forge under it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from ..circuits.build import Manifest
from ..contracts.encoding import circuit_id, key_bytes
from ..kernel import VerifyingKey, is_development_key
from ..kernel.arguments import FLAG, PATH, takes
from ..kernel.errors import FileError, MismatchError
from ..kernel.files import read_file
from ..kernel.strict_json import read_json

__all__ = ["KEY_RECORD", "VERIFYING_KEY", "ZKEY", "CircuitKey", "file_hash", "key_id"]

ZKEY = "circuit.zkey"
VERIFYING_KEY = "verification_key.json"
KEY_RECORD = "key.json"  # written by set-up: which circuit the key was made for


def key_id(key: VerifyingKey) -> str:
    """Return keccak256 of a verifying key's bytes as deployed, by which people name it."""
    return "0x" + circuit_id(key_bytes(key)).hex()


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file. Raises FileError when it cannot be read."""
    try:
        return "0x" + sha256(read_file(path)).hexdigest()
    except FileError as error:
        error.hint = error.hint or "zkmargin setup"
        raise


@dataclass(frozen=True)
class CircuitKey:
    """A verifying key together with the circuit it belongs to."""

    manifest: Manifest
    verifying_key: VerifyingKey
    zkey_hash: bytes | None = None  # the proving key's SHA-256, where its file was checked

    @cached_property
    def key_id(self) -> str:
        """Return keccak256 of the key's bytes as deployed: the circuit's id on chain."""
        return key_id(self.verifying_key)

    @property
    def kind(self) -> str:
        """Return "development", or "ceremony" for every other key."""
        return "development" if self.is_development else "ceremony"

    @property
    def is_development(self) -> bool:
        """Return whether the key's secrets are published, so that anyone can forge under it."""
        return is_development_key(self.verifying_key)

    @classmethod
    @takes(directory=PATH, proving=FLAG)
    def load(cls, directory: str | Path, *, proving: bool = False) -> CircuitKey:
        """Read the circuit's manifest and verifying key and check that they belong together.

        With `proving` the proving key's file is checked as well. Raises FileError, FormatError, MismatchError.
        """
        directory = Path(directory)
        manifest = Manifest.load(directory)
        record = _record(directory)
        wanted = {VERIFYING_KEY, ZKEY} if proving else {VERIFYING_KEY}
        if record.get("circuit.r1cs") != manifest.files["circuit.r1cs"]:
            raise MismatchError("the key was made for another circuit than this one", file=str(directory / KEY_RECORD))
        for name in sorted(wanted):
            if record.get(name) != file_hash(directory / name):
                raise MismatchError(
                    f"{name} is not the key that was made for this circuit",
                    file=str(directory / name),
                    hint="run zkmargin setup again",
                )
        path = directory / VERIFYING_KEY
        key = VerifyingKey.from_json(read_json(path))
        if key.n_public != len(manifest.public):
            raise MismatchError("the key has another number of public inputs than the circuit", file=str(path))
        return cls(manifest, key, bytes.fromhex(record[ZKEY].removeprefix("0x")) if proving else None)


def _record(directory: Path) -> dict[str, str]:
    path = directory / KEY_RECORD
    if not path.exists():
        raise FileError("this circuit has no key yet", file=str(path), hint="zkmargin setup DIR --development")
    data = read_json(path)
    try:
        if data["schema"] != "zkmargin/key/1":
            raise ValueError("another schema")
        return {str(name): str(digest) for name, digest in data["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileError("this is not a key's record", file=str(path)) from error
