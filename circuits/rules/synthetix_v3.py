"""Synthetix v3 perpetuals: a margin ratio that grows with the size, a minimum a position, and the liquidator's reward.

requirement = Σ over the positions held: |size|·price·(|size|·impact + rate) + minimum
            + reward of flagging + reward of each further liquidation window

Source: `PerpsMarketConfiguration.calculateRequiredMargins`, `PerpsAccount.getPossibleLiquidationReward` and
`GlobalPerpsMarketConfiguration.keeperReward` of Synthetixio/synthetix-v3. The venue's initial ratio is
size / skew scale · k + minimum ratio: impact is k / skew scale a lot, rate the minimum ratio; maintenance is both times
the venue's scalar. Quadratic in the size: size·size of a magnitude is one product.

The reward: the larger of a share of the positions' value and a share of the collateral's, and the cost of flagging,
within a floor and a cap, and a fixed reward for each window after the first of the position that takes the most of
them, ⌈|size| / most a window⌉. Nothing is owed by an account without positions: the cap falls to zero there, and the
cap cuts the rest. Collateral counts for the reward without its factor; quote counts where it is held as an asset, not
as cash, in which entry prices are.

An account's equity is cross margin's. The venue cuts products at 18 decimals; here nothing is rounded. What is not
modelled, and which side it errs on: docs/rules.md.
"""

from __future__ import annotations

from ...kernel.errors import InputError
from ..language.language import Constant, Expression, absolute, ceil_div, in_units, maximum, minimum, positive
from ..language.sums import add
from ..model import (
    ASSET_BITS,
    CASH_BITS,
    FACTOR_BITS,
    FACTOR_SCALE,
    MONEY_DIGITS,
    RATE_BITS,
    RATE_SCALE,
    SIZE_BITS,
    Shape,
)
from ..schema import Cell, Schema, holding_specs, unsigned
from . import cross_margin
from .family import Account, Family, Position, TableView

__all__ = ["IMPACT_DIGITS", "SYNTHETIX_V3", "synthetix_v3_schema"]

IMPACT_DIGITS = 18  # the impact a lot is an integer of 10^-18
IMPACT_BITS = 48
MONEY_BITS = 50  # of minimums, costs and caps: ten million
ONE = Constant(1)


def position_requirement(perp: Position, market: TableView, parameters: TableView) -> Expression:
    """Return one position's requirement, the reward apart."""
    size = absolute(perp.size)
    ratio = size * parameters.column("impact")[perp] + parameters.column("rate")[perp]
    return (
        size * parameters.column("charge")[perp]
        + size * market.column("price")[perp] * ratio
        + held(perp) * parameters.column("minimum")[perp]
    )


def held(perp: Position) -> Expression:
    """Return 1 for a position and 0 for none: sizes are whole lots."""
    return minimum(in_units(absolute(perp.size)), ONE)


def requirement(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return the positions' requirements and the liquidator's reward."""
    return positions(account, market, parameters) + reward(account, market, parameters)


def positions(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return the sum of the positions' requirements."""
    each = (position_requirement(perp, market, parameters) for perp in account.positions)
    return add(each)


def reward(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return what liquidating the account may pay."""
    share, most = parameters.column("share"), parameters.column("window")
    value = add(absolute(perp.size) * market.column("price")[perp] * share[perp] for perp in account.positions)
    if account.collateral:
        held = add(asset.amount * market.column("asset_price")[asset] for asset in account.collateral)
        value = maximum(value, held * parameters["collateral_share"])
    flagging = parameters["flagging_cost"] + value
    windows = maximum(*(ceil_div(absolute(perp.size), most[perp]) for perp in account.positions))
    cap = parameters["reward_cap"] * minimum(windows, ONE)
    further = parameters["window_reward"] * positive(windows - ONE)
    return minimum(maximum(flagging, parameters["reward_floor"]), cap) + further


def parts(account: Account, market: TableView, parameters: TableView) -> dict[str, Expression]:
    """Return what adds up to the surplus."""
    return {
        "equity": cross_margin.equity(account, market, parameters),
        "positions": -positions(account, market, parameters),
        "liquidator's reward": -reward(account, market, parameters),
    }


def synthetix_v3_schema(shape: Shape) -> Schema:
    """Return the family's schema. Raises InputError (code "shape") without positions."""
    shape.needs()
    if not shape.positions:
        raise InputError("a rule of perpetuals needs a position", code="shape")
    holdings = holding_specs(shape, cash=CASH_BITS, size=SIZE_BITS, amount=ASSET_BITS)
    tables = (("market", cross_margin.market_cells(shape)), ("parameters", _parameter_cells(shape)))
    return Schema("synthetix-v3", shape, MONEY_DIGITS, holdings, tables)


def _parameter_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return each position's cells, an empty slot's dear, then the reward's, then the collateral factors."""
    cells: list[Cell] = []
    dear, looser = {"levels": "initial>=maintenance"}, {"levels": "initial<=maintenance"}
    for i in range(shape.positions):
        slot = f"position {i}"
        every = (1 << SIZE_BITS) - 1
        cells += [
            unsigned(f"parameters.impact.{i}", f"1e-{IMPACT_DIGITS} /lot", IMPACT_BITS, slot=slot, **dear),
            unsigned(f"parameters.rate.{i}", "1e-6", RATE_BITS, maximum=RATE_SCALE, empty=RATE_SCALE, **dear),
            unsigned(f"parameters.charge.{i}", "money/lot", 28, empty=(1 << 28) - 1, **dear),
            unsigned(f"parameters.minimum.{i}", "money", MONEY_BITS, **dear),
            unsigned(f"parameters.share.{i}", "1e-6", RATE_BITS, maximum=RATE_SCALE, **dear),
            unsigned(f"parameters.window.{i}", "lot", SIZE_BITS, minimum=1, slot=slot, empty=every, **looser),
        ]
    for name in ("flagging_cost", "reward_floor", "reward_cap", "window_reward"):
        cells.append(unsigned(f"parameters.{name}", "money", MONEY_BITS, **dear))
    if shape.collateral:
        cells.append(unsigned("parameters.collateral_share", "1e-6", RATE_BITS, maximum=RATE_SCALE, **dear))
    for i in range(shape.collateral):
        cells.append(unsigned(f"parameters.factor.{i}", "1e-4", FACTOR_BITS, maximum=FACTOR_SCALE, **looser))
    return tuple(cells)


SYNTHETIX_V3 = Family(
    "synthetix-v3",
    synthetix_v3_schema,
    cross_margin.equity,
    requirement,
    parts=parts,
    box=cross_margin.CROSS_MARGIN.box,
    trial=Shape(2, 1, 0),
)
