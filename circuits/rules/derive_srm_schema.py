"""The schema of Derive's standard margin: perpetuals, options by expiry and strike of any underlying, base assets.

Position slots hold the perpetuals, then the call and the put of every strike. Strikes belong to expiries by their
place, as in `derive_pmrm2_schema`, and rise within an expiry; an expiry's options are lots of its own. What is demanded
of a short option follows from public prices alone: a cell at maintenance, and how much more at initial margin.
"""

from __future__ import annotations

from ...kernel.errors import InputError
from ..model import CASH_BITS, MONEY_DIGITS, Shape
from ..schema import Cell, Schema, holding_specs, signed, unsigned
from .derive_pmrm2_schema import Strike, strikes_of

__all__ = ["derive_srm_schema", "expiry_strikes"]

SIZE_BITS = 28
AMOUNT_BITS = 40
CHARGE_BITS = 42  # unlisted calls pair those that are listed: more than the largest forward and unpaired factor charge
PRICE, RATE, PENALTY = "1e-4 money/lot", "1e-6", "1e-9"


def expiry_strikes(perps: int, expiries: int, strikes: int) -> tuple[tuple[Strike, ...], ...]:
    """Return the strikes of each expiry, their options after the perpetuals. Raises InputError (code "shape")."""
    return strikes_of(expiries, strikes, first=perps) if expiries or strikes else ()


def derive_srm_schema(shape: Shape) -> Schema:
    """Return the schema. Raises InputError (code "shape") for a shape that does not hang together."""
    shape.needs("perps", "expiries", "strikes")
    perps = shape["perps"]
    groups = expiry_strikes(perps, shape["expiries"], shape["strikes"])
    if shape.positions != perps + 2 * shape["strikes"] or shape.debts:
        raise InputError("the shape needs its perpetuals and two options a strike, and no debts", code="shape")
    slots = [f"position {i}" for i in range(perps)]
    slots += [f"expiry {strike.expiry}" for group in groups for strike in group for _ in range(2)]
    holdings = holding_specs(shape, cash=CASH_BITS, size=SIZE_BITS, amount=AMOUNT_BITS, slots=slots)
    tables = (("market", _market(shape, groups)), ("parameters", _parameters(shape, groups)))
    return Schema("derive-srm", shape, MONEY_DIGITS, holdings, tables)


def _market(shape: Shape, groups: tuple[tuple[Strike, ...], ...]) -> tuple[Cell, ...]:
    perps, expiries, assets = range(shape["perps"]), range(shape["expiries"]), range(shape.collateral)
    cells = [
        *(_price(f"price.{i}", f"position {i}") for i in perps),
        *(signed(f"market.funding.{i}", "money/lot", 40) for i in perps),
        *(_price(f"perp_spot.{i}", f"position {i}") for i in perps),
        *(_penalty(f"perp_doubt.{i}") for i in perps),
        *(unsigned(f"market.asset_price.{a}", PRICE, 48) for a in assets),
        *(_penalty(f"asset_doubt.{a}") for a in assets),
        *(_price(f"spot.{e}", f"expiry {e}") for e in expiries),
        *(_price(f"forward.{e}", f"expiry {e}") for e in expiries),
        *(_penalty(f"doubt.{e}") for e in expiries),
        _penalty("depeg"),
    ]
    for group in groups:
        for place, strike in enumerate(group):
            lots = f"expiry {strike.expiry}"
            cells.append(_price(f"strike.{strike.number}", lots, at_least=len(cells) - 1 if place else None))
    for column in ("call_charge", "call_more", "put_charge", "put_more"):
        cells += [_price(f"{column}.{k.number}", f"expiry {k.expiry}") for group in groups for k in group]
    return tuple(cells)


def _parameters(shape: Shape, groups: tuple[tuple[Strike, ...], ...]) -> tuple[Cell, ...]:
    perps, expiries, assets = range(shape["perps"]), range(shape["expiries"]), range(shape.collateral)
    dearer, one = {"levels": "initial>=maintenance"}, 10**6
    return (
        unsigned("parameters.initial", "", 1, **dearer),
        *(unsigned(f"parameters.perp_rate.{i}", RATE, 21, empty=one, **dearer) for i in perps),
        *(unsigned(f"parameters.unpaired.{e}", RATE, 24, **dearer) for e in expiries),
        *(
            unsigned(f"parameters.factor.{a}", RATE, 20, maximum=one, empty=0, levels="initial<=maintenance")
            for a in assets
        ),
        *(_charge(f"perp_charge.{i}", f"position {i}") for i in perps),
        *(_charge(f"strike_charge.{k.number}", f"expiry {k.expiry}") for group in groups for k in group),
    )


def _price(name: str, slot: str, at_least: int | None = None) -> Cell:
    return unsigned(f"market.{name}", PRICE, 50, slot=slot, at_least=at_least)


def _penalty(name: str) -> Cell:
    """Return a share of a notional, demanded at initial margin while a feed is in doubt or the quote off its peg."""
    return unsigned(f"market.{name}", PENALTY, 37)


def _charge(name: str, slot: str) -> Cell:
    """Return what a lot costs while its slot must not be held: nothing when listed, the most when not."""
    top = (1 << CHARGE_BITS) - 1
    return unsigned(f"parameters.{name}", "money/lot", CHARGE_BITS, slot=slot, empty=top, levels="initial>=maintenance")
