"""What assurance asks of any compiled circuit: mutations, lying hints, needless rows, rank, the best a liar can show.

A subject is a circuit with the wires that its prover cannot choose. Its claim is the number that its last range check
holds to be zero or more: the surplus, or what is short less one. So on either side a dishonest prover wants it larger.
"""

from collections import Counter
from functools import cached_property

from zkmargin.kernel import R
from zkmargin.kernel.witness_program import BITS, FLAGS, LARGEST, QUOTIENT, RANKED, ROOT, SIGN, SMALLEST

from .bounds import Bounds
from .machine import Machine, signed
from .solver import SearchTooLarge, Solver, _split

HELPERS = (LARGEST, SMALLEST, QUOTIENT, RANKED, FLAGS, ROOT)  # may be wrong to one side; every other wire is determined
HALF = (R + 1) // 2


class Subject:
    """A circuit taken apart.

    `fixed` are wires beside the public inputs that stand for what is committed elsewhere; the rows `without` are left
    out, so that tests can ask whether that would be seen.
    """

    def __init__(self, system, program, fixed=(), without=()):
        self.system, self.machine = system, Machine(system, program)
        self.fixed = {*range(1 + len(system.public)), *fixed}
        self.wires = [wire for wire in range(system.wires) if wire not in self.fixed]
        self.parts = [system.row(number) for number in range(system.rows)]
        for number in without:
            self.parts[number], self.machine.rows[number] = ({}, {}, {}), (lambda _tape: 0,) * 3
        self.filled = {}  # wire -> (operation, the wires filled with it)
        for operation, wire, size, _ in self.machine.steps:
            together = _together(operation, wire, size)
            self.filled.update(dict.fromkeys(together, (operation, together)))
        self._read_claim(program)

    @cached_property
    def rows_of(self):
        """Return wire -> its rows, with its coefficients in them."""
        found = {}
        for number, (a, b, c) in enumerate(self.parts):
            for wire in {*a, *b, *c}:
                found.setdefault(wire, []).append((number, a.get(wire, 0), b.get(wire, 0), c.get(wire, 0)))
        return found

    @cached_property
    def early(self):
        """Return wire -> those of its rows that nothing filled after it can mend."""
        after = self._after()
        masks = [sum(1 << wire for wire in {*a, *b, *c}) for a, b, c in self.parts]
        return {
            wire: [row for row in rows if not masks[row[0]] & after.get(wire, 0)] for wire, rows in self.rows_of.items()
        }

    def _after(self):
        """Return wire -> the set, as bits of a number, of what is filled anew when it changes."""
        steps, reach, after = self.machine.steps, {}, {}
        for number in range(len(steps) - 1, -1, -1):
            operation, first, size, _ = steps[number]
            free = [wire for wire in _together(operation, first, size) if wire not in self.fixed]
            for wire in free:
                after[wire] = 0
                for reader in self.machine.readers.get(wire, ()):
                    after[wire] |= reach[reader]
            reach[number] = sum(1 << wire for wire in free)
            for wire in free:
                reach[number] |= after[wire]
        return after

    def _read_claim(self, program):
        """Find the last range check, if any: its rows, and the combination that it holds to be zero or more."""
        checks = [step for step in program.instructions if step.operation == BITS]
        ranges = self.machine.caused(f"range of {program.labels[checks[-1].label]}") if checks else []
        self.last_rows, self.claimed = [], {}
        if ranges:
            last = checks[-1]
            self.last_rows = [*self.machine.caused(f"bits of {program.labels[last.label]}"), *ranges]
            bits = range(last.wire, last.wire + last.size)
            a, _, _ = self.system.row(ranges[0])
            self.claimed = {wire: -k for wire, k in a.items() if wire not in bits}

    def claim(self, tape):
        """Return what a tape says to be zero or more."""
        return signed(sum(tape[wire] * k for wire, k in self.claimed.items()) % R)

    def free_sign(self, wire, tape):
        """Return whether a wire is the sign of a zero: read, if at all, where either says the same."""
        operation, together = self.filled.get(wire, (None, (None,)))
        return operation == SIGN and wire == together[0] and not any(tape[bit] for bit in together[1:])


class Lies:
    """Lies told about one tape of a subject; `told`, `accepted` and `wrong` count them."""

    def __init__(self, subject, tape):
        self.subject, self.tape = subject, tape
        self.values = [[sum(tape[w] * k for w, k in part.items()) % R for part in row] for row in subject.parts]
        self.broken = {n for n, (a, b, c) in enumerate(self.values) if (a * b - c) % R}
        self.told, self.wrong = Counter(), []

    def alone(self, wire, value):
        """Say another value of one wire, all others fixed. The tape must satisfy every row."""
        self.told["alone"] += 1
        if not self._refused(wire, value, self.subject.rows_of.get(wire, ())):
            lie = list(self.tape)
            lie[wire] = value
            self._judge("alone", wire, lie, {wire})

    def solved(self, wire, value):
        """Say another value of one wire, what is filled after it filled anew."""
        self.told["re-solved"] += 1
        if self._refused(wire, value, self.subject.early.get(wire, ())):
            return
        self._replay("re-solved", wire, {wire: value})

    def hint(self, pins, way):
        """Answer a hint wrongly: pins are all the wires that it fills, everything after it filled anew."""
        self.told[way] += 1
        self._replay(way, min(pins), pins)

    def _refused(self, wire, value, rows):
        change = value - self.tape[wire]
        for number, ka, kb, kc in rows:
            a, b, c = self.values[number]
            if ((a + ka * change) * (b + kb * change) - c - kc * change) % R:
                return True
        return False

    def _replay(self, way, wire, pins):
        machine = self.subject.machine
        fixed = {place: self.tape[place] for place in self.subject.fixed}
        lie, changed = machine.replay(self.tape, {**pins, **fixed})
        touched = {row for place in changed for row in machine.rows_of.get(place, ())}
        if (
            changed
            and machine.holds(lie, sorted(self.broken - touched))
            and machine.holds(lie, sorted(touched, reverse=True))
        ):
            self._judge(way, wire, lie, changed)

    def _judge(self, way, wire, lie, changed):
        """Accepted: harmless when it is the sign of a zero, or a helper's and claims no more than the truth."""
        subject = self.subject
        false = self.broken or subject.claim(lie) > subject.claim(self.tape)
        if not false and subject.free_sign(wire, self.tape):
            self.told["signs of zero"] += 1
        elif not false and subject.filled[wire][0] in HELPERS:
            self.told["harmless helpers"] += 1
        else:
            self.wrong.append((way, subject.system.names[wire]))


def mutations(subject, tape, rng):
    """Yield (wire, value), eight ways: ±1, 0, 1, negated, doubled, random, its neighbour's; changes only (S1)."""
    for wire in subject.wires:
        value, neighbour = tape[wire], tape[wire - 1]
        for other in {(value + 1) % R, (value - 1) % R, 0, 1, -value % R, 2 * value % R, rng.randrange(R), neighbour}:
            if other != value:
                yield wire, other


def lying_hints(subject, tape, rng):
    """Yield (way, pins) of every hint: its number plus the modulus, zero, random (S2).

    Number plus modulus: cut to the bits there are, and the rest carried by the top bit, which is then none. A helper is
    one field element, which plus the modulus is itself: it is moved by 2^64 and by half the field instead.
    """
    for operation, first, size, read in subject.machine.steps:
        pins = _together(operation, first, size)
        if subject.fixed.intersection(pins) or operation not in (*HELPERS, BITS, SIGN):
            continue
        if operation == FLAGS:
            said = [("zero", [0] * size), ("overflow", [R - tape[wire] for wire in pins])]
            said += [("random", [int(i in rng.sample(range(size), rng.randint(1, size))) for i in range(size)])]
            said += [("random", [rng.randrange(R) for _ in pins])]
        elif operation in HELPERS:
            value = tape[first]
            said = [("overflow", [v % R]) for v in (value + (1 << 64), value - (1 << 64), value * HALF, value + HALF)]
            said += [("zero", [0]), ("random", [(value + rng.randint(-9, 9)) % R]), ("random", [rng.randrange(R)])]
        else:
            said = list(_lying_bits(operation, size, read[0](tape), rng))
        honest = [tape[wire] for wire in pins]
        yield from ((way, dict(zip(pins, values, strict=True))) for way, values in said if values != honest)


def _lying_bits(operation, size, value, rng):
    """Yield (way, values) of a hint that answers in bits, a sign before them or none."""
    signs = [[0], [1]] if operation == SIGN else [[]]
    for sign in signs:
        for more in {value + R, R - value, 2 * R - value}:
            bits = _bits(more, size)
            yield "overflow", [*sign, *bits]
            if size:
                top = (value - sum(bit << i for i, bit in enumerate(bits[:-1]))) * pow(1 << size - 1, -1, R) % R
                yield "overflow", [*sign, *bits[:-1], top]
        yield "zero", [*sign, *[0] * size]
        yield "random", [*sign, *_bits(rng.randrange(1 << size), size)]
    if operation == SIGN:  # a sign that is none, made to fit a random magnitude g: s = (g − x) / 2g
        magnitude = rng.randrange(1, 1 << size) if size else 0
        if magnitude:
            yield "random", [(magnitude - value) * pow(2 * magnitude, -1, R) % R, *_bits(magnitude, size)]


def needless_rows(subject, tapes):
    """Return the rows without which nothing more would be accepted, as far as lies about these tapes show (S3).

    A row is needed when some lie, everything after it filled anew, breaks it and no other.
    """
    machine = subject.machine
    left = set(range(subject.system.rows))
    for tape in tapes:
        for number in sorted(left):
            for pins in _lies_about(subject, tape, number):
                lie, changed = machine.replay(tape, pins)
                touched = {row for place in changed for row in machine.rows_of.get(place, ())}
                if number in touched and list(machine.broken(lie, sorted(touched))) == [number]:
                    left.discard(number)
                    break
    return sorted(left)


def _lies_about(subject, tape, number):
    """Yield pins that might break exactly this row."""
    a, b, c = subject.parts[number]
    for wire in sorted({*a, *b, *c} - {0}, reverse=True):
        value = tape[wire]
        operation, together = subject.filled.get(wire, (None, ()))
        if operation == SIGN and wire == together[0]:  # another magnitude, and the sign that is none but fits it
            word = together[1:]
            x = subject.machine.steps[subject.machine.writers[wire]][3][0](tape)
            magnitude = sum(tape[w] << i for i, w in enumerate(word)) ^ 1
            if magnitude:
                pins = dict(zip(word, _bits(magnitude, len(word)), strict=True))
                yield {**pins, wire: (magnitude - x) * pow(2 * magnitude, -1, R)}
        elif operation in (
            BITS,
            SIGN,
        ):  # flip a neighbour and let this bit absorb it: every sum is right, one bit is none
            word = together[operation == SIGN :]
            place = word.index(wire)
            if len(word) > 1:
                other = 0 if place else 1
                change = 1 - 2 * tape[word[other]]
                yield {word[other]: tape[word[other]] + change, wire: value - change * pow(2, other - place, R)}
            elif operation == BITS:
                yield from _moved_helpers(subject, tape, wire)
        elif operation == FLAGS:  # move a choice to where there is one already, or away from where there is none
            yield from (
                {other: 1 - tape[other], wire: value + 2 * tape[other] - 1} for other in together if other != wire
            )
        yield {wire: 1 - value}
        yield {wire: value + 1}
        yield {wire: value - 1}


def _moved_helpers(subject, tape, bit):
    """Yield pins that move a helper by one and let the only bit of a check say what that leaves."""
    machine = subject.machine
    read = machine.steps[machine.writers[bit]][3][0]
    for operation, helper, _, _ in machine.steps:
        if operation in HELPERS and operation != FLAGS:
            for moved in (tape[helper] - 1, tape[helper] + 1):
                yield {helper: moved, bit: read(machine.replay(tape, {helper: moved})[0])}


def rank_defect(subject, tape):
    """Return how many directions the non-input wires may move in, to first order, every row still holding (S10).

    That is: non-input wires less the rank, modulo the field's order, of the rows' derivatives by them.
    """
    pivots = {}
    free = set(subject.wires)
    for row in sorted((_derivative(parts, tape, free) for parts in subject.parts), key=len):
        while row:
            wire = max(row)
            if wire not in pivots:
                inverse = pow(row[wire], -1, R)
                pivots[wire] = {w: k * inverse % R for w, k in row.items()}
                break
            factor = row[wire]
            for w, k in pivots[wire].items():
                value = (row.get(w, 0) - factor * k) % R
                if value:
                    row[w] = value
                else:
                    row.pop(w, None)
    return len(free) - len(pivots)


def _derivative(parts, tape, free):
    (a, b, c), row = parts, {}
    left, right = (sum(tape[w] * k for w, k in part.items()) % R for part in (a, b))
    for part, factor in ((a, right), (b, left), (c, -1)):
        for wire, k in part.items():
            if wire in free:
                row[wire] = (row.get(wire, 0) + k * factor) % R
    return {wire: k for wire, k in row.items() if k}


class Everything(Solver):
    """The complete search, but of every witness there is: for wires that no row needs any more, None."""

    def witnesses(self, known, most_branches=20_000):
        """Return all tapes. Raises SearchTooLarge."""
        self.found = []
        self.exists(known, most_branches)
        return self.found

    def _search(self, tape, pending):
        if super()._search(tape, pending):
            self.found.append(tape)
        return False

    def _infer(self, tape, pending):
        """Fill in the bits that integers force; where some are left, remember the largest to guess next."""
        forced = Bounds(tape, pending, self.boolean, _split).forced()
        if forced is None:
            return None
        found, self.guess = forced
        for bit, value in found.items():
            tape[bit] = value
        return bool(found)

    def _branch(self, tape, pending):
        """Branch over the roots of more than two factors, too: a wire chosen among several pieces."""
        try:
            wire, values = super()._branch(tape, pending)
            if wire in self.boolean:
                wire = self._known_sign(tape, pending, self.guess if self.guess is not None else wire)
            return wire, values
        except SearchTooLarge:
            rows = [[_split(part, tape) for part in row] for row in pending]
            made = {next(iter(c)): (a, b) for a, b, (known, c) in rows if len(c) == 1 and not known}
            for a, b, c in rows:
                factors = _factors([a, b], made) if c == (0, {}) else []
                wires = {wire for _, free in factors for wire in free}
                if len(wires) == 1 and all(free for _, free in factors):
                    (wire,) = wires
                    return wire, sorted({-known * pow(free[wire], -1, R) % R for known, free in factors})
            raise

    def _known_sign(self, tape, pending, otherwise):
        """Return the sign of a value that is known, whose magnitude is then determined; without one, `otherwise`."""
        for row in pending:
            a, b, c = (_split(part, tape)[1] for part in row)
            if len(a) == 1 and a.keys() <= self.boolean and c and c.keys() <= b.keys():
                return next(iter(a))
        return otherwise


def _factors(factors, made):
    """Return the factors of a product that is zero, those among them that are products themselves taken apart."""
    left, found = list(factors), []
    while left:
        known, free = left.pop()
        wire = next(iter(free), None)
        if len(free) == 1 and not known and wire in made:
            left += made[wire]
        else:
            found.append((known, free))
    return found


def best_claim(subject, known, without=("commitment",), most_branches=20_000):
    """Return the largest claim that any legal helpers can show, the last check apart, and in how many ways (S11)."""
    checks = tuple(subject.system.cause(row) for row in subject.last_rows)
    found = Everything(subject.system, (*without, *checks)).witnesses(known, most_branches)
    claims = [subject.claim(tape) for tape in found]
    return max(claims, default=None), len(claims)


def _together(operation, first, size):
    """Return the wires that one step fills."""
    count = size + (operation == SIGN) if operation in (BITS, SIGN, FLAGS) else 1
    return range(first, first + count)


def _bits(number, size):
    return [number >> i & 1 for i in range(size)]
