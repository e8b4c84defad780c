"""Openings and owner keys on disk: readable by their owner only, and never lost by writing a newer one."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ...circuits.model import Holdings, Opening
from ...circuits.statements.commitment import SALT_BITS, draw_salt
from ...kernel.arguments import PATH, takes
from ...kernel.babyjubjub import Point, check_owner_key, draw_secret, public_key
from ...kernel.errors import FileError, InputError
from ...kernel.files import write_file
from ...kernel.strict_json import read_bytes, read_json
from ..files.models import StrictModel
from ..files.portfolio import Portfolio, parse_portfolio
from ..files.reading import validated

__all__ = [
    "OwnerKey",
    "alone",
    "fresh_opening",
    "keep_previous",
    "load_held",
    "load_opening",
    "load_owner",
    "save_opening",
    "save_owner",
]

_INTEGER = re.compile(r"0|-?[1-9]\d{0,77}", re.ASCII)


def _integer(value: object) -> int:
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        raise ValueError("must be a whole number as a decimal string")
    return int(value)


Integer = Annotated[int, BeforeValidator(_integer)]


class _Secret(StrictModel):
    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return ()


class _HoldingsModel(_Secret):
    cash: Integer
    sizes: list[Integer]
    collateral: list[Integer]
    debts: list[Integer]
    entries: list[Integer] = Field(default_factory=list)


class _OpeningModel(_Secret):
    kind: Literal["zkmargin/opening/1"] = Field(alias="schema")
    holdings: _HoldingsModel
    owner_key: Annotated[list[Integer], Field(min_length=2, max_length=2)]
    salt: Integer


class _OwnerModel(_Secret):
    kind: Literal["zkmargin/owner/1"] = Field(alias="schema")
    owner_key: Annotated[list[Integer], Field(min_length=2, max_length=2)]
    secret: Integer | None = None


@dataclass(frozen=True, repr=False)
class OwnerKey:
    """An owner's public key, with the secret where it is kept here. Its repr shows nothing."""

    point: Point
    secret: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is no key and no secret. Raises InputError."""
        if not isinstance(self.point, tuple) or [type(c) for c in self.point] != [int, int]:
            raise InputError("an owner's key is two whole numbers", code="wrong-type")
        if self.secret is not None and type(self.secret) is not int:
            raise InputError("an owner's secret is a whole number", code="wrong-type")

    def __repr__(self) -> str:
        """Keep the secret out of logs and tracebacks."""
        return "OwnerKey(…)"

    @classmethod
    def draw(cls) -> OwnerKey:
        """Return a fresh key."""
        secret = draw_secret()
        return cls(public_key(secret), secret)


@contextlib.contextmanager
def alone(*paths: Path) -> Iterator[None]:
    """Keep other processes that write secrets out of these files' folders, so that none loses what another wrote.

    A file system without locks, or a folder that cannot be read, is no reason to write nothing.
    """
    with contextlib.ExitStack() as held:
        # In one order, or two processes would wait for each other.
        for folder in sorted({path.parent.resolve() for path in paths}):
            with contextlib.suppress(OSError):
                descriptor = os.open(folder, os.O_RDONLY)
                held.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def fresh_opening(holdings: Holdings, owner: OwnerKey) -> Opening:
    """Return an opening of these holdings under a fresh salt."""
    return Opening(holdings, owner.point, draw_salt())


@takes(path=PATH)
def load_owner(path: str | Path) -> OwnerKey:
    """Return a checked owner key: on the curve, in the prime subgroup, of its secret. Raises FileError."""
    path = Path(path)
    data = read_json(path)
    model = validated(_OwnerModel, lambda: _OwnerModel.model_validate(data), path)
    if model.secret is None:
        return OwnerKey(_checked_key(model.owner_key, path))
    try:
        point = public_key(model.secret)
    except InputError as error:
        raise FileError(error.message, code=error.code, file=str(path)) from None
    # A multiple of the generator that is not the identity is in the subgroup: nothing is left to check.
    if point != tuple(model.owner_key):
        _checked_key(model.owner_key, path)
        raise FileError("the owner's secret is of another key", code="bad-owner-key", file=str(path))
    return OwnerKey(point, model.secret)


def save_owner(path: Path, owner: OwnerKey) -> None:
    """Write an owner key, mode 0600. Raises FileError when there is one already: a key is never replaced."""
    if path.exists():
        raise FileError("there is an owner key here already", code="exists", file=str(path))
    content: dict[str, Any] = {"schema": "zkmargin/owner/1", "owner_key": [str(c) for c in owner.point]}
    if owner.secret is not None:
        content["secret"] = str(owner.secret)
    _write_secret(path, content)


@takes(path=PATH)
def load_opening(path: str | Path) -> Opening:
    """Return a checked opening. Raises FileError when it is none, or its owner key is no key."""
    path = Path(path)
    data = read_json(path)
    model = validated(_OpeningModel, lambda: _OpeningModel.model_validate(data), path)
    if not 0 <= model.salt < 1 << SALT_BITS:
        raise FileError(f"the salt does not fit {SALT_BITS} bits", code="out-of-range", file=str(path))
    held = model.holdings
    holdings = Holdings(held.cash, tuple(held.sizes), tuple(held.collateral), tuple(held.debts), tuple(held.entries))
    return Opening(holdings, _checked_key(model.owner_key, path), model.salt)


def load_held(path: Path) -> Portfolio | Opening:
    """Return what a file says an account holds: a portfolio, or an opening, which says so itself. Raises FileError."""
    content = read_bytes(path)
    if content.lstrip().startswith(b"{") and b"zkmargin/opening/" in content:
        return load_opening(path)
    return parse_portfolio(content, path)


def save_opening(path: Path, opening: Opening) -> None:
    """Write an opening, mode 0600; an older file of that name is kept beside it, for its account may still live."""
    keep_previous(path)
    held = opening.holdings
    _write_secret(
        path,
        {
            "schema": "zkmargin/opening/1",
            "holdings": {
                "cash": str(held.cash),
                "sizes": [str(size) for size in held.sizes],
                "collateral": [str(amount) for amount in held.collateral],
                "debts": [str(shares) for shares in held.debts],
                **({"entries": [str(entry) for entry in held.entries]} if held.entries else {}),
            },
            "owner_key": [str(c) for c in opening.owner_key],
            "salt": str(opening.salt),
        },
    )


def keep_previous(path: Path) -> Path | None:
    """Give an existing regular file a second, numbered name, so that replacing the first loses nothing."""
    if not path.is_file():
        return None
    for number in range(1, 1_000_000):
        kept = path.with_name(f"{path.stem}.{number}{path.suffix}")
        if os.path.lexists(kept):
            continue
        try:
            os.link(path.resolve(), kept)
        except FileExistsError:
            continue
        except OSError:  # a file system without links
            write_file(kept, read_bytes(path), mode=0o600)
        return kept
    raise FileError("there are too many older files beside it", code="exists", file=str(path))


def _checked_key(coordinates: list[int], path: Path) -> Point:
    point = (coordinates[0], coordinates[1])
    try:
        check_owner_key(point)
    except InputError as error:
        raise FileError(error.message, code=error.code, file=str(path)) from None
    return point


def _write_secret(path: Path, content: dict[str, Any]) -> None:
    write_file(path, (json.dumps(content, indent=1) + "\n").encode(), mode=0o600)
