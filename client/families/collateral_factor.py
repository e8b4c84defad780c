"""The files of `collateral-factor`: assets with their factors, and groups of correlated assets with better ones.

A group lists its members and what it lends. An asset outside it keeps its own factor there, as on the venue; a debt
that the group does not lend closes it.
"""

from __future__ import annotations

from ...kernel.errors import InputError
from ..files.cells import Cells
from ..files.columns import factor_cells, price_cells
from ..files.models import AssetMarket, Listing, Market, Name, Parameters, Rate, ShapeModel, fits, unique
from ..files.models import StrictModel as Model
from ..files.rule_files import FamilyFiles

__all__ = ["FILES"]


class LentAsset(Listing):
    """One listed asset: what of its value counts (loan-to-value, liquidation threshold)."""

    initial_factor: Rate
    maintenance_factor: Rate


class Member(Model):
    """An asset of a group with its factors there."""

    name: Name
    initial_factor: Rate
    maintenance_factor: Rate


class Group(Model):
    """A group of correlated assets: its members, and what may be owed while it counts."""

    name: Name
    members: list[Member]
    lends: list[Name]


class LendingShape(ShapeModel):
    """The slots, and the number of groups."""

    groups: int


class LendingParameters(Parameters):
    """`parameters.json` of lending."""

    shape: LendingShape
    assets: list[LentAsset]
    groups: list[Group]

    def check(self) -> None:
        """Raise InputError for groups of unlisted assets and factors out of order, besides what no rule allows."""
        super().check()
        fits(len(self.groups), self.shape.groups, "groups")
        unique((group.name for group in self.groups), "groups")
        listed = {asset.name for asset in self.assets}
        for group in self.groups:
            unique((member.name for member in group.members), f"the group {group.name}")
            for name in (*(member.name for member in group.members), *group.lends):
                if name not in listed:
                    raise InputError(f"the group {group.name} names {name}, which is not listed", code="unknown-asset")
        members = [member for group in self.groups for member in group.members]
        rows: list[LentAsset | Member] = [*self.assets, *members]
        for asset in rows:
            if asset.initial_factor > asset.maintenance_factor:
                raise InputError(f"the initial factor of {asset.name} is above its maintenance factor", code="order")


class LendingMarket(Market):
    """`market.json` of lending."""

    assets: list[AssetMarket]


def market_cells(parameters: LendingParameters, market: LendingMarket, cells: Cells) -> None:
    """Fill the market table: asset prices and borrow indices."""
    price_cells(parameters, market, cells)


def parameter_cells(parameters: LendingParameters, level: str, cells: Cells) -> None:
    """Fill a level's own factors, then each group's factors and bars; a group not listed counts nothing."""
    factor_cells(parameters.assets, level, cells)
    for g, group in enumerate(parameters.groups):
        members = {member.name: member for member in group.members}
        for slot, asset in enumerate(parameters.assets):
            counted = members.get(asset.name, asset)
            factor = counted.initial_factor if level == "initial" else counted.maintenance_factor
            if f"parameters.group_factor.{g}.{slot}" in cells:
                cells.down(f"parameters.group_factor.{g}.{slot}", factor, asset.name)
            if f"parameters.barred.{g}.{slot}" in cells:
                cells.put(f"parameters.barred.{g}.{slot}", int(asset.name not in group.lends), asset.name)


FILES = FamilyFiles(
    LendingParameters,
    LendingMarket,
    market_cells,
    parameter_cells,
    words={"group_factor": "collateral factor in the group", "barred": "whether the group does not lend the asset"},
)
