"""A ceremony's folder: several circuits in one sitting, either tool, killed runs, and no way to finish early (K2)."""

from __future__ import annotations

import json
import shutil
import time

import pytest

from zkmargin.circuits.build import compile_statement, write_circuit
from zkmargin.circuits.model import Holdings, Opening, Shape, Table
from zkmargin.circuits.rules.cross_margin import cross_margin_schema
from zkmargin.circuits.statements.commitment import draw_salt
from zkmargin.client.commands.app import run
from zkmargin.kernel import load_key, verify
from zkmargin.kernel.errors import (
    CeremonyRejected,
    FileError,
    FormatError,
    InputError,
    MismatchError,
    ProofRejected,
)
from zkmargin.kernel.phase2 import contribute
from zkmargin.prover import ceremony as steps
from zkmargin.prover.ceremony import (
    accept_contribution,
    add_beacon,
    add_contribution,
    finish_ceremony,
    start_ceremony,
    start_here,
)
from zkmargin.prover.prove import Prover
from zkmargin.prover.setup import record_key
from zkmargin.verifier.ceremony import digest, find_ceremony, verify_ceremony, verify_file
from zkmargin.verifier.ceremony_transcript import Transcript
from zkmargin.verifier.check import verify_files
from zkmargin.verifier.keys import CircuitKey
from zkmargin.verifier.proof_files import write_proof
from zkmargin.verifier.receipt import make_receipt
from zkmargin.verifier.statement_keys import judge_key

CANARY = b"canary 7391 of the contributor's dice"


@pytest.fixture
def started(tmp_path, their_ptau, small, other):
    directory = tmp_path / "ceremony"
    start_ceremony(directory, their_ptau, [small, other])
    return directory


@pytest.fixture(scope="module")
def complete(tmp_path_factory, their_ptau, small, other):
    """Two contributions and a beacon, not finished."""
    directory = tmp_path_factory.mktemp("complete") / "ceremony"
    start_ceremony(directory, their_ptau, [small, other])
    add_contribution(directory, "Ada", CANARY)
    add_contribution(directory, "Zoë")
    add_beacon(directory, b"\x01\x02", 10)
    return directory


def test_nobody_finishes_without_a_contribution_and_a_beacon(started):
    with pytest.raises(InputError, match="nobody has contributed"):
        finish_ceremony(started)
    with pytest.raises(InputError, match="nobody has contributed"):
        add_beacon(started, b"x", 10)
    add_contribution(started, "Ada")
    with pytest.raises(InputError, match="no beacon yet"):
        finish_ceremony(started)
    assert not list(started.rglob("circuit.zkey"))
    assert not list(started.rglob("verification_key.json"))
    add_beacon(started, b"x", 10)
    for step in (lambda: add_contribution(started, "late"), lambda: add_beacon(started, b"y", 10)):
        with pytest.raises(InputError, match="nothing comes after"):
            step()
    assert sorted(finish_ceremony(started)) == ["other", "small"]


def test_either_tool_contributes_and_the_other_verifies(started, their_ptau, small, other, snarkjs, tmp_path):
    add_contribution(started, "Ada")
    theirs = []
    for name in ("small", "other"):
        theirs.append(tmp_path / f"{name}.zkey")
        held, said = snarkjs(
            "zkey", "contribute", started / name / "circuit_0001.zkey", theirs[-1], "--name=Bob", "-e=text"
        )
        assert held, said
    accept_contribution(started, theirs)
    add_beacon(started, b"\x07", 10, "block 900,000")
    verified = verify_ceremony(started)
    assert [step.name for step in verified.transcript.steps] == ["", "Ada", "Bob", "block 900,000"]
    assert (verified.contributions, verified.complete) == (2, True)
    finish_ceremony(started)
    for r1cs in (small, other):
        held, said = snarkjs("zkey", "verify", r1cs, their_ptau, started / r1cs.stem / "circuit.zkey")
        assert held, said
    assert verify_ceremony(started).complete


SHAPE = Shape(1, 1, 1, 1)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, powers):
    """A margin circuit with the key of its own ceremony, and a folder with a proof under it."""
    root = tmp_path_factory.mktemp("finished")
    directory = root / "circuit"
    compiled = compile_statement("cross-margin", SHAPE, "sufficiency")
    write_circuit(compiled, directory)
    rows = compiled.manifest["counts"]["constraints"] + compiled.manifest["counts"]["public"]
    ptau = root / "powers.ptau"
    ptau.write_bytes(powers.make_powers(rows.bit_length(), 3**90, 5**80, 7**70).to_bytes())

    start_here(directory, ptau)
    with pytest.raises(FileError, match="no key yet"):
        Prover.load(directory)
    add_contribution(directory, "Ada")
    add_beacon(directory, b"\x09", 10)
    with pytest.raises(FileError, match="no key yet"):
        CircuitKey.load(directory)
    made = finish_ceremony(directory)["."]

    prover = Prover.load(directory)
    assert not prover.circuit_key.is_development
    assert json.loads((directory / "key.json").read_text())["development"] is False
    assert made.key_id == prover.circuit_key.key_id
    schema = cross_margin_schema(SHAPE)
    market = Table("market", 7, tuple(c.offset + max(c.minimum, c.maximum // 5) for c in schema.cells("market")))
    parameters = Table("parameters", 3, tuple(c.offset + c.maximum // 60 for c in schema.cells("parameters")))
    opening = Opening(Holdings(1 << 61, (1000,), (5,), (7,)), (1, 2), draw_salt())
    proved = prover.prove(opening, market, parameters, credit=0, context=99)
    assert verify(prover.circuit_key.verifying_key, proved.public, proved.proof)
    key = prover.circuit_key
    receipt = make_receipt(key, proved.proof, proved.public, (market, parameters), margin="maintenance")
    write_proof(root / "proof", proved.proof, proved.public, receipt)
    return directory, root / "proof", key


def test_a_finished_key_proves_margin_under_no_development_key(finished, snarkjs):
    directory, proof, _ = finished
    verified = verify_files(proof, directory)
    assert (verified.tied, verified.key, verified.contributors) == (True, "ceremony", ("Ada",))
    assert verified.as_json()["statement"] == "sufficiency"
    held, said = snarkjs(
        "groth16", "verify", directory / "verification_key.json", proof / "public.json", proof / "proof.json"
    )
    assert held, said


def test_a_key_is_found_in_the_sitting_above_its_folder(finished, tmp_path):
    """Several circuits go through one sitting, each in a folder of its own below the transcript."""
    directory, proof, key = finished
    assert find_ceremony(directory) == (directory.resolve(), ".")
    alone = shutil.copytree(directory, tmp_path / "alone" / "circuit")
    for name in ("transcript.json", "powers.ptau"):
        shutil.move(alone / name, alone.parent / name)
    assert find_ceremony(alone) is None  # that transcript calls its circuit "."
    assert not verify_files(proof, alone).tied

    write_circuit(compile_statement("cross-margin", SHAPE, "sufficiency"), tmp_path / "sufficiency")
    sitting = tmp_path / "sitting"
    start_ceremony(sitting, directory / "powers.ptau", [tmp_path / "sufficiency"])
    add_contribution(sitting, "Zoë")
    add_beacon(sitting, b"x", 10)
    finish_ceremony(sitting)
    judged = judge_key(CircuitKey.load(sitting / "sufficiency"))
    assert (judged.tied, judged.contributors) == (True, ("Zoë",))
    # The key of another ceremony of the same circuit in its place, with a record that vouches for it.
    record_key(sitting / "sufficiency", key.verifying_key, development=False)
    with pytest.raises(MismatchError) as caught:
        judge_key(CircuitKey.load(sitting / "sufficiency"))
    assert caught.value.code == "key-mismatch"


def test_the_answer_names_who_made_the_key(finished, capsys):
    directory, proof, key = finished
    assert run(["verify", str(proof), "--circuit", str(directory)]) == 0
    said = capsys.readouterr().out
    assert f"{key.key_id}, of the ceremony of Ada: it protects you if one of them was honest, and one of its" in said
    assert (
        run(["verify", str(proof), "--circuit", str(directory), "--key-id", key.key_id.upper().replace("X", "x")]) == 0
    )
    assert "the one you know" in capsys.readouterr().out


@pytest.mark.parametrize("missing", ["transcript.json", "powers.ptau"])
def test_a_key_without_its_transcript_only_claims_its_statement(finished, tmp_path, missing):
    directory, proof, key = finished
    alone = shutil.copytree(directory, tmp_path / "circuit")
    (alone / missing).unlink()
    verified = verify_files(proof, alone)
    assert (verified.tied, verified.as_json()["statement"]) == (False, {"claimed": "sufficiency"})
    known = verify_files(proof, alone, key_id=key.key_id)
    assert (known.tied, known.as_json()["statement"]) == (True, "sufficiency")
    with pytest.raises(MismatchError) as caught:
        verify_files(proof, alone, key_id="0x" + 64 * "0")
    assert caught.value.code == "key-mismatch"


def test_a_ceremony_of_another_circuit_vouches_for_nothing(finished, tmp_path):
    """The same public inputs, the opposite statement: relabelled, as one who hands the folder out can."""
    directory, proof, _ = finished
    lying = shutil.copytree(directory, tmp_path / "circuit")
    write_circuit(compile_statement("cross-margin", SHAPE, "shortfall"), tmp_path / "shortfall")
    for name in ("circuit.prog", "circuit.r1cs", "circuit.sym", "manifest.json"):
        shutil.copy(tmp_path / "shortfall" / name, lying / name)
    record = json.loads((lying / "key.json").read_text())
    record["files"]["circuit.r1cs"] = json.loads((lying / "manifest.json").read_text())["files"]["circuit.r1cs"]
    (lying / "key.json").write_text(json.dumps(record))
    with pytest.raises(MismatchError, match="not the one the ceremony started from") as caught:
        verify_files(proof, lying)
    assert caught.value.code == "key-mismatch"
    # The constraints that the ceremony was of in their place again: they are not what this version compiles.
    shutil.copy(directory / "circuit.r1cs", lying / "circuit.r1cs")
    with pytest.raises(MismatchError, match="another circuit than this version compiles") as caught:
        verify_files(proof, lying)
    assert caught.value.code == "key-mismatch"


def test_a_ceremony_of_another_key_or_a_changed_one_vouches_for_nothing(finished, tmp_path):
    directory, proof, key = finished
    other = shutil.copytree(directory, tmp_path / "other")
    content, _ = contribute((directory / "circuit.zkey").read_bytes(), name="Eve")
    (tmp_path / "eve.zkey").write_bytes(content)
    record_key(shutil.copytree(directory, tmp_path / "eve"), load_key(content).verifying_key, development=False)
    with pytest.raises(MismatchError, match="made another key") as caught:
        verify_files(proof, tmp_path / "eve")
    assert caught.value.code == "key-mismatch"
    transcript = (other / "transcript.json").read_text()
    (other / "transcript.json").write_text(transcript.replace("Ada", "Eve"))
    with pytest.raises(MismatchError, match="was changed"):
        verify_files(proof, other)
    assert verify_files(proof, other, key_id=key.key_id).tied  # who knows the key asks no transcript


def test_a_strangers_beacon_does_not_stop_a_verifier_for_a_day(finished, tmp_path):
    """One byte of his key asks for 2^40 hashes; followed, nobody's proof is judged until tomorrow."""
    lying = shutil.copytree(finished[0], tmp_path / "circuit")
    content = (lying / "circuit.zkey").read_bytes()
    exponent, value = bytes((2, 10)), bytes((3, 1, 9))
    assert content.count(exponent + value) == 1
    (lying / "circuit.zkey").write_bytes(content.replace(exponent + value, bytes((2, 40)) + value))
    transcript = Transcript.load(lying)
    last = transcript.steps[-1]
    keys = (last.keys[0].model_copy(update={"sha256": digest((lying / "circuit.zkey").read_bytes())}),)
    for told, says in ((10, "tell of different contributions"), (40, "name the key by its id")):
        step = last.model_copy(update={"beacon": last.beacon.model_copy(update={"exponent": told}), "keys": keys})
        step = step.model_copy(update={"hash": step.digest()})
        transcript.model_copy(update={"steps": (*transcript.steps[:-1], step)}).save(lying)
        start = time.monotonic()
        with pytest.raises(MismatchError, match=says) as caught:
            judge_key(CircuitKey.load(lying))
        assert caught.value.code == "key-mismatch"
        assert time.monotonic() - start < 20


def test_a_replay_gives_the_same_keys(tmp_path, their_ptau, small, other, tally):
    found = []
    for name in ("first", "second"):
        directory = tmp_path / name
        start_ceremony(directory, their_ptau, [small, other])
        add_contribution(directory, "Ada", b"text", replay=bytes(64))
        add_beacon(directory, b"x", 10)
        finish_ceremony(directory)
        found.append([(directory / r1cs.stem / "circuit.zkey").read_bytes() for r1cs in (small, other)])
    tally("K2", "keys of a replayed ceremony", len(found[0]), sum(a != b for a, b in zip(*found, strict=True)))


@pytest.mark.parametrize(
    "what",
    ["small/circuit_0003.zkey", "other/circuit_0003.zkey", "transcript.json", "small/circuit.r1cs", "powers.ptau"],
)
def test_one_changed_byte_anywhere_in_the_folder_is_found(complete, tmp_path, generator, size, tally, what):
    directory = tmp_path / "copy"
    shutil.copytree(complete, directory)
    path = directory / what
    good = path.read_bytes()
    count = size(150, 2000) if what == "transcript.json" else size(40, 1000)
    positions = {generator.randrange(len(good)) for _ in range(count)}
    for name in (b"Ada", "Zoë".encode(), b"beacon"):
        positions |= {good.index(name) + i for i in range(len(name)) if what.endswith("zkey")}
    for position in sorted(positions):
        path.write_bytes(good[:position] + bytes([good[position] ^ generator.randrange(1, 256)]) + good[position + 1 :])
        with pytest.raises(CeremonyRejected):
            verify_ceremony(directory)
        with pytest.raises((CeremonyRejected, InputError)):
            finish_ceremony(directory)
    path.write_bytes(good)
    assert verify_ceremony(directory).complete
    tally("K2", f"bytes of {what} changed", len(positions))


def test_a_rewritten_transcript_does_not_fit_the_keys(complete, tmp_path):
    """Someone who makes the chain of hashes anew still has to make the keys tell the same."""
    directory = tmp_path / "copy"
    shutil.copytree(complete, directory)
    transcript = verify_ceremony(directory).transcript

    def rewritten(change):
        steps_kept = change(list(transcript.steps))
        forged = transcript.model_copy(update={"steps": ()})
        for step in steps_kept:
            made = step.model_copy(update={"previous": forged.steps[-1].hash if forged.steps else forged.foundation()})
            made = made.model_copy(update={"hash": made.digest()})
            forged = forged.model_copy(update={"steps": (*forged.steps, made)})
        forged.save(directory)
        for circuit in transcript.circuits:
            source = transcript.key_path(complete, circuit)
            shutil.copyfile(source, forged.key_path(directory, circuit))
        with pytest.raises(CeremonyRejected):
            verify_ceremony(directory)

    def renamed(kept):
        kept[1] = kept[1].model_copy(update={"name": "Eve"})
        return kept

    def dropped(kept):
        return [kept[0], *kept[2:]]

    def swapped(kept):
        return [kept[0], kept[2], kept[1], kept[3]]

    def other_key(kept):
        kept[3] = kept[3].model_copy(update={"keys": kept[2].keys})
        return kept

    for change in (renamed, dropped, swapped, other_key):
        rewritten(change)


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_killed_step_leaves_the_last_good_one(started, monkeypatch, writes):
    add_contribution(started, "Ada")
    before = verify_ceremony(started).transcript
    real, left = steps.write_file, [writes]

    def failing(path, data, **more):
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1
        real(path, data, **more)

    monkeypatch.setattr(steps, "write_file", failing)
    monkeypatch.setattr("zkmargin.verifier.ceremony_transcript.write_file", failing)
    with pytest.raises(KeyboardInterrupt):
        add_contribution(started, "Bob")
    monkeypatch.undo()
    assert verify_ceremony(started).transcript == before
    add_contribution(started, "Bob")
    assert verify_ceremony(started).contributions == 2
    assert [path.name for path in sorted(started.rglob("*.zkey"))] == ["circuit_0002.zkey"] * 2


def test_keys_from_elsewhere_are_taken_only_one_step_onwards(started, tmp_path):
    add_contribution(started, "Ada")
    current = {name: (started / name / "circuit_0001.zkey").read_bytes() for name in ("small", "other")}

    def offered(**keys):
        paths = []
        for name, content in keys.items():
            paths.append(tmp_path / f"{name}.zkey")
            paths[-1].write_bytes(content)
        return paths

    one = {name: contribute(key, name="Bob")[0] for name, key in current.items()}
    two = {name: contribute(key, name="Bob")[0] for name, key in one.items()}
    with pytest.raises(MismatchError, match="one key a circuit"):
        accept_contribution(started, offered(small=one["small"]))
    with pytest.raises(MismatchError, match="one key a circuit"):
        accept_contribution(started, offered(small=one["small"], other=one["small"]))
    with pytest.raises(MismatchError, match="exactly one contribution"):
        accept_contribution(started, offered(**two))
    with pytest.raises(MismatchError, match="exactly one contribution"):
        accept_contribution(started, offered(**current))
    with pytest.raises(MismatchError, match="different people"):
        accept_contribution(started, offered(small=one["small"], other=contribute(current["other"], name="Eve")[0]))
    with pytest.raises(FormatError):
        accept_contribution(started, offered(small=b"no key", other=one["other"]))
    assert len(verify_ceremony(started).transcript.steps) == 2
    accept_contribution(started, offered(**one))
    assert verify_ceremony(started).contributions == 2


def test_powers_whose_secrets_are_published_finish_no_ceremony(tmp_path, powers, small):
    """K3: a key of the development alpha is recognised wherever it comes from."""
    from zkmargin.kernel import development_secrets

    secrets = development_secrets()
    ptau = tmp_path / "published.ptau"
    ptau.write_bytes(powers.make_powers(4, secrets.tau, secrets.alpha, secrets.beta).to_bytes())
    directory = tmp_path / "ceremony"
    start_ceremony(directory, ptau, [small])
    add_contribution(directory, "Ada")
    add_beacon(directory, b"x", 10)
    with pytest.raises(ProofRejected) as caught:
        verify_ceremony(directory)
    assert caught.value.code == "development-key"
    assert verify_ceremony(directory, allow_development=True).complete
    key = next(directory.rglob("*.zkey"))
    with pytest.raises(ProofRejected) as caught:
        verify_file(key, small, ptau)
    assert caught.value.code == "development-key"
    assert len(verify_file(key, small, ptau, allow_development=True).contributions) == 2
    with pytest.raises(FormatError, match="development"):
        finish_ceremony(directory)
    assert not list(directory.rglob("circuit.zkey"))


def test_a_second_ceremony_or_a_second_step_at_once_is_refused(started, their_ptau, small):
    with pytest.raises(InputError, match="started in this folder already"):
        start_ceremony(started, their_ptau, [small])
    with steps._alone(started), pytest.raises(InputError, match="under way"):
        add_contribution(started, "Ada")
    with pytest.raises(InputError, match="name"):
        add_contribution(started, " ")


def test_a_contributors_randomness_is_written_nowhere(complete):
    files = [path for path in complete.rglob("*") if path.is_file()]
    assert len(files) > 5
    for path in files:
        assert CANARY not in path.read_bytes()
    for circuit in ("small", "other"):
        assert load_key(complete / circuit / "circuit_0003.zkey").n_public in (2, 3)
