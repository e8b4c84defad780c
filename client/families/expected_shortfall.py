"""The files of `expected-shortfall`, and of `value-at-risk`: instruments with what a unit gained in each scenario."""

from __future__ import annotations

from ...kernel.errors import FileError, InputError
from ..files.cells import Cells
from ..files.columns import factor_cells, found, price_cells
from ..files.models import (
    AssetPrice,
    InstrumentMark,
    Listing,
    Market,
    NotNegative,
    Number,
    Parameters,
    Rate,
    Ratio,
    ShapeModel,
)
from ..files.models import StrictModel as Model
from ..files.rule_files import FamilyFiles

__all__ = ["FILES", "TailMarket", "TailParameters"]


class TailShape(ShapeModel):
    """The slots, the scenarios, and how many of them are the worst."""

    scenarios: int
    worst: int


class TailInstrument(Listing):
    """A listed instrument and its charge, in quote a unit held or owed."""

    initial_charge: NotNegative
    maintenance_charge: NotNegative


class TailAsset(Listing):
    """A listed asset: what of its value counts as collateral."""

    initial_factor: Rate
    maintenance_factor: Rate


class TailMargin(Model):
    """What the tail of the losses is multiplied by: its mean, or its least loss."""

    initial_multiplier: Ratio
    maintenance_multiplier: Ratio


class TailParameters(Parameters):
    """`parameters.json` of the rules on historical losses."""

    shape: TailShape
    instruments: list[TailInstrument]
    assets: list[TailAsset]
    margin: TailMargin

    def check(self) -> None:
        """Raise InputError where initial margin would be looser than maintenance, besides what no rule allows."""
        super().check()
        margin = self.margin
        looser = ["multiplier"] if margin.initial_multiplier < margin.maintenance_multiplier else []
        looser += [f"charge of {i.name}" for i in self.instruments if i.initial_charge < i.maintenance_charge]
        looser += [f"factor of {a.name}" for a in self.assets if a.initial_factor > a.maintenance_factor]
        if looser:
            raise InputError(f"the initial {looser[0]} is looser than at maintenance", code="order")


class TailMark(InstrumentMark):
    """A price, and what one unit gains in each scenario (a loss is negative), in quote."""

    gains: list[Number]


class TailMarket(Market):
    """`market.json` of the rules on historical losses."""

    instruments: list[TailMark]
    assets: list[AssetPrice]


def market_cells(parameters: TailParameters, market: TailMarket, cells: Cells) -> None:
    """Fill prices and losses to the nearest."""
    price_cells(parameters, market, cells)
    marks = {row.name: row for row in market.instruments}
    for slot, listing in enumerate(parameters.instruments):
        gains = found(marks, listing.name, "instrument").gains
        if len(gains) != parameters.shape.scenarios:
            raise FileError(
                f"{listing.name} has {len(gains)} gains, not one a scenario ({parameters.shape.scenarios})",
                code="wrong-value",
            )
        for scenario, gain in enumerate(gains):
            cells.nearest(f"market.array.{slot}.{scenario}", -gain, listing.name, listing.size_step)


def parameter_cells(parameters: TailParameters, level: str, cells: Cells) -> None:
    """Fill a level's weight (of a sum: the multiplier over the number of losses) and charges, rounded up."""
    margin, initial = parameters.margin, level == "initial"
    multiplier = margin.initial_multiplier if initial else margin.maintenance_multiplier
    summed = parameters.shape.worst if parameters.rule == "expected-shortfall" else 1
    cells.up(f"parameters.weight.{parameters.shape.worst}", multiplier / summed, "")
    for slot, listing in enumerate(parameters.instruments):
        charge = listing.initial_charge if initial else listing.maintenance_charge
        cells.up(f"parameters.charge.{slot}", charge, listing.name, listing.size_step)
    factor_cells(parameters.assets, level, cells)


def kind(_parameters: TailParameters, _slot: int) -> str:
    """Return that files do not say what an instrument is."""
    return "any"


FILES = FamilyFiles(
    TailParameters,
    TailMarket,
    market_cells,
    parameter_cells,
    kind=kind,
    words={"array": "what a lot loses in a scenario", "weight": "weight of the worst losses"},
)
