"""`zkmargin verify-batch`: many proofs under one key, a verdict each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..kernel.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from ..verifier.batch import Item, Verdict

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("verify-batch")(verify_batch)


def verify_batch(
    directories: Annotated[list[Path], typer.Argument(help="Folders of proof.json and public.json.")],
    *,
    circuit: Annotated[Path, typer.Option("--circuit", "-c", help="The folder of a compiled circuit.")],
    market: Annotated[Path | None, typer.Option("--market", "-m", help="Demand exactly these prices.")] = None,
    parameters: Annotated[
        Path | None, typer.Option("--parameters", "-p", help="Demand exactly these parameters.")
    ] = None,
    margin: Annotated[
        str, typer.Option(help="initial or maintenance.", autocompletion=lambda: ["initial", "maintenance"])
    ] = "maintenance",
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> int:
    """Verify many proofs of one circuit at once and name those that do not hold, or cannot be read."""
    from ..verifier.batch import Verdict, verify_many
    from ..verifier.check import read_proof
    from ..verifier.keys import CircuitKey
    from .output import answer
    from .session import demanded_tables

    demanded = demanded_tables(circuit, market, parameters, margin)
    key = CircuitKey.load(circuit)
    verdicts: dict[Path, Verdict] = {}
    items: dict[Path, Item] = {}
    for directory in directories:
        try:
            items[directory] = read_proof(directory)
        except InputError as error:
            verdicts[directory] = Verdict.refused(error)
    verdicts.update(zip(items, verify_many(key, list(items.values()), demanded), strict=True))
    proofs = [_told(directory, verdicts[directory]) for directory in directories]
    document = {"ok": all(one["ok"] for one in proofs), "proofs": proofs}
    return answer(document, lambda console: _show(console, directories, verdicts))


def _told(directory: Path, verdict: Verdict) -> dict[str, Any]:
    """Return one verdict's part of the document."""
    told = {"directory": str(directory), "ok": verdict.ok}
    return told if verdict.ok else {**told, "reason": verdict.reason}


def _show(console: Console, directories: list[Path], verdicts: dict[Path, Verdict]) -> None:
    """Say how many hold and why the others do not."""
    wrong = [directory for directory in directories if not verdicts[directory].ok]
    for directory in wrong:
        console.print(f"{directory}: {verdicts[directory].message}", markup=False)
    console.print(f"{len(directories) - len(wrong)} of {len(directories)} proofs hold")
