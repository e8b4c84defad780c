"""Money lost to a proof that says more than it proves: each lie, at every door through which a verifier comes in.

The doors are `zkmargin verify`, `Session.verified` and `zkmargin verify-batch`; what one refuses all refuse, for the
same reason.
"""

import json
import shutil
from dataclasses import replace
from hashlib import sha256

import pytest

from zkmargin.client import Session
from zkmargin.client.session import Secrets
from zkmargin.kernel import Proof, R, development_secrets, g1_add, g1_multiply, g2_multiply, msm_g1, setup
from zkmargin.kernel.errors import DoesNotHold, MismatchError, ZkmarginError
from zkmargin.kernel.groth16_data import G2_GENERATOR
from zkmargin.prover.setup import record_key
from zkmargin.verifier.check import Verified
from zkmargin.verifier.keys import ZKEY, CircuitKey
from zkmargin.verifier.proof_files import proof_json, public_json

CREDIT = (1 << 62) - 1  # 4611686018427387903, the most there is
ALLOW = "--allow-development"
FILES = ("circuit.prog", "circuit.r1cs", "circuit.sym", "schema.json", "manifest.json")


@pytest.fixture
def prove_small(zkmargin, folder, small):
    """Return a function that proves the small example into a folder."""

    def proves(name="proof", *more, context=42, circuit=None, portfolio="portfolio-small.json"):
        options = [*small[:5], circuit or small[5], "--context", context, "--out", folder / name]
        answer = zkmargin(
            "prove", folder / portfolio, *options, "--opening-out", folder / f"{name}.opening.json", *more
        )
        assert answer.code == 0, answer.err
        return folder / name

    return proves


@pytest.fixture
def doors(zkmargin, folder, small):
    """Return a function that asks all three doors: what is said when all hold, else the one reason of all of them."""

    def ask(proof, *more, circuit=None, market=None, parameters=None, files=True, box=None, **asked):
        circuit = circuit or small[5]
        market, parameters = market or folder / "market.json", parameters or folder / "parameters-small.json"
        options = ["--circuit", circuit, *more]
        options += ["-m", market, "-p", parameters] if files else []
        options += [] if box is None else ["--box", box]
        for name, value in asked.items():
            options += [ALLOW] if name == "allow_development" else [f"--{name.replace('_', '-')}", value]
        cli = zkmargin("verify", proof, *options, "--json")
        batch_options = [o for i, o in enumerate(options) if "--commitment" not in options[max(0, i - 1) : i + 1]]
        batch = zkmargin("verify-batch", proof, proof, *batch_options, "--json")
        text = zkmargin("verify", proof, *options)
        error = None
        try:
            said = Session.load(parameters, circuit, box=box).verified(proof, market if files else None, **asked)
        except ZkmarginError as refused:
            error = refused
        if error is not None:
            assert (cli.code, text.code, text.out) == (error.exit_code, error.exit_code, "")
            reason = cli.json["reason"] if isinstance(error, DoesNotHold) else cli.json["error"]["code"]
            assert reason == error.code
            if "--commitment" not in options:
                assert batch.code == error.exit_code
                proofs = batch.json.get("proofs")
                assert ({one["reason"] for one in proofs} == {reason}) if proofs else (f'"{reason}"' in batch.out)
            return reason
        assert (cli.code, cli.json) == (0, said.as_json())
        assert text.code == 0
        assert batch.code == 0
        for name in set(cli.json) - {"ok", "commitment", "context"}:
            assert batch.json[name] == cli.json[name]
        return said

    return ask


def relabel(circuit, change):
    """Rewrite a folder's manifest, and the key's record so that it vouches for everything that lies there now."""
    path = circuit / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    record = json.loads((circuit / "key.json").read_text())
    record["files"]["circuit.r1cs"] = manifest["files"]["circuit.r1cs"]
    for name in ("circuit.zkey", "verification_key.json"):
        record["files"][name] = "0x" + sha256((circuit / name).read_bytes()).hexdigest()
    (circuit / "key.json").write_text(json.dumps(record))


def secret_key(circuit):
    """Give a circuit a key whose secrets only its maker knows: no loader can tell it from a ceremony's."""
    r1cs, zkey = circuit / "circuit.r1cs", circuit / ZKEY
    key = setup(r1cs, zkey, tau=3**90, alpha=5**80, beta=7**70, delta=11**60)
    record_key(circuit, key, development=False)
    return circuit


def test_what_holds_is_said_whole(doors, prove_small):
    said = doors(prove_small(), allow_development=True)
    assert isinstance(said, Verified)
    document = said.as_json()
    assert list(document) == [
        "ok", "statement", "rule", "key_id", "key", "commitment", "credit", "context", "margin", "box", "round",
        "tables",
    ]  # fmt: skip
    assert (document["statement"], document["rule"], document["key"]) == ("sufficiency", "cross-margin", "development")
    assert (document["credit"], int(document["context"], 16), document["margin"]) == ("0", 42, "maintenance")
    assert (document["box"], document["round"], sorted(document["tables"])) == (None, 1, ["market", "parameters"])


def test_without_files_the_prover_chose_and_the_answer_says_so(zkmargin, doors, prove_small, small):
    proof = prove_small()
    document = doors(proof, files=False, allow_development=True).as_json()
    assert [document[name] for name in ("margin", "box", "round", "tables")] == [None] * 4
    shown = zkmargin("verify", proof, *small[4:], ALLOW).out
    assert "the prover's choice" in shown
    assert "maintenance" not in shown
    assert (
        zkmargin("verify", proof, *small[4:], ALLOW, "--margin", "initial", "--json").json["error"]["code"] == "usage"
    )


def test_a_bankrupt_account_with_a_credit_of_its_own_choice_proves_nothing(doors, prove_small, edit):
    edit("portfolio-small.json", lambda d: d.update(cash="-900000"))
    proof = prove_small("proof", "--credit", CREDIT)
    assert doors(proof, allow_development=True) == "credit"
    for near in (CREDIT - 1, CREDIT + 1, 1):
        assert doors(proof, allow_development=True, credit=near) == "credit"
    said = doors(proof, allow_development=True, credit=CREDIT)
    assert said.as_json()["credit"] == str(CREDIT)


def test_a_demanded_credit_that_the_proof_lacks_is_not_met(doors, prove_small):
    assert doors(prove_small(), allow_development=True, credit=1) == "credit"


def test_commitment_and_context_are_demanded_exactly(doors, prove_small):
    said = doors(prove_small(), allow_development=True)
    asked = {"commitment": said.commitment, "context": 42, "credit": 0}
    assert doors(said and prove_small("again"), allow_development=True, context=42).context == 42
    proof = prove_small("other")
    assert doors(proof, allow_development=True, **{**asked, "commitment": said.commitment}) == "commitment"
    own = doors(proof, allow_development=True).commitment
    assert doors(proof, allow_development=True, **{**asked, "commitment": own}).commitment == own
    assert doors(proof, allow_development=True, **{**asked, "commitment": own ^ 1}) == "commitment"
    for context in (0, 41, 43, 42 + (1 << 200)):
        assert doors(proof, allow_development=True, context=context) == "context"


def test_a_development_key_is_refused_by_every_command_that_judges(zkmargin, doors, prove_small, small, folder):
    proof = prove_small()
    for files in (True, False):
        assert doors(proof, files=files) == "development-key"
    plain = ["groth16", "verify", small[5] / "verification_key.json", proof / "public.json", proof / "proof.json"]
    assert zkmargin(*plain, "--json").json == {"ok": False, "reason": "development-key"}
    assert zkmargin(*plain, ALLOW, "--json").json == {"ok": True}
    session = Session.load(folder / "parameters-small.json", small[5])
    assert session.verify(proof) is False
    assert session.verify(proof, allow_development=True) is True


@pytest.mark.parametrize("whole", [False, True])
def test_a_relabelled_folder_is_refused(doors, prove_small, circuits, folder, edit, *, whole):
    """The shortfall circuit's key under the name sufficiency: a bankrupt account would be proved healthy."""
    edit("portfolio-small.json", lambda d: d.update(cash="-900000"))
    lying = shutil.copytree(circuits / "shortfall", folder / "lying")
    proof = prove_small(circuit=circuits / "shortfall")
    (proof / "receipt.json").unlink()
    assert doors(proof, circuit=lying, allow_development=True).statement == "shortfall"
    if whole:  # not only the word: every file of the sufficiency circuit, and the shortfall circuit's key
        for name in FILES:
            shutil.copy(circuits / "sufficiency" / name, lying / name)
    relabel(lying, lambda manifest: manifest.update(statement="sufficiency"))
    for asked in ({}, {"files": False}):
        assert doors(proof, circuit=lying, allow_development=True, **asked) == "key-mismatch"
    assert doors(proof, circuit=lying) == "development-key"


@pytest.mark.parametrize(
    "field", ["statement", "rule", "rule_hash", "schema_hash", "shape", "public", "counts", "files", "schema"]
)
def test_a_manifest_relabelled_in_any_field_is_refused(doors, prove_small, circuits, folder, field):
    """Each field as another circuit has it, the record of the key rewritten to match."""
    lying, proof = shutil.copytree(circuits / "sufficiency", folder / "lying"), prove_small()
    other = json.loads((circuits / "shortfall" / "manifest.json").read_text())
    other.update(rule="span", rule_hash="0x" + 64 * "a", schema_hash="0x" + 64 * "b", schema="zkmargin/manifest/2")
    other["public"] = [*other["public"][:-2], *reversed(other["public"][-2:])]
    other["shape"]["positions"] += 1
    other["counts"]["public"] += 1
    relabel(lying, lambda manifest: manifest.update({field: other[field]}))
    reason = doors(proof, circuit=lying, allow_development=True)
    assert reason in {"mismatch", "key-mismatch", "circuit-mismatch", "bad-manifest", "shape"}


def test_another_circuits_key_with_as_many_public_inputs_is_refused(doors, prove_small, circuits, folder):
    swapped, proof = shutil.copytree(circuits / "sufficiency", folder / "swapped"), prove_small()
    for name in ("circuit.zkey", "verification_key.json", "key.json"):
        shutil.copy(circuits / "shortfall" / name, swapped / name)
    assert doors(proof, circuit=swapped, allow_development=True) == "mismatch"
    relabel(swapped, lambda _: None)
    assert doors(proof, circuit=swapped, allow_development=True) == "key-mismatch"


def test_a_key_that_nothing_ties_to_its_statement_only_claims_it(zkmargin, doors, prove_small, circuits, folder, edit):
    """Whoever made the key can relabel it, and forge under it: only who knows its id takes its word."""
    edit("portfolio-small.json", lambda d: d.update(cash="-900000"))
    lying = secret_key(shutil.copytree(circuits / "shortfall", folder / "lying"))
    for name in FILES:
        shutil.copy(circuits / "sufficiency" / name, lying / name)
    honest = secret_key(shutil.copytree(circuits / "shortfall", folder / "honest"))
    relabel(lying, lambda _: None)
    proof = prove_small(circuit=honest)
    (proof / "receipt.json").unlink()
    said = doors(proof, circuit=lying)
    assert said.as_json()["statement"] == {"claimed": "sufficiency"}
    assert said.as_json()["key"] == "ceremony"
    options = ["--circuit", lying, "-m", folder / "market.json", "-p", folder / "parameters-small.json"]
    assert "claims" in zkmargin("verify", proof, *options).out
    session = Session.load(folder / "parameters-small.json", lying)
    with pytest.raises(MismatchError) as caught:  # one word cannot say that it is only claimed
        session.verify(proof, folder / "market.json")
    assert caught.value.code == "only-claimed"
    assert session.verify(proof, folder / "market.json", key_id=said.key_id) is True
    known = doors(proof, circuit=honest, key_id=said.key_id)
    assert known.as_json()["statement"] == "shortfall"
    assert doors(proof, circuit=honest, key_id="0x" + 64 * "5") == "key-mismatch"
    assert zkmargin("verify", proof, *options, "--key-id", "0x5", "--json").json["error"]["code"] == "usage"


@pytest.mark.parametrize(("proved", "asked"), [("initial", "maintenance"), ("maintenance", "initial")])
def test_the_level_comes_from_the_verifier(doors, prove_small, folder, small, proved, asked):
    proof = prove_small("proof", "--margin", proved)
    assert doors(proof, allow_development=True, margin=proved).as_json()["margin"] == proved
    assert doors(proof, allow_development=True, margin=asked) == "table-mismatch"
    session = Session.load(folder / "parameters-small.json", small[5])
    made = session.prove(folder / "portfolio-small.json", folder / "market.json", context=1, margin=proved)
    lying = replace(made, receipt=replace(made.receipt, margin=asked))
    for one in (made, lying):
        assert not session.verify(one, folder / "market.json", margin=asked, allow_development=True)
    assert not session.verify(lying, folder / "market.json", margin=proved, allow_development=True)
    assert session.verify(made, folder / "market.json", margin=proved, allow_development=True)


def test_a_box_class_of_another_name_is_refused(zkmargin, doors, prove_small, folder, edit):
    """Classes of one width: the table is the same, the name the verifier demands is not what the receipt says."""
    edit("parameters-small.json", lambda d: d["box_classes"].append({"name": "one percent", "width": "0.01"}))
    circuit = folder / "box"
    files = ["compile", folder / "parameters-small.json", "--statement", "sufficiency-box", "-o", circuit]
    assert zkmargin(*files).code == 0
    assert zkmargin("setup", circuit, "--development").code == 0
    proof = prove_small("proof", "--box", "1%", circuit=circuit)
    assert doors(proof, circuit=circuit, box="1%", allow_development=True).as_json()["box"] == "1%"
    assert doors(proof, circuit=circuit, box="one percent", allow_development=True) == "table-mismatch"
    assert doors(proof, circuit=circuit, box="none", allow_development=True) == "table-mismatch"
    assert doors(proof, circuit=circuit, files=False, allow_development=True).as_json()["box"] is None


LIES = {
    "statement": ("shortfall", "proof-rejected"),
    "rule": ("span", "proof-rejected"),
    "rule_hash": ("0x" + 64 * "1", "proof-rejected"),
    "key_id": ("0x" + 64 * "1", "proof-rejected"),
    "key": ("ceremony", "development-key"),
    "commitment": ("0x" + 64 * "1", "commitment"),
    "credit": ("1", "credit"),
    "context": ("0x" + 64 * "1", "context"),
    "margin": ("initial", "table-mismatch"),
    "box": ("1%", "table-mismatch"),
    "round": (2, "table-mismatch"),
    "version": (2, "table-mismatch"),
    "tables": ({"market": "0x" + 64 * "1", "parameters": "0x" + 64 * "1"}, "table-mismatch"),
    "proof_hash": ("0x" + 64 * "1", "proof-rejected"),
}


def test_a_receipt_that_lies_in_any_word_is_refused(doors, prove_small, tally):
    proof = prove_small()
    path = proof / "receipt.json"
    honest = json.loads(path.read_text())
    assert set(honest) == {"schema", "made_at", *LIES}
    for name, (value, reason) in LIES.items():
        path.write_text(json.dumps({**honest, name: value}))
        assert doors(proof, allow_development=True) == reason
        if name != "margin":  # without files nobody can say which level it was, and nobody does
            assert doors(proof, files=False, allow_development=True) == reason
    tally("V4", "lies of a receipt, at three doors", 3 * len(LIES))
    path.unlink()
    assert doors(proof, allow_development=True).credit == 0


def test_what_is_no_receipt_is_refused(doors, prove_small):
    proof = prove_small()
    honest = (proof / "receipt.json").read_text()
    for text in ("", "{", "[]", honest.replace('"round"', '"lap"'), honest.replace("receipt/1", "receipt/2")):
        (proof / "receipt.json").write_text(text)
        assert doors(proof, allow_development=True) == "schema"


def test_a_proof_object_that_was_tampered_with_is_refused(doors, prove_small, folder, small):
    """A Session takes proofs from other processes: nothing in the object is believed."""
    session = Session.load(folder / "parameters-small.json", small[5])
    market = folder / "market.json"
    made, secrets = session.prove_with_secrets(folder / "portfolio-small.json", market, context=1)
    assert isinstance(secrets, Secrets)
    other = session.prove(folder / "portfolio-small.json", market, context=2)
    public = list(made.public)
    tampered = {
        "credit": (replace(made, public=(public[0], 1, *public[2:])), "credit"),
        "context": (replace(made, public=(*public[:2], 2, *public[3:])), "proof-rejected"),
        "commitment": (replace(made, public=(other.public[0], *public[1:])), "proof-rejected"),
        "price": (replace(made, public=(*public[:3], public[3] + 1, *public[4:])), "table-mismatch"),
        "count": (replace(made, public=made.public[:-1]), "schema"),
        "proof": (replace(made, proof=other.proof), "proof-rejected"),
        "receipt": (replace(made, receipt=other.receipt), "commitment"),
        "both": (replace(made, proof=other.proof, public=other.public), "commitment"),
    }
    for name, (one, reason) in tampered.items():
        with pytest.raises(DoesNotHold) as caught:
            session.verified(one, market, allow_development=True)
        assert caught.value.code == reason, name
        assert session.verify(one, market, allow_development=True) is False
    assert session.verify(made, market, allow_development=True)
    assert session.verified(replace(made, names=(), opening_file=None), market, allow_development=True).context == 1


def test_an_object_that_is_no_proof_is_an_error_of_ours(folder, small):
    """Unpickled from somebody: whatever stands in the fields, no other exception than our own comes out."""
    session = Session.load(folder / "parameters-small.json", small[5])
    made = session.prove(folder / "portfolio-small.json", folder / "market.json", context=1)
    public, b, c = made.public, made.proof.b, made.proof.c
    publics = [("x", *public[1:]), (None,) * 33, (1.5, *public[1:]), (True, *public[1:]), (-1, *public[1:]), None, 5]
    proofs = [Proof(a, b, c) for a in (("1", 2), (-1, 2), (1 << 300, 2), (1, 2, 3), None, 5)] + [None, "proof"]
    objects = [replace(made, public=one) for one in publics] + [replace(made, proof=one) for one in proofs]
    objects += [replace(made, receipt=one) for one in (5, "receipt", replace(made.receipt, round="x"))]
    refused = 0
    for one in (*objects, None, 5, {}, object()):
        try:
            refused += not session.verify(one, allow_development=True)
        except ZkmarginError:
            refused += 1
    assert refused == len(objects) + 4
    assert session.verify(replace(made, receipt=None), allow_development=True)


def test_a_forgery_under_a_development_key_is_what_allowing_it_lets_in(doors, prove_small, circuits):
    """A proof about an account that nobody has, at today's prices, made without any witness from published secrets."""
    proof, secrets = prove_small(), development_secrets()
    key = CircuitKey.load(circuits / "sufficiency").verifying_key
    public = [7, *map(int, json.loads((proof / "public.json").read_text())[1:])]
    a, b = 3, 5
    inputs = msm_g1(key.ic, [1, *public])
    product = g1_multiply((1, 2), (a * b - secrets.alpha * secrets.beta) % R)
    c = g1_multiply(g1_add(product, g1_multiply(inputs, R - 1)), pow(secrets.delta, -1, R))
    forged = Proof(g1_multiply((1, 2), a), g2_multiply(G2_GENERATOR, b), c)
    (proof / "receipt.json").unlink()
    (proof / "proof.json").write_bytes(proof_json(forged))
    (proof / "public.json").write_bytes(public_json(public))
    assert doors(proof) == "development-key"
    said = doors(proof, allow_development=True)
    assert (said.commitment, said.credit, said.key) == (7, 0, "development")
