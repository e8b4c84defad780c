"""`zkmargin rule test`: a rule of one's own on trial, before it holds money."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...kernel.errors import InputError
from ..views.help import Grouped

if TYPE_CHECKING:
    from rich.console import Console

    from ...circuits.model import Shape
    from ...circuits.trials.answers import Answer, Verdict
    from ...circuits.trials.rule_trial import Watch

__all__ = ["rule"]

rule = typer.Typer(cls=Grouped, help="Rules of your own.", rich_markup_mode=None)

_SLOTS = ("positions", "collateral", "debts")
_MOST_SHOWN = 12  # quantities of an account in an example; --json has them all


@rule.callback()
def _group() -> None:
    """Rules of your own."""


@rule.command("test")
def try_file(
    file: Annotated[str, typer.Argument(help="A Python file, package.module:NAME, or an installed rule's name.")],
    shape: Annotated[
        str | None, typer.Option(help="positions=2,collateral=1,debts=1,...; by default the family's trial.")
    ] = None,
    holdings: Annotated[int, typer.Option(min=20, help="Accounts that the circuits are asked about.")] = 2000,
    lies: Annotated[int, typer.Option(min=20, help="Changed wires a circuit, and as many lying answers.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Of every random account and lie.")] = 1,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> int:
    """Try the rules in FILE: complement, lies, tables, intervals. FILE is run, so try only what you would run.

    Of every account exactly one circuit may hold, the one the integers say; no lie to a circuit may pass.
    """
    from ...circuits.trials.loading import load_rules
    from ...circuits.trials.rule_trial import try_rule
    from .output import answer

    at = None if shape is None else _shape(shape)
    plugins = load_rules(file)
    verdicts = []
    for plugin in plugins:
        with _progress(plugin.family.name) as watch:
            verdict = try_rule(plugin, at, reference=file, holdings=holdings, lies=lies, seed=seed, watch=watch)
        verdicts.append(verdict)
    document: dict[str, Any] = {
        "schema": "zkmargin/rule-test/1",
        "ok": all(verdict.ok for verdict in verdicts),
        "seed": seed,
        "rules": [verdict.as_json() for verdict in verdicts],
    }
    return answer(document, lambda console: _show(console, verdicts))


def _shape(text: str) -> Shape:
    """Read positions=2,collateral=1,...: slots that are not named are none. Raises InputError."""
    from ...circuits.model import Shape
    from .integers import read_integer

    numbers: dict[str, int] = dict.fromkeys(_SLOTS, 0)
    named = set()
    for word in text.split(","):
        name, _, number = word.strip().partition("=")
        value = read_integer(number)
        if not name.isidentifier() or value is None or name in named:
            raise InputError(
                f"--shape cannot be read at {word.strip()!r}", code="usage", hint="positions=2,collateral=1"
            )
        named.add(name)
        numbers[name] = value
    return Shape.of(numbers)


@contextmanager
def _progress(name: str) -> Iterator[Watch]:
    """Show on a terminal which question is asked; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _words, _number, _count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    words = TextColumn("{task.description}", markup=False)
    columns = (SpinnerColumn(), words, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True, markup=False), transient=True) as shown:
        task = shown.add_task(name, total=None)

        def watch(question: str, number: int, count: int) -> None:
            shown.update(task, description=f"{name}: {question}", completed=number, total=count)

        yield watch


def _show(console: Console, verdicts: list[Verdict]) -> None:
    """Print each rule's questions, and an example of what went wrong."""
    from rich.table import Table

    for verdict in verdicts:
        shape = ", ".join(f"{number} {name}" for name, number in verdict.shape.as_json().items())
        rows = ", ".join(f"{count:,} {statement}" for statement, count in verdict.constraints.items())
        console.print(f"{verdict.rule} at {shape}; constraints: {rows}")
        grid = Table(box=None, pad_edge=False)
        grid.add_column("")
        grid.add_column("of")
        grid.add_column("what was tried")
        grid.add_column("count", justify="right")
        grid.add_column("wrong", justify="right")
        for answer in verdict.answers:
            mark, of = "ok" if answer.ok else "WRONG", answer.statement or "the rule"
            grid.add_row(mark, of, answer.asked, f"{answer.count:,}", f"{answer.wrong:,}")
        console.print(grid)
        for answer in verdict.answers:
            if not answer.ok:
                _show_example(console, answer)
        end = "nothing went wrong" if verdict.ok else "this rule must not hold money"
        console.print(f"{end} (seed {verdict.seed}, {verdict.seconds:.1f} s)")


def _show_example(console: Console, answer: Answer) -> None:
    """Print what went wrong, the line it stands at, and the account: what is zero is left out."""
    example = answer.example
    head = f"{answer.question} {answer.statement}".rstrip()
    if example is None:
        console.print(f"{head}: {'nothing was tried' if not answer.count else 'went wrong'}")
        return
    console.print(f"{head}: {f'{example.where}: ' if example.where else ''}{example.sentence}")
    for part in ("holdings", "market", "parameters"):
        values = {name: value for name, value in (example.case or {}).get(part, {}).items() if value != "0"}
        shown = [f"{name} {value}" for name, value in values.items()]
        if len(shown) > _MOST_SHOWN:
            shown[_MOST_SHOWN:] = [f"and {len(shown) - _MOST_SHOWN} more (--json)"]
        if shown:
            console.print(f"  {part}: {', '.join(shown)}")
