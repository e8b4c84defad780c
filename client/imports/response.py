"""A foreign JSON document, walked by path: each value is checked where it is taken, and its path named when wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from ...kernel.errors import FileError
from ...kernel.strict_json import read_json
from ..files.quantity import parse_decimal

__all__ = ["Response"]

_WHOLE = re.compile(r"[0-9]{1,78}", re.ASCII)


@dataclass(frozen=True, repr=False)
class Response:
    """A value of a response with its path, such as `assetPositions.0.position`; errors never repeat the value."""

    value: Any
    path: str
    file: str

    @classmethod
    def load(cls, path: Path, *, bare_numbers: bool = False) -> Response:
        """Return a file's JSON; with `bare_numbers`, 1.5 is read as "1.5" is, to the last digit. Raises FileError."""
        return cls(read_json(path, str if bare_numbers else None), "", str(path))

    def error(self, says: str, code: str = "wrong-value", hint: str | None = None) -> FileError:
        """Return an error about this value: "<path> <says>"."""
        return FileError(f"{self.path or 'the response'} {says}", code=code, file=self.file, hint=hint)

    def __contains__(self, key: str) -> bool:
        """Whether an object has a key whose value is not null."""
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def __getitem__(self, key: str) -> Response:
        """Return an object's value. Raises FileError when this is no object, or the key missing or null."""
        if not isinstance(self.value, dict):
            raise self.error("must be an object", "wrong-type")
        inner = Response(self.value.get(key), f"{self.path}.{key}" if self.path else key, self.file)
        if inner.value is None:
            raise inner.error("is missing", "missing-key")
        return inner

    def items(self) -> Iterator[Response]:
        """Return the values of a list, or of an object by key. Raises FileError for anything else."""
        if isinstance(self.value, dict):
            pairs: Any = self.value.items()
        elif isinstance(self.value, list):
            pairs = enumerate(self.value)
        else:
            raise self.error("must be a list", "wrong-type")
        for key, value in pairs:
            shown = "".join(c if c.isprintable() else "?" for c in str(key))[:48]
            yield Response(value, f"{self.path}.{shown}" if self.path else shown, self.file)

    def text(self) -> str:
        """Return a string. Raises FileError."""
        if not isinstance(self.value, str):
            raise self.error("must be a string", "wrong-type")
        return self.value

    def number(self) -> Decimal:
        """Return a decimal string or a whole number, exactly. Raises FileError."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return Decimal(self.value)
        if not isinstance(self.value, str):
            raise self.error("must be a decimal string", "wrong-type")
        try:
            return parse_decimal(self.value)
        except ValueError as error:
            raise self.error(str(error)) from None

    def whole(self) -> int:
        """Return a whole number that is not negative, written as one or as a string of digits. Raises FileError."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | str):
            raise self.error("must be a whole number", "wrong-type")
        if not _WHOLE.fullmatch(str(self.value)):
            raise self.error("must be a whole number")
        return int(self.value)

    def flag(self) -> bool:
        """Return a boolean. Raises FileError."""
        if not isinstance(self.value, bool):
            raise self.error("must be true or false", "wrong-type")
        return self.value
