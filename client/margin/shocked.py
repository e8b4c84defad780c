"""The account at other prices: one of them multiplied, or all together, everything else equal.

Where prices are cells, the cells are multiplied. Where a table is worked out of prices (options repriced, scenarios),
the market itself is moved and its table made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ...circuits.statements.engine import Evaluation
from ..files.models import Market, Parameters
from ..files.rule_files import asset_unit, family_files, price_unit
from ..files.tables import make_tables

__all__ = ["Moves", "Price"]


@dataclass(frozen=True)
class Price:
    """A price that may move: an instrument's, an asset's or an underlying's.

    `now` is in quote a unit and `place` the price's cell in the market table; both None of an underlying.
    """

    kind: str
    name: str
    now: Fraction | None
    place: int | None


@dataclass(frozen=True, repr=False)
class Moves:
    """An account whose prices can be moved. `market` is needed where tables are worked out of prices."""

    parameters: Parameters
    result: Evaluation
    market: Market | None = None

    @property
    def prices(self) -> tuple[Price, ...]:
        """Return the prices that the account depends on, the quote asset's apart.

        They are those of what it holds, or the rule's underlyings; none where these cannot be moved for want of the
        market.
        """
        files = family_files(self.parameters.rule)
        if files.underlyings is None:
            return (*self._instruments(), *self._assets())
        if self.market is None or files.moved is None:
            return ()
        return tuple(Price("underlying", name, None, None) for name in files.underlyings(self.parameters))

    def at(self, moved: Sequence[Price], factor: Fraction) -> Evaluation:
        """Return the account with some of its prices multiplied, each rounded to its cell.

        Raises FileError when the market then does not fit its table.
        """
        files, market, cells = family_files(self.parameters.rule), self.market, list(self.result.cells["market"])
        for price in moved:
            if price.place is not None:
                cells[price.place] = round(cells[price.place] * factor)
            elif files.moved is not None and market is not None:
                market = files.moved(self.parameters, market, price.name, factor)
        if market is not self.market and market is not None:
            table, specs = make_tables(self.parameters, market).market, self.result.schema.cells("market")
            cells = [stored - spec.offset for spec, stored in zip(specs, table.cells, strict=True)]
        return replace(self.result, cells={**self.result.cells, "market": cells})

    def _instruments(self) -> list[Price]:
        schema, held = self.result.schema, self.result.holdings.sizes
        return [
            self._price("instrument", listing.name, place, price_unit(self.parameters, schema, slot))
            for slot, listing in self.parameters.listed.items()
            if held[slot] and (place := self._place(f"market.price.{slot}")) is not None
        ]

    def _assets(self) -> list[Price]:
        schema, held, owed = self.result.schema, self.result.holdings.collateral, self.result.holdings.debts
        return [
            self._price("asset", asset.name, place, asset_unit(self.parameters, schema, slot))
            for slot, asset in enumerate(self.parameters.assets)
            if any((*held[slot : slot + 1], *owed[slot : slot + 1])) and asset.name != self.parameters.quote.asset
            if (place := self._place(f"market.asset_price.{slot}")) is not None
        ]

    def _price(self, kind: str, name: str, place: int, unit: Fraction) -> Price:
        return Price(kind, name, self.result.cells["market"][place] * unit, place)

    def _place(self, cell: str) -> int | None:
        names = [spec.name for spec in self.result.schema.cells("market")]
        return names.index(cell) if cell in names else None
