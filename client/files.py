"""The files people write, as strict models: portfolio, market and parameters.

Unknown keys are errors, amounts are decimal strings, and what is wrong is said in one sentence. What the numbers mean
together (tables, holdings) is `tables.py` and `portfolio.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ..circuits.model import Shape
from ..circuits.rules.engine import FAMILIES
from ..kernel.errors import FileError, InputError
from ..kernel.strict_json import read_json
from .quantity import parse_decimal, parse_fraction
from .reading import did_you_mean, validated

__all__ = [
    "AssetMarket",
    "AssetParameters",
    "BoxClass",
    "InstrumentMarket",
    "InstrumentParameters",
    "Market",
    "Name",
    "Number",
    "Parameters",
    "StrictModel",
    "Tier",
    "load_market",
    "load_parameters",
    "unique",
]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,31}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_LAST_ROUND = (1 << 63) - 1


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError('must be a string: numbers are written in quotes, as "12.5"')
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("must be a name of 1 to 32 letters, digits and ._:/+-")
    return value


def _time(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError('must be a time in UTC such as "2026-11-20T16:00:00Z"')
    return datetime.fromisoformat(value)


def _number(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else parse_decimal(_text(value))


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError("must be above zero")
    return value


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError("must not be negative")
    return value


def _rate(value: object) -> Fraction:
    return value if isinstance(value, Fraction) else parse_fraction(_text(value))


def _share(value: Fraction) -> Fraction:
    if not 0 <= value <= 1:
        raise ValueError("must be between 0 and 1")
    return value


Name = Annotated[str, AfterValidator(_name)]
Time = Annotated[datetime, BeforeValidator(_time)]
Number = Annotated[Decimal, BeforeValidator(_number)]
Positive = Annotated[Decimal, BeforeValidator(_number), AfterValidator(_positive)]
NotNegative = Annotated[Decimal, BeforeValidator(_number), AfterValidator(_not_negative)]
Rate = Annotated[Fraction, BeforeValidator(_rate), AfterValidator(_share)]


class StrictModel(BaseModel):
    """A model that takes nothing but what it names, in the types it names."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )


class InstrumentMarket(StrictModel):
    """One instrument's prices of a round, in quote a unit."""

    name: Name
    mark: Positive
    funding_index: Number


class AssetMarket(StrictModel):
    """One asset's price in quote a unit, and its borrow index, never below one."""

    name: Name
    price: Positive
    borrow_index: Positive


class Market(StrictModel):
    """A dated snapshot of a venue: `market.json`."""

    kind: Literal["zkmargin/market/1"] = Field(alias="schema")
    venue: Name
    round: Annotated[int, Field(ge=0, le=_LAST_ROUND)]
    as_of: Time
    quote: Name
    sources: dict[str, str]
    instruments: list[InstrumentMarket]
    assets: list[AssetMarket]


class Tier(StrictModel):
    """From which notional (quote) on a position's next money is margined at these rates."""

    from_notional: NotNegative
    initial_rate: Rate
    maintenance_rate: Rate


class InstrumentParameters(StrictModel):
    """One listed instrument: its lot, its tick, its margin tiers."""

    name: Name
    size_step: Positive
    price_tick: Positive
    tiers: list[Tier]


class AssetParameters(StrictModel):
    """One listed asset: its lot, its tick, what of its value counts as collateral."""

    name: Name
    size_step: Positive
    price_tick: Positive
    initial_factor: Rate
    maintenance_factor: Rate


class BoxClass(StrictModel):
    """A relative price width that a certificate may hold over."""

    name: Annotated[str, Field(min_length=1, max_length=32)]
    width: NotNegative


class Quote(StrictModel):
    """What money is counted in, and the decimals its token has on chain."""

    asset: Name
    decimals: Annotated[int, Field(ge=0, le=36)]


class ShapeModel(StrictModel):
    """The number of slots, as the file writes it."""

    positions: int
    collateral: int
    debts: int
    tiers: int


class Parameters(StrictModel):
    """A venue's published parameters: `parameters.json`. List order is slot order."""

    kind: Literal["zkmargin/parameters/1"] = Field(alias="schema")
    rule: str
    venue: Name
    as_of: Time
    sources: dict[str, str]
    quote: Quote
    shape: ShapeModel
    assets: list[AssetParameters]
    instruments: list[InstrumentParameters]
    box_classes: list[BoxClass] = Field(default_factory=list)

    @property
    def slots(self) -> Shape:
        """Return the shape. Raises InputError when no circuit has it."""
        return Shape(self.shape.positions, self.shape.collateral, self.shape.debts, self.shape.tiers)

    @property
    def version(self) -> int:
        """Return the parameter table's version: the file's date in unix seconds."""
        return unix_seconds(self.as_of)


def unix_seconds(time: datetime) -> int:
    """Return whole seconds since 1970, without passing through a float."""
    since = time - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86400 + since.seconds


def load_parameters(path: Path) -> Parameters:
    """Return the checked parameter file. Raises FileError in one sentence otherwise."""
    data = read_json(path)
    _known_rule(data, path)
    parameters = validated(Parameters, lambda: Parameters.model_validate(data), path)
    try:
        shape = parameters.slots
    except InputError as error:
        raise FileError(error.message, code=error.code, file=str(path)) from None
    instruments, assets = parameters.instruments, parameters.assets
    unique((i.name for i in instruments), "instruments", path)
    unique((a.name for a in assets), "assets", path)
    unique((b.name for b in parameters.box_classes), "box_classes", path)
    _fits(len(instruments), shape.positions, "instruments", path)
    _fits(len(assets), shape.assets, "assets", path)
    if parameters.as_of.year < 1970:
        raise FileError("as_of is before 1970", code="wrong-value", file=str(path))
    for instrument in instruments:
        _fits(len(instrument.tiers), parameters.shape.tiers, f"tiers of {instrument.name}", path)
        _ordered(instrument, path)
    for asset in assets:
        if asset.initial_factor > asset.maintenance_factor:
            raise FileError(
                f"the initial factor of {asset.name} is above its maintenance factor", code="order", file=str(path)
            )
    return parameters


def load_market(path: Path) -> Market:
    """Return the checked market file. Raises FileError in one sentence otherwise."""
    data = read_json(path)
    market = validated(Market, lambda: Market.model_validate(data), path)
    unique((i.name for i in market.instruments), "instruments", path)
    unique((a.name for a in market.assets), "assets", path)
    for asset in market.assets:
        if asset.borrow_index < 1:
            raise FileError(f"the borrow index of {asset.name} is below one", code="wrong-value", file=str(path))
    return market


def unique(names: Iterable[str], what: str, path: Path, lines: Iterator[int] | None = None) -> None:
    """Raise FileError when a name stands twice; `lines` gives the line of each name in turn."""
    seen: set[str] = set()
    for name in names:
        line = next(lines) if lines else None
        if name in seen:
            raise FileError(f"{what} lists {name} twice", code="duplicate", file=str(path), line=line)
        seen.add(name)


def _known_rule(data: Any, path: Path) -> None:  # noqa: ANN401
    """Say which rule is unknown before its keys are called unknown: other rules have other keys."""
    rule = data.get("rule") if isinstance(data, dict) else None
    if isinstance(rule, str) and rule not in FAMILIES:
        hint = did_you_mean(rule, FAMILIES) or f"one of {', '.join(FAMILIES)}"
        raise FileError("the rule is not one this version has", code="unknown-rule", file=str(path), hint=hint)


def _fits(count: int, slots: int, what: str, path: Path) -> None:
    if count > slots:
        raise FileError(f"there are {count} {what} and only {slots} slots", code="shape", file=str(path))


def _ordered(instrument: InstrumentParameters, path: Path) -> None:
    """Tiers start at zero and rise, in notional and in both rates; initial is never looser than maintenance."""
    tiers = instrument.tiers
    complaint = None
    if not tiers:
        complaint = "has no tiers"
    elif tiers[0].from_notional != 0:
        complaint = "has a first tier that does not start at zero"
    elif any(above.from_notional <= below.from_notional for below, above in pairwise(tiers)):
        complaint = "has tiers that do not rise in notional"
    elif any(
        above.initial_rate < below.initial_rate or above.maintenance_rate < below.maintenance_rate
        for below, above in pairwise(tiers)
    ):
        complaint = "has a rate that falls with size"
    elif any(tier.initial_rate < tier.maintenance_rate for tier in tiers):
        complaint = "has an initial rate below its maintenance rate"
    if complaint:
        raise FileError(f"{instrument.name} {complaint}", code="order", file=str(path))
