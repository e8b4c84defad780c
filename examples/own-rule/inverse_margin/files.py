"""The file side: which keys the files have, how tables are filled from them, and how entry prices become cash."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from zkmargin.client.files.cells import Cells
from zkmargin.client.files.columns import found
from zkmargin.client.files.models import InstrumentMark, Listing, Market, Parameters, Rate
from zkmargin.client.files.quantity import rounded_decimal
from zkmargin.client.files.rule_files import FamilyFiles
from zkmargin.kernel.errors import InputError

__all__ = ["FILES"]


class Contract(Listing):
    """A listed contract; `size_step` is in dollars."""

    initial_rate: Rate
    maintenance_rate: Rate


class InverseParameters(Parameters):
    """`parameters.json` of inverse margin; the quote is the coin."""

    instruments: Sequence[Contract]

    def check(self) -> None:
        """Raise InputError for an initial rate below its maintenance rate, besides what no rule allows."""
        super().check()
        for contract in self.instruments:
            if contract.initial_rate < contract.maintenance_rate:
                raise InputError(f"the initial rate of {contract.name} is below its maintenance rate", code="order")


class InverseMarket(Market):
    """`market.json` of inverse margin: marks in dollars a coin."""

    instruments: list[InstrumentMark]


def market_cells(parameters: InverseParameters, market: InverseMarket, cells: Cells) -> None:
    """Fill the value of each contract in coin, to the nearest."""
    marks = {row.name: row for row in market.instruments}
    for slot, contract in parameters.listed.items():
        mark = found(marks, contract.name, "instrument").mark
        cells.price(f"market.value.{slot}", 1 / Fraction(mark), contract.name, contract.size_step)


def parameter_cells(parameters: InverseParameters, level: str, cells: Cells) -> None:
    """Fill the rates of a level, rounded up."""
    for slot, contract in enumerate(parameters.instruments):
        rate = contract.initial_rate if level == "initial" else contract.maintenance_rate
        cells.up(f"parameters.rate.{slot}", rate, contract.name)


def paid(_parameters: InverseParameters, _slot: int, size: Fraction, entry_price: Fraction) -> Fraction:
    """Return what opening a position took from cash: −size/entry price, for its profit is size·(1/entry − 1/mark)."""
    return -size / entry_price


def moved(_parameters: InverseParameters, market: InverseMarket, _name: str, factor: Fraction) -> InverseMarket:
    """Return the market with the coin's price multiplied: every contract follows it."""
    rows = [
        row.model_copy(update={"mark": rounded_decimal(Fraction(row.mark) * factor, 8)}) for row in market.instruments
    ]
    return market.model_copy(update={"instruments": rows})


FILES = FamilyFiles(
    InverseParameters,
    InverseMarket,
    market_cells,
    parameter_cells,
    words={"value": "value of a contract in coin"},
    separable=True,
    notional_cell=lambda _parameters, slot: f"value.{slot}",
    underlyings=lambda parameters: (parameters.quote.asset,),
    moved=moved,
    paid=paid,
)
