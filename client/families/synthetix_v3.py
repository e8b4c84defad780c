"""The files of `synthetix-v3`: markets as the venue configures them, and the account's liquidation rewards."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ...kernel.errors import InputError
from ..files.cells import Cells
from ..files.columns import factor_cells, price_cells
from ..files.models import (
    AssetMarket,
    InstrumentMarket,
    Listing,
    Market,
    NotNegative,
    Parameters,
    Positive,
    Rate,
    Ratio,
)
from ..files.models import StrictModel as Model
from ..files.rule_files import FamilyFiles

__all__ = ["FILES"]


class SynthetixInstrument(Listing):
    """One market: its skew scale, ratios and minimum, and what liquidating it may take and pay."""

    skew_scale: Positive
    initial_ratio: Ratio  # k, of size over skew scale
    minimum_initial_ratio: Rate
    maintenance_scalar: Rate
    minimum_position_margin: NotNegative
    flag_reward_ratio: Rate
    liquidation_window: Positive  # the most that one window liquidates


class SynthetixAsset(Listing):
    """One asset: what of its value counts."""

    initial_factor: Rate
    maintenance_factor: Rate


class Rewards(Model):
    """What keepers are paid, in quote: cost and floor of flagging, the cap, and a further window's reward.

    `collateral_share` is of the collateral's value, paid where it is more than the positions' shares.
    """

    flagging_cost: NotNegative
    floor: NotNegative
    cap: NotNegative
    window: NotNegative
    collateral_share: Rate = Fraction(0)


class SynthetixParameters(Parameters):
    """`parameters.json` of Synthetix v3."""

    assets: list[SynthetixAsset]
    instruments: list[SynthetixInstrument]
    rewards: Rewards

    def check(self) -> None:
        """Raise InputError for factors out of order, besides what no rule allows."""
        super().check()
        for asset in self.assets:
            if asset.initial_factor > asset.maintenance_factor:
                raise InputError(f"the initial factor of {asset.name} is above its maintenance factor", code="order")


class SynthetixMarket(Market):
    """`market.json` of Synthetix v3."""

    instruments: Sequence[InstrumentMarket]
    assets: Sequence[AssetMarket]


def market_cells(parameters: SynthetixParameters, market: SynthetixMarket, cells: Cells) -> None:
    """Fill the market table: prices, funding indices, asset prices, borrow indices."""
    price_cells(parameters, market, cells)


def parameter_cells(parameters: SynthetixParameters, level: str, cells: Cells) -> None:
    """Fill a level's cells: maintenance is the initial ratio times the market's scalar; windows are rounded down."""
    for slot, listing in enumerate(parameters.instruments):
        scalar = Fraction(1) if level == "initial" else listing.maintenance_scalar
        impact = listing.initial_ratio / Fraction(listing.skew_scale) * scalar
        cells.up(f"parameters.impact.{slot}", impact, listing.name, listing.size_step)
        cells.up(f"parameters.rate.{slot}", listing.minimum_initial_ratio * scalar, listing.name)
        cells.put(f"parameters.charge.{slot}", 0, listing.name)
        cells.up(f"parameters.minimum.{slot}", listing.minimum_position_margin, listing.name)
        cells.up(f"parameters.share.{slot}", listing.flag_reward_ratio, listing.name)
        window = int(Fraction(listing.liquidation_window) / Fraction(listing.size_step))
        cells.put(f"parameters.window.{slot}", window, listing.name)
    rewards = parameters.rewards
    cells.up("parameters.flagging_cost", rewards.flagging_cost, "rewards")
    cells.up("parameters.reward_floor", rewards.floor, "rewards")
    cells.up("parameters.reward_cap", rewards.cap, "rewards")
    cells.up("parameters.window_reward", rewards.window, "rewards")
    if "parameters.collateral_share" in cells:
        cells.up("parameters.collateral_share", rewards.collateral_share, "rewards")
    factor_cells(parameters.assets, level, cells)


FILES = FamilyFiles(
    SynthetixParameters,
    SynthetixMarket,
    market_cells,
    parameter_cells,
    words={
        "impact": "margin ratio a lot of size",
        "rate": "least margin ratio",
        "minimum": "minimum a position",
        "share": "share of the value paid for flagging",
        "collateral_share": "share of the collateral paid for flagging",
        "window": "lots that one window liquidates",
        "flagging_cost": "cost of flagging",
        "reward_floor": "least reward of flagging",
        "reward_cap": "largest reward of flagging",
        "window_reward": "reward of a further window",
    },
)
