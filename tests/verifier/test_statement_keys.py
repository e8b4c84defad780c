"""Lost if these fail: a key passes for another statement's, below the friendly checks of files and folders."""

from dataclasses import replace

import pytest

from zkmargin.circuits.build import compile_statement, write_circuit
from zkmargin.circuits.model import BOX, Shape
from zkmargin.circuits.rules.engine import FAMILIES
from zkmargin.kernel import g1_add, g2_multiply
from zkmargin.kernel.errors import MismatchError, ProofRejected
from zkmargin.prover.setup import development_setup
from zkmargin.verifier.development_points import development_points, key_points
from zkmargin.verifier.statement_keys import judge_key

from ..circuits.families import SHAPES


@pytest.mark.parametrize("rule", sorted(FAMILIES))
def test_a_development_key_is_made_again_to_the_last_point(rule, tmp_path, tally):
    """What is made without a key file is what set-up makes with one, for every rule and statement."""
    statements = ["sufficiency", "shortfall", *([BOX] if FAMILIES[rule].box else [])]
    points = 0
    made = []
    for statement in statements:
        compiled = compile_statement(rule, SHAPES[rule], statement)
        write_circuit(compiled, tmp_path / statement)
        key = development_setup(tmp_path / statement).verifying_key
        made.append(development_points(compiled.system))
        assert made[-1] == key_points(key)
        points += len(key.ic)
    assert len(set(made)) == len(statements)
    tally("K3", f"{rule}: input points of development keys made again", points)


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
        replace(key.manifest, schema=FAMILIES["cross-margin"].schema_of(Shape(4, 2, 2, 1))),
    ]
    for manifest in lies:
        with pytest.raises(MismatchError) as caught:
            judge_key(replace(key, manifest=manifest), allow_development=True)
        assert caught.value.code == "key-mismatch"
    assert judge_key(key, allow_development=True).tied
