"""The schema of Derive's portfolio margin: one underlying, its perpetual, options by expiry and strike, collateral.

Position slot 0 is the perpetual, slots 1 + 2k and 2 + 2k are the call and the put of strike k. Strikes belong to
expiries by their place: as many each as divide evenly, the first ones one more. All sizes are lots of the underlying,
all prices 10^-4 money units a lot. By put-call parity a strike has one row of puts and a discounted strike, an expiry
one row of discounted forwards (`zkmargin.client.risk`); rows of scenarios carry the discount that short values get.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...kernel.errors import InputError
from ..model import CASH_BITS, MONEY_DIGITS, Shape
from ..schema import Cell, Schema, holding_specs, signed, unsigned

__all__ = ["CALM", "Strike", "derive_pmrm2_schema", "derive_pmrm2_size", "strikes_of"]

SIZE_BITS = 27
AMOUNT_BITS = 36
CHARGE_BITS = 54  # unlisted calls hedge by their forwards: more than a price times the largest loss and basis factors
ONE = 10**9  # rates, factors, gaps and moves are in units of 10^-9
FINE_ONE = 10**12  # tails count at a hundredth, and a discount multiplies a whole book: both are finer
PRICE, RATE, FINE = "1e-4 money/lot", "1e-9", "1e-12"
CALM = ("mark", "up", "down")  # repriced at today's volatility: as it is, and the two forwards of the basis contingency


@dataclass(frozen=True)
class Strike:
    """A strike's number, its expiry's, and the position slots of its call and its put."""

    number: int
    expiry: int
    call: int
    put: int


def strikes_of(expiries: int, strikes: int, first: int = 1) -> tuple[tuple[Strike, ...], ...]:
    """Return the strikes of each expiry: spread evenly in order, the first expiries one more where it does not divide.

    Their options follow `first` other positions. Raises InputError (code "shape") unless every expiry has a strike.
    """
    if not 1 <= expiries <= strikes:
        raise InputError("every expiry needs at least one strike", code="shape")
    each, more = divmod(strikes, expiries)
    groups, number = [], 0
    for expiry in range(expiries):
        count = each + (expiry < more)
        numbers = range(number, number + count)
        groups.append(tuple(Strike(k, expiry, first + 2 * k, first + 2 * k + 1) for k in numbers))
        number += count
    return tuple(groups)


def derive_pmrm2_schema(shape: Shape) -> Schema:
    """Return the schema. Raises InputError (code "shape") for a shape that does not hang together."""
    shape.needs("expiries", "strikes", "scenarios", "skews")
    strikes_of(shape["expiries"], shape["strikes"])
    if shape.positions != 1 + 2 * shape["strikes"] or shape.debts:
        raise InputError("the shape needs a perpetual and two options a strike, and no debts", code="shape")
    slots = ["underlying"] * shape.positions
    holdings = holding_specs(shape, cash=CASH_BITS, size=SIZE_BITS, amount=AMOUNT_BITS, slots=slots)
    tables = (("market", _market(shape)), ("parameters", _parameters(shape)))
    return Schema("derive-pmrm2", shape, MONEY_DIGITS, holdings, tables)


def derive_pmrm2_size(shape: Shape) -> int:
    """Return how many cells both tables have."""
    expiries, strikes, scenarios, skews = (shape[name] for name in ("expiries", "strikes", "scenarios", "skews"))
    market = 5 + 2 * shape.collateral + (3 + len(CALM)) * expiries + (2 + len(CALM)) * strikes
    rows = (scenarios + skews) * (expiries + strikes)
    return market + rows + 6 + 2 * shape.collateral + strikes + 2 * scenarios + skews


def _market(shape: Shape) -> tuple[Cell, ...]:
    expiries, strikes, assets = range(shape["expiries"]), range(shape["strikes"]), range(shape.collateral)
    scenarios, skews = range(shape["scenarios"]), range(shape["skews"])
    return (
        _price("spot"),
        _price("perp_price"),
        signed("market.funding.0", "money/lot", 40, slot="underlying"),
        unsigned("market.peg_gap", RATE, 37),
        _part("market.perp_doubt"),
        *(unsigned(f"market.asset_price.{a}", PRICE, 48) for a in assets),
        *(_part(f"market.asset_doubt.{a}") for a in assets),
        *(_part(f"market.doubt.{e}") for e in expiries),
        *(unsigned(f"market.long_haircut.{e}", FINE, 40, maximum=FINE_ONE) for e in expiries),
        *(unsigned(f"market.basis_factor.{e}", RATE, 36) for e in expiries),
        *(_price(f"{row}_forward.{e}") for row in CALM for e in expiries),
        *(_price(f"{row}_put.{k}") for row in CALM for k in strikes),
        *(_price(f"mark_strike.{k}") for k in strikes),
        *(_price(f"forward.{e}.{s}") for e in expiries for s in scenarios),
        *(_price(f"put.{k}.{s}") for k in strikes for s in scenarios),
        *(_price(f"skew_forward.{e}.{s}") for e in expiries for s in skews),
        *(_price(f"skew_put.{k}.{s}") for k in strikes for s in skews),
        *(_price(f"strike.{k}") for k in strikes),
    )


def _parameters(shape: Shape) -> tuple[Cell, ...]:
    strikes, assets = range(shape["strikes"]), range(shape.collateral)
    scenarios, skews = range(shape["scenarios"]), range(shape["skews"])
    dearer = {"levels": "initial>=maintenance"}
    return (
        unsigned("parameters.loss_factor", RATE, 34, **dearer),
        unsigned("parameters.peg_factor", "1e-3", 14, **dearer),
        unsigned("parameters.perp_rate", RATE, 33, **dearer),
        unsigned("parameters.naked_rate", RATE, 32, **dearer),
        unsigned("parameters.doubt_factor", RATE, 35, **dearer),
        *(unsigned(f"parameters.haircut.{a}", RATE, 30, maximum=ONE, empty=ONE, **dearer) for a in assets),
        *(unsigned(f"parameters.cancels.{a}", "", 1) for a in assets),
        _charge("perp_charge"),
        *(_charge(f"strike_charge.{k}") for k in strikes),
        *(signed(f"parameters.move.{s}", RATE, 34) for s in scenarios),
        *(unsigned(f"parameters.weight.{s}", FINE, 43, **dearer) for s in scenarios),
        *(unsigned(f"parameters.skew_weight.{s}", FINE, 43, **dearer) for s in skews),
    )


def _price(name: str) -> Cell:
    return unsigned(f"market.{name}", PRICE, 50, slot="underlying")


def _part(name: str) -> Cell:
    """Return a cell between nothing and one."""
    return unsigned(name, RATE, 30, maximum=ONE)


def _charge(name: str) -> Cell:
    """Return what a lot costs while its slot must not be held: nothing when listed, the most when not."""
    top = (1 << CHARGE_BITS) - 1
    return unsigned(
        f"parameters.{name}", "money/lot", CHARGE_BITS, slot="underlying", empty=top, levels="initial>=maintenance"
    )
