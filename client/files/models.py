"""The files people write, as strict models: what every rule's market and parameters have in common.

Unknown keys are errors, amounts are decimal strings, and what is wrong is said in one sentence. A rule's own keys are
in `families/`; what the numbers mean together (tables, holdings) is `tables.py` and `portfolio.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from ...circuits.model import Shape
from ...kernel.errors import FileError, InputError
from .quantity import parse_decimal, parse_fraction

__all__ = [
    "AssetMarket",
    "AssetPrice",
    "BoxClass",
    "InstrumentMark",
    "InstrumentMarket",
    "Listing",
    "Market",
    "Name",
    "NotNegative",
    "Number",
    "Parameters",
    "Positive",
    "Quote",
    "Rate",
    "Ratio",
    "ShapeModel",
    "StrictModel",
    "Time",
    "fits",
    "in_file",
    "unique",
    "unix_seconds",
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


def _not_negative_ratio(value: Fraction) -> Fraction:
    if value < 0:
        raise ValueError("must not be negative")
    return value


def _share(value: Fraction) -> Fraction:
    if not 0 <= value <= 1:
        raise ValueError("must be between 0 and 1")
    return value


Name = Annotated[str, AfterValidator(_name)]
Time = Annotated[datetime, BeforeValidator(_time)]
Number = Annotated[Decimal, BeforeValidator(_number)]
Positive = Annotated[Decimal, BeforeValidator(_number), AfterValidator(_positive)]
NotNegative = Annotated[Decimal, BeforeValidator(_number), AfterValidator(_not_negative)]
Ratio = Annotated[Fraction, BeforeValidator(_rate), AfterValidator(_not_negative_ratio)]
Rate = Annotated[Fraction, BeforeValidator(_rate), AfterValidator(_share)]


class StrictModel(BaseModel):
    """A model that takes nothing but what it names, in the types it names."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )


class InstrumentMark(StrictModel):
    """One instrument's price of a round, in quote a unit."""

    name: Name
    mark: Positive


class InstrumentMarket(InstrumentMark):
    """The price of an instrument that pays funding, and its cumulative index, in quote a unit."""

    funding_index: Number


class AssetPrice(StrictModel):
    """One asset's price, in quote a unit."""

    name: Name
    price: Positive


class AssetMarket(AssetPrice):
    """The price of an asset that can be borrowed, and its borrow index, never below one."""

    borrow_index: Positive


class Market(StrictModel):
    """A dated snapshot of a venue: what every `market.json` says; each rule's model adds its own keys."""

    kind: Literal["zkmargin/market/1"] = Field(alias="schema")
    venue: Name
    round: Annotated[int, Field(ge=0, le=_LAST_ROUND)]
    as_of: Time
    quote: Name
    sources: dict[str, str]
    instruments: Sequence[InstrumentMark] = ()
    assets: Sequence[AssetPrice] = ()

    def check(self) -> None:
        """Raise InputError for what types cannot say; rules with more to say call this first."""
        for key in type(self).model_fields:  # a rule's own rows too: of two the last would count
            rows = getattr(self, key)
            if isinstance(rows, Sequence) and not isinstance(rows, str):
                unique((_row_name(row) for row in rows if hasattr(row, "name")), key)
        for asset in self.assets:
            if isinstance(asset, AssetMarket) and asset.borrow_index < 1:
                raise InputError(f"the borrow index of {asset.name} is below one", code="wrong-value")


def _row_name(row: object) -> str:
    """Return what tells a market's row from the others: an expiry of several underlyings is named after its own."""
    return "-".join(str(getattr(row, part)) for part in ("underlying", "name") if hasattr(row, part))


class Listing(StrictModel):
    """One listed instrument or asset: its name, its lot, its tick."""

    name: Name
    size_step: Positive
    price_tick: Positive


class BoxClass(StrictModel):
    """A relative price width that a certificate may hold over."""

    name: Annotated[str, Field(min_length=1, max_length=32)]
    width: NotNegative


class Quote(StrictModel):
    """What money is counted in, and the decimals its token has on chain."""

    asset: Name
    decimals: Annotated[int, Field(ge=0, le=36)]


class ShapeModel(StrictModel):
    """The number of slots, as the file writes it; a rule's model adds its dimensions, in the family's order."""

    positions: int
    collateral: int
    debts: int


class Parameters(StrictModel):
    """A venue's published parameters: what every `parameters.json` says; each rule's model adds its own keys.

    List order is slot order, unless a rule's model overrides `listed`.
    """

    kind: Literal["zkmargin/parameters/1"] = Field(alias="schema")
    rule: str
    venue: Name
    as_of: Time
    sources: dict[str, str]
    quote: Quote
    shape: ShapeModel
    assets: Sequence[Listing] = ()
    instruments: Sequence[Listing] = ()
    box_classes: list[BoxClass] = Field(default_factory=list)
    _file: str | None = PrivateAttr(default=None)

    @property
    def file(self) -> str | None:
        """Return the file that the parameters were read from, where they were."""
        return self._file

    @property
    def slots(self) -> Shape:
        """Return the shape. Raises InputError when no circuit has it."""
        return Shape.of(self.shape.model_dump())

    @property
    def listed(self) -> Mapping[int, Listing]:
        """Return what each position slot in use holds, by slot."""
        return dict(enumerate(self.instruments))

    @property
    def version(self) -> int:
        """Return the parameter table's version: the file's date in unix seconds."""
        return unix_seconds(self.as_of)

    def check(self) -> None:
        """Raise InputError for what types cannot say; rules with more to say call this first."""
        shape = self.slots
        unique((listing.name for listing in self.listed.values()), "instruments")
        unique((a.name for a in self.assets), "assets")
        unique((b.name for b in self.box_classes), "box_classes")
        fits(len(self.listed), shape.positions, "instruments")
        fits(len(self.assets), shape.assets, "assets")
        if self.as_of.year < 1970:
            raise InputError("as_of is before 1970", code="wrong-value")


def unix_seconds(time: datetime) -> int:
    """Return whole seconds since 1970, without passing through a float."""
    since = time - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86400 + since.seconds


def unique(names: Iterable[str], what: str, path: Path | None = None, lines: Iterator[int] | None = None) -> None:
    """Raise FileError when a name stands twice; `lines` gives the line of each name in turn."""
    seen: set[str] = set()
    for name in names:
        line = next(lines) if lines else None
        if name in seen:
            file = None if path is None else str(path)
            raise FileError(f"{what} lists {name} twice", code="duplicate", file=file, line=line)
        seen.add(name)


def fits(count: int, slots: int, what: str) -> None:
    """Raise InputError when there are more of something than the shape has slots for."""
    if count > slots:
        raise InputError(f"there are {count} {what} and only {slots} slots", code="shape")


@contextmanager
def in_file(path: Path | str | None) -> Iterator[None]:
    """Name a file in what is complained of meanwhile: every InputError, and arithmetic that ends, is a FileError."""
    try:
        yield
    except InputError as error:
        file = None if path is None else str(path)
        raise FileError(error.message, code=error.code, file=file, hint=error.hint) from None
    except ArithmeticError:
        file = None if path is None else str(path)
        raise FileError("a number is beyond what the rule can compute with", code="out-of-range", file=file) from None
