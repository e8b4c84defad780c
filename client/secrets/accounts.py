"""Many accounts: their names, how each is read, where its secrets are kept. One that is wrong is so alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from ...circuits.model import Opening
from ...kernel.arguments import PATH, Kind, check
from ...kernel.errors import FileError, InputError, ZkmarginError
from ..files.frames import PORTFOLIO, Frame, PortfolioSource, is_frame, portfolio_from_frame, portfolios_from_frame
from ..files.portfolio import Portfolio, load_portfolio, portfolios_from_table
from .openings import load_held
from .places import Where

__all__ = ["ACCOUNTS", "Account", "AccountsSource", "Failed", "accounts_in", "accounts_of", "portfolio_of"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_SECRETS = (".opening.json", ".owner.json")
_OLDER = re.compile(r"\.opening\.\d+\.json")

AccountsSource = str | Path | Frame | Mapping[str, PortfolioSource]
"""What many accounts are taken as: a folder, a table or frame with a column `account`, or portfolios by name."""


def _is_source(value: object) -> bool:
    if isinstance(value, str | Path):
        return PATH.fits(value)
    return is_frame(value) or isinstance(value, Mapping)


ACCOUNTS = Kind("a path, a frame with a column `account`, or portfolios by their account's name", _is_source)


@dataclass(frozen=True)
class Account:
    """One account: its name, how its portfolio is read, and where its secrets are kept."""

    name: str
    load: Callable[[], Portfolio]
    where: Where


@dataclass(frozen=True)
class Failed:
    """An account without a proof, and why; the message carries no holdings."""

    name: str
    code: str
    message: str

    @classmethod
    def of(cls, name: str, error: ZkmarginError) -> Failed:
        """Return what an error says about an account."""
        return cls(name, error.code, error.message)


def accounts_in(source: Path, openings: Path | None = None) -> list[Account | Failed]:
    """Return the accounts of a folder of portfolio files or of one table, in the order of their names.

    Secrets are kept beside a folder's portfolios, and in `NAME-openings` beside a table, unless `openings` says where.
    A name that cannot name a file, or that two portfolios share, is a failure of that account. Raises FileError.
    """
    found: dict[str, Account | Failed] = {}
    if source.is_dir():
        for path in sorted(source.iterdir()):
            if path.suffix in (".json", ".csv") and path.is_file() and not _is_secret(path.name):
                found[path.stem] = _account(path.stem, partial(load_portfolio, path), openings or source, found)
    else:
        folder = openings or source.with_name(f"{source.stem}-openings")
        for name, load in sorted(portfolios_from_table(source).items()):
            found[name] = _account(name, load, folder, found)
    if not found:
        raise FileError("there are no portfolios here", code="no-accounts", file=str(source))
    return list(found.values())


def accounts_of(source: AccountsSource, openings: Path | None = None) -> list[Account | Failed]:
    """Return the accounts of a path, as `accounts_in`, of a frame with a column `account`, or of a mapping.

    A frame and a mapping have no place of their own for openings. Raises InputError (code "no-place") without one,
    FileError.
    """
    if isinstance(source, str | Path):
        return accounts_in(Path(source), openings)
    if openings is None:
        raise InputError(
            "there is no place for the openings, without which nobody can prove anything of the accounts again",
            code="no-place",
            hint="openings=FOLDER",
        )
    if isinstance(source, Mapping):
        loads = {name: partial(_read, name, value) for name, value in source.items()}
    else:
        loads = cast("dict[str, partial[Portfolio]]", portfolios_from_frame(source))
    if not loads:
        raise InputError("there are no portfolios here", code="no-accounts")
    found: dict[str, Account | Failed] = {}
    for name, load in loads.items():
        found[str(name)] = _account(name, load, openings, found)
    return list(found.values())


def portfolio_of(source: PortfolioSource) -> Portfolio | Opening:
    """Return the portfolio or opening that a source is or holds. Raises InputError, FileError."""
    check("the portfolio", source, PORTFOLIO)
    if isinstance(source, Portfolio | Opening):
        return source
    return load_held(Path(source)) if isinstance(source, str | Path) else portfolio_from_frame(source)


def _read(name: str, source: PortfolioSource) -> Portfolio:
    held = portfolio_of(source)
    if isinstance(held, Opening):
        raise InputError("an opening has its own salt and place: prove it alone", code="usage")
    return held


def _is_secret(name: str) -> bool:
    return name.startswith(".") or name.endswith(_SECRETS) or bool(_OLDER.search(name))


def _account(
    name: object, load: Callable[[], Portfolio], folder: Path, found: Mapping[str, Account | Failed]
) -> Account | Failed:
    if str(name) in found:
        return Failed(str(name), "duplicate", "two portfolios have this name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return Failed(str(name), "bad-name", "an account's name is letters, digits, dots, dashes: it names its files")
    return Account(name, load, Where(folder / f"{name}.owner.json", folder / f"{name}.opening.json"))
