"""What becomes public when a margin proof is posted, in plain words, and what stays hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ...circuits.schema import Cell, Schema
from ...circuits.statements.margin import SINGLES, public_names
from ..files.cells import unit_scale
from ..files.columns import WORDS
from ..files.models import Parameters
from ..files.quantity import rounded_decimal
from ..files.rule_files import family_files
from ..files.tables import Tables

__all__ = ["Disclosure", "PublicInput", "disclosure"]

_PLACES = 12
_OF_ASSETS = ("asset_price", "borrow_index", "factor")
_SINGLES = {
    "commitment": (None, "a hash of the holdings, the owner's key and a fresh random salt: it tells nothing by itself"),
    "credit": ("0", "the account's pending public balance, 0 unless the contract knows of one"),
    "context": (None, "what the proof is bound to: chain, contract, account, action, nonce, deadline"),
}


@dataclass(frozen=True)
class PublicInput:
    """One public input: `value` as posted (None until the proof is made), `shown` in the quote or as a number."""

    name: str
    label: str
    value: str | None
    shown: str | None
    meaning: str

    def as_json(self) -> dict[str, str | None]:
        """Return the input as `explain --json` writes it."""
        return {
            "name": self.name,
            "label": self.label,
            "value": self.value,
            "shown": self.shown,
            "meaning": self.meaning,
        }


@dataclass(frozen=True)
class Disclosure:
    """The public inputs in the manifest's order, what the proof says by existing, and what nobody learns."""

    inputs: tuple[PublicInput, ...]
    says: tuple[str, ...]
    hidden: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return the disclosure as `explain --json` writes it."""
        return {
            "inputs": [entry.as_json() for entry in self.inputs],
            "says": list(self.says),
            "hidden": list(self.hidden),
        }


def disclosure(parameters: Parameters, tables: Tables, margin: str, *, met: bool) -> Disclosure:
    """Return what a proof under this market and margin level makes public. Nothing in it depends on the holdings.

    Except for `met`: a proof says by its kind whether the margin is met.
    """
    schema, shape = tables.schema, tables.schema.shape
    reader = _Reader.of(parameters, schema)
    entries = {name: PublicInput(name, "", *_single(name)) for name in SINGLES}
    for table in (tables.market, tables.parameters(margin)):
        labels = table.labels or ("",) * len(table.cells)
        for cell, stored, label in zip(schema.cells(table.name), table.cells, labels, strict=True):
            entries[cell.name] = reader.entry(cell, stored, label)
    unit = parameters.quote.asset
    verdict = "is met" if met else "is NOT met (only a shortfall can be proved, by whoever has the opening)"
    says = (
        f"that the {margin} margin of this account {verdict} at these prices and parameters, and not by how much",
        f"the rule ({parameters.rule}) and its shape: room for {shape.positions} positions, {shape.collateral} "
        f"collateral and {shape.debts} debt assets, however many are used",
        f"which tables: round {tables.market.number} of the market, version {tables.parameters(margin).number} "
        "of the parameters",
        "that this account acts now",
    )
    hidden = (
        f"which of the {len(parameters.listed)} listed instruments are held, how many, and on which side",
        f"the size and entry price of every position, and the cash in {unit}",
        "how much of which asset is collateral or owed",
        "equity, requirement and surplus",
        "every distance to breach on this page",
        "the owner's key and the salt",
    )
    return Disclosure(tuple(entries[name] for name in public_names(schema)), says, hidden)


def _single(name: str) -> tuple[str | None, str | None, str]:
    value, meaning = _SINGLES[name]
    return value, value, meaning


@dataclass(frozen=True)
class _Reader:
    """What cells mean: the sizes of lots by listing, the words for columns, the quote."""

    positions: dict[str, Fraction]
    assets: dict[str, Fraction]
    words: Mapping[str, str]
    quote: str
    money_digits: int

    @classmethod
    def of(cls, parameters: Parameters, schema: Schema) -> _Reader:
        return cls(
            {listing.name: Fraction(listing.size_step) for listing in parameters.listed.values()},
            {asset.name: Fraction(asset.size_step) for asset in parameters.assets},
            {**WORDS, **family_files(parameters.rule).words},
            parameters.quote.asset,
            schema.money_digits,
        )

    def entry(self, cell: Cell, stored: int, label: str) -> PublicInput:
        """Return a cell as posted, as a number a person reads, and in words."""
        column, _, place = cell.name.split(".", 1)[1].partition(".")
        if not label and place:
            return PublicInput(cell.name, "", str(stored), None, "an unused slot")
        above, _, below = cell.unit.rpartition(" ")[2].partition("/")
        value = (stored - cell.offset) / unit_scale(cell.unit, self.money_digits)
        if below == "lot":
            value /= self._lot(column, label)
        shown = f"{_plain(value)} {self.quote}" if above == "money" else _plain(value)
        if column == "boundary" and stored == cell.maximum:
            shown = "none"
        meaning = self.words.get(column, column.replace("_", " ")) + (f" of {label}" if label else "")
        return PublicInput(cell.name, label, str(stored), shown, meaning)

    def _lot(self, column: str, label: str) -> Fraction:
        """Return the lot of the listing a cell is of; one where its label is no listing."""
        known = self.assets | self.positions if column not in _OF_ASSETS else self.positions | self.assets
        return known.get(label, Fraction(1))


def _plain(value: Fraction) -> str:
    rounded: Decimal = rounded_decimal(value, _PLACES)
    return format(rounded, "f")
