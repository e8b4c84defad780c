"""What an output may replace: a file of its own kind, else nothing that its owner has not given up.

A command asks here before its work, so that an hour of it does not end at a name that is taken. Openings, owner keys
and seeds are never replaced: they are the only way back into an account.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...kernel import VerifyingKey, is_development_key, load_key
from ...kernel.errors import FileError, InputError, ZkmarginError
from ...kernel.strict_json import read_json

__all__ = [
    "DEVELOPMENT_VERIFYING_KEY",
    "DEVELOPMENT_ZKEY",
    "NOTHING",
    "OPENING",
    "PICTURE",
    "PROOF",
    "PUBLIC",
    "R1CS",
    "SYM",
    "WTNS",
    "Kind",
    "check_output",
    "check_outputs",
    "json_file",
]

_SECRETS = {"zkmargin/opening/": "an opening", "zkmargin/owner/": "an owner's key", "zkmargin/seed/": "a seed"}


@dataclass(frozen=True)
class Kind:
    """A kind of output: what it is called, and whether a file that is there is one that may go for it."""

    name: str
    is_there: Callable[[Path], bool]


def check_output(path: Path, kind: Kind, *, inputs: Iterable[Path] = ()) -> list[str]:
    """Return [path] when writing there replaces a file, [] when nothing is there.

    Raises InputError (code "usage") when it is an input of the same command; FileError when its folder is missing or it
    is one itself, and when it is a secret or any file that is not of the kind (code "exists").
    Devices and pipes are written through.
    """
    try:
        if not os.path.lexists(path):
            if not path.parent.is_dir():
                raise FileError(f"there is no folder {path.parent}", file=str(path))
            return []
        if any(_same(path, other) for other in inputs):
            raise InputError("the output is one of the inputs", code="usage", file=str(path))
        if path.is_dir():
            raise FileError(f"{path.name} is a folder: {kind.name} is a file", code="unwritable", file=str(path))
        if not path.is_file() or path.stat().st_size == 0:
            return []
    except OSError as error:
        message = f"the output cannot be looked at: {error.strerror}"
        raise FileError(message, code="unwritable", file=str(path)) from None
    secret = None if kind is OPENING else _secret(path)
    if secret is not None:
        raise FileError(
            f"{path.name} is {secret}, which nothing replaces",
            code="exists",
            file=str(path),
            hint="choose another name",
        )
    if not kind.is_there(path):
        raise FileError(
            f"{path.name} is there already, and is not {kind.name}",
            code="exists",
            file=str(path),
            hint="choose another name, or move it away first",
        )
    return [str(path)]


def check_outputs(outputs: Sequence[tuple[Path, Kind]], inputs: Sequence[Path]) -> list[str]:
    """Check several outputs of one command, which must differ, as `check_output` does; return those replaced."""
    replaced, seen = [], list(inputs)
    for path, kind in outputs:
        if any(path.resolve() == other.resolve() for other in seen):
            raise InputError("this output would overwrite another file of the command", code="usage", file=str(path))
        replaced += check_output(path, kind)
        seen.append(path)
    return replaced


def json_file(name: str, schema: str, **same: str) -> Kind:
    """Return the kind of our JSON files of a schema that say the same under these keys."""

    def is_there(path: Path) -> bool:
        data = _json(path)
        return (
            isinstance(data, dict)
            and data.get("schema") == schema
            and all(data.get(key) == value for key, value in same.items())
        )

    return Kind(name, is_there)


def _same(path: Path, other: Path) -> bool:
    return other.exists() and path.exists() and path.samefile(other)


def _json(path: Path) -> Any:  # noqa: ANN401
    try:
        return read_json(path)
    except ZkmarginError:
        return None


def _secret(path: Path) -> str | None:
    data = _json(path)
    schema = data.get("schema") if isinstance(data, dict) else None
    if not isinstance(schema, str):
        return None
    return next((what for begin, what in _SECRETS.items() if schema.startswith(begin)), None)


def _begins(*magics: bytes) -> Callable[[Path], bool]:
    def is_there(path: Path) -> bool:
        try:
            with open(path, "rb") as file:
                return file.read(max(map(len, magics))).startswith(magics)
        except OSError:
            return False

    return is_there


def _is_development_zkey(path: Path) -> bool:
    try:
        return is_development_key(load_key(path.read_bytes()).verifying_key)
    except (ZkmarginError, OSError):
        return False


def _is_development_verifying_key(path: Path) -> bool:
    try:
        return is_development_key(VerifyingKey.from_json(_json(path)))
    except (ZkmarginError, TypeError, ValueError, KeyError):
        return False


def _is_public(data: Any) -> bool:  # noqa: ANN401
    return isinstance(data, list) and all(isinstance(value, str) and value.isdecimal() for value in data)


OPENING = Kind("an opening", lambda path: _secret(path) == _SECRETS["zkmargin/opening/"])  # the older one is kept
PICTURE = Kind("a picture", _begins(b"\x89PNG\r\n", b"<?xml", b"<svg"))
R1CS = Kind("a circuit's .r1cs", _begins(b"r1cs"))
SYM = Kind("a .sym file", _begins(*(str(digit).encode() for digit in range(10))))
WTNS = Kind("a witness", _begins(b"wtns"))
NOTHING = Kind("to be replaced", lambda _: False)
DEVELOPMENT_ZKEY = Kind("a development key", _is_development_zkey)
DEVELOPMENT_VERIFYING_KEY = Kind("a development key", _is_development_verifying_key)
PROOF = Kind("a proof", lambda path: isinstance(data := _json(path), dict) and {"pi_a", "pi_b", "pi_c"} <= set(data))
PUBLIC = Kind("a list of public inputs", lambda path: _is_public(_json(path)))
