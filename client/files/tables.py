"""From decimals to cells: the market and parameter tables that a venue's files stand for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from ...circuits.model import BOX, LEVELS, Level, Table
from ...circuits.schema import Schema
from ...kernel.arguments import TEXT, Kind, a, maybe, takes
from ...kernel.errors import FileError, InputError
from ...kernel.near_names import did_you_mean
from ...verifier.notebook import facts
from .cells import Cells, money_units
from .models import Market, Parameters, in_file
from .rule_files import family_files, schema_of

__all__ = ["Tables", "as_level", "boxed_tables", "level_tables", "make_tables"]


@dataclass(frozen=True, repr=False)
class Tables:
    """What a proof speaks of: the schema, one market table, and the parameter table of each level."""

    schema: Schema
    market: Table
    initial: Table
    maintenance: Table

    def __repr__(self) -> str:
        """Say whose tables, of which round and version, without their thousand cells."""
        return f"Tables({self.schema.rule}, round {self.market.number}, version {self.initial.number})"

    def _repr_html_(self) -> str:
        """Show the tables' numbers and hashes."""
        hashed = (("market", self.market), ("initial", self.initial), ("maintenance", self.maintenance))
        hashes = {name: "0x" + self.schema.table_hash(table).hex() for name, table in hashed}
        numbers = {"round": self.market.number, "version": self.initial.number}
        return facts("tables", {"rule": self.schema.rule, **numbers, **hashes})

    @property
    def money(self) -> int:
        """Return how many money units one unit of the quote is."""
        return money_units(self.schema)

    def parameters(self, level: str) -> Table:
        """Return the parameter table of "initial" or "maintenance". Raises InputError for any other word."""
        return self.initial if as_level(level) == "initial" else self.maintenance


def as_level(word: object) -> Level:
    """Return a margin level. Raises InputError (code "margin-level") for anything but its two words."""
    for level in LEVELS:
        if isinstance(word, str) and word == level:
            return level
    raise InputError("the margin level must be initial or maintenance", code="margin-level")


def _two_tables(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(table, Table) for table in value)


@takes(
    parameters=a("Parameters", Parameters),
    market=a("a Market", Market),
    market_file=maybe(TEXT),
    levels=maybe(Kind("two tables", _two_tables)),
)
def make_tables(
    parameters: Parameters,
    market: Market,
    market_file: str | None = None,
    levels: tuple[Table, Table] | None = None,
) -> Tables:
    """Return the tables of a parameter and a market file, checked against their schema.

    `levels` are the parameter tables where they are made already (`level_tables`). Raises FileError when the files do
    not belong together or a value does not fit its cell or its place among the others (code "schema").
    """
    files, schema = family_files(parameters.rule), schema_of(parameters.rule, parameters.slots)
    initial, maintenance = levels or level_tables(parameters)
    with in_file(market_file):
        _belongs(parameters, market)
        cells = Cells(schema, "market")
        files.market_cells(parameters, market, cells)
        table = cells.table(market.round)
        schema.check_table(table)
    return Tables(schema, table, initial, maintenance)


@takes(parameters=a("Parameters", Parameters), tables=a("Tables", Tables), box=TEXT)
def boxed_tables(parameters: Parameters, tables: Tables, box: str) -> Tables:
    """Return the tables of a price box around a round's market, of one of the parameters' classes.

    Raises InputError when there is no such class, it does not fit the cells, or the rule has no sound box.
    """
    from ...circuits.build import statement_schema
    from ...circuits.rules.registry import family
    from ...circuits.statements.price_box import box_table

    widths = {known.name: Fraction(known.width) for known in parameters.box_classes}
    if box not in widths:
        hint = did_you_mean(box, widths) or f"one of {', '.join(widths) or 'none'}"
        raise InputError(f"the parameters have no box class {box}", code="unknown-box", hint=hint)
    schema = statement_schema(parameters.rule, parameters.slots, BOX)
    market = box_table(family(parameters.rule), schema, tables.market, widths[box])
    schema.check_table(market)
    return replace(tables, schema=schema, market=market)


@takes(parameters=a("Parameters", Parameters))
def level_tables(parameters: Parameters) -> tuple[Table, Table]:
    """Return the initial and the maintenance parameter table, checked; their number is the file's date.

    Raises what `make_tables` raises.
    """
    files, schema = family_files(parameters.rule), schema_of(parameters.rule, parameters.slots)
    made = []
    with in_file(parameters.file):
        for level in LEVELS:
            cells = Cells(schema, "parameters")
            files.parameter_cells(parameters, level, cells)
            made.append(cells.table(parameters.version))
            schema.check_table(made[-1])
        initial, maintenance = made
        schema.check_levels(initial, maintenance)
    return initial, maintenance


def _belongs(parameters: Parameters, market: Market) -> None:
    """Raise FileError when a market is another venue's, in another quote, or read for another rule."""
    if market.venue != parameters.venue:
        raise FileError(
            f"the market is of {market.venue}, the parameters of {parameters.venue}",
            code="mismatch",
            hint=f"a market file of {parameters.venue}",
        )
    if market.quote != parameters.quote.asset:
        raise FileError(
            f"the market is quoted in {market.quote}, the parameters in {parameters.quote.asset}", code="mismatch"
        )
    if not isinstance(market, family_files(parameters.rule).market):
        raise FileError(
            f"the market was not read for the rule {parameters.rule}",
            code="mismatch",
            hint=f'load_market(path, "{parameters.rule}")',
        )
