"""Lost if these fail: a key vouches for a circuit it was not made for, or a damaged folder ends in a traceback."""

import json
import shutil
from hashlib import sha256

import pytest

from zkmargin.circuits.build import FILES, Manifest
from zkmargin.kernel import load_key
from zkmargin.kernel.errors import FileError, FormatError, InputError, MismatchError, ProofRejected, ZkmarginError
from zkmargin.prover.prove import Prover
from zkmargin.verifier.check import verify_files
from zkmargin.verifier.keys import CircuitKey
from zkmargin.verifier.statement_keys import judge_key

OTHER = {"sufficiency": "shortfall", "shortfall": "sufficiency"}


def edit(path, change):
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def vouch(folder, *names):
    """Write the record anew, as someone who controls the whole folder would."""
    hashes = {name: "0x" + sha256((folder / name).read_bytes()).hexdigest() for name in names}
    edit(folder / "key.json", lambda record: record["files"].update(hashes))


@pytest.mark.parametrize("name", ["circuit.zkey", "verification_key.json", "circuit.r1cs", "circuit.prog"])
def test_another_circuits_file_is_found(world, statement, folder, name):
    shutil.copy(world.folders[OTHER[statement]] / name, folder / name)
    with pytest.raises(MismatchError):
        Prover.load(folder).manifest.read(name)


@pytest.mark.parametrize("names", [("circuit.zkey",), ("verification_key.json",)])
def test_a_key_that_is_no_pair_is_found_even_with_a_record_that_vouches_for_it(world, statement, folder, names):
    for name in names:
        shutil.copy(world.folders[OTHER[statement]] / name, folder / name)
    vouch(folder, *names)
    with pytest.raises(MismatchError, match=r"another circuit's|are not a pair"):
        Prover.load(folder)


def test_the_key_of_another_circuit_verifies_nothing_of_this_one(world, statement, folder, tmp_path):
    """Both circuits have the same public inputs, so only the key tells a margin proof from a shortfall proof."""
    proofs = tmp_path / "proofs"
    proofs.mkdir()
    proved = world.proved[statement]
    (proofs / "proof.json").write_text(json.dumps(proved.proof.as_json()))
    (proofs / "public.json").write_text(json.dumps([str(value) for value in proved.public]))
    demands = world.demands(world.market, world.parameters)
    assert verify_files(proofs, folder, demands, allow_development=True).context == 99
    for name in ("verification_key.json", "key.json", "manifest.json"):
        shutil.copy(world.folders[OTHER[statement]] / name, folder / name)
    with pytest.raises(ProofRejected) as error:
        verify_files(proofs, folder, demands, allow_development=True)
    assert error.value.code == "proof-rejected"


@pytest.mark.parametrize("keep", [0, 3, 100, 1000, -1, -32])
def test_a_truncated_key_is_found(folder, keep):
    path = folder / "circuit.zkey"
    data = path.read_bytes()[:keep]
    path.write_bytes(data)
    with pytest.raises(MismatchError, match=r"circuit\.zkey is not the key that was made for this circuit"):
        Prover.load(folder)
    vouch(folder, "circuit.zkey")
    with pytest.raises(FormatError):
        Prover.load(folder)
    with pytest.raises(FormatError):
        load_key(data)


def test_a_folder_without_a_key_says_so(folder):
    (folder / "key.json").unlink()
    with pytest.raises(FileError, match="has no key yet"):
        CircuitKey.load(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(FileError, match="no compiled circuit"):
        CircuitKey.load(folder)


def set_at(data, place, value):
    for step in place[:-1]:
        data = data[step]
    if value is None:
        del data[place[-1]]
    else:
        data[place[-1]] = value


PLACES = [
    ("schema",),
    ("statement",),
    ("rule",),
    ("rule_hash",),
    ("schema_hash",),
    ("shape",),
    ("shape", "positions"),
    ("shape", "tiers"),
    ("public",),
    ("public", 0),
    ("counts",),
    ("counts", "public"),
    ("counts", "wires"),
    ("files",),
    ("files", "circuit.r1cs"),
    ("files", "circuit.prog"),
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_a_manifest_that_lies_is_an_answer_and_never_a_traceback(folder, place):
    path, refused = folder / "manifest.json", 0
    honest = path.read_bytes()
    for value in (None, "", "x", 0, -1, 5, 10**30, [], {}, [1], {"a": 1}, True, ["commitment"], "0x" + 64 * "0"):
        path.write_bytes(honest)
        edit(path, lambda data, value=value: set_at(data, place, value))
        with pytest.raises(ZkmarginError) as error:  # noqa: PT012 - whichever of the two notices
            prover = Prover.load(folder)
            prover.manifest.program.run([0] * 33, [0] * 12)
            raise AssertionError("unnoticed")
        assert isinstance(error.value, InputError), (value, error.value)
        refused += 1
    assert refused == 14


def test_the_other_statement_in_the_manifest_does_not_turn_its_key(world, statement, folder):
    """The key stays what it is, by its id; and no judge takes it for the other statement's."""
    edit(folder / "manifest.json", lambda data: data.update(statement=OTHER[statement]))
    assert CircuitKey.load(folder).key_id == world.provers[statement].circuit_key.key_id
    assert world.provers["sufficiency"].circuit_key.key_id != world.provers["shortfall"].circuit_key.key_id
    assert CircuitKey.load(folder).is_development
    with pytest.raises(MismatchError):
        judge_key(CircuitKey.load(folder), allow_development=True)


def test_hostile_text_is_no_traceback(folder):
    hostile = ["", "null", "[]", "0", '"x"', "{", "[" * 100_000, "{" + '"a":' * 5000, "NaN", "1e999", '{"a":1,"a":2}']
    for name in ("manifest.json", "key.json", "verification_key.json"):
        honest = (folder / name).read_bytes()
        for text in hostile:
            (folder / name).write_text(text)
            if name == "verification_key.json":
                vouch(folder, name)
            with pytest.raises(InputError):
                CircuitKey.load(folder)
            (folder / name).write_bytes(honest)
        (folder / name).write_bytes(b"\xff\xfe\x00")
        with pytest.raises(InputError):
            CircuitKey.load(folder)
        (folder / name).write_bytes(honest)


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '["1"', "[1, 2]", '["-1"]', '["0x1"]', '["1.0"]', '["٣"]', f'["{"9" * 5000}"]', '[" 1"]', "[null]"],
)
def test_public_inputs_that_are_no_numbers_are_refused(world, statement, folder, tmp_path, text):
    (tmp_path / "proof.json").write_text(json.dumps(world.proved[statement].proof.as_json()))
    (tmp_path / "public.json").write_text(text)
    with pytest.raises((InputError, ProofRejected)):
        verify_files(tmp_path, folder, allow_development=True)


def test_every_file_of_a_circuit_is_checked_when_read(folder):
    manifest = Manifest.load(folder)
    for name in FILES:
        data = bytearray((folder / name).read_bytes())
        manifest.read(name)
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(bytes(data))
        with pytest.raises(MismatchError, match=f"{name} is not the file its manifest names"):
            manifest.read(name)
