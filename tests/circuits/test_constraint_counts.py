"""Lost if these fail: a circuit grows (and leaves its domain, or a key's shape) without anyone deciding it.

The counts stand in `constraint_counts.csv`; whoever changes them on purpose runs this file's `write` and commits it:
`python -m tests.circuits.test_constraint_counts` from the repository's root.
"""

import csv
from pathlib import Path

import pytest

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Bound, Linear
from zkmargin.circuits.gadgets import bits
from zkmargin.circuits.gadgets.poseidon import hash_values, poseidon_template
from zkmargin.circuits.model import Shape
from zkmargin.circuits.rules.cross_margin import cross_margin_schema
from zkmargin.circuits.statements.margin import STATEMENTS, build_margin

COUNTS = Path(__file__).with_name("constraint_counts.csv")
SHAPES = (Shape(4, 2, 2, 2), Shape(16, 4, 4, 3), Shape(32, 4, 4, 3))


def gadget_counts():
    """Yield (what, size, constraints, wires, public, terms) of every gadget at several sizes."""
    for width in (1, 28, 36, 64, 103):
        for name in ("unsigned_input", "offset_input", "signed_input"):
            builder = Builder([], ["x"])
            getattr(bits, name)(builder, "x", width)
            yield (name, width, *measures(builder))
        for name in ("range_check", "sign_and_magnitude"):
            builder = Builder([], ["x"])
            value = Bound(Linear.wire(builder.hidden_wire("x")), -(1 << width), 1 << width)
            getattr(bits, name)(builder, value, width, "x.checked")
            yield (name, width, *measures(builder))
    for width in (2, 3, 5, 6, 7, 9, 17):
        for constants in (0, 1):
            builder = Builder([], [f"v{i}" for i in range(width - 1 - constants)])
            wires = [builder.hidden_wire(name) for name in builder.hidden]
            builder.stamp(poseidon_template((*[7] * constants, *[None] * len(wires))), wires, "hash")
            yield (f"poseidon, {constants} constant", width, *measures(builder))
    for count in (4, 15, 16, 31):
        builder = Builder([], [f"v{i}" for i in range(count)])
        hash_values(builder, 7, [builder.hidden_wire(name) for name in builder.hidden], "list")
        yield ("hash_values", count, *measures(builder))


def statement_counts():
    """Yield the same of every statement at every shape."""
    for shape in SHAPES:
        size = "x".join(str(number) for number in shape.as_json().values())
        for statement in STATEMENTS:
            yield (statement, size, *measures(build_margin(cross_margin_schema(shape), statement)))


def measures(builder):
    system = builder.system
    return system.rows, system.wires, len(system.public), system.nonzeros


def counted():
    rows = [*gadget_counts(), *statement_counts()]
    return [("what", "size", "constraints", "wires", "public", "terms"), *(tuple(map(str, row)) for row in rows)]


def write():
    with COUNTS.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(counted())


def test_no_circuit_changes_its_size_unnoticed():
    with COUNTS.open(newline="") as file:
        assert [tuple(row) for row in csv.reader(file)] == counted()


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_full_shape_fits_a_domain_of_4096(statement):
    """The domain holds rows + public inputs + 1: what a proof costs jumps twofold beyond."""
    system = build_margin(cross_margin_schema(Shape(16, 4, 4, 3)), statement).system
    assert system.rows + len(system.public) + 1 <= 4096


if __name__ == "__main__":
    write()
