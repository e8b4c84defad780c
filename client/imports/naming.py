"""What a venue's coins are called here: instruments with a suffix, and renamings for the rest.

A row carries its ticker until the import is whole; then renamings apply, and two assets that fall together are refused
with what each of them is called (`USDC@0xaf88…`), so that one can be renamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter, ValidationError

from ...kernel.arguments import TEXT, TEXTS, Kind, a, check, maybe, takes
from ...kernel.errors import FileError, InputError
from ..files.models import Name
from ..files.portfolio import Amount, Position
from .response import Response

__all__ = ["NAMING", "Naming", "Ticker"]

_RENAMED = Kind(
    "a mapping of names to names",
    lambda value: isinstance(value, Mapping) and all(map(TEXT.fits, (*value.keys(), *value.values()))),
)
_ADAPTER: TypeAdapter[str] = TypeAdapter(Name)


class Ticker(str):
    """A finished name that knows how the venue prints it, which of several assets it is, and where it stood."""

    __slots__ = ("asset_id", "printed", "source")

    printed: str
    asset_id: str
    source: Response

    @classmethod
    def of(cls, finished: str, source: Response, asset_id: str = "") -> Ticker:
        """Return the ticker of a printed symbol; `asset_id` is an address or a number where the venue has one."""
        made = cls(finished)
        made.printed, made.asset_id, made.source = source.text(), asset_id, source
        return made

    def old_names(self) -> tuple[str, ...]:
        """Return what a renaming may call it, the most exact first."""
        exact = (f"{self.printed}@{self.asset_id}", self.asset_id) if self.asset_id else ()
        return (*exact, str(self), self.printed)

    def best(self) -> str:
        """Return the one of its old names that no other asset has."""
        return self.old_names()[0]


@dataclass(frozen=True)
class Naming:
    """How names are made: a coin plus `suffix` is its perpetual; `renamed` replaces names (UBTC by BTC).

    What is replaced is said as the venue prints it (BTC, BTC-USD, BTCUSDT), as it is finished here (BTC-PERP), or with
    the asset's address (USDC@0x…, or 0x… alone) where two have one symbol. Finished names go before printed ones.
    """

    suffix: str = "-PERP"
    renamed: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse names that are no texts. Raises InputError."""
        check("suffix", self.suffix, TEXT)
        check("renamed", self.renamed, _RENAMED)

    @classmethod
    @takes(suffix=TEXT, renamings=TEXTS)
    def of(cls, suffix: str, renamings: Iterable[str]) -> Naming:
        """Return the naming of command-line options, each renaming "OLD=NEW". Raises InputError."""
        renamed: dict[str, str] = {}
        for text in renamings:
            old, equals, new = text.partition("=")
            if not (old and equals and new):
                raise InputError("a renaming is written OLD=NEW", code="usage")
            if renamed.get(old, new) != new:
                raise InputError("one name is renamed twice", code="usage")
            renamed[old] = new
        return cls(suffix, renamed)

    def instrument(self, coin: Response) -> Ticker:
        """Return the name of a coin's perpetual."""
        return Ticker.of(coin.text() + self.suffix, coin)

    def asset(self, symbol: Response, asset_id: str = "") -> Ticker:
        """Return the name of an asset."""
        return Ticker.of(symbol.text(), symbol, asset_id)

    def base(self, market: Response, quote: str) -> Ticker:
        """Return the perpetual's name of a market such as BTC-USD, its quote dropped."""
        return Ticker.of(market.text().removesuffix(f"-{quote}") + self.suffix, market)

    def contract(self, symbol: Response, quote: str) -> Ticker:
        """Return the name of a symbol such as BTCUSDT, or BTC-260327 of BTCUSDT_260327."""
        pair, dated, date = symbol.text().partition("_")
        base = pair.removesuffix(quote)
        return Ticker.of(f"{base}-{date}" if dated else base + self.suffix, symbol)

    def final(
        self, collateral: Sequence[Amount], debt: Sequence[Amount], positions: Sequence[Position]
    ) -> tuple[tuple[Amount, ...], tuple[Amount, ...], tuple[Position, ...]]:
        """Return the rows under their final names, no two assets under one. Raises FileError."""
        finished = {str(row.name) for row in (*collateral, *debt)} | {str(row.name) for row in positions}
        held, owed = (
            tuple(replace(row, name=self._final(row.name, finished)) for row in rows) for rows in (collateral, debt)
        )
        called: dict[str, Ticker] = {}
        for before, after in zip((*collateral, *debt), (*held, *owed), strict=True):
            if isinstance(before.name, Ticker):
                _apart(called.setdefault(after.name, before.name), before.name)
        return held, owed, tuple(replace(row, name=self._final(row.name, finished)) for row in positions)

    def unused(self, rows: Iterable[Amount | Position]) -> list[str]:
        """Return the renamings that meant no row."""
        tickers = [row.name for row in rows if isinstance(row.name, Ticker)]
        meant = {old for ticker in tickers for old in ticker.old_names()}
        return [old for old in self.renamed if old not in meant]

    def _final(self, name: str, finished: set[str]) -> str:
        if not isinstance(name, Ticker):
            return name
        for old in name.old_names():
            if old in self.renamed and (old == str(name) or old not in finished):
                new = self.renamed[old]
                try:
                    return _ADAPTER.validate_python(new)
                except ValidationError:
                    raise InputError(
                        "NEW of a renaming must be a name of 1 to 32 letters, digits and ._:/+-", code="usage"
                    ) from None
        try:
            return _ADAPTER.validate_python(str(name))
        except ValidationError:
            raise name.source.error(
                "makes no name of 1 to 32 letters, digits and ._:/+-", hint=f"--rename '{_printable(name.best())}=NEW'"
            ) from None


def _apart(one: Ticker, other: Ticker) -> None:
    """Refuse two assets under one name: their prices and risks would be taken for the same."""
    if one.asset_id == other.asset_id and one.printed == other.printed:
        return
    raise FileError(
        f"{other.source.path} and {one.source.path} are two assets with one name",
        code="duplicate",
        file=other.source.file,
        hint=f"--rename '{_printable(one.best())}=NEW' or --rename '{_printable(other.best())}=NEW'",
    )


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() and c not in "'\"" else "?" for c in text)[:96]


NAMING = maybe(a("a Naming", Naming))
