"""The files of `regime-margin`: cross margin's, the regimes' stresses, and what the market says of today."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import lcm

from ...circuits.rules.regime_margin import reached, volatility_multiplier
from ...kernel.errors import InputError
from ..files.cells import Cells
from ..files.columns import found
from ..files.models import AssetMarket, InstrumentMarket, Market, Name, Positive, Ratio, unique
from ..files.models import StrictModel as Model
from ..files.rule_files import FamilyFiles
from .cross_margin import CrossMarginParameters, CrossMarginShape, Instrument
from .cross_margin import market_cells as cross_market_cells
from .cross_margin import parameter_cells as cross_parameter_cells

__all__ = ["FILES"]


class Stress(Model):
    """What the calm rates are multiplied with in a regime."""

    initial: Ratio
    maintenance: Ratio


class RegimeInstrument(Instrument):
    """A perpetual: its calm tiers, the volatility they were made for, its stress in each regime above the calm one."""

    reference_volatility: Positive
    stresses: list[Stress]


class RegimeShape(CrossMarginShape):
    """Cross margin's slots and tiers, and the number of regimes."""

    regimes: int


class RegimeParameters(CrossMarginParameters):
    """`parameters.json` of regime margin; `regimes` are names, the calm one first."""

    shape: RegimeShape
    regimes: list[Name]
    instruments: list[RegimeInstrument]

    def check(self) -> None:
        """Raise InputError for a wrong number of regimes and stresses that fall, besides what others say."""
        super().check()
        unique(self.regimes, "regimes")
        if len(self.regimes) != self.shape.regimes:
            raise InputError(f"there are {len(self.regimes)} regimes, the shape has {self.shape.regimes}", code="shape")
        for instrument in self.instruments:
            if len(instrument.stresses) != self.shape.regimes - 1:
                raise InputError(f"{instrument.name} needs a stress for each regime above the calm one", code="shape")
            rows = [Stress(initial=Fraction(1), maintenance=Fraction(1)), *instrument.stresses]
            if any(b.initial < a.initial or b.maintenance < a.maintenance for a, b in pairwise(rows)):
                raise InputError(f"{instrument.name} has a stress that falls, or is below one", code="order")
            if any(row.initial < row.maintenance for row in rows):
                raise InputError(f"{instrument.name} has an initial stress below its maintenance stress", code="order")


class RegimeInstrumentMarket(InstrumentMarket):
    """An instrument's price and funding, and its realised volatility."""

    volatility: Positive


class RegimeMarket(Market):
    """`market.json` of regime margin."""

    regime: Name
    instruments: list[RegimeInstrumentMarket]
    assets: list[AssetMarket]


def market_cells(parameters: RegimeParameters, market: RegimeMarket, cells: Cells) -> None:
    """Fill cross margin's cells, the multipliers of volatility, and the regimes reached."""
    cross_market_cells(parameters, market, cells)  # type: ignore[arg-type] # reads what both markets have
    rows = {row.name: row for row in market.instruments}
    for slot, listing in enumerate(parameters.instruments):
        realised = Fraction(found(rows, listing.name, "instrument").volatility)
        reference = Fraction(listing.reference_volatility)
        unit = lcm(realised.denominator, reference.denominator)
        multiplier = volatility_multiplier(int(realised * unit), int(reference * unit))
        cells.put(f"market.volatility.{slot}", multiplier, listing.name)
    if market.regime not in parameters.regimes:
        raise InputError(f"the parameters know no regime {market.regime}", code="unknown-regime")
    place = parameters.regimes.index(market.regime)
    for k, flag in enumerate(reached(place, len(parameters.regimes)), start=1):
        cells.put(f"market.reached.{k}", flag, parameters.regimes[k])


def parameter_cells(parameters: RegimeParameters, level: str, cells: Cells) -> None:
    """Fill cross margin's cells, then the stresses, rounded up."""
    cross_parameter_cells(parameters, level, cells)
    for slot, listing in enumerate(parameters.instruments):
        for k, stress in enumerate(listing.stresses, start=1):
            value = stress.initial if level == "initial" else stress.maintenance
            cells.up(f"parameters.stress.{slot}.{k}", value, listing.name)


FILES = FamilyFiles(
    RegimeParameters,
    RegimeMarket,
    market_cells,
    parameter_cells,
    words={
        "volatility": "multiplier of realised volatility",
        "reached": "whether the regime is reached",
        "stress": "multiplier of the regime",
    },
)
