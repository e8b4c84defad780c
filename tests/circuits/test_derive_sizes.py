"""Lost if these fail: Derive's portfolio margin outgrows its domain, and every proof costs twice as much."""

import re
from collections import Counter
from functools import cache

import pytest

from zkmargin.circuits.build import compile_statement
from zkmargin.circuits.model import Shape

LEGS = (8, 32, 128)
EXPIRIES = {8: 2, 32: 6, 128: 14}
# Constraints of (sufficiency, shortfall); whoever changes them on purpose writes the new ones here.
PMRM2 = {8: (13_805, 2_067), 32: (28_354, 4_429), 128: (61_477, 12_122)}
SRM = {8: (2_054, 1_848), 32: (5_451, 4_593), 128: (18_622, 15_216)}


def pmrm2(legs):
    """Return the shape of the venue's 33 scenarios and 8 collaterals."""
    dimensions = (("expiries", EXPIRIES[legs]), ("strikes", legs // 2), ("scenarios", 31), ("skews", 2))
    return Shape(1 + legs, 8, 0, None, dimensions)


def srm(legs):
    """Return the shape of four perpetuals and four base assets."""
    return Shape(4 + legs, 4, 0, None, (("perps", 4), ("expiries", EXPIRIES[legs]), ("strikes", legs // 2)))


@cache
def measured(name, shape):
    """Return (constraints, public inputs, what most rows are for) of both statements."""
    found = []
    for statement in ("sufficiency", "shortfall"):
        circuit = compile_statement(name, shape, statement)
        rows = circuit.system.rows
        causes = Counter(re.sub(r"[.\d]+", " ", circuit.system.cause(row)).strip() for row in range(rows))
        (cause, count), *_ = causes.most_common(1)
        found.append((rows, len(circuit.public), f"{count / rows:.0%} {cause}"))
    return found


@pytest.mark.parametrize("legs", LEGS)
@pytest.mark.parametrize(("name", "shape", "pinned"), [("derive-pmrm2", pmrm2, PMRM2), ("derive-srm", srm, SRM)])
def test_no_circuit_of_derives_changes_its_size_unnoticed(name, shape, pinned, legs, say):
    (down, public, most), (up, _, _) = measured(name, shape(legs))
    domain = 1 << (down + public).bit_length()
    say(f"{name}, {legs} legs: {down:,} / {up:,} constraints, {public:,} public inputs, domain {domain:,}; {most}")
    assert (down, up) == pinned[legs]


def test_128_legs_under_33_scenarios_fit_their_domains():
    """The domain holds rows + public inputs + 1."""
    (down, public, _), (up, _, _) = measured("derive-pmrm2", pmrm2(128))
    assert down <= 65_000
    assert down + public + 1 <= 1 << 16
    assert up + public + 1 <= 1 << 14
