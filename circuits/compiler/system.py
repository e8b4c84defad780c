"""The constraint system: rank-1 rows <A,w>·<B,w> = <C,w> in flat arrays, and its own checker.

Wire 0 is one, then come the public inputs, then everything hidden, in the order it was made. Coefficients are interned:
the arrays hold indices into `coefficients`. Rows remember their cause ("range of size.3", "poseidon") by number.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...kernel.combinations import Pool
from ...kernel.errors import RuleError
from ...kernel.field import R
from .linear import ONE, Linear

__all__ = ["ConstraintSystem", "Source", "Template"]

Row = tuple[dict[int, int], dict[int, int], dict[int, int]]


@dataclass(frozen=True)
class Source:
    """Where rows come from: `file:line`, and the unit of the quantity being lowered there ("" when none is)."""

    where: str = ""
    unit: str = ""
    decimals: int = 0


class Template:
    """A gadget's product rows over local wires: 0 is one, then `inputs` wires, then one wire a row.

    Row i says <A_i>·<B_i> = the wire inputs + 1 + i; `factors` holds A_0, B_0, A_1, B_1, ... The gadget's results are
    the combinations `outputs`, over the same local wires.
    """

    def __init__(self, inputs: int) -> None:
        """Start without rows."""
        self.inputs = inputs
        self.factors = Pool()
        self.products = Pool()
        self.outputs: list[dict[int, int]] = []

    @property
    def rows(self) -> int:
        """Return the number of rows, and of inner wires."""
        return len(self.products)

    def multiply(self, left: Mapping[int, int], right: Mapping[int, int]) -> dict[int, int]:
        """Add a row and return its wire."""
        wire = 1 + self.inputs + self.rows
        self.factors.append(left)
        self.factors.append(right)
        self.products.append({wire: 1})
        return {wire: 1}


class ConstraintSystem:
    """Rows over named wires. `public` names the public inputs, wires 1 to n, in order."""

    def __init__(self, public: Sequence[str]) -> None:
        """Start with wire one and the public inputs."""
        self.public = tuple(public)
        self.names: list[str] = ["one", *public]
        self.a, self.b, self.c = Pool(), Pool(), Pool()
        self.causes: list[str] = []
        self.cause_of = array("I")
        self._cause_numbers: dict[str, int] = {}
        self.source = Source()
        self.sources: list[Source] = []
        self.source_of = array("I")
        self._source_numbers: dict[Source, int] = {}

    @property
    def rows(self) -> int:
        """Return the number of constraints."""
        return len(self.a)

    @property
    def wires(self) -> int:
        """Return the number of wires, wire one and public inputs included."""
        return len(self.names)

    @property
    def nonzeros(self) -> int:
        """Return the number of terms in all rows."""
        return sum(len(pool.wires) for pool in (self.a, self.b, self.c))

    def wire(self, name: str) -> int:
        """Make a hidden wire."""
        self.names.append(name)
        return len(self.names) - 1

    def constrain(self, a: Linear, b: Linear, c: Linear, cause: str) -> int:
        """Add the row a·b = c and return its number."""
        self.a.append(a.terms)
        self.b.append(b.terms)
        self.c.append(c.terms)
        self.remember(cause, 1)
        return self.rows - 1

    def stamp(self, template: Template, inputs: Sequence[int], name: str, cause: str) -> list[int]:
        """Add a template's rows over `inputs`; return the renaming from local wires, its new wires included."""
        first = self.wires
        self.names.extend(f"{name}.{i}" for i in range(template.rows))
        mapping = [ONE, *inputs, *range(first, first + template.rows)]
        odd, even = Pool(), Pool()
        for number in range(template.rows):
            even.append(template.factors.terms(2 * number))
            odd.append(template.factors.terms(2 * number + 1))
        self.a.stamp(even, mapping)
        self.b.stamp(odd, mapping)
        self.c.stamp(template.products, mapping)
        self.remember(cause, template.rows)
        return mapping

    def row(self, number: int) -> Row:
        """Return one row as three maps wire -> coefficient."""
        return self.a.terms(number), self.b.terms(number), self.c.terms(number)

    def cause(self, number: int) -> str:
        """Return why a row is there."""
        return self.causes[self.cause_of[number]]

    def row_source(self, number: int) -> Source:
        """Return the line that asked for a row."""
        return self.sources[self.source_of[number]]

    def unsatisfied(self, witness: Sequence[int]) -> Iterator[int]:
        """Yield the numbers of the rows that a full witness breaks."""
        if len(witness) != self.wires or witness[ONE] != 1:
            raise RuleError("the witness has another length than the circuit, or does not start with one")
        for i in range(self.rows):
            if (self.a.dot(i, witness) * self.b.dot(i, witness) - self.c.dot(i, witness)) % R:
                yield i

    def check(self, *, unused_public: bool = False) -> None:
        """Check the system itself. Raises RuleError when a wire is out of range, unused, or a row says nothing.

        A public input that no row uses says nothing about the hidden ones, so it is a compile error; a circuit written
        elsewhere may have such (`unused_public`).
        """
        used = bytearray(self.wires)
        for pool in (self.a, self.b, self.c):
            if len(pool) != self.rows:
                raise RuleError("the matrices have different numbers of rows")
            for wire in pool.wires:
                if not 0 <= wire < self.wires:
                    raise RuleError(f"a constraint names wire {wire}, which does not exist")
                used[wire] = 1
        for wire in range(1, self.wires):
            public = wire <= len(self.public)
            if not used[wire] and not (public and unused_public):
                what = "public input" if public else "wire"
                raise RuleError(f"the {what} {self.names[wire]} is in no constraint", code="unused-wire")
        for i in range(self.rows):
            left, right, result = self.row(i)
            if not (set(left) - {ONE} or set(right) - {ONE} or set(result) - {ONE}):
                raise RuleError(f"constraint {i} ({self.cause(i)}) has no wires")

    def remember(self, cause: str, rows: int) -> None:
        """Note why the newest rows are there, and which line of which rule asked for them."""
        number = self._cause_numbers.setdefault(cause, len(self.causes))
        if number == len(self.causes):
            self.causes.append(cause)
        self.cause_of.extend([number] * rows)
        place = self._source_numbers.setdefault(self.source, len(self.sources))
        if place == len(self.sources):
            self.sources.append(self.source)
        self.source_of.extend([place] * rows)
