"""Lost if these fail: a circuit grows (and leaves its domain, or a key's shape) without anyone deciding it.

The counts stand in `constraint_counts.csv`, with the cause of most rows and its share; whoever changes them on purpose
runs this file's `write` and commits it: `python -m tests.circuits.test_constraint_counts` from the repository's root.
Families at 32 and 128 positions take a minute together, so a run counts two of those anew, drawn by ZKMARGIN_SEED.
"""

import csv
import re
from collections import Counter
from functools import cache, partial
from pathlib import Path

import pytest

from zkmargin.circuits.compiler import range_checks
from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Bound, Linear
from zkmargin.circuits.gadgets import babyjubjub, bits
from zkmargin.circuits.gadgets.babyjubjub import CircuitPoint
from zkmargin.circuits.gadgets.escrow import constrain_escrow
from zkmargin.circuits.gadgets.evaluation import bind_evaluation
from zkmargin.circuits.gadgets.fields import CHANGE, unpack_fields
from zkmargin.circuits.gadgets.masks import constrain_masks
from zkmargin.circuits.gadgets.poseidon import hash_values, poseidon_template
from zkmargin.circuits.gadgets.scalar_multiplication import (
    fixed_base_multiple,
    scalar_digits,
    variable_base_multiple,
)
from zkmargin.circuits.gadgets.slots import change_slot, slot_flags
from zkmargin.circuits.model import Shape
from zkmargin.circuits.rules.cross_margin import cross_margin_schema
from zkmargin.circuits.rules.registry import family
from zkmargin.circuits.statements.margin import STATEMENTS, build_margin

COUNTS = Path(__file__).with_name("constraint_counts.csv")
SHAPES = (Shape(4, 2, 2, 2), Shape(16, 4, 4, 3), Shape(32, 4, 4, 3))
POSITIONS = (8, 32, 128)
FAMILY_SHAPES = {  # at n positions; of lending, n assets, 64 at most
    "collateral-factor": lambda n: Shape(0, min(n, 64), min(n, 64), None, (("groups", 2),)),
    "correlated-margin": lambda n: Shape(n, 4, 4, 3, (("factors", 3),)),
    "cross-margin": lambda n: Shape(n, 4, 4, 3),
    "drift": lambda n: Shape(n, 4, 4),
    "dydx-v4": lambda n: Shape(n, 0, 0),
    "regime-margin": lambda n: Shape(n, 4, 4, 3, (("regimes", 3),)),
    "synthetix-v3": lambda n: Shape(n, 4, 0),
    "tiered-haircut": lambda n: Shape(0, min(n, 64), 8, 10),
    "derive-pmrm2": lambda n: Shape(1 + n, 8, 0, None, derive_options(n, ("scenarios", 31), ("skews", 2))),
    "derive-srm": lambda n: Shape(4 + n, 4, 0, None, (("perps", 4), *derive_options(n))),
    "span": lambda n: Shape(n, 4, 0, None, (("commodities", min(2, 1 + n // 32)), ("months", 3), ("scenarios", 16))),
    "expected-shortfall": lambda n: Shape(n, 4, 0, None, (("scenarios", 250), ("worst", 6))),
    "value-at-risk": lambda n: Shape(n, 4, 0, None, (("scenarios", 250), ("worst", 6))),
}


def derive_options(n, *more):
    """Return the dimensions of n options: calls and puts over as many expiries as a venue would list them."""
    return (("expiries", {8: 2, 32: 6, 128: 14}[n]), ("strikes", n // 2), *more)


def gadget_counts():
    """Yield (what, size, constraints, wires, public, terms, mostly) of every gadget at several sizes."""
    for width in (1, 28, 36, 64, 103):
        for name in ("unsigned_input", "offset_input", "signed_input"):
            builder = Builder([], ["x"])
            getattr(bits, name)(builder, "x", width)
            yield (name, width, *measures(builder))
        for name in ("range_check", "sign_and_magnitude"):
            builder = Builder([], ["x"])
            value = Bound(Linear.wire(builder.hidden_wire("x")), -(1 << width), 1 << width)
            getattr(range_checks, name)(builder, value, width, "x.checked")
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
    for name, size, build in escrow_gadgets():
        yield (name, size, *measures(build()))


def escrow_gadgets():
    """Yield (name, size, build) of what moves and escrows are made of, each over inputs that are wires of their own."""

    def wires(*names):
        builder = Builder(["z", "y"], [*names, "s"])
        return builder, [Linear.wire(builder.hidden_wire(name)) for name in names]

    def points(gadget, count):
        builder, inputs = wires(*(f"v{i}" for i in range(2 * count)))
        getattr(babyjubjub, gadget)(builder, *map(CircuitPoint, inputs[::2], inputs[1::2]), "point")
        return builder

    def multiple(digits, fixed):
        builder, key = wires("x", "y")
        signs = scalar_digits(builder, "s", digits - 2)
        if fixed:
            fixed_base_multiple(builder, signs, "multiple")
        else:
            variable_base_multiple(builder, signs, CircuitPoint(*key), "multiple")
        return builder

    def masks(count):
        builder, inputs = wires("x", "y", "commitment")
        constrain_masks(builder, 7, [next(iter(wire.terms)) for wire in inputs], count, "mask")
        return builder

    def bound(count):
        builder, values = wires(*(f"v{i}" for i in range(count)))
        bind_evaluation(builder, values, "z", "y")
        return builder

    def escrow(count):
        builder, (x, y, commitment, *values) = wires("x", "y", "commitment", *(f"v{i}" for i in range(count)))
        constrain_escrow(builder, 7, "s", CircuitPoint(x, y), values, next(iter(commitment.terms)), "z", "y")
        return builder

    def change():
        builder, _ = wires()
        unpack_fields(builder, builder.public("y"), CHANGE, "change")
        return builder

    def slot(slots, bits, signed):
        builder, inputs = wires(*(f"i{i}" for i in range(8)), "amount", *(f"v{i}" for i in range(slots)))
        top = (1 << bits) - 1
        values = [Bound(wire, -top if signed else 0, top) for wire in inputs[9:]]
        flags = slot_flags(builder, inputs[:8], slots, "slot")
        change_slot(builder, flags, values, Bound(inputs[8], -(1 << 57), 1 << 57), bits, "size", signed=signed)
        return builder

    for gadget, count in (("constrain_on_curve", 1), ("add_points", 2), ("multiply_by_8", 1), ("constrain_proper", 1)):
        yield gadget, count, partial(points, gadget, count)
    for digits in (32, 250):
        yield "scalar digits and fixed_base_multiple", digits, partial(multiple, digits, True)
        yield "scalar digits and variable_base_multiple", digits, partial(multiple, digits, False)
    for count in (4, 6, 16, 17):
        yield "masks", count, partial(masks, count)
    for count in (4, 8, 20):
        yield "bind_evaluation", count, partial(bound, count)
    for count in (6, 18):
        yield "constrain_escrow", count, partial(escrow, count)
    yield "unpack_fields of a change", len(CHANGE), change
    for slots in (4, 16, 32, 128):
        yield "slot_flags and change_slot, 35 bits signed", slots, partial(slot, slots, 35, True)
    yield "slot_flags and change_slot, 56 bits", 4, partial(slot, 4, 56, False)


def statement_counts():
    """Yield the same of every statement at every shape."""
    for shape in SHAPES:
        size = "x".join(str(number) for number in shape.as_json().values())
        for statement in STATEMENTS:
            yield (statement, size, *measures(build_margin(cross_margin_schema(shape), statement)))


def family_count(name, statement, positions):
    """Return the same of a family's statement."""
    builder = build_margin(family(name).schema_of(FAMILY_SHAPES[name](positions)), statement)
    return (f"{name} {statement}", positions, *measures(builder))


def family_places(*positions):
    return [(name, statement, n) for name in FAMILY_SHAPES for statement in STATEMENTS for n in positions]


def measures(builder):
    system = builder.system
    causes = Counter()
    for cause, rows in Counter(map(system.cause, range(system.rows))).items():
        causes[re.sub(r"\.?\d+", "", cause)] += rows
    mostly = "".join(f"{cause} {100 * rows // system.rows} %" for cause, rows in causes.most_common(1))
    return system.rows, system.wires, len(system.public), system.nonzeros, mostly


def written(rows):
    return [tuple(map(str, row)) for row in rows]


@cache
def stands():
    with COUNTS.open(newline="") as file:
        return [tuple(row) for row in csv.reader(file)]


HEAD = ("what", "size", "constraints", "wires", "public", "terms", "mostly")


def write():
    families = (family_count(*place) for place in family_places(*POSITIONS))
    with COUNTS.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEAD, *gadget_counts(), *statement_counts(), *families])


def test_no_circuit_changes_its_size_unnoticed():
    counted = [HEAD, *written([*gadget_counts(), *statement_counts()])]
    assert stands()[: len(counted)] == counted
    names = [(f"{name} {statement}", str(n)) for name, statement, n in family_places(*POSITIONS)]
    assert [row[:2] for row in stands()[len(counted) :]] == names


@pytest.mark.parametrize("name", FAMILY_SHAPES)
def test_no_family_changes_its_size_unnoticed(name):
    for statement in STATEMENTS:
        assert written([family_count(name, statement, POSITIONS[0])])[0] in stands()


def test_no_large_shape_changes_its_size_unnoticed(rng):
    for place in rng.sample(family_places(*POSITIONS[1:]), 2):
        assert written([family_count(*place)])[0] in stands()


def test_the_page_says_what_the_table_says():
    page = Path(__file__).parents[2] / "docs" / "rules.md"
    rows = dict(
        re.findall(r"^\| `([a-z0-9-]+)`[^|]*\| ([0-9,/ |]+) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert len(rows) >= 8
    counts = {(what, size): f"{int(rows):,}" for what, size, rows, *_ in stands()[1:]}
    for name, cells in rows.items():
        pairs = [" / ".join(counts[f"{name} {statement}", str(n)] for statement in STATEMENTS) for n in POSITIONS]
        assert cells == " | ".join(pairs)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_full_shape_fits_a_domain_of_4096(statement):
    """The domain holds rows + public inputs + 1: what a proof costs jumps twofold beyond."""
    system = build_margin(cross_margin_schema(Shape(16, 4, 4, 3)), statement).system
    assert system.rows + len(system.public) + 1 <= 4096


if __name__ == "__main__":
    write()
