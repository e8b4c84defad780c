"""A complete search for a witness: from known wires on, every step is the exact consequence of one row, or a branch.

A row linear in one unknown wire has one solution; Σ 2^i·bit = v has one at most; a product of two factors that is zero
branches over the factors' roots; else the search branches over an unknown bit. So when it finds nothing, nothing
exists: no field element was left untried. Wires that no row needs any more are free.
"""

from zkmargin.kernel import R


class SearchTooLarge(Exception):
    """The search met more branches than the caller allows, so it says nothing."""


class Solver:
    """The rows of a system, without those whose cause starts with one of `without`."""

    def __init__(self, system, without=("commitment",)):
        self.wires = system.wires
        self.rows, self.boolean = [], set()
        for number in range(system.rows):
            if system.cause(number).startswith(without):
                continue
            a, b, c = system.row(number)
            wire = next(iter(a), None)
            if len(a) == 1 and a[wire] == 1 and b == {wire: 1, 0: R - 1} and not c:
                self.boolean.add(wire)
            else:
                self.rows.append((a, b, c))

    def exists(self, known, most_branches=20_000):
        """Return whether values of the other wires satisfy every row. Raises SearchTooLarge."""
        self.branches, self.most = 0, most_branches
        if any(known.get(wire, 0) % R > 1 for wire in self.boolean):
            return False
        tape = [None] * self.wires
        tape[0] = 1
        for wire, value in known.items():
            tape[wire] = value % R
        return self._search(tape, self.rows)

    def _search(self, tape, pending):
        self.branches += 1
        if self.branches > self.most:
            raise SearchTooLarge
        progress = True
        while progress:
            progress, left = False, []
            for row in pending:
                verdict = self._step(tape, row)
                if verdict is False:
                    return False
                if verdict is None:
                    left.append(row)
                else:
                    progress = True
            pending = left
            if not progress and pending:
                progress = self._infer(tape, pending)
                if progress is None:
                    return False
        if not pending:
            return True
        wire, values = self._branch(tape, pending)
        for value in values:
            if wire in self.boolean and value > 1:
                continue
            branch = list(tape)
            branch[wire] = value
            if self._search(branch, pending):
                return True
        return False

    def _infer(self, tape, pending):
        """Fill in what several rows say together: whether anything was found, None where nothing can satisfy them."""
        return False

    def _step(self, tape, row):
        """Apply one row: True when it is settled, False when it cannot hold, None when it must wait."""
        (a, a_free), (b, b_free), (c, c_free) = (_split(part, tape) for part in row)
        if a_free and b_free:
            return None
        slopes = {wire: -k for wire, k in c_free.items()}
        for free, other in ((a_free, b), (b_free, a)):
            for wire, k in free.items():
                slopes[wire] = slopes.get(wire, 0) + k * other
        slopes = {wire: k % R for wire, k in slopes.items() if k % R}
        missing = (c - a * b) % R
        if not slopes:
            return missing == 0
        if len(slopes) == 1:
            ((wire, slope),) = slopes.items()
            tape[wire] = missing * pow(slope, -1, R) % R
            return wire not in self.boolean or tape[wire] <= 1
        return self._bits(tape, slopes, missing) if slopes.keys() <= self.boolean else None

    @staticmethod
    def _bits(tape, slopes, missing):
        """Solve Σ slope·bit = missing where the slopes are one factor times distinct powers of two below the order."""
        first = min(slopes, key=lambda wire: min(slopes[wire], R - slopes[wire]))
        scale = pow(slopes[first], -1, R)
        weights = {wire: k * scale % R for wire, k in slopes.items()}
        values = set(weights.values())
        if len(values) < len(weights) or any(v & (v - 1) for v in values) or sum(values) >= R:
            return None
        rest = missing * scale % R
        for wire, weight in weights.items():
            tape[wire] = int(rest & weight > 0)
            rest &= ~weight
        return rest == 0

    def _branch(self, tape, pending):
        """Return a wire and the only values it can take."""
        best = None
        for a, b, c in pending:
            (a_known, a_free), (b_known, b_free), (c_known, c_free) = (_split(part, tape) for part in (a, b, c))
            free = {*a_free, *b_free, *c_free}
            if len(a_free) == len(b_free) == len(free) == 1 and not c_known:
                (wire,) = free
                roots = {(-known * pow(k[wire], -1, R)) % R for known, k in ((a_known, a_free), (b_known, b_free))}
                return wire, sorted(roots)
            bits = free & self.boolean
            if bits and (best is None or len(free) < best[0]):
                sign = bits & a_free.keys() if a_free and b_free else set()
                best = (len(free), min(sign or bits))
        if best is None:
            raise SearchTooLarge
        return best[1], (0, 1)


def _split(part, tape):
    known, free = 0, {}
    for wire, k in part.items():
        if tape[wire] is None:
            free[wire] = k
        else:
            known += k * tape[wire]
    return known % R, free
