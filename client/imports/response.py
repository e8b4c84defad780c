"""A foreign JSON document, walked by path: each value is checked where it is taken, and its path named when wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from ...kernel.arguments import PATH, a, takes
from ...kernel.errors import FileError
from ...kernel.strict_json import read_json
from ..files.quantity import parse_decimal

__all__ = ["RESPONSE", "Response"]

_WHOLE = re.compile(r"[0-9]{1,78}", re.ASCII)
# What holds value is called so in every API; what is called so and not known is refused rather than left out.
_VALUE = re.compile(
    r"balance|collateral|borrow|debt|loan|lend|lent|credit|equity|escrow|suppl|stak|bonus|voucher|coupon|interest"
    r"|liabilit|owed|deposit|vault|locked|reserve|cash|principal|receivable|wallet",
    re.IGNORECASE,
)
_NO_VALUE = re.compile(
    r"margin$|rate|time|date|id$|address|step|factor|threshold|ratio|index|count|limit|fee|apr$|apy$", re.IGNORECASE
)
_HINTS = {
    "mismatch": "save the answers again, whole and at one moment",
    "inverse": "no rule here margins contracts that settle in their coin",
    "mode": "docs/imports.md says which account modes are read",
    "not-understood": "bring it to zero at the venue, or write the portfolio as a CSV (import csv)",
    "several-accounts": "save the answer of one account",
    "testnet": "save the main network's answer",
}


class _Bare(str):
    """A number that stood without quotes, as it was written: an amount, never a name."""

    __slots__ = ()


@dataclass(frozen=True, repr=False)
class Response:
    """A value of a response with its path, such as `assetPositions.0.position`; errors never repeat the value."""

    value: Any
    path: str
    file: str

    @classmethod
    @takes(path=PATH)
    def load(cls, path: str | Path) -> Response:
        """Return a file's JSON; 1.5 is read as "1.5" is, to the last digit. Raises FileError.

        Whoever says that it is a testnet's is refused: money there is none.
        """
        path = Path(path)
        made = cls(read_json(path, _Bare), "", str(path))
        for key in ("testnet", "isTestnet", "is_testnet"):
            if key in made and made[key].value is not False:
                raise made[key].error("is set: what a testnet holds is no money", "testnet")
        return made

    def error(self, says: str, code: str = "wrong-value", hint: str | None = None) -> FileError:
        """Return an error about this value: "<path> <says>"; what its code always asks for is the hint without one."""
        says = f"{self.path or 'the response'} {says}"
        return FileError(says, code=code, file=self.file, hint=hint or _HINTS.get(code))

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

    def inside(self, key: str) -> Response:
        """Return an object's value where it has one, else the object: many answers come wrapped."""
        return self[key] if key in self else self  # noqa: SIM401

    def items(self) -> Iterator[Response]:
        """Return the values of a list, or of an object by key. Raises FileError for anything else."""
        if isinstance(self.value, dict):
            pairs: Any = self.value.items()
        elif isinstance(self.value, list):
            pairs = enumerate(self.value)
        else:
            raise self.error("must be a list", "wrong-type")
        for key, value in pairs:
            shown = _shown(key)
            yield Response(value, f"{self.path}.{shown}" if self.path else shown, self.file)

    def text(self) -> str:
        """Return a string. Raises FileError."""
        if not isinstance(self.value, str) or isinstance(self.value, _Bare):
            raise self.error("must be a string", "wrong-type")
        return self.value

    def number(self) -> Decimal:
        """Return a number exactly, in quotes or bare. Raises FileError."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return Decimal(self.value)
        if not isinstance(self.value, str):
            raise self.error("must be a decimal string", "wrong-type")
        try:
            return parse_decimal(self.value)
        except ValueError as error:
            raise self.error(str(error)) from None

    def exactly(self) -> Fraction:
        """Return a number as a fraction. Raises FileError."""
        return Fraction(self.number())

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

    def understood(self, known: Collection[str]) -> None:
        """Refuse an object with a key that is called like something of value, is not zero, and is not known.

        Responses grow, so other unknown keys pass. Raises FileError.
        """
        if not isinstance(self.value, dict):
            raise self.error("must be an object", "wrong-type")
        for key, value in self.value.items():
            name = str(key)
            if name not in known and _VALUE.search(name) and not _NO_VALUE.search(name) and _is_something(value):
                shown = _shown(name)
                inner = Response(value, f"{self.path}.{shown}" if self.path else shown, self.file)
                raise inner.error("is not zero and not understood: an import would leave it out", "not-understood")

    def nothing(self, *keys: str, says: str, hint: str | None = None) -> None:
        """Refuse an object in which one of these amounts is given and not zero. Raises FileError."""
        for key in keys:
            if key in self and self[key].number():
                raise self[key].error(says, "not-understood", hint)


def _shown(key: object) -> str:
    return "".join(c if c.isprintable() else "?" for c in str(key))[:48]


def _is_something(value: Any) -> bool:  # noqa: ANN401
    """Whether there is an amount other than zero in a value."""
    if isinstance(value, dict):
        return any(_is_something(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_is_something(inner) for inner in value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return False
    try:
        return bool(parse_decimal(str(value)))
    except ValueError:
        return isinstance(value, _Bare)  # a number that is too long or too large is something


RESPONSE = a("a Response", Response)
