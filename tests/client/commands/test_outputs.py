"""An output that takes the place of an opening is an account lost; of a ceremony's key, the ceremony."""

import json
import os
import stat

import pytest

from zkmargin.kernel import VerifyingKey, is_development_key

IMPORT = ["import", "csv"]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def csv(folder):
    return folder / "portfolio.csv"


SECRETS = {
    "opening": {"schema": "zkmargin/opening/1", "salt": "1"},
    "later opening": {"schema": "zkmargin/opening/2", "salt": "1"},
    "owner": {"schema": "zkmargin/owner/1", "secret": "1"},
    "seed": {"schema": "zkmargin/seed/1", "seed": "0x01"},
}
TAKEN = {**{name: json.dumps(data) for name, data in SECRETS.items()}, "notes": "mine\n", "list": "[1]", "half": "{"}


def writers(folder, circuits):
    """Return every command that writes a file, ending where the output's name goes."""
    market, parameters = folder / "market.json", folder / "parameters-small.json"
    files = ["-m", market, "-p", parameters]
    key, witness = circuits / "sufficiency" / "circuit.zkey", folder / "w.wtns"
    prove = ["prove", folder / "portfolio-small.json", *files, "-c", circuits / "sufficiency", "--context", "1"]
    r1cs = circuits / "sufficiency" / "circuit.r1cs"
    return {
        "import": [*IMPORT, folder / "portfolio.csv", "-o"],
        "explain": ["explain", folder / "portfolio-small.json", *files, "--plot"],
        "stats": ["stats", circuits / "sufficiency", "--svg"],
        "groth16 prove": ["groth16", "prove", key, witness, folder / "fresh.json"],
        "groth16 setup": ["groth16", "setup", "--development", r1cs, folder / "fresh.zkey"],
        "groth16 simplify": ["groth16", "simplify", r1cs, witness, folder / "fresh.r1cs"],
        "contribute": ["ceremony", "contribute", key, "--name", "Ada", "-o"],
        "opening": [*prove, "--out", folder / "other", "--opening-out"],
        "witness": [*prove, "--out", folder / "other", "--witness"],
    }


@pytest.mark.parametrize("taken", TAKEN)
def test_no_command_writes_over_what_is_not_its_own(zkmargin, folder, small, circuits, contents, taken):
    zkmargin(
        "prove", folder / "portfolio-small.json", *small, "--context", "1", "--out", folder / "p", "--witness",
        folder / "w.wtns",
    )  # fmt: skip
    for name, line in writers(folder, circuits).items():
        if name == "opening" and "opening" in taken:
            continue  # the older one is kept beside it
        path = folder / ("taken.svg" if name in ("explain", "stats") else "taken.json")
        path.write_text(TAKEN[taken])
        before = contents(folder)
        answer = zkmargin(*line, path, "--json")
        assert (answer.code, answer.json["error"]["code"]) == (2, "exists"), name
        assert "move it away" in answer.json["error"]["hint"] or "another name" in answer.json["error"]["hint"]
        assert contents(folder) == before, name
        path.unlink()


def test_no_command_writes_over_its_input_or_a_folder(zkmargin, folder, circuits, small, *, contents):
    zkmargin(
        "prove", folder / "portfolio-small.json", *small, "--context", "1", "--out", folder / "p", "--witness",
        folder / "w.wtns",
    )  # fmt: skip
    for name, line in writers(folder, circuits).items():
        before = contents(folder)
        answer = zkmargin(*line, folder / "p" if name not in ("explain",) else folder / "p.svg" / "x.svg", "--json")
        assert answer.code == 2, name
        assert answer.json["error"]["code"] in ("unwritable", "bad-file", "secret-beside-proof"), name
        assert contents(folder) == before, name
    for line, path in (
        ([*IMPORT, folder / "portfolio.csv", "-o"], folder / "portfolio.csv"),
        (["groth16", "setup", "--development", folder / "k", folder / "k.zkey"], folder / "k"),
        (["ceremony", "contribute", circuits / "shortfall/circuit.zkey", "--name", "A", "-o"],
         circuits / "shortfall/circuit.zkey"),
    ):  # fmt: skip
        if not path.exists():
            path.write_bytes((circuits / "sufficiency/circuit.r1cs").read_bytes())
        content = path.read_bytes()
        assert zkmargin(*line, path).code == 2
        assert path.read_bytes() == content


def test_a_newer_import_replaces_the_same_accounts_and_says_so(zkmargin, folder, csv):
    out = folder / "made.json"
    first = zkmargin(*IMPORT, csv, "-o", out, "--json").json
    assert "replaced" not in first
    again = zkmargin(*IMPORT, csv, "-o", out, "--json").json
    assert again["replaced"] == [str(out)]
    assert "over an older one" in zkmargin(*IMPORT, csv, "-o", out).out
    assert mode(out) == 0o600
    other = zkmargin(*IMPORT, csv, "-o", out, "--account", "another", "--json")
    assert other.json["error"]["code"] == "exists"
    assert json.loads(out.read_text())["account"] == "portfolio"


def test_an_empty_file_or_a_device_may_be_written(zkmargin, folder, csv):
    empty = folder / "empty.json"
    empty.touch()
    assert "replaced" not in zkmargin(*IMPORT, csv, "-o", empty, "--json").json
    assert zkmargin(*IMPORT, csv, "-o", "/dev/null").code == 0


def test_circuits_are_for_everybody_and_secrets_for_nobody_else(zkmargin, folder, small):
    old = os.umask(0o077)
    try:
        circuit = folder / "below" / "circuit"
        made = zkmargin("compile", folder / "parameters-small.json", "--statement", "shortfall", "-o", circuit)
        assert made.code == 0
        assert zkmargin("setup", circuit, "--development").code == 0
        assert mode(circuit) == 0o755
        for name in ("manifest.json", "schema.json", "circuit.r1cs", "circuit.sym", "circuit.prog", "circuit.zkey",
                     "verification_key.json", "key.json"):  # fmt: skip
            assert mode(circuit / name) == 0o644, name
        r1cs, keys = circuit / "circuit.r1cs", (folder / "k.zkey", folder / "v.json")
        assert zkmargin("groth16", "setup", "--development", r1cs, *keys).code == 0
        assert {mode(key) for key in keys} == {0o644}
    finally:
        os.umask(0)
    try:
        ask = ["prove", folder / "portfolio-small.json", *small, "--context", "1", "--out", folder / "p"]
        assert zkmargin(*ask, "--witness", folder / "w.wtns").code == 0
        assert zkmargin(*IMPORT, folder / "portfolio.csv", "-o", folder / "made.json").code == 0
    finally:
        os.umask(old)
    for name in ("portfolio-small.opening.json", "portfolio-small.owner.json", "w.wtns", "made.json"):
        assert mode(folder / name) == 0o600, name


def test_another_circuit_takes_a_folder_only_when_it_is_told_to(zkmargin, folder, contents):
    ask = ["compile", folder / "parameters-small.json", "-o", folder / "c", "--json", "--statement"]
    assert zkmargin(*ask, "sufficiency").code == 0
    assert zkmargin("setup", folder / "c", "--development").code == 0
    before = contents(folder)
    assert zkmargin(*ask, "sufficiency").code == 0  # the same: its key stays
    assert contents(folder) == before
    refused = zkmargin(*ask, "shortfall")
    assert (refused.code, refused.json["error"]["code"]) == (2, "exists")
    assert contents(folder) == before
    assert zkmargin(*ask, "shortfall", "--replace").code == 0
    assert json.loads((folder / "c/manifest.json").read_text())["statement"] == "shortfall"
    assert not (folder / "c/circuit.zkey").exists()  # a key never stands beside another circuit


def test_a_ceremonys_key_is_never_made_again(zkmargin, folder, circuits, contents):
    circuit = folder / "c"
    circuit.mkdir()
    for path in (circuits / "sufficiency").iterdir():
        if path.is_file():
            (circuit / path.name).write_bytes(path.read_bytes())
    record = json.loads((circuit / "key.json").read_text())
    (circuit / "key.json").write_text(json.dumps({**record, "development": False}))
    before = contents(circuit)
    small = folder / "parameters-small.json"
    for line in (
        ["setup", circuit, "--development"],
        ["compile", small, "--statement", "shortfall", "-o", circuit],
        ["compile", small, "--statement", "shortfall", "-o", circuit, "--replace"],
    ):
        answer = zkmargin(*line, "--json")
        assert (answer.code, answer.json["error"]["code"]) == (2, "exists"), line
        assert contents(circuit) == before
    (circuit / "key.json").unlink()
    (circuit / "transcript.json").write_text("{}")
    assert zkmargin("setup", circuit, "--development", "--json").json["error"]["code"] == "exists"


def test_a_key_of_ones_own_is_not_replaced_by_a_development_one(zkmargin, folder, circuits):
    r1cs, keys = circuits / "shortfall/circuit.r1cs", (folder / "k.zkey", folder / "v.json")
    ask = ["groth16", "setup", "--development", r1cs, *keys]
    assert zkmargin(*ask).code == 0
    assert zkmargin(*ask).code == 0  # one development key for another
    mine = folder / "mine.zkey"
    assert zkmargin("ceremony", "contribute", keys[0], "--name", "Ada", "-o", mine).code == 0
    content = mine.read_bytes()
    assert zkmargin("ceremony", "contribute", keys[0], "--name", "Bob", "-o", mine).code == 2
    assert mine.read_bytes() == content
    assert is_development_key(VerifyingKey.from_json(json.loads(keys[1].read_text())))


def test_a_picture_says_where_it_went(zkmargin, folder):
    pytest.importorskip("matplotlib")
    ask = ["explain", folder / "portfolio-small.json", "-m", folder / "market.json", "-p"]
    ask += [folder / "parameters-small.json", "--plot", folder / "p.svg"]
    assert f"picture written to {folder / 'p.svg'}" in zkmargin(*ask).out
    assert "over an older one" in zkmargin(*ask).out
