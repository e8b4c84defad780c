"""A rule on trial: every question, in order, and the verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext

from ...kernel.errors import RuleError
from ..build import statement_schema
from ..model import BOX, STATEMENTS, Shape
from ..rules.registry import RulePlugin, standing_in
from .accounts import drawn
from .answers import Answer, Example, Verdict
from .boxes import boxed
from .circuit_questions import (
    changed_wires,
    determined_wires,
    honest_tapes,
    lying_answers,
    needed_rows,
    public_inputs,
)
from .loading import blaming_the_author
from .rule_questions import box_complement, complement, hostile_cells, intervals, markets_inside, parts_add_up
from .same_bytes import OtherProcesses, same_bytes
from .small_shape import schema_at, small_shape
from .tried import Tried

__all__ = ["Watch", "try_rule"]

Watch = Callable[[str, int, int], None]
"""Told of every question before it is asked: its words, its number from zero, and how many there are."""

Question = tuple[str, str, Callable[[], Answer]]  # its word, its statement, and how it is asked


def try_rule(
    plugin: RulePlugin,
    shape: Shape | None = None,
    *,
    reference: str = "",
    holdings: int = 2000,
    lies: int = 10_000,
    seed: int = 0,
    watch: Watch = lambda _words, _number, _count: None,
) -> Verdict:
    """Return the verdict on a rule at a shape, by default its family's `trial` or a small one that works.

    `holdings` accounts are asked about, `lies` told to each circuit. `reference` is where other processes find the rule
    (`load_rules`); without, it is compiled again in this one only. Raises RuleError, with the author's file and line,
    when the rule cannot be built or compiled.
    """
    start, family = time.monotonic(), plugin.family
    with blaming_the_author(), standing_in(plugin):
        shape = shape or small_shape(family)
        plain = schema_at(family, shape)
        tried = {statement: Tried(plain, statement, drawn, seed) for statement in STATEMENTS}
        if family.box:
            tried[BOX] = Tried(statement_schema(family.name, shape, BOX), BOX, boxed(plain), seed)
        with OtherProcesses(reference, plain, tried) if reference else nullcontext() as others:
            questions = _questions(plugin, tried, holdings, lies)
            questions.append(("same-bytes", "", lambda: same_bytes(list(tried.values()), others)))
            answers = []
            for number, (word, statement, ask) in enumerate(questions):
                watch(f"{word} {statement}".rstrip(), number, len(questions))
                answers.append(_asked(word, statement, ask))
    constraints = {statement: each.circuit.system.rows for statement, each in tried.items()}
    return Verdict(family.name, shape, seed, constraints, tuple(answers), time.monotonic() - start)


def _questions(plugin: RulePlugin, tried: dict[str, Tried], holdings: int, lies: int) -> list[Question]:
    """Return the questions: to the rule first, then to each circuit."""
    family, plain, box = plugin.family, tried["sufficiency"].claims, tried.get(BOX)
    pair = {statement: tried[statement] for statement in STATEMENTS}
    questions: list[Question] = [
        ("hostile-cells", "", lambda: hostile_cells(plain)),
        ("intervals", "", lambda: intervals(plain, "")),
        ("complement", "", lambda: complement(pair, holdings)),
    ]
    if family.parts is not None:
        questions.append(("parts", "", lambda: parts_add_up(plain)))
    if box is not None:
        questions += [
            ("hostile-cells", BOX, lambda: hostile_cells(box.claims)),
            ("intervals", BOX, lambda: intervals(box.claims, BOX)),
            ("complement", BOX, lambda: box_complement(box, holdings)),
            ("markets-inside", BOX, lambda: markets_inside(family, plain, box, holdings)),
        ]
    for statement, each in tried.items():
        questions += _of_circuit(statement, each, lies)
    return questions


def _of_circuit(statement: str, tried: Tried, lies: int) -> list[Question]:
    return [
        ("honest-tapes", statement, lambda: honest_tapes(tried)),
        ("changed-wires", statement, lambda: changed_wires(tried, lies)),
        ("lying-hints", statement, lambda: lying_answers(tried, lies)),
        ("needed-rows", statement, lambda: needed_rows(tried)),
        ("public-inputs", statement, lambda: public_inputs(tried)),
        ("determined-wires", statement, lambda: determined_wires(tried)),
    ]


def _asked(word: str, statement: str, ask: Callable[[], Answer]) -> Answer:
    """Return the answer; a rule of which no account is on one side has none to give, and says so."""
    try:
        return ask()
    except RuleError as error:
        if error.code != "one-sided":
            raise
        return Answer(word, statement, "accounts on both sides of the rule", 0, 1, Example(error.message))
