"""dYdX v4 perpetuals, to the integer of the venue's own engine.

equity = cash + Σ ±N − size·funding index, N = ⌊|size|·price / divisor⌋
requirement = Σ ⌈⌈N·imf⌉·fraction⌉, imf = base + increase

Source: `GetMarginRequirementsInQuoteQuantums`, `BaseToQuoteQuantums` and `GetAdjustedInitialMarginPpm` of
dydxprotocol/v4-chain. Sizes are base quantums, money is quote quantums (10⁻⁶ USDC), prices the oracle's integers; the
divisor, a power of ten, joins their exponents, and every product is rounded where the venue rounds it: notionals toward
zero, both margins up. Maintenance is ⌈⌈N·base⌉·maintenance fraction⌉, so with the fraction 1 in the initial table one
formula is both.

The increase comes from open interest: `imf_increase` is the venue's function of it, floored to a millionth, and a cell
of the market, since it moves with price and interest. Only the initial table lets it in (`scaled` is 1, else 0). Where
fills are hidden the venue reports open interest as a bound from above.

Not modelled: leverage that a user sets for himself, isolated markets (a subaccount each: an account each here).
"""

from __future__ import annotations

from ..language.language import Constant, Expression, Unit, absolute, by_sign, ceil_div, exact, floor_div
from ..language.sums import add
from ..model import RATE_BITS, RATE_SCALE, Shape
from ..schema import Cell, Schema, holding_specs, signed, unsigned
from .family import Account, Family, Position, TableView

__all__ = ["DYDX_V4", "dydx_v4_schema", "imf_increase"]

QUANTUM_DIGITS = 6  # a quote quantum is 10^-6 USDC
SIZE_BITS = 48
PRICE_BITS = 40
CHARGE_BITS = PRICE_BITS  # the divisor may be one: a slot not listed costs the most that a lot may be worth
DIVISOR_BITS = 30
FUNDING_BITS = 56
CASH_BITS = 60
MILLION = Constant(RATE_SCALE, Unit.of(decimals=6))  # one, in millionths


def equity(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return cash and what the positions are worth, less the funding they have run up."""
    funding = market.column("funding")
    total = account.cash
    for perp in account.positions:
        value = notional(perp, market, parameters)
        total += by_sign(perp.size, positive=value, negative=-value) - perp.size * funding[perp]
    return total


def position_requirement(perp: Position, market: TableView, parameters: TableView) -> Expression:
    """Return one position's requirement, in whole quote quantums."""
    scaled = parameters.column("scaled")[perp] * market.column("imf_increase")[perp]
    initial = ceil_div(notional(perp, market, parameters) * (parameters.column("imf")[perp] + scaled), MILLION)
    required = ceil_div(initial * parameters.column("fraction")[perp], MILLION)
    return required + absolute(perp.size) * parameters.column("charge")[perp]


def notional(perp: Position, market: TableView, parameters: TableView) -> Expression:
    """Return the magnitude of a position's value, in whole quote quantums."""
    value = absolute(perp.size) * market.column("price")[perp]
    return exact(floor_div(value, parameters.column("divisor")[perp]))


def requirement(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return the sum of the positions' requirements."""
    parts = (position_requirement(perp, market, parameters) for perp in account.positions)
    return add(parts)


def imf_increase(open_interest: int, lower: int, upper: int, base: int) -> int:
    """Return the initial margin fraction's increase, in millionths, for an open interest in quote quantums.

    Zero up to `lower`, what is missing to one from `upper` on, linear between, floored; an `upper` of zero switches it
    off.
    """
    if upper == 0 or open_interest <= lower:
        return 0
    if open_interest >= upper:
        return RATE_SCALE - base
    return (RATE_SCALE - base) * (open_interest - lower) // (upper - lower)


def dydx_v4_schema(shape: Shape) -> Schema:
    """Return the family's schema. The account holds quote and perpetuals only: collateral and debts are none."""
    shape.needs()
    holdings = holding_specs(shape, cash=CASH_BITS, size=SIZE_BITS, amount=SIZE_BITS)
    tables = (("market", _market_cells(shape)), ("parameters", _parameter_cells(shape)))
    return Schema("dydx-v4", shape, QUANTUM_DIGITS, holdings, tables)


def _market_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return oracle prices, funding indices (10⁻⁶ quote quantums a base quantum), increases from open interest."""
    positions = range(shape.positions)
    return (
        *(unsigned(f"market.price.{i}", "money/lot", PRICE_BITS) for i in positions),
        *(signed(f"market.funding.{i}", "1e-6 money/lot", FUNDING_BITS) for i in positions),
        *(unsigned(f"market.imf_increase.{i}", "1e-6", RATE_BITS, maximum=RATE_SCALE) for i in positions),
    )


def _parameter_cells(shape: Shape) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    dear = {"levels": "initial>=maintenance"}
    for i in range(shape.positions):
        rate = {"maximum": RATE_SCALE, "empty": RATE_SCALE, **dear}
        cells += [
            unsigned(f"parameters.imf.{i}", "1e-6", RATE_BITS, **rate),
            unsigned(f"parameters.scaled.{i}", "", 1, **dear),
            unsigned(f"parameters.fraction.{i}", "1e-6", RATE_BITS, **rate),
            unsigned(f"parameters.divisor.{i}", "", DIVISOR_BITS, minimum=1, maximum=10**9),
            unsigned(f"parameters.charge.{i}", "money/lot", CHARGE_BITS, empty=(1 << CHARGE_BITS) - 1, **dear),
        ]
    return tuple(cells)


DYDX_V4 = Family("dydx-v4", dydx_v4_schema, equity, requirement, position_requirement, trial=Shape(1, 0, 0))
