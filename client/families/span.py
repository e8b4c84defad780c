"""The files of `span`: commodities with their months and spreads, instruments with deltas and risk arrays."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from ...circuits.rules.span import calendar_pairs, commodity_pairs, slots_of
from ...kernel.errors import FileError, InputError
from ..files.cells import Cells
from ..files.columns import factor_cells, found, price_cells
from ..files.models import (
    AssetPrice,
    InstrumentMark,
    Listing,
    Market,
    Name,
    NotNegative,
    Number,
    Parameters,
    Positive,
    Rate,
    ShapeModel,
    Time,
    fits,
    unique,
)
from ..files.models import StrictModel as Model
from ..files.rule_files import FamilyFiles

__all__ = ["FILES", "SpanMarket", "SpanParameters"]

PUBLISHED = 16  # scenarios of the arrays that clearing houses publish


class SpanShape(ShapeModel):
    """The slots, spread evenly over commodities in order; months of each; scenarios of an array."""

    commodities: int
    months: int
    scenarios: int


class Levels(Model):
    """A number at both margin levels."""

    initial: NotNegative
    maintenance: NotNegative


class SpanContract(Listing):
    """A listed contract: a future or an option of a commodity, in one of its months.

    `short_minimum` is in quote a unit written; `exposure_rate` of the exposure price. From `expires` on, where it is
    said, the contract is worth its price and no scenario moves it.
    """

    month: Name
    kind: Literal["future", "option"]
    short_minimum: Levels
    exposure_rate: Levels
    expires: Time | None = None


class Calendar(Model):
    """What a pair of months is charged, in quote a delta of the spread."""

    first: Name
    second: Name
    charge: Levels


class Commodity(Model):
    """A commodity: its months, the delivery month first, calendar charges, and the delivery month's charges a delta.

    Contracts fill the commodity's slots in order. Months consume each other in their order here: first with second,
    second with third, first with third.
    """

    name: Name
    months: list[Name]
    calendar: list[Calendar]
    spot_spread: Levels
    spot_outright: Levels
    contracts: list[SpanContract]


class Leg(Model):
    """One side of a spread between commodities: deltas a spread, and what a spread takes off its risk, in quote."""

    commodity: Name
    deltas: Positive
    credit: Levels


class CommoditySpread(Model):
    """A spread between two commodities."""

    first: Leg
    second: Leg

    @property
    def legs(self) -> tuple[Leg, Leg]:
        """Return both legs."""
        return self.first, self.second


class SpanAsset(Listing):
    """A listed asset: what of its value counts as collateral."""

    initial_factor: Rate
    maintenance_factor: Rate


class SpanParameters(Parameters):
    """`parameters.json` of SPAN."""

    shape: SpanShape
    commodities: list[Commodity]
    spreads: list[CommoditySpread]
    assets: list[SpanAsset]

    @property
    def listed(self) -> Mapping[int, SpanContract]:
        """Return the contracts by slot."""
        groups = zip(self.commodities, slots_of(self.slots), strict=False)
        return {
            slot: contract for owner, slots in groups for slot, contract in zip(slots, owner.contracts, strict=False)
        }

    def pair(self, number: int) -> tuple[Leg, Leg] | None:
        """Return the listed spread between the commodities of a pair, legs in the pair's order."""
        names = [commodity.name for commodity in self.commodities]
        for spread in self.spreads:
            legs = {names.index(leg.commodity): leg for leg in spread.legs}
            if tuple(sorted(legs)) == commodity_pairs(self.shape.commodities)[number]:
                return legs[min(legs)], legs[max(legs)]
        return None

    def check(self) -> None:
        """Raise InputError for what does not fit, names what is not listed, or is looser at initial margin."""
        fits(len(self.commodities), self.shape.commodities, "commodities")
        unique((commodity.name for commodity in self.commodities), "commodities")
        for commodity, slots in zip(self.commodities, slots_of(self.slots), strict=False):
            fits(len(commodity.months), self.shape.months, f"months of {commodity.name}")
            fits(len(commodity.contracts), len(slots), f"contracts of {commodity.name}")
            months = set(commodity.months)
            named = [contract.month for contract in commodity.contracts]
            named += [month for pair in commodity.calendar for month in (pair.first, pair.second)]
            if not months.issuperset(named):
                raise InputError(f"{commodity.name} names a month it does not list", code="unknown-month")
            self._check_calendar(commodity)
        super().check()
        names = {commodity.name for commodity in self.commodities}
        pairs = [frozenset(leg.commodity for leg in spread.legs) for spread in self.spreads]
        if len(set(pairs)) < len(pairs) or any(len(pair) < 2 or not pair <= names for pair in pairs):
            raise InputError(
                "a spread is between two listed commodities, and each pair stands once", code="wrong-value"
            )
        for what, levels in self._charges():
            if levels.initial < levels.maintenance:
                raise InputError(f"the initial {what} is below its maintenance", code="order")
        for leg in (leg for spread in self.spreads for leg in spread.legs):
            if leg.credit.initial > leg.credit.maintenance:
                raise InputError(f"the initial credit of {leg.commodity} is above its maintenance", code="order")

    def _check_calendar(self, commodity: Commodity) -> None:
        """Refuse a pair without a charge before one with: it consumes for nothing what the other would charge for."""
        numbers = {month: number for number, month in enumerate(commodity.months)}
        charged = [tuple(sorted((numbers[pair.first], numbers[pair.second]))) for pair in commodity.calendar]
        order = [pair for pair in calendar_pairs(self.shape.months) if max(pair) < len(commodity.months)]
        if len(charged) != len(set(charged)) or set(charged) != set(order[: len(charged)]):
            raise InputError(
                f"the calendar charges of {commodity.name} leave a gap",
                code="order",
                hint="number the months so that the pairs with a charge come first: 1 with 2, 2 with 3, 1 with 3",
            )

    def _charges(self) -> list[tuple[str, Levels]]:
        found: list[tuple[str, Levels]] = []
        for one in self.commodities:
            found += [(f"calendar charge of {one.name}", pair.charge) for pair in one.calendar]
            found += [(f"delivery charge of {one.name}", levels) for levels in (one.spot_spread, one.spot_outright)]
            found += [(f"short minimum of {each.name}", each.short_minimum) for each in one.contracts]
            found += [(f"exposure rate of {each.name}", each.exposure_rate) for each in one.contracts]
        return found


class SpanMark(InstrumentMark):
    """A contract's price and exposure price (its own for a future, the underlying's for an option), delta and array.

    The array is what one unit gains in each scenario, a loss being negative; `deltas` are those of one unit.
    """

    exposure_price: NotNegative
    delta: Number
    array: list[Number]


class SpanMarket(Market):
    """`market.json` of SPAN."""

    instruments: list[SpanMark]
    assets: list[AssetPrice]


def market_cells(parameters: SpanParameters, market: SpanMarket, cells: Cells) -> None:
    """Fill prices, deltas and losses to the nearest.

    Raises FileError (code "expired") for a contract past its expiry whose row still moves.
    """
    price_cells(parameters, market, cells)
    marks = {row.name: row for row in market.instruments}
    months = {c.name: c.months for c in parameters.commodities}
    owners = {each.name: c.name for c in parameters.commodities for each in c.contracts}
    for slot, contract in parameters.listed.items():
        mark, step = found(marks, contract.name, "instrument"), contract.size_step
        if len(mark.array) != parameters.shape.scenarios:
            raise FileError(
                f"{contract.name} has an array of {len(mark.array)}, not of {parameters.shape.scenarios} scenarios",
                code="wrong-value",
            )
        if contract.expires is not None and market.as_of >= contract.expires and any((mark.delta, *mark.array)):
            raise FileError(
                f"{contract.name} has expired at the market's date, and its delta or array still moves",
                code="expired",
                hint="a contract that has expired has its settlement price as mark, and zeros",
            )
        cells.nearest(f"market.exposure_price.{slot}", mark.exposure_price, contract.name, step)
        month = months[owners[contract.name]].index(contract.month)
        cells.nearest(f"market.delta.{slot}.{month}", mark.delta, contract.name, step)
        for scenario, gain in enumerate(mark.array):
            cells.nearest(f"market.array.{slot}.{scenario}", -gain, contract.name, step)


def parameter_cells(parameters: SpanParameters, level: str, cells: Cells) -> None:
    """Fill a level's charges and deltas a spread, rounded up, and its credits and factors, rounded down."""

    def at(levels: Levels) -> Decimal:
        return levels.initial if level == "initial" else levels.maintenance

    for slot, contract in parameters.listed.items():
        cells.put(f"parameters.option.{slot}", int(contract.kind == "option"), contract.name)
        cells.up(f"parameters.short_minimum.{slot}", at(contract.short_minimum), contract.name, contract.size_step)
        cells.up(f"parameters.exposure_rate.{slot}", at(contract.exposure_rate), contract.name)
        cells.put(f"parameters.charge.{slot}", 0, contract.name)
    for number, commodity in enumerate(parameters.commodities):
        listed = {frozenset((pair.first, pair.second)): pair for pair in commodity.calendar}
        for k, pair in enumerate(calendar_pairs(parameters.shape.months)):
            if max(pair) < len(commodity.months):
                names = frozenset(commodity.months[month] for month in pair)
                if names in listed:
                    cells.up(f"parameters.calendar.{number}.{k}", at(listed[names].charge), commodity.name)
        cells.up(f"parameters.spot_spread.{number}", at(commodity.spot_spread), commodity.name)
        cells.up(f"parameters.spot_outright.{number}", at(commodity.spot_outright), commodity.name)
    for k in range(len(commodity_pairs(parameters.shape.commodities))):
        for place, leg in enumerate(parameters.pair(k) or ()):
            cells.up(f"parameters.ratio.{k}.{place}", leg.deltas, leg.commodity)
            cells.down(f"parameters.credit.{k}.{place}", at(leg.credit), leg.commodity)
    factor_cells(parameters.assets, level, cells)


def scenario_names(parameters: SpanParameters) -> list[str]:
    """Return what people call the 16 published scenarios: the move in thirds of the scan range, and volatility."""
    if parameters.shape.scenarios != PUBLISHED:
        return [f"scenario {number}" for number in range(1, parameters.shape.scenarios + 1)]
    thirds = ["0", "+1/3", "-1/3", "+2/3", "-2/3", "+3/3", "-3/3"]
    return [f"{move} vol {way}" for move in thirds for way in ("up", "down")] + ["+ extreme", "- extreme"]


def kind(parameters: SpanParameters, slot: int) -> str:
    """Return whether a slot's contract is a future or an option."""
    return parameters.listed[slot].kind


FILES = FamilyFiles(
    SpanParameters,
    SpanMarket,
    market_cells,
    parameter_cells,
    scenario_names=scenario_names,
    kind=kind,
    words={
        "exposure_price": "price that the exposure margin is taken of",
        "delta": "composite delta in a month",
        "array": "what a lot loses in a scenario",
        "option": "whether the contract is an option",
        "short_minimum": "short option minimum a lot",
        "exposure_rate": "exposure margin rate",
        "calendar": "charge of a calendar spread a delta",
        "spot_spread": "delivery month's charge of a delta in a spread",
        "spot_outright": "delivery month's charge of a delta alone",
        "ratio": "deltas a spread",
        "credit": "credit a spread",
    },
)
