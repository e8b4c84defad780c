"""The questions to one circuit: is the honest tape accepted, is any lie, is every row and every public input needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import TypeVar

from ...kernel.field import R
from .accounts import Case
from .answers import Answer, Example, case_document
from .nodes import apart
from .tried import Tried
from .witnesses.lies import Lies, lying_hints, mutations
from .witnesses.machine import Machine, Tape
from .witnesses.rows import needless_rows, rank_defect
from .witnesses.subject import HELPERS, Subject

__all__ = ["changed_wires", "determined_wires", "honest_tapes", "lying_answers", "needed_rows", "public_inputs"]

Lie = TypeVar("Lie")

NEEDED = 95  # per cent of the rows: below, accounts do not reach the rule, or the circuit pays for nothing
_MOST_TAPES = 400
_CHANGED_TAPES = 4
_HINT_TAPES = 12
_HELPER_TAPES = 100  # more, about helpers alone: at few accounts does one pay that is wrong to the side left open
_FULL_TAPES = 12
_WORST_SHOWN = 3  # lines of the rule named where rows are not seen to be needed


def honest_tapes(tried: Tried, count: int = 24) -> Answer:
    """Ask the rows themselves about honest tapes, half of true and half of false claims, and every node about both."""
    rng, wrong, example = tried.rng("honest-tapes"), 0, None
    for number in range(count):
        true = number % 2 == 0
        case = tried.claims.case(rng, true=true)
        tape = tried.tape(case)
        broken = next(tried.subject.machine.broken(tape), None)
        other = apart(tried.lowering, tape, tried.schema, case)
        if (broken is None) is true and other is None:
            continue
        wrong += 1
        if example is not None:
            continue
        document = case_document(tried.schema, case)
        if other is not None:
            node, held, value = other
            example = Example(f"{node} is {value} by its evaluate and {held} in the circuit", node.where, document)
        elif broken is not None:
            where = tried.circuit.system.row_source(broken).where
            cause = tried.circuit.system.cause(broken)
            example = Example(f"a true claim's honest tape breaks constraint {broken}: {cause}", where, document)
        else:
            example = Example("a false claim's honest tape satisfies every row", "", document)
    return Answer("honest-tapes", tried.statement, "honest tapes, by every row and node", count, wrong, example)


def changed_wires(tried: Tried, count: int) -> Answer:
    """Say another value of every wire of honest tapes, alone and with everything after it filled anew."""
    rng, told, found, example = tried.rng("changed-wires"), Counter[str](), 0, None
    turns: Counter[int] = Counter()
    for _ in range(_MOST_TAPES):
        if told["alone"] + told["re-solved"] >= count:
            break
        case = tried.claims.case(rng, true=True)
        lies = Lies(tried.subject, tried.tape(case))
        if lies.broken:
            continue  # no honest tape: another question's answer
        changes = ((wire, (wire, value)) for wire, value in mutations(tried.subject, lies.tape, rng))
        for wire, value in _fairly(changes, -(-count // (2 * _CHANGED_TAPES)), turns, rng):
            lies.alone(wire, value)
            lies.solved(wire, value)
        told, found = told + lies.told, found + len(lies.wrong)
        example = example or _lie_example(tried, lies, case)
    tries = told["alone"] + told["re-solved"]
    asked = "changed wires, alone and re-solved"
    return Answer("changed-wires", tried.statement, asked, tries, found, example, _harmless(told))


def lying_answers(tried: Tried, count: int) -> Answer:
    """Answer every hint of the witness program wrongly, for true and for false claims, up to `count` answers.

    Hints of bits and signs on a few accounts, hints that a circuit bounds on one side only on many.
    """
    rng, told, found, example = tried.rng("lying-hints"), Counter[str](), 0, None
    turns: Counter[int] = Counter()
    ways = ("overflow", "zero", "random")
    helpers = {wire for wire, (operation, _) in tried.subject.filled.items() if operation in HELPERS}
    for number in range(_HINT_TAPES + (_HELPER_TAPES if helpers else 0)):
        if sum(told[way] for way in ways) >= count:
            break
        true = number % 2 == 0
        case = tried.claims.case(rng, true=true)
        lies = Lies(tried.subject, tried.tape(case))
        if bool(lies.broken) is true:
            continue
        some = lying_hints(tried.subject, lies.tape, rng)
        hints = [(min(pins), (way, pins)) for way, pins in some if number < _HINT_TAPES or min(pins) in helpers]
        for way, pins in _fairly(hints, -(-count // _HINT_TAPES), turns, rng):
            lies.hint(pins, way)
        told, found = told + lies.told, found + len(lies.wrong)
        example = example or _lie_example(tried, lies, case)
    tries = sum(told[way] for way in ways)
    asked = "lying answers to every hint"
    return Answer("lying-hints", tried.statement, asked, tries, found, example, _harmless(told))


def needed_rows(tried: Tried) -> Answer:
    """Look for a lie that each row alone keeps out: it is wrong when that is seen of fewer than 95 % of them.

    The hash of the commitment is every rule's, and left out.
    """
    rng, system = tried.rng("needed-rows"), tried.circuit.system
    own = [row for row in range(system.rows) if system.cause(row) != "commitment"]
    idle = needless_rows(tried.subject, [tried.tape(tried.claims.full_case(rng)) for _ in range(2)], own)
    share = 100 * (len(own) - len(idle)) / max(1, len(own))
    places = Counter(f"{system.row_source(row).where or 'the statement'} ({system.cause(row)})" for row in idle)
    worst = "; ".join(f"{count} at {place}" for place, count in places.most_common(_WORST_SHOWN))
    wrong = int(share < NEEDED)
    example = Example(f"rows without which no lie passed: {worst}") if wrong else None
    asked = f"rows, {share:.1f} % seen to be needed"
    return Answer("needed-rows", tried.statement, asked, len(own), wrong, example, {"not_seen": len(idle)})


def public_inputs(tried: Tried) -> Answer:
    """Change every public input while the rest of the witness stands; one that a zero hides is tried elsewhere."""
    rng, machine, count = tried.rng("public-inputs"), tried.subject.machine, 0
    left = set(range(1, 1 + len(tried.circuit.public)))
    for number in range(2 * _FULL_TAPES):
        full = number < _FULL_TAPES
        tape = tried.tape(tried.claims.full_case(rng) if full else tried.claims.case(rng, true=True))
        for wire in sorted(left):
            others = {tape[wire] + 1, tape[wire] - 1, 0} - {tape[wire]}
            count += len(others)
            if all(_refused(machine, tape, wire, other) for other in others):
                left.discard(wire)
        if not left:
            break
    names = ", ".join(tried.circuit.public[wire - 1] for wire in sorted(left))
    example = Example(f"no row binds {names}: a proof would speak of any value") if left else None
    asked = f"changes of all {len(tried.circuit.public)} public inputs"
    return Answer("public-inputs", tried.statement, asked, count, len(left), example)


def determined_wires(tried: Tried) -> Answer:
    """Count the directions that wires other than inputs may move in, to first order; where pieces tie, elsewhere."""
    rng = tried.rng("determined-wires")
    names = ("owner_key.x", "owner_key.y", "salt")
    inputs = [tried.circuit.system.names.index(name) for name in names]
    subject = Subject(tried.circuit.system, tried.circuit.program, inputs)
    free = len(subject.wires)
    for _ in range(_FULL_TAPES):
        free = min(free, rank_defect(subject, tried.tape(tried.claims.full_case(rng))))
        if not free:
            break
    example = Example(f"{free} wires are not determined by the rows, to first order") if free else None
    asked = "wires, determined to first order"
    return Answer("determined-wires", tried.statement, asked, len(subject.wires), free, example)


def _fairly(lies: Iterable[tuple[int, Lie]], count: int, turns: Counter[int], rng: Random) -> list[Lie]:
    """Return `count` of the lies by wire: none has a turn more than another before all have had as many."""
    some = list(lies)
    rng.shuffle(some)
    before, ranked = Counter(turns), []
    for number, (wire, _) in enumerate(some):
        ranked.append((before[wire], number))
        before[wire] += 1
    chosen = [some[number] for _, number in sorted(ranked)[:count]]
    turns.update(wire for wire, _ in chosen)
    return [lie for _, lie in chosen]


def _refused(machine: Machine, tape: Tape, wire: int, other: int) -> bool:
    """Return whether some row refuses another value of one wire."""
    value = tape[wire]
    tape[wire] = other % R
    refused = not machine.holds(tape, machine.rows_of[wire])
    tape[wire] = value
    return refused


def _harmless(told: Counter[str]) -> dict[str, int]:
    return {"harmless_helpers": told["harmless helpers"], "signs_of_zero": told["signs of zero"]}


def _lie_example(tried: Tried, lies: Lies, case: Case) -> Example | None:
    """Return the first lie that passed, with the line that asked for the wire it is told about."""
    if not lies.wrong:
        return None
    way, name = lies.wrong[0]
    where = tried.subject.where(tried.circuit.system.names.index(name))
    claim = "a false claim" if lies.broken else "more than is true"
    return Example(f"{way}: another value of {name} proves {claim}", where, case_document(tried.schema, case))
