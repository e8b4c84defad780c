"""The files of `correlated-margin`: cross margin's, and the factors that underlyings share."""

from __future__ import annotations

from ...kernel.errors import InputError
from ..files.cells import Cells
from ..files.models import Name, Number, Rate, fits, unique
from ..files.models import StrictModel as Model
from ..files.rule_files import FamilyFiles
from .cross_margin import CrossMarginMarket, CrossMarginParameters, CrossMarginShape, market_cells
from .cross_margin import parameter_cells as cross_margin_cells

__all__ = ["FILES"]


class Loading(Model):
    """How far an instrument moves with a factor: 1 as far, negative the other way."""

    instrument: Name
    loading: Number


class Factor(Model):
    """A factor: what moves with it, and how far it moves at each margin level."""

    name: Name
    initial_shock: Rate
    maintenance_shock: Rate
    loadings: list[Loading]


class CorrelatedShape(CrossMarginShape):
    """Cross margin's slots and tiers, and the number of factors."""

    factors: int


class CorrelatedParameters(CrossMarginParameters):
    """`parameters.json` of correlated margin."""

    shape: CorrelatedShape
    factors: list[Factor]

    def check(self) -> None:
        """Raise InputError for loadings of what is not listed and shocks out of order, besides the rest."""
        super().check()
        fits(len(self.factors), self.shape.factors, "factors")
        unique((factor.name for factor in self.factors), "factors")
        listed = {instrument.name for instrument in self.instruments}
        for factor in self.factors:
            unique((row.instrument for row in factor.loadings), f"the factor {factor.name}")
            for row in factor.loadings:
                if row.instrument not in listed:
                    message = f"the factor {factor.name} loads {row.instrument}, which is not listed"
                    raise InputError(message, code="unknown-instrument")
            if factor.initial_shock < factor.maintenance_shock:
                raise InputError(f"the initial shock of {factor.name} is below its maintenance shock", code="order")


def parameter_cells(parameters: CorrelatedParameters, level: str, cells: Cells) -> None:
    """Fill cross margin's cells, then the shocks, rounded up, and the loadings, to the nearest."""
    cross_margin_cells(parameters, level, cells)
    slots = {instrument.name: slot for slot, instrument in enumerate(parameters.instruments)}
    for f, factor in enumerate(parameters.factors):
        shock = factor.initial_shock if level == "initial" else factor.maintenance_shock
        cells.up(f"parameters.shock.{f}", shock, factor.name)
        for row in factor.loadings:
            cells.nearest(f"parameters.loading.{f}.{slots[row.instrument]}", row.loading, row.instrument)


FILES = FamilyFiles(
    CorrelatedParameters,
    CrossMarginMarket,
    market_cells,
    parameter_cells,
    words={"shock": "move of the factor", "loading": "how far the instrument moves with the factor"},
)
