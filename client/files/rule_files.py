"""A rule's face in files: which models its files have, how its tables are filled, what the explainer may rely on.

Rules bring it themselves (`zkmargin.circuits.rules.registry`), so nothing here knows one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ...circuits.model import Shape
from ...circuits.rules.registry import family, rule_plugin
from ...circuits.schema import Schema
from ...kernel.errors import InputError, RuleError
from .cells import Cells, unit_scale
from .models import Market, Parameters

__all__ = ["FamilyFiles", "asset_unit", "family_files", "paid_at_entry", "price_unit", "schema_of"]


@dataclass(frozen=True)
class FamilyFiles:
    """A rule's face in files.

    `parameters` and `market` are the models of its `parameters.json` and `market.json`. `market_cells` fills a market
    table from both files, `parameter_cells` the parameter table of one level ("initial" or "maintenance"); they may
    raise FileError without naming the file. A cell that neither fills keeps the value of an unlisted slot. `words`
    says in plain words what a column of cells is, where `client.columns` does not know it yet.

    `separable`: equity and requirement are sums over slots, each slot's cells carrying its number, so the explainer
    takes them apart. `tiered`: along any price the surplus is straight between the notional boundaries
    `parameters.boundary.<slot>.<k>`, so that distances to breach are quotients and need no search.

    `price_unit(parameters, slot)`: what one of a position's price cell is in quote a unit, where the cell's unit does
    not say it. `notional_cell(parameters, slot)`: of a position without a price cell of its own (an option), the market
    cell whose price times its size is its notional. `scenario_names(parameters)`: what people call the rule's
    scenarios, in the rule's order. Where prices are not simply the cells `market.price` and `market.asset_price`,
    `underlyings(parameters)` names what moves, and `moved(parameters, market, name, factor)` is the market with one of
    them at another price.

    `paid(parameters, slot, size, entry_price)`: what opening a position took from cash, in the quote. By default
    size·entry price, which is right where profit is size·(price − entry price); an inverse contract, whose profit is
    size·(1/entry price − 1/price), takes −size/entry price.

    `kind(parameters, slot)`: what a position slot holds, a "perpetual" where nothing is said, a "future", an "option",
    or "any" where files do not say. It decides which entry prices make sense (`portfolio.to_holdings`).
    """

    parameters: type[Parameters]
    market: type[Market]
    market_cells: Callable[[Any, Any, Cells], None]
    parameter_cells: Callable[[Any, str, Cells], None]
    words: Mapping[str, str] = field(default_factory=dict)
    separable: bool = False
    tiered: bool = False
    price_unit: Callable[[Any, int], Fraction] | None = None
    notional_cell: Callable[[Any, int], str] | None = None
    asset_unit: Callable[[Any, int], Fraction] | None = None
    scenario_names: Callable[[Any], Sequence[str]] | None = None
    underlyings: Callable[[Any], Sequence[str]] | None = None
    moved: Callable[[Any, Any, str, Fraction], Market] | None = None
    paid: Callable[[Any, int, Fraction, Fraction], Fraction] | None = None
    kind: Callable[[Any, int], str] | None = None


def family_files(rule: str) -> FamilyFiles:
    """Return how a rule's files are read.

    Raises InputError when there is no such rule or none that files can name, RuleError when it cannot be used.
    """
    files = rule_plugin(rule).file_side
    if files is None:
        raise InputError(f"the rule {rule} has no files: it is used from Python", code="unknown-rule")
    if not isinstance(files, FamilyFiles):
        raise RuleError(f"the file side of the rule {rule} is no FamilyFiles", hint="RulePlugin(FAMILY, FILES)")
    return files


def paid_at_entry(parameters: Parameters, slot: int, size: Fraction, entry_price: Fraction) -> Fraction:
    """Return what opening a position took from cash, in the quote.

    Raises InputError (code "wrong-value") for an entry price that the rule cannot compute with.
    """
    paid = family_files(parameters.rule).paid
    if paid is None:
        return size * entry_price
    try:
        return Fraction(paid(parameters, slot, size, entry_price))
    except ArithmeticError:
        raise InputError("an entry price is one that the rule cannot compute with", code="wrong-value") from None


def price_unit(parameters: Parameters, schema: Schema, slot: int) -> Fraction:
    """Return what one of a position's price cell is, in quote a unit of the instrument."""
    unit = family_files(parameters.rule).price_unit
    if unit is not None:
        return unit(parameters, slot)
    return _unit(schema, f"market.price.{slot}") / Fraction(parameters.listed[slot].size_step)


def asset_unit(parameters: Parameters, schema: Schema, slot: int) -> Fraction:
    """Return what one of an asset's price cell is, in quote a unit of the asset."""
    unit = family_files(parameters.rule).asset_unit
    if unit is not None:
        return unit(parameters, slot)
    return _unit(schema, f"market.asset_price.{slot}") / Fraction(parameters.assets[slot].size_step)


def _unit(schema: Schema, name: str) -> Fraction:
    """Return what one of a cell is in the quote; one where there is no such cell."""
    for cell in schema.cells("market"):
        if cell.name == name:
            return 1 / unit_scale(cell.unit, schema.money_digits)
    return Fraction(1)


def schema_of(rule: str, shape: Shape) -> Schema:
    """Return the schema of a rule at a shape. Raises InputError."""
    return family(rule).schema_of(shape)
