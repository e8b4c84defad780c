"""What becomes public when a margin proof is posted, in plain words, and what stays hidden."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ..circuits.model import FACTOR_SCALE, INDEX_SCALE, RATE_SCALE
from ..circuits.schema import Cell
from ..circuits.statements.margin import SINGLES, public_names
from .files import Parameters
from .quantity import rounded_decimal
from .tables import MONEY, Tables

__all__ = ["Disclosure", "PublicInput", "disclosure"]

_PLACES = 12
_WORDS = {
    "price": "mark price",
    "funding": "cumulative funding index",
    "asset_price": "asset price",
    "borrow_index": "borrow index",
    "rate": "margin rate",
    "boundary": "notional at which the next tier starts",
    "charge": "charge a lot",
    "factor": "collateral factor",
}
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
    steps = _steps(parameters)
    entries = {name: PublicInput(name, "", *_single(name)) for name in SINGLES}
    for table in (tables.market, tables.parameters(margin)):
        labels = table.labels or ("",) * len(table.cells)
        for cell, stored, label in zip(schema.cells(table.name), table.cells, labels, strict=True):
            entries[cell.name] = _entry(cell, stored, label, steps, parameters.quote.asset)
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
        f"which of the {len(parameters.instruments)} listed instruments are held, how many, and on which side",
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


def _steps(parameters: Parameters) -> dict[str, Fraction]:
    """Return the lot of every market price cell, by the cell's name."""
    steps = {}
    for slot, listing in enumerate(parameters.instruments):
        for kind in ("market.price", "market.funding", "parameters.charge"):
            steps[f"{kind}.{slot}"] = Fraction(listing.size_step)
    for slot, asset in enumerate(parameters.assets):
        steps[f"market.asset_price.{slot}"] = Fraction(asset.size_step)
    return steps


def _entry(cell: Cell, stored: int, label: str, steps: dict[str, Fraction], unit: str) -> PublicInput:
    kind = cell.name.split(".")[1]
    if not label:
        return PublicInput(cell.name, "", str(stored), None, "an unused slot")
    value = Fraction(stored - cell.offset)
    if cell.name in steps:
        shown = f"{_plain(value / steps[cell.name] / MONEY)} {unit}"
    elif kind == "boundary":
        shown = "none" if value == cell.maximum else f"{_plain(value / MONEY)} {unit}"
    else:
        shown = _plain(value / {"rate": RATE_SCALE, "factor": FACTOR_SCALE, "borrow_index": INDEX_SCALE}[kind])
    return PublicInput(cell.name, label, str(stored), shown, f"{_WORDS[kind]} of {label}")


def _plain(value: Fraction) -> str:
    rounded: Decimal = rounded_decimal(value, _PLACES)
    return format(rounded, "f")
