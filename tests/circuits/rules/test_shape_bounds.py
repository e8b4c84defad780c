"""A parameter file of 300 bytes can ask for a million cells: a shape is refused by its numbers, before it is made."""

import random
from dataclasses import replace

import pytest

from zkmargin.circuits.model import Shape
from zkmargin.circuits.rules import family as family_module
from zkmargin.circuits.rules.family import MOST_CELLS
from zkmargin.circuits.rules.registry import family, rule_names
from zkmargin.kernel.errors import InputError

from ..conftest import SEED
from ..families import SHAPES

SIZED = [name for name in rule_names() if family(name).size_of is not None]
# Each far past what is served, within what a shape may say.
HOSTILE = {
    "collateral-factor": Shape(0, 64, 64, None, (("groups", 1024),)),
    "correlated-margin": Shape(256, 1, 1, 1, (("factors", 1024),)),
    "derive-pmrm2": Shape(255, 1, 0, None, (("expiries", 127), ("strikes", 127), ("scenarios", 1024), ("skews", 1024))),
    "expected-shortfall": Shape(256, 1, 0, None, (("scenarios", 1024), ("worst", 512))),
    "regime-margin": Shape(256, 1, 1, 2, (("regimes", 1024),)),
    "span": Shape(256, 1, 0, None, (("commodities", 256), ("months", 3), ("scenarios", 1024))),
    "value-at-risk": Shape(256, 1, 0, None, (("scenarios", 1024), ("worst", 512))),
}
_ABOVE = ("strikes", "scenarios")  # at least as many as there are expiries, and worst losses


def cells(schema):
    return sum(len(cells) for _, cells in schema.tables)


def shapes_near(name, rng):
    """Return shapes around a family's small one; most hang together."""
    shape = SHAPES[name]
    positions = shape.positions and shape.positions + rng.randrange(4)
    more = {key: 0 if key == "months" else rng.randrange(3) + 2 * (key in _ABOVE) for key, _ in shape.dimensions}
    dimensions = tuple((key, value + more[key]) for key, value in shape.dimensions)
    if name == "derive-pmrm2":
        positions = 1 + 2 * dict(dimensions)["strikes"]
    tiers = shape.tiers and shape.tiers + rng.randrange(3)
    debts = shape.debts and rng.randrange(1, 5)
    return replace(
        shape, positions=positions, collateral=rng.randrange(1, 5), debts=debts, tiers=tiers, dimensions=dimensions
    )


@pytest.mark.parametrize("name", SIZED)
def test_the_size_said_is_the_size_made(name):
    """Said too small, a hostile shape would be built; said too large, a good one refused."""
    rng = random.Random(f"{SEED} {name}")
    for _ in range(20):
        shape = shapes_near(name, rng)
        said = family(name).size_of(shape)
        if name == "span":
            commodities = shape["commodities"]
            said -= 4 * (commodities * (commodities - 1) // 2)
        assert said == cells(family(name).schema_of(shape)), shape


@pytest.mark.parametrize("name", HOSTILE)
def test_a_shape_that_asks_for_too_much_is_refused_before_it_is_made(name, monkeypatch):
    monkeypatch.setattr("zkmargin.circuits.schema.Cell", None)  # no cell can be made
    with pytest.raises(InputError) as caught:
        family(name).schema_of(HOSTILE[name])
    size = family(name).size_of(HOSTILE[name])
    assert caught.value.code == "shape"
    assert f"{size:,} cells, at most {MOST_CELLS:,}" in caught.value.message


def test_every_family_is_bounded():
    """A family without a size of its own stays below the bound at the largest shape there is."""
    assert set(SIZED) == set(HOSTILE)
    largest = {
        "cross-margin": Shape(256, 64, 64, 16),
        "derive-srm": Shape(256, 64, 0, None, (("perps", 2), ("expiries", 127), ("strikes", 127))),
        "drift": Shape(256, 64, 64),
        "dydx-v4": Shape(256, 0, 0),
        "synthetix-v3": Shape(256, 64, 64),
        "tiered-haircut": Shape(0, 64, 64, 16),
    }
    assert set(largest) == set(rule_names()) - set(SIZED)
    for name, shape in largest.items():
        assert cells(family(name).schema_of(shape)) <= MOST_CELLS


def test_a_rule_that_does_not_say_its_size_is_counted(monkeypatch):
    monkeypatch.setattr(family_module, "MOST_CELLS", 10)
    plain = replace(family("cross-margin"), name="plain")
    with pytest.raises(InputError, match="at most 10 are served"):
        plain.schema_of(Shape(16, 4, 4, 3))


def test_the_largest_shape_served_is_still_served():
    shape = Shape(16, 1, 0, None, (("scenarios", 1000), ("worst", 25)))
    assert cells(family("value-at-risk").schema_of(shape)) == family("value-at-risk").size_of(shape) <= MOST_CELLS


@pytest.mark.parametrize("name", ["positions", "debts", "tiers"])
def test_a_manifests_true_does_not_stand_in_for_one_in_what_commitments_are_made_under(name):
    """True equals 1: a stranger's shape would leave its schema, and its hash, where the honest shape looks for them."""
    numbers = {"positions": 3, "collateral": 2, "debts": 2, "tiers": 2, name: 1}
    with pytest.raises(InputError) as caught:
        family("cross-margin").schema_of(Shape.of({**numbers, name: True}))
    assert caught.value.code == "shape"
    assert b"true" not in family("cross-margin").schema_of(Shape.of(numbers)).canonical
