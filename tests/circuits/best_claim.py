"""The best that a liar can show: a complete search over every witness there is, the last check apart (S11)."""

from zkmargin.kernel import R

from .bounds import Bounds
from .solver import SearchTooLarge, Solver, _split


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
