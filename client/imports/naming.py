"""What a venue's coins are called here: instruments with a suffix, and renamings for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from ...kernel.errors import InputError
from ..files.models import Name
from .response import Response

__all__ = ["Naming"]

_ADAPTER: TypeAdapter[str] = TypeAdapter(Name)


@dataclass(frozen=True)
class Naming:
    """How names are made: a coin plus `suffix` is its perpetual; `renamed` replaces finished names (UBTC by BTC)."""

    suffix: str = "-PERP"
    renamed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, suffix: str, renamings: Iterable[str]) -> Naming:
        """Return the naming of command-line options, each renaming "OLD=NEW". Raises InputError."""
        renamed: dict[str, str] = {}
        for text in renamings:
            old, equals, new = text.partition("=")
            if not (old and equals and new):
                raise InputError("a renaming is written OLD=NEW", code="usage")
            renamed[old] = new
        return cls(suffix, renamed)

    def instrument(self, coin: Response) -> str:
        """Return the name of a coin's perpetual. Raises FileError when it is none that files may have."""
        return self._checked(coin.text() + self.suffix, coin)

    def asset(self, symbol: Response) -> str:
        """Return the name of an asset. Raises FileError when it is none that files may have."""
        return self._checked(symbol.text(), symbol)

    def base(self, market: Response, quote: str) -> str:
        """Return the perpetual's name of a market such as BTC-USD, its quote dropped. Raises FileError."""
        return self._checked(market.text().removesuffix(f"-{quote}") + self.suffix, market)

    def contract(self, symbol: Response, quote: str) -> str:
        """Return the name of a symbol such as BTCUSDT, or BTC-260327 of BTCUSDT_260327. Raises FileError."""
        pair, dated, date = symbol.text().partition("_")
        base = pair.removesuffix(quote)
        return self._checked(f"{base}-{date}" if dated else base + self.suffix, symbol)

    def _checked(self, name: str, source: Response) -> str:
        name = self.renamed.get(name, name)
        try:
            return _ADAPTER.validate_python(name)
        except ValidationError:
            raise source.error("makes no name of 1 to 32 letters, digits and ._:/+-", hint="--rename OLD=NEW") from None
