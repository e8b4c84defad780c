"""`zkmargin verify-batch`: a batch that hides one wrong proof, or hides the good ones behind it, is of no use."""

import json
import shutil

import pytest


@pytest.fixture
def proofs(zkmargin, folder, small):
    """Three folders with a proof each."""
    for index in range(3):
        out = folder / f"proof-{index}"
        opening = ["--opening-out", folder / f"{index}.opening.json", "--context", index, "--out", out]
        assert zkmargin("prove", folder / "portfolio-small.json", *small, *opening, "--json").code == 0
    return [folder / f"proof-{index}" for index in range(3)]


def test_good_proofs_hold_together(zkmargin, proofs, small):
    circuit, files = [*small[4:], "--allow-development"], small[:4]
    for demanded in ([], files):
        answer = zkmargin("verify-batch", *proofs, *circuit, *demanded, "--json")
        assert answer.code == 0
        alone = [zkmargin("verify", proof, *circuit, *demanded, "--json").json for proof in proofs]
        for one, said, path in zip(answer.json["proofs"], alone, proofs, strict=True):
            own = {name: said[name] for name in ("commitment", "context")}
            assert one == {"directory": str(path), "ok": True, **own}
        for name in set(alone[0]) - {"ok", "commitment", "context"}:
            assert {json.dumps(said[name]) for said in alone} == {json.dumps(answer.json[name])}
        assert answer.json["repeated"] == []
    shown = zkmargin("verify-batch", *proofs, *circuit).out
    assert "3 of 3 proofs hold: sufficiency of cross-margin\n" in shown
    assert "the prover's choice" in shown


def test_one_account_twice_is_said(zkmargin, folder, proofs, small):
    """Copied under another name, or proved again from its opening: a sum over accounts would count it twice."""
    circuit = [*small[4:], "--allow-development"]
    again = ["--opening", folder / "0.opening.json", "--context", "9", "--out", folder / "again"]
    assert zkmargin("prove", *small, *again).code == 0
    shutil.copytree(proofs[1], folder / "copy")
    asked = [*proofs, folder / "again", folder / "copy"]
    answer = zkmargin("verify-batch", *asked, *circuit, "--json")
    assert answer.code == 0
    assert [one["directories"] for one in answer.json["repeated"]] == [
        [str(proofs[0]), str(folder / "again")],
        [str(proofs[1]), str(folder / "copy")],
    ]
    shown = zkmargin("verify-batch", *asked, *circuit).out
    assert f"{proofs[1]} and {folder / 'copy'}: one account" in shown
    assert "accounts    3" in shown
    assert "one account" not in zkmargin("verify-batch", *proofs, *circuit).out


def test_the_wrong_ones_are_named_and_the_others_hold(zkmargin, proofs, small, folder):
    circuit, files = [*small[4:], "--allow-development"], small[:4]
    shutil.copy(proofs[1] / "proof.json", proofs[0] / "proof.json")
    public = json.loads((proofs[2] / "public.json").read_text())
    (proofs[2] / "public.json").write_text(json.dumps(public[:-1]))
    broken = folder / "broken"
    broken.mkdir()
    (broken / "proof.json").write_text("{")
    (broken / "public.json").write_text("[]")
    answer = zkmargin("verify-batch", *proofs, broken, folder / "nowhere", *circuit, "--json")
    assert answer.code == 1
    assert not answer.json["ok"]
    assert [(one["ok"], one.get("reason")) for one in answer.json["proofs"]] == [
        (False, "proof-rejected"),
        (True, None),
        (False, "schema"),
        (False, "bad-json"),
        (False, "no-such-file"),
    ]
    shown = zkmargin("verify-batch", *proofs, *circuit)
    assert shown.code == 1
    assert "1 of 3 proofs hold" in shown.out
    other = zkmargin("verify-batch", proofs[1], *circuit, *files, "--margin", "initial", "--json")
    assert other.json["proofs"] == [{"directory": str(proofs[1]), "ok": False, "reason": "table-mismatch"}]


def test_usage_and_circuit_errors_are_errors(zkmargin, proofs, small, folder):
    circuit = small[4:]
    assert zkmargin("verify-batch", *circuit, "--json").code == 2
    assert zkmargin("verify-batch", *proofs, "--circuit", folder / "nowhere", "--json").code == 2
    alone = zkmargin("verify-batch", *proofs, *circuit, "--market", folder / "market.json", "--json")
    assert (alone.code, alone.json["error"]["code"]) == (2, "usage")
