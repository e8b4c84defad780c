"""Lost if these fail: a rule that names no shape is tried at none, and its author thinks it was."""

from dataclasses import replace

import pytest

from zkmargin.circuits.model import Shape
from zkmargin.circuits.rules.family import BoundRule
from zkmargin.circuits.rules.registry import family, rule_names
from zkmargin.circuits.trials.small_shape import schema_at, small_shape
from zkmargin.kernel.errors import RuleError

UNGUESSED = {"derive-srm"}  # nine positions follow from its strikes


@pytest.mark.parametrize("name", sorted(set(rule_names()) - UNGUESSED))
def test_a_rule_that_names_no_shape_gets_one_at_which_it_can_be_built(name):
    unnamed = replace(family(name), trial=None)
    shape = small_shape(unnamed)
    surplus = BoundRule(unnamed, schema_at(unnamed, shape)).surplus
    assert surplus.children
    assert shape.positions + shape.assets <= 6


def test_a_named_shape_is_taken_as_it_is():
    assert small_shape(replace(family("cross-margin"), trial=Shape(1, 0, 0, 3))) == Shape(1, 0, 0, 3)


def test_a_rule_that_fits_no_guess_asks_for_a_shape():
    def picky(shape):
        raise ValueError(shape)

    with pytest.raises(RuleError, match="no small shape was found") as error:
        small_shape(replace(family("cross-margin"), schema_of=picky, trial=None))
    assert "--shape" in error.value.hint


def test_holdings_that_are_not_the_shapes_are_refused():
    """Else sizes would be read as collateral, each under the other's price."""
    lending = family("tiered-haircut")
    narrow = lending.schema_of(Shape(0, 1, 1, 2))
    wrong = replace(lending, schema_of=lambda shape: narrow)
    with pytest.raises(RuleError, match="of another shape than was asked for"):
        schema_at(wrong, Shape(2, 1, 1, 2))
