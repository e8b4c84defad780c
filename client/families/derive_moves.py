"""Derive's markets with an underlying at another price: what the explainer asks of options.

Spot, perpetuals and collateral of the underlying move by one factor, of a forward the part that spot moves.
Volatilities stay with their strikes; rates and confidences stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

from ..files.quantity import rounded_decimal

if TYPE_CHECKING:
    from pydantic import BaseModel

    from .derive_models import DerivePmrm2Market, DerivePmrm2Parameters
    from .derive_srm_models import DeriveSrmMarket, DeriveSrmParameters

__all__ = [
    "pmrm2_kind",
    "pmrm2_moved",
    "pmrm2_notional_cell",
    "pmrm2_scenario_names",
    "pmrm2_underlyings",
    "srm_kind",
    "srm_moved",
    "srm_notional_cell",
    "srm_underlyings",
]

Row = TypeVar("Row", bound="BaseModel")
_PLACES = 18


def pmrm2_underlyings(parameters: DerivePmrm2Parameters) -> tuple[str, ...]:
    """Return the one underlying."""
    return (parameters.underlying.name,)


def pmrm2_moved(
    parameters: DerivePmrm2Parameters, market: DerivePmrm2Market, _name: str, factor: Fraction
) -> DerivePmrm2Market:
    """Return the market with the underlying's price multiplied; collateral moves if the venue says it cancels risk."""
    moving = {asset.name for asset in parameters.assets if asset.cancels_risk}
    assets = [_at(asset, "price", factor) if asset.name in moving else asset for asset in market.assets]
    expiries = [
        expiry.model_copy(
            update={"forward": _times(expiry.forward - expiry.forward_fixed, factor) + expiry.forward_fixed}
        )
        for expiry in market.expiries
    ]
    spot, perpetual = _at(market.spot, "price", factor), _at(market.perpetual, "price", factor)
    return market.model_copy(update={"spot": spot, "perpetual": perpetual, "assets": assets, "expiries": expiries})


def pmrm2_kind(_parameters: DerivePmrm2Parameters, slot: int) -> str:
    """Return what a slot holds: the perpetual is the first."""
    return "option" if slot else "perpetual"


def pmrm2_notional_cell(_parameters: DerivePmrm2Parameters, slot: int) -> str:
    """Return the cell of the price that a position's size is of: the perpetual's own, an option's spot."""
    return "spot" if slot else "perp_price"


def pmrm2_scenario_names(parameters: DerivePmrm2Parameters) -> tuple[str, ...]:
    """Return what the scenarios do, moves of spot and volatility first, then of skew, then the basis."""
    return (
        *(_told(scenario.spot, scenario.vol.value, scenario.weight) for scenario in parameters.moving),
        *(f"{scenario.vol.value} skew{_counted(scenario.weight)}" for scenario in parameters.skewed),
        "basis",
    )


def srm_underlyings(parameters: DeriveSrmParameters) -> tuple[str, ...]:
    """Return the underlyings, in the file's order."""
    return tuple(one.name for one in parameters.underlyings)


def srm_kind(parameters: DeriveSrmParameters, slot: int) -> str:
    """Return what a slot holds: perpetuals come first."""
    return "perpetual" if slot < parameters.shape.perps else "option"


def srm_notional_cell(parameters: DeriveSrmParameters, slot: int) -> str:
    """Return the cell of an option's spot."""
    for number, (_expiry, strikes) in enumerate(parameters.by_expiry):
        if any(slot in (strike.call, strike.put) for strike in strikes):
            return f"spot.{number}"
    return f"perp_spot.{slot}"


def srm_moved(parameters: DeriveSrmParameters, market: DeriveSrmMarket, name: str, factor: Fraction) -> DeriveSrmMarket:
    """Return the market with one underlying's price multiplied; base assets follow their underlying's spot."""
    perps = {perp.name for perp in parameters.perpetuals if perp.underlying == name}
    return market.model_copy(
        update={
            "spots": _where(market.spots, "price", factor, {name}),
            "perpetuals": _where(market.perpetuals, "price", factor, perps),
            "expiries": [
                _at(expiry, "forward", factor) if expiry.underlying == name else expiry for expiry in market.expiries
            ],
        }
    )


def _where(rows: Iterable[Row], field: str, factor: Fraction, names: set[str]) -> list[Row]:
    return [_at(row, field, factor) if getattr(row, "name", "") in names else row for row in rows]


def _at(row: Row, field: str, factor: Fraction) -> Row:
    return row.model_copy(update={field: _times(getattr(row, field), factor)})


def _times(price: Decimal, factor: Fraction) -> Decimal:
    """Return a price multiplied; never zero, which would mean that nothing is listed."""
    return max(rounded_decimal(Fraction(price) * factor, _PLACES), Decimal(1).scaleb(-_PLACES))


def _told(spot: Decimal, vol: str, weight: Decimal) -> str:
    """Return a scenario in words: spot -18 %, vol up, counted 20 %."""
    moved = "spot still" if spot == 1 else f"spot {rounded_decimal((Fraction(spot) - 1) * 100, 2):+f} %"
    return f"{moved}, vol {vol if vol != 'none' else 'still'}{_counted(weight)}"


def _counted(weight: Decimal) -> str:
    return "" if weight == 1 else f", counted {rounded_decimal(Fraction(weight) * 100, 2):f} %"
