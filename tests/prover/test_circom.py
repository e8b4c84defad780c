"""Circuits compiled by circom itself: set up, checked, proved and simplified here, judged by snarkjs."""

import json
import random

import pytest

from zkmargin.circuits.foreign import load_r1cs
from zkmargin.kernel import R, read_wtns, write_wtns
from zkmargin.kernel.words import from_words, scalar_words

from .conftest import INPUTS

SHAPES = {  # public signals in circom's order: outputs, then inputs declared public
    "multiplier": ("p",),
    "comparator": ("limit", "memo"),
    "outputs": ("notional", "charge", "price", "rate"),
    "hidden": (),
}
PUBLIC = {
    "multiplier": [255],
    "comparator": [1200, 77],
    "outputs": [8440, 59080, 211, 3],
    "hidden": [],
}


def proved(command, folder, name, r1cs, wtns):
    """Set up, prove and verify with our commands; return the paths that verifiers want."""
    key, verifying, proof, public = (
        folder / f"{name}.{kind}" for kind in ("zkey", "key.json", "proof.json", "public.json")
    )
    code, answer = command("groth16", "setup", r1cs, key, verifying, "--development")
    assert (code, answer["development"]) == (0, True)
    code, answer = command("groth16", "prove", key, wtns, proof, public)
    assert (code, answer["ok"]) == (0, True)
    assert command("groth16", "verify", verifying, public, proof, "--allow-development") == (0, {"ok": True})
    return verifying, public, proof


@pytest.mark.parametrize("name", SHAPES)
def test_a_circom_circuit_is_proved_as_it_is(name, circom, command, snarkjs, tmp_path):
    source = circom(name)
    r1cs, wtns = source / f"{name}.r1cs", source / f"{name}.wtns"
    code, answer = command("groth16", "check", r1cs, wtns)
    assert (code, answer["ok"], answer["public"]) == (0, True, len(SHAPES[name]))
    assert load_r1cs(r1cs).public == SHAPES[name]

    verifying, public, proof = proved(command, tmp_path, name, r1cs, wtns)
    stated = json.loads(public.read_text())
    assert [int(value) for value in stated] == PUBLIC[name]
    assert snarkjs("groth16", "verify", verifying, public, proof)
    wrong = tmp_path / "wrong.json"
    for i, value in enumerate(stated):
        wrong.write_text(json.dumps([*stated[:i], str((int(value) + 1) % R), *stated[i + 1 :]]))
        assert command("groth16", "verify", verifying, wrong, proof, "--allow-development")[0] == 1


def test_snarkjs_proves_under_the_key_made_here(circom, command, snarkjs, tmp_path):
    r1cs, wtns = (circom("outputs") / f"outputs.{kind}" for kind in ("r1cs", "wtns"))
    verifying, _, _ = proved(command, tmp_path, "outputs", r1cs, wtns)
    theirs = tmp_path / "their.json", tmp_path / "their_public.json"
    assert snarkjs("groth16", "prove", tmp_path / "outputs.zkey", wtns, *theirs)
    assert command("groth16", "verify", verifying, theirs[1], theirs[0], "--allow-development") == (0, {"ok": True})


@pytest.mark.parametrize("name", SHAPES)
def test_a_wrong_wire_is_found_and_named_without_its_value(name, circom, command, tmp_path):
    """Wires changed in turn: those in no constraint change nothing, the others break one of theirs."""
    r1cs = circom(name) / f"{name}.r1cs"
    system = load_r1cs(r1cs)
    values = from_words(read_wtns(circom(name) / f"{name}.wtns"))
    used = {wire for pool in (system.a, system.b, system.c) for wire in pool.wires}
    wtns = tmp_path / "wrong.wtns"
    for wire in [*range(1, min(8, system.wires)), system.wires - 1]:
        secret = random.Random(f"{name} {wire}").randrange(R)
        write_wtns(wtns, scalar_words([*values[:wire], secret, *values[wire + 1 :]]))
        code, answer = command("groth16", "check", r1cs, wtns)
        assert code == (1 if wire in used else 0)
        if wire in used:
            assert answer["reason"] == "unsatisfied"
            assert system.names[wire] in answer["wires"]
            assert str(secret) not in json.dumps(answer)


def test_snarkjs_and_our_checker_give_one_verdict(circom, command, snarkjs, tmp_path):
    r1cs, wtns = (circom("comparator") / f"comparator.{kind}" for kind in ("r1cs", "wtns"))
    assert snarkjs("wtns", "check", r1cs, wtns)
    values = from_words(read_wtns(wtns))
    wrong = tmp_path / "wrong.wtns"
    write_wtns(wrong, scalar_words([*values[:20], values[20] ^ 1, *values[21:]]))
    assert not snarkjs("wtns", "check", r1cs, wrong)
    assert command("groth16", "check", r1cs, wrong)[0] == 1


@pytest.mark.parametrize("name", ["comparator", "multiplier"])
def test_what_circom_left_unsimplified_is_simplified_here(name, circom, command, snarkjs, tmp_path, capsys):
    """circom with --O0 keeps its linear rows; ours come down to what its own --O1 reaches, or below."""
    source = circom(name, "--O0")
    r1cs, wtns = source / f"{name}.r1cs", source / f"{name}.wtns"
    small = tmp_path / "small.r1cs", tmp_path / "small.wtns"
    code, answer = command("groth16", "simplify", r1cs, wtns, *small)
    assert (code, answer["ok"]) == (0, True)
    theirs = load_r1cs(circom(name) / f"{name}.r1cs")
    assert answer["after"]["constraints"] <= theirs.rows
    assert answer["after"]["constraints"] < answer["before"]["constraints"]
    assert answer["after"]["nonzeros"] <= answer["before"]["nonzeros"]
    assert load_r1cs(small[0]).public == SHAPES[name]
    assert snarkjs("wtns", "check", *small)
    verifying, public, proof = proved(command, tmp_path, "small", *small)
    assert [int(value) for value in json.loads(public.read_text())] == PUBLIC[name]
    assert snarkjs("groth16", "verify", verifying, public, proof)
    with capsys.disabled():
        before, after = (answer[when]["constraints"] for when in ("before", "after"))
        print(f"\n  {name}: {before} constraints, circom --O1 {theirs.rows}, ours {after}", end="")


def test_every_example_has_inputs():
    assert set(INPUTS) == set(SHAPES) == set(PUBLIC)
