"""Lost if these fail: a key passes for another statement's, below the friendly checks of files and folders."""

from dataclasses import replace

import pytest

from zkmargin.circuits.build import compile_statement, statement_schema, write_circuit
from zkmargin.circuits.model import BOX, Shape
from zkmargin.kernel import g1_add, g1_multiply, g2_multiply
from zkmargin.kernel.errors import MismatchError, ProofRejected, RuleError
from zkmargin.prover.setup import development_setup
from zkmargin.verifier.remade_keys import input_scalars, is_made_with
from zkmargin.verifier.statement_keys import judge_key

from ..circuits.families import SHAPES


def has_box(rule):
    try:
        return statement_schema(rule, SHAPES[rule], BOX) is not None
    except RuleError:
        return False


@pytest.mark.parametrize("rule", sorted(SHAPES))
def test_a_development_key_is_made_again_to_the_last_point(rule, tmp_path, tally):
    """What is made without a key file is what set-up makes with one, for every rule and statement."""
    statements = ["sufficiency", "shortfall", *([BOX] if has_box(rule) else [])]
    points, wrong, made = 0, 0, []
    for statement in statements:
        compiled = compile_statement(rule, SHAPES[rule], statement)
        write_circuit(compiled, tmp_path / statement)
        key = development_setup(tmp_path / statement).verifying_key
        made.append(input_scalars(compiled.system))
        assert is_made_with(key, made[-1])
        assert [g1_multiply((1, 2), scalar) for scalar in made[-1]] == list(key.ic)
        for place in range(len(key.ic)):
            points += 1
            scalars = [scalar + (number == place) for number, scalar in enumerate(made[-1])]
            wrong += is_made_with(key, scalars)
        wrong += is_made_with(key, made[-1][:-1]) + is_made_with(key, [*made[-1], 0])
        assert not any(is_made_with(key, other) for other in made[:-1])
    tally("K3", f"{rule}: development keys made again, one of whose points is another", points, wrong)
    assert wrong == 0


def test_errors_that_equal_weights_would_cancel_are_found(world, statement):
    """Two points moved by as much, one up and one down: fixed weights would see nothing."""
    key = world.provers[statement].circuit_key.verifying_key
    scalars = input_scalars(compile_statement("cross-margin", Shape(4, 2, 2, 2), statement).system)
    for first in range(0, 30, 3):
        moved = [*scalars]
        moved[first] += 5
        moved[first + 1] -= 5
        assert not is_made_with(key, moved)


@pytest.mark.parametrize("part", ["alpha", "beta", "gamma", "delta", "ic", "order", "count"])
def test_one_changed_point_is_another_key(world, statement, part):
    key = world.provers[statement].circuit_key
    points = key.verifying_key
    moved = g1_add(points.ic[1], points.ic[2])
    changed = {
        "alpha": {"alpha": points.ic[0]},
        "beta": {"beta": points.delta, "delta": points.beta},
        "gamma": {"gamma": points.beta, "beta": points.gamma},
        "delta": {"delta": g2_multiply(points.delta, 3)},
        "ic": {"ic": (*points.ic[:1], moved, *points.ic[2:])},
        "order": {"ic": (points.ic[0], points.ic[2], points.ic[1], *points.ic[3:])},
        "count": {"ic": points.ic[:-1]},
    }[part]
    lying = replace(key, verifying_key=replace(points, **changed))
    if part == "alpha":  # no development key any more: it claims
        assert not judge_key(lying).tied
        return
    with pytest.raises(ProofRejected):
        judge_key(lying)
    with pytest.raises(MismatchError) as caught:
        judge_key(lying, allow_development=True)
    assert caught.value.code == "key-mismatch"


def test_a_manifest_in_memory_that_names_another_statement_or_shape_is_found(world, statement):
    key = world.provers[statement].circuit_key
    other = {"sufficiency": "shortfall", "shortfall": "sufficiency"}[statement]
    theirs = world.provers[other].circuit_key.manifest
    lies = [
        replace(key.manifest, statement=other),
        replace(key.manifest, statement=other, files=theirs.files),
        replace(key.manifest, files=theirs.files),
        replace(key.manifest, schema=statement_schema("cross-margin", Shape(4, 2, 2, 1), "sufficiency")),
    ]
    for manifest in lies:
        with pytest.raises(MismatchError) as caught:
            judge_key(replace(key, manifest=manifest), allow_development=True)
        assert caught.value.code == "key-mismatch"
    assert judge_key(key, allow_development=True).tied
