"""Where a market, parameters and a circuit come from when a command does not say: the environment, then a file.

The file is `zkmargin.toml`, of the current folder or the nearest one above it, up to the user's home. Its paths are
relative to itself. What it says decides what is proved, so a file that somebody else could have laid there is refused.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...kernel.errors import FileError
from ...kernel.strict_json import read_text

__all__ = ["FILE", "NAMES", "Default", "default_path"]

FILE = "zkmargin.toml"
NAMES = ("market", "parameters", "circuit")
_OTHERS = 0o022  # writable by group or others


@dataclass(frozen=True)
class Default:
    """A path that no option said, and who said it: a variable's name or the file's path."""

    path: Path
    source: str


def default_path(name: str) -> Default | None:
    """Return the default of "market", "parameters" or "circuit", None when nothing says one. Raises FileError."""
    variable = f"ZKMARGIN_{name.upper()}"
    if value := os.environ.get(variable):
        return Default(Path(value), variable)
    file = _nearest()
    if file is None:
        return None
    said = _read(file)
    return Default(file.parent / said[name], str(file)) if name in said else None


def _nearest() -> Path | None:
    """Return the nearest file of the name, from the current folder up. Raises FileError for somebody else's."""
    try:
        here = Path.cwd()
    except OSError:  # the folder was removed
        return None
    home = Path(os.path.expanduser("~"))
    for folder in (here, *here.parents):
        file = folder / FILE
        if os.path.lexists(file):
            _trusted(file)
            return Path(os.path.relpath(file)) if folder == here else file
        if folder == home:
            break
    return None


def _trusted(file: Path) -> None:
    try:
        found = file.stat()
    except OSError as error:
        raise FileError(f"{FILE} cannot be read: {error.strerror}", code="unreadable", file=str(file)) from None
    if found.st_uid not in (0, os.geteuid()) or found.st_mode & _OTHERS:
        raise FileError(
            f"{FILE} is somebody else's, or others may write it: it decides what is proved",
            code="untrusted",
            file=str(file),
            hint="own it and chmod 644 it, or move it away",
        )


def _read(file: Path) -> dict[str, str]:
    """Return the file's paths. Raises FileError, with the line, for anything that is not one of them."""
    import tomllib  # only where there is a file

    text = read_text(file)
    try:
        said: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = int(where[1]) if where else text.count("\n") + 1
        raise FileError(f"{FILE} is not TOML at this line", code="bad-toml", file=str(file), line=line) from None
    for key, value in said.items():
        if key not in NAMES:
            from ...kernel.near_names import did_you_mean

            hint = did_you_mean(key, NAMES) or f"the keys are {', '.join(NAMES)}"
            raise FileError(
                f"{key!r} is not a known key", code="unknown-key", file=str(file), line=_line(text, key), hint=hint
            )
        if not isinstance(value, str) or not value or "\0" in value:
            raise FileError(f"{key} must be a path", code="wrong-type", file=str(file), line=_line(text, key))
    return said


def _line(text: str, key: str) -> int | None:
    """Return the line where a key or table of the file is first named."""
    named = re.compile(rf"""^\s*\[*\s*["']?{re.escape(key)}["']?\s*[\]=.]""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if named.match(line)), None)
