"""Statistics, curvature and diagnosis: what a rule's author is told."""

import xml.etree.ElementTree as Xml

import pytest

from zkmargin.circuits.build import Manifest, compile_statement, write_circuit
from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Bound
from zkmargin.circuits.compiler.lowering import Lowering, Side
from zkmargin.circuits.diagnose import explain_unsatisfied
from zkmargin.circuits.flame import flame_graph
from zkmargin.circuits.gadgets.bits import offset_input
from zkmargin.circuits.language.curvature import AFFINE, CONCAVE, CONSTANT, CONVEX, NEITHER, curvature
from zkmargin.circuits.language.language import (
    DIMENSIONLESS,
    MONEY,
    CellRef,
    HoldingRef,
    absolute,
    floor_div,
    maximum,
    minimum,
    positive,
)
from zkmargin.circuits.model import Holdings, Shape
from zkmargin.circuits.stats import circuit_stats

SMALL = Shape(4, 2, 2, 2)


@pytest.fixture(scope="module", params=["sufficiency", "shortfall"])
def counted(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp(request.param)
    write_circuit(compile_statement("cross-margin", SMALL, request.param), directory)
    return circuit_stats(Manifest.load(directory))


def test_every_constraint_and_term_has_a_cause_and_a_line(counted):
    for key in ("cause", "where"):
        assert sum(rows for _, rows, _ in counted.by(key)) == counted.constraints
        assert sum(terms for _, _, terms in counted.by(key)) == counted.nonzeros
    assert any("cross_margin.py:" in where for where, _, _ in counted.by("where"))
    assert counted.domain - counted.slack == counted.constraints + counted.public + 1
    assert counted.curvature == CONCAVE
    assert counted.widest[0] in ("surplus", "shortfall")


def test_the_flame_graph_is_a_picture_of_all_constraints(counted):
    root = Xml.fromstring(flame_graph(counted))  # noqa: S314 - our own picture
    boxes = root.findall("{http://www.w3.org/2000/svg}g")
    assert len(boxes) == 1 + len(counted.by("where")) + len(counted.shares)


def test_curvature_follows_composition():
    x, y = HoldingRef(0, "x", MONEY, (-8, 7)), HoldingRef(1, "y", MONEY, (-8, 7))
    up = CellRef("t", 0, "up", DIMENSIONLESS, (0, 3))
    down = CellRef("t", 1, "down", DIMENSIONLESS, (-3, 0))
    free = CellRef("t", 2, "free", DIMENSIONLESS, (-3, 3))
    cases = {
        CONSTANT: [up * free, positive(free)],
        AFFINE: [x + y, x * free, 3 * x - y],
        CONVEX: [absolute(x), positive(x) + y, maximum(x, y), positive(x) * up, -minimum(x, y), minimum(x, y) * down],
        CONCAVE: [minimum(x, y), x - positive(x), positive(x) * down],
        NEITHER: [positive(x) * free, absolute(positive(x)), floor_div(x, up + 1), positive(x) - positive(y), x * y],
    }
    for expected, rules in cases.items():
        for rule in rules:
            assert curvature(rule) == expected, str(rule)


def test_a_sub_expression_written_twice_is_paid_once():
    def rows(rule):
        builder = Builder(["t"], ["x", "y"])
        leaves = {id(ref): offset_input(builder, ref.name, 4) for ref in (x, y)}
        leaves[id(price)] = Bound(builder.public("t"), 0, 3)
        Lowering(builder, leaves).bound(rule(), Side.LO)
        return builder.system.rows

    x, y = HoldingRef(0, "x", MONEY, (-8, 7)), HoldingRef(1, "y", MONEY, (-8, 7))
    price = CellRef("t", 0, "t", DIMENSIONLESS, (0, 3))
    once = rows(lambda: 0 - positive(x * price - y))
    assert rows(lambda: 0 - positive(x * price - y) - positive(x * price - y) * 2) == once
    assert rows(lambda: 0 - positive(x * price - y) - positive(y * price - y)) > once + 5


def test_a_broken_constraint_is_reported_with_its_line_and_both_sides_in_money():
    compiled = compile_statement("cross-margin", SMALL, "sufficiency")
    cells = [c.offset + max(c.minimum, 1) for name in ("market", "parameters") for c in compiled.schema.cells(name)]
    holdings = Holdings(10**10, (3, -2, 0, 0), (0, 0), (0, 0))
    honest = compiled.program.run([0, 0, 1, *cells], [*holdings.values, 1, 2, 3])
    assert explain_unsatisfied(compiled, honest) is None

    names = compiled.system.names
    lie = list(honest)
    lie[names.index("surplus.bit0")] ^= 1
    assert "range of surplus" in (explain_unsatisfied(compiled, lie) or "")

    lie = list(honest)
    lie[names.index("product.0")] += 1
    sentence = explain_unsatisfied(compiled, lie) or ""
    print(sentence)
    assert sentence.startswith("cross-margin, circuits/rules/cross_margin.py:")
    assert " is not " in sentence
