"""The commands about a compiled circuit: what it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from ...circuits.stats import CircuitStats

__all__ = ["register"]

_MOST_LINES = 12


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(stats)


def stats(
    directory: Annotated[Path, typer.Argument(help="The folder of a compiled circuit.")],
    svg: Annotated[Path | None, typer.Option(help="Also draw a flame graph of the constraints.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> int:
    """Show a circuit's constraints and terms by cause and by line of the rule, and what it will cost."""
    from ...circuits.build import Manifest
    from ...circuits.flame import flame_graph
    from ...circuits.stats import circuit_stats
    from ...kernel.files import write_file
    from .output import answer

    counted = circuit_stats(Manifest.load(directory))
    if svg is not None:
        write_file(svg, flame_graph(counted).encode())
    return answer(counted.as_json(), lambda console: _show(console, counted))


def _show(console: Console, counted: CircuitStats) -> None:
    from rich.table import Table

    console.print(
        f"{counted.statement}: {counted.constraints:,} constraints, {counted.wires:,} wires, "
        f"{counted.nonzeros:,} terms, {counted.public} public inputs"
    )
    cells = ", ".join(f"{count} {name}" for name, count in counted.cells.items())
    name, bits = counted.widest
    console.print(f"cells: {cells}; domain {counted.domain:,}, {counted.slack:,} rows of it free")
    console.print(f"widest check: {name}, {bits} bits; the surplus is {counted.curvature} in the holdings")
    costs = counted.estimates
    console.print(
        f"estimated on two server cores: set-up {costs['setup_ms'] / 1e3:.2f} s, "
        f"proof {costs['prove_ms']:.0f} ms, {costs['memory_mib']:.0f} MiB"
    )
    for title, key in (("cause", "cause"), ("line of the rule", "where")):
        grid = Table(box=None, pad_edge=False)
        grid.add_column(title)
        grid.add_column("constraints", justify="right")
        grid.add_column("terms", justify="right")
        for row, constraints, terms in counted.by(key)[:_MOST_LINES]:
            grid.add_row(row, f"{constraints:,}", f"{terms:,}")
        console.print(grid)
