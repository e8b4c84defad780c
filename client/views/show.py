"""What people see of reports, tables, checks and the demo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table as Grid

from ...circuits.model import LEVELS, Table
from ...verifier.keys import CircuitKey
from ..files.tables import Tables
from ..margin.report import MarginReport
from .grids import cash, fitted, grid_of, places_of

__all__ = [
    "show_checks",
    "show_demo",
    "show_report",
    "show_tables",
    "tables_document",
]


def tables_document(tables: Tables, key: CircuitKey | None) -> dict[str, Any]:
    """Return the document of `tables --json`.

    Cells are as posted, in offset form: the market's under their schema names, then both levels of the parameters as
    `initial.…` and `maintenance.…`. Points, x and y as decimal strings, are there when a circuit is given.
    """
    schema = tables.schema
    levels = {level: tables.parameters(level) for level in LEVELS}
    cells = _cells(tables, tables.market, "market")
    for level, table in levels.items():
        cells += _cells(tables, table, level)
    points: dict[str, Any] = {}
    if key is not None:
        points = {
            "market": _point(key, tables.market),
            "parameters": {level: _point(key, table) for level, table in levels.items()},
        }
    return {
        "ok": True,
        "tables": {
            "market": "0x" + schema.table_hash(tables.market).hex(),
            "parameters": {level: "0x" + schema.table_hash(table).hex() for level, table in levels.items()},
        },
        "cells": cells,
        "points": points,
    }


def show_report(console: Console, report: MarginReport) -> None:
    """Print a margin report."""
    places = places_of(report)
    grid = grid_of("position", "notional", "unrealised", "requirement", "breach price", left=1)
    for leg in report.legs:
        breach = "none" if leg.breach_price is None else format(leg.breach_price, "f")
        requirement = "with others" if leg.requirement is None else cash(leg.requirement, places)
        grid.add_row(leg.name, cash(leg.notional, places), cash(leg.unrealised, places), requirement, breach)
    fitted(console, grid)
    if any(leg.breach_price is not None for leg in report.legs):
        what = "the last tick at which margin is still met" if report.ok else "the first tick at which it would be met"
        console.print(f"breach price: {what}, all else equal")
    console.print()
    for name, value in (
        ("equity", report.equity),
        (f"{report.margin} margin", report.requirement),
        ("surplus", report.surplus),
    ):
        console.print(f"{name:<20}{cash(value, places):>24} {report.unit}")
    console.print(f"{report.margin} margin is {'met' if report.ok else 'NOT met'}")


def show_tables(console: Console, document: Mapping[str, Any]) -> None:
    """Print tables: hashes, cells, points."""
    console.print(f"market                  {document['tables']['market']}")
    for level, digest in document["tables"]["parameters"].items():
        console.print(f"parameters, {level:<12}{digest}")
    grid = Grid(box=None, pad_edge=False)
    grid.add_column("cell")
    grid.add_column("slot")
    grid.add_column("value", justify="right")
    for name, slot, value in document["cells"]:
        grid.add_row(name, slot, value)
    fitted(console, grid)
    if document["points"]:
        console.print("folded points")
        console.print_json(data=document["points"])


def show_checks(console: Console, document: Mapping[str, Any]) -> None:
    """Print what the doctor found, in its groups: the document of `doctor --json`."""
    for group, title in (("run", "to run"), ("test", "to test; the demo needs pyrevm or anvil of it")):
        console.print(f"{title}:")
        for check in document["checks"]:
            if check["group"] == group:
                console.print(f"  {'✓' if check['ok'] else '✗'} {check['name']:<12} {check['detail']}")
                if "mend" in check:
                    console.print(f"      mend: {check['mend']}")
    missing = any(not check["ok"] for check in document["checks"])
    if document["ok"]:
        console.print("ready to run" + (", not to test" if missing else " and to test"))
    else:
        console.print("not ready: mend what is marked ✗")


def show_demo(console: Console, document: Mapping[str, Any]) -> None:
    """Print the demo's closing tables, from the document of `demo --json`; its steps were told as they came."""
    figures = document["figures"]
    circuits = [name for name in ("sufficiency", "shortfall") if name in figures]
    grid = _grid("", *circuits)
    for word in ("constraints", "wires", "public"):
        grid.add_row(word + (" inputs" if word == "public" else ""), *(f"{figures[c][word]:,}" for c in circuits))
    for word in ("compile", "setup"):
        grid.add_row(f"{word}, ms", *(f"{figures[c]['timings_ms'][word]:,.0f}" for c in circuits))
    fitted(console, grid)
    times = figures["timings_ms"]
    console.print(
        f"one proof: witness {times['witness']:.1f} ms, prove {times['prove']:.0f} ms, "
        f"verify {times['verify']:.1f} ms, {figures['proof_bytes']} bytes"
    )
    about = "" if figures["gas_exact"] else ", approximate: its storage stays warm between transactions"
    grid = _grid(f"gas on {figures['evm']}{about}", "")
    for name, gas in figures["gas"].items():
        grid.add_row(name.replace("_", " "), f"{gas:,}")
    fitted(console, grid)
    failed = [step["name"] for step in document["steps"] if not step["ok"]]
    console.print("everything went as it must" if document["ok"] else f"not as it must: {', '.join(failed)}")


def _grid(*titles: str) -> Grid:
    grid = Grid(box=None, pad_edge=False)
    for i, title in enumerate(titles):
        grid.add_column(title, justify="right" if i else "left")
    return grid


def _cells(tables: Tables, table: Table, prefix: str) -> list[list[str]]:
    specs = tables.schema.cells(table.name)
    return [
        [f"{prefix}.{spec.name.split('.', 1)[1]}", label, str(cell)]
        for spec, cell, label in zip(specs, table.cells, table.labels, strict=True)
    ]


def _point(key: CircuitKey, table: Table) -> list[str] | None:
    from ...verifier.folding import folded_point

    point = folded_point(key, table)
    return None if point is None else [str(point[0]), str(point[1])]
