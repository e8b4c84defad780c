"""Lost if these fail: a row that another one implies hides a row that nothing implies (row S3).

For every row there is a lie that breaks it and no other: so without it something else would be accepted.
"""

from collections import Counter
from dataclasses import replace

import pytest

from zkmargin.kernel import R

from .accounts import full_slots
from .conftest import compiled, machine


def words_of(rows):
    """Return {bit wire: (its word's wires, low bit first)}, and {sign wire: its magnitude's wires}."""
    words, signs = {}, {}
    for wire in rows.named(".bit"):
        words.setdefault(rows.system.names[wire].rsplit(".", 1)[0], []).append(wire)
    of = {}
    for name, wires in words.items():
        if name.endswith(".magnitude"):
            signs[wires[0]] = wires[1:]
            wires = wires[1:]  # noqa: PLW2901 - the sign is no part of the number
        of.update(dict.fromkeys(wires, wires))
    return of, signs


def lies(rows, tape, number):
    """Yield pins that might break exactly this row."""
    of, signs = words_of(rows)
    a, b, c = rows.system.row(number)
    for wire in sorted({*a, *b, *c} - {0}, reverse=True):
        value = tape[wire]
        if wire in signs:  # another magnitude, and the sign that is no sign but fits it: s = (g − x) / 2g
            word = signs[wire]
            x = rows.steps[rows.writers[wire]][3][0](tape)
            magnitude = sum(tape[w] << i for i, w in enumerate(word)) ^ 1
            pins = {w: magnitude >> i & 1 for i, w in enumerate(word)}
            yield {**pins, wire: (magnitude - x) * pow(2 * magnitude, -1, R)}
        elif wire in of:  # flip a neighbour and let this bit absorb it: every sum is right, one bit is none
            word = of[wire]
            place = word.index(wire)
            other = 0 if place else 1
            change = 1 - 2 * tape[word[other]]
            absorbed = change * pow(2, other - place, R)
            yield {word[other]: tape[word[other]] + change, wire: value - absorbed}
        yield {wire: 1 - value}
        yield {wire: value + 1}
        yield {wire: value - 1}


@pytest.mark.parametrize("statement", ["sufficiency", "shortfall"])
def test_every_row_has_a_lie_that_only_it_refuses(statement, rng, say):
    circuit, rows = compiled(statement), machine(statement)
    case = full_slots(circuit.schema, rng, 0 if statement == "sufficiency" else -1)
    far = 1 << 52  # of zero, so that no lie reaches the last check
    cash = case.holdings.cash + (far if statement == "sufficiency" else -far)
    case = replace(case, holdings=replace(case.holdings, cash=cash))
    tape = rows.fill(case.public, case.hidden)
    assert rows.holds(tape)
    needed, idle = Counter(), []
    for number in range(circuit.system.rows):
        for pins in lies(rows, tape, number):
            told, changed = rows.replay(tape, pins)
            touched = {row for place in changed for row in rows.rows_of.get(place, ())}
            if number in touched and list(rows.broken(told, sorted(touched))) == [number]:
                needed[circuit.system.cause(number).split(".")[0]] += 1
                break
        else:
            idle.append((number, circuit.system.cause(number)))
    say(f"{statement}: {sum(needed.values())} of {circuit.system.rows} rows needed, {dict(needed)}")
    assert idle == []
