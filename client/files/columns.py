"""The columns that several rules share: how they are filled, and what they are called in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Protocol, TypeVar

from ...kernel.errors import FileError
from .cells import Cells
from .models import AssetMarket, InstrumentMarket, Market, Parameters

__all__ = ["WORDS", "factor_cells", "found", "price_cells"]

WORDS = {
    "price": "mark price",
    "funding": "cumulative funding index",
    "asset_price": "asset price",
    "borrow_index": "borrow index",
    "rate": "margin rate",
    "boundary": "notional at which the next tier starts",
    "charge": "charge a lot",
    "factor": "collateral factor",
}


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class _Factors(_Named, Protocol):
    @property
    def initial_factor(self) -> Fraction: ...
    @property
    def maintenance_factor(self) -> Fraction: ...


Row = TypeVar("Row", bound=_Named)


def price_cells(parameters: Parameters, market: Market, cells: Cells) -> None:
    """Fill what the schema has of position prices, funding indices, asset prices and borrow indices.

    Raises FileError for a listing that the market lacks; what the parameters do not list is ignored.
    """
    marks = {row.name: row for row in market.instruments}
    for slot, listing in parameters.listed.items():
        mark = found(marks, listing.name, "instrument")
        cells.price(f"market.price.{slot}", mark.mark, listing.name, listing.size_step)
        if isinstance(mark, InstrumentMarket):
            cells.nearest(f"market.funding.{slot}", mark.funding_index, listing.name, listing.size_step)
    quotes = {row.name: row for row in market.assets}
    for slot, asset in enumerate(parameters.assets):
        quote = found(quotes, asset.name, "asset")
        cells.price(f"market.asset_price.{slot}", quote.price, asset.name, asset.size_step)
        if isinstance(quote, AssetMarket) and f"market.borrow_index.{slot}" in cells:
            cells.nearest(f"market.borrow_index.{slot}", quote.borrow_index, asset.name)


def factor_cells(assets: Iterable[_Factors], level: str, cells: Cells) -> None:
    """Fill the collateral factors of a level, rounded down; assets beyond the collateral slots have none."""
    for slot, asset in enumerate(assets):
        if f"parameters.factor.{slot}" in cells:
            factor = asset.initial_factor if level == "initial" else asset.maintenance_factor
            cells.down(f"parameters.factor.{slot}", factor, asset.name)


def found(rows: Mapping[str, Row], name: str, what: str) -> Row:
    """Return the row of a name. Raises FileError (code "missing-instrument" and the like) when there is none."""
    if name not in rows:
        raise FileError(f"the market lacks the {what} {name}", code=f"missing-{what}")
    return rows[name]
