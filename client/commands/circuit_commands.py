"""The commands about a compiled circuit: what it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...kernel.errors import FileError

if TYPE_CHECKING:
    from rich.console import Console

    from ...circuits.build import CompiledCircuit
    from ...circuits.stats import CircuitStats

__all__ = ["register", "write_circuit_folder"]

_MOST_LINES = 12


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(stats)


def write_circuit_folder(compiled: CompiledCircuit, directory: Path, *, replace: bool) -> dict[str, str]:
    """Write a compiled circuit for everybody to read; return name -> path.

    The same circuit there keeps its key. Another one goes only with `replace`, and its development key with it; a
    ceremony's never does. Raises FileError (code "exists"), InputError.
    """
    from functools import partial

    from ...circuits.build import FILES, MANIFEST, write_circuit
    from ...kernel.files import write_file
    from ...kernel.strict_json import read_json
    from ...verifier.ceremony_transcript import TRANSCRIPT
    from ...verifier.keys import KEY_RECORD, VERIFYING_KEY, ZKEY

    keys = (KEY_RECORD, VERIFYING_KEY, ZKEY)
    contents = compiled.files  # before anything is made: an interrupted compilation leaves nothing
    there = [name for name in (MANIFEST, *FILES, *keys) if (directory / name).exists()]
    same = there and all(_holds(directory / name, content) for name, content in contents.items())
    if there and not same:
        record = directory / KEY_RECORD
        said = read_json(record) if record.exists() else {"development": True}
        if (directory / TRANSCRIPT).exists() or not (isinstance(said, dict) and said.get("development") is True):
            raise FileError(
                "the folder has another circuit with the key of a ceremony, which nothing replaces",
                code="exists",
                file=str(directory),
                hint="choose another folder",
            )
        if not replace:
            raise FileError(
                f"the folder has another circuit: {there[0]} is there already",
                code="exists",
                file=str(directory),
                hint="choose another folder, or --replace",
            )
        for name in keys:  # so that a key never stands beside a circuit it was not made for
            (directory / name).unlink(missing_ok=True)
    try:
        made = not directory.exists()
        directory.mkdir(parents=True, exist_ok=True)
        if made:
            directory.chmod(0o755)
    except OSError as error:
        message = f"the folder cannot be made: {error.strerror}"
        raise FileError(message, code="unwritable", file=str(directory)) from None
    return write_circuit(compiled, directory, partial(write_file, mode=0o644))


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False


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
    from ..files.outputs import PICTURE, check_output
    from .output import answer

    if svg is not None:
        check_output(svg, PICTURE)
    counted = circuit_stats(Manifest.load(directory))
    if svg is not None:
        write_file(svg, flame_graph(counted).encode())
    return answer(counted.as_json(), lambda console: _show(console, counted))


def _show(console: Console, counted: CircuitStats) -> None:
    from rich.table import Table

    from ..views.grids import fitted

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
        fitted(console, grid)
