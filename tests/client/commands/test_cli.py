"""A command that says yes when it means no, or shows a traceback, or leaves half a file, cannot be built upon."""

import json
import os
import shutil
import stat
import subprocess
import sys
import threading

import pytest

PROVE = ["--context", "0x2a", "--json"]


def test_check_answers_as_the_contract_says(zkmargin, folder):
    answer = zkmargin(
        "check", folder / "portfolio.csv", "-m", folder / "market.json", "-p", folder / "parameters.json", "--json"
    )
    document = answer.json
    assert answer.code == 0
    assert list(document) == [
        "schema", "ok", "rule", "margin", "unit", "equity", "requirement", "surplus", "surplus_units", "tables", "legs"
    ]  # fmt: skip
    assert list(document["legs"][0]) == ["name", "notional", "unrealised", "requirement", "breach_price"]
    same = zkmargin(
        "check", folder / "portfolio.json", "-m", folder / "market.json", "-p", folder / "parameters.json", "--json"
    )
    assert same.json == document


def test_check_says_no_with_exit_one(zkmargin, edit, folder):
    edit("portfolio.json", lambda d: d.update(cash="-2000000"))
    files = ["-m", folder / "market.json", "-p", folder / "parameters.json"]
    answer = zkmargin("check", folder / "portfolio.json", *files, "--json")
    assert answer.code == 1
    assert not answer.json["ok"]
    assert answer.json["surplus"].startswith("-")
    assert zkmargin("check", folder / "portfolio.json", *files).code == 1


def test_prove_and_verify_end_to_end(zkmargin, folder, small):
    answer = zkmargin("prove", folder / "portfolio-small.json", *small, "--out", folder / "proof", *PROVE)
    document = answer.json
    assert answer.code == 0
    assert list(document) == ["ok", "files", "public", "kernel", "threads", "timings_ms"]
    assert document["public"]["context"] == "42"
    assert document["public"]["credit"] == "0"
    assert set(document["timings_ms"]) == {"read", "witness", "prove", "verify"}
    public = json.loads((folder / "proof/public.json").read_text())
    assert public[:3] == [document["public"][name] for name in ("commitment", "credit", "context")]
    assert {p.name for p in (folder / "proof").iterdir()} == {"proof.json", "public.json", "receipt.json"}
    for secret in ("portfolio-small.opening.json", "portfolio-small.owner.json"):
        assert stat.S_IMODE((folder / secret).stat().st_mode) == 0o600

    circuit, files = small[4:], small[:4]
    verify = ["verify", folder / "proof", *circuit, "--allow-development", "--json"]
    verified = zkmargin(*verify, *files).json
    checked = zkmargin("check", folder / "portfolio-small.json", *files, "--json").json
    shown = zkmargin("tables", files[1], *files[2:], *circuit, "--json").json
    assert verified["tables"] == checked["tables"]
    assert shown["tables"]["parameters"]["maintenance"] == checked["tables"]["parameters"]
    cells = [value for name, _, value in shown["cells"] if not name.startswith("initial.")]
    assert cells == public[3:]
    assert {len(point) for point in (shown["points"]["market"], *shown["points"]["parameters"].values())} == {2}

    other = zkmargin(*verify, *files, "--margin", "initial")
    assert (other.code, other.json) == (1, {"ok": False, "reason": "table-mismatch"})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda values: values[:-1], "schema"),
        (lambda values: [*values, "0"], "schema"),
        (lambda values: [*values[:3], str(1 << 28), *values[4:]], "schema"),
        (lambda values: [values[0], "1", *values[2:]], "credit"),
        (lambda values: [*values[:2], "1", *values[3:]], "proof-rejected"),
        (lambda values: [*values[:3], str(int(values[3]) + 1), *values[4:]], "proof-rejected"),
    ],
)
def test_a_changed_public_input_is_rejected(zkmargin, folder, small, change, reason):
    assert zkmargin("prove", folder / "portfolio-small.json", *small, "--out", folder / "proof", *PROVE).code == 0
    path = folder / "proof/public.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    answer = zkmargin("verify", folder / "proof", *small[4:], "--allow-development", "--json")
    assert (answer.code, answer.json) == (1, {"ok": False, "reason": reason})


def test_the_statement_must_hold_and_nothing_is_written_otherwise(zkmargin, edit, folder, small, *, contents, circuits):
    short = [*small[:4], "--circuit", circuits / "shortfall"]
    before = contents(folder)
    answer = zkmargin("prove", folder / "portfolio-small.json", *short, "--out", folder / "proof", *PROVE)
    assert (answer.code, answer.json["reason"]) == (1, "not-short")
    assert contents(folder) == before

    edit("portfolio-small.json", lambda d: d.update(cash="-900000"))
    before = contents(folder)
    answer = zkmargin("prove", folder / "portfolio-small.json", *small, "--out", folder / "proof", *PROVE)
    checked = zkmargin("check", folder / "portfolio-small.json", *small[:4], "--json").json
    assert answer.code == 1
    assert answer.json == {"ok": False, "reason": "insufficient", "surplus": checked["surplus"]}
    assert contents(folder) == before
    assert zkmargin("prove", folder / "portfolio-small.json", *short, "--out", folder / "proof", *PROVE).code == 0


def test_credit_counts(zkmargin, edit, folder, small):
    edit("portfolio-small.json", lambda d: d.update(cash="-900000"))
    checked = zkmargin("check", folder / "portfolio-small.json", *small[:4], "--json").json
    scale = 10**9
    missing = -(int(checked["surplus_units"]) // scale)
    ask = ["prove", folder / "portfolio-small.json", *small, "--out", folder / "proof", *PROVE, "--credit"]
    assert zkmargin(*ask, missing - 1).json["reason"] == "insufficient"
    assert zkmargin(*ask, missing).json["public"]["credit"] == str(missing)


def test_an_opening_proves_the_same_commitment_again(zkmargin, folder, small):
    first = zkmargin("prove", folder / "portfolio-small.json", *small, "--out", folder / "a", *PROVE).json
    opening = folder / "portfolio-small.opening.json"
    again = zkmargin("prove", "--opening", opening, *small, "--out", folder / "b", *PROVE).json
    assert again["public"] == first["public"]
    assert (folder / "a/proof.json").read_bytes() != (folder / "b/proof.json").read_bytes()
    assert again["files"]["opening"] == str(opening)


def test_a_second_proof_never_costs_the_first_its_opening(zkmargin, folder, small):
    first = zkmargin("prove", folder / "portfolio-small.json", *small, "--out", folder / "a", *PROVE).json
    opening = (folder / "portfolio-small.opening.json").read_bytes()
    owner = (folder / "portfolio-small.owner.json").read_bytes()
    second = zkmargin("prove", folder / "portfolio-small.json", *small, "--out", folder / "b", *PROVE).json
    assert second["public"]["commitment"] != first["public"]["commitment"]
    assert (folder / "portfolio-small.opening.1.json").read_bytes() == opening
    assert (folder / "portfolio-small.owner.json").read_bytes() == owner


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--context", "-1"], "usage"),
        (["--context", "1.5"], "usage"),
        (["--context", "0x"], "usage"),
        (["--context", str(1 << 248)], "out-of-range"),
        (["--context", "1", "--credit", str(1 << 62)], "out-of-range"),
        (["--context", "1", "--margin", "both"], "margin-level"),
        (["--context", "1", "--owner", "nobody.json"], "no-such-file"),
        (["--context", "1", "--opening", "x.json"], "usage"),
        (["--context", "1", "--frobnicate"], "usage"),
        ([], "usage"),
    ],
)
def test_bad_options_are_one_sentence_and_nothing_is_written(zkmargin, folder, small, *, contents, options, code):
    before = contents(folder)
    ask = ["prove", folder / "portfolio-small.json", *small, "--out", folder / "proof", *options]
    answer = zkmargin(*ask, "--json")
    assert (answer.code, answer.json["ok"], answer.json["error"]["code"]) == (2, False, code)
    plain = zkmargin(*ask)
    assert plain.code == 2
    assert plain.out == ""
    assert plain.err.startswith("zkmargin: ")
    assert plain.err.count("\n") == 1
    assert contents(folder) == before


@pytest.mark.parametrize(
    "secret",
    [
        ["--opening-out", "proof/opening.json"],
        ["--opening-out", "proof/deeper/../opening.json"],
        ["--witness", "proof/w.wtns"],
        ["--out", "."],
    ],
)
def test_secrets_never_stand_beside_the_proof(zkmargin, folder, small, *, contents, secret, monkeypatch):
    monkeypatch.chdir(folder)
    before = contents(folder)
    answer = zkmargin("prove", "portfolio-small.json", *small, "--out", "proof", *secret, *PROVE)
    assert (answer.code, answer.json["error"]["code"]) == (2, "secret-beside-proof")
    assert contents(folder) == before


def test_a_proof_that_cannot_be_kept_is_not_made(zkmargin, folder, small, contents):
    before = contents(folder)
    ask = ["prove", folder / "portfolio-small.json", *small, *PROVE]
    answer = zkmargin(*ask, "--out", folder / "market.json")
    assert (answer.code, answer.json["error"]["code"]) == (2, "unwritable")
    answer = zkmargin(*ask, "--out", folder / "proof", "--opening-out", folder / "nowhere/opening.json")
    assert (answer.code, answer.json["error"]["code"]) == (2, "bad-file")
    assert contents(folder) == before
    (folder / "used").mkdir()
    (folder / "used" / "notes.txt").write_text("mine")  # a proof's folder is replaced as a whole
    before = contents(folder)
    answer = zkmargin(*ask, "--out", folder / "used")
    assert (answer.code, answer.json["error"]["code"]) == (2, "folder-in-use")
    assert contents(folder) == before


def test_a_newer_proof_takes_the_place_of_an_older_as_a_whole(zkmargin, folder, small, contents):
    ask = ["prove", folder / "portfolio-small.json", *small, "--out", folder / "proof", *PROVE]
    assert zkmargin(*ask).code == 0
    first = contents(folder / "proof")
    (folder / "proof" / "receipt.json").unlink()  # as other versions and tools leave a folder
    assert zkmargin(*ask).code == 0
    second = contents(folder / "proof")
    assert set(first) == set(second) == {"proof.json", "public.json", "receipt.json"}
    assert not [name for name in first if first[name] == second[name]]
    assert not [name for name in contents(folder) if name.startswith(".")]
    receipt = json.loads(second["receipt.json"])
    assert int(receipt["commitment"], 16) == int(json.loads(second["public.json"])[0])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["compile", "parameters.json", "--statement", "solvency", "-o", "c"], "unknown-statement"),
        (["compile", "portfolio.json", "--statement", "sufficiency", "-o", "c"], "wrong-schema"),
        (["compile", "parameters-small.json", "--statement", "sufficiency", "-o", "market.json"], "unwritable"),
        (["setup", "."], "usage"),
        (["setup", ".", "--development"], "bad-file"),
        (["verify", ".", "--circuit", "."], "bad-file"),
        (["verify", ".", "--circuit", ".", "--market", "market.json"], "usage"),
        (["tables", "market.json", "--parameters", "market.json"], "wrong-schema"),
        (["groth16", "prove", "market.json", "w", "p", "q"], "bad-format"),
        (["groth16", "verify", "market.json", "market.json", "market.json"], "bad-format"),
        (["frobnicate"], "usage"),
    ],
)
def test_every_command_refuses_what_it_cannot_use(zkmargin, folder, contents, arguments, code, *, monkeypatch):
    monkeypatch.chdir(folder)
    before = contents(folder)
    answer = zkmargin(*arguments, "--json")
    assert (answer.code, answer.json["error"]["code"]) == (2, code)
    assert contents(folder) == before


BAD_FILES = {
    "missing column": ("portfolio.csv", lambda t: t.replace("amount", "quantity", 1), "missing-column"),
    "unknown instrument": ("portfolio.csv", lambda t: t.replace("ETH-PERP", "ETH-PREP"), "unknown-instrument"),
    "NaN": ("portfolio.json", lambda t: t.replace('"12.5"', '"NaN"'), "wrong-value"),
    "10^30": ("portfolio.json", lambda t: t.replace('"12.5"', '"1e30"'), "wrong-value"),
    "finer than the step": ("portfolio.json", lambda t: t.replace('"12.5"', '"12.500001"'), "finer-than-step"),
    "cut market": ("market.json", lambda t: t[:-40], "bad-json"),
    "wrong schema": ("market.json", lambda t: t.replace("market/1", "market/9"), "wrong-schema"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_input_is_exit_two_and_one_sentence(zkmargin, folder, contents, case):
    name, change, code = BAD_FILES[case]
    (folder / name).write_text(change((folder / name).read_text()))
    before = contents(folder)
    portfolio = folder / ("portfolio.csv" if name.endswith(".csv") else "portfolio.json")
    ask = ["check", portfolio, "-m", folder / "market.json", "-p", folder / "parameters.json"]
    answer = zkmargin(*ask, "--json")
    assert answer.code == 2
    error = answer.json["error"]
    assert (error["code"], error["file"]) == (code, str(folder / name))
    if case == "unknown instrument":
        assert error["hint"] == "did you mean ETH-PERP?"
        assert error["line"] == 8
    plain = zkmargin(*ask)
    assert (plain.code, plain.out, plain.err.count("\n")) == (2, "", 1)
    assert contents(folder) == before


def _another_circuits_key(circuit, circuits):
    for name in ("circuit.zkey", "verification_key.json", "key.json"):
        shutil.copy(circuits / "shortfall" / name, circuit / name)


BAD_CIRCUITS = {
    "truncated key": lambda c, _: (c / "circuit.zkey").write_bytes((c / "circuit.zkey").read_bytes()[:-100]),
    "another circuit's key": _another_circuits_key,
    "another circuit's zkey": lambda c, all_: shutil.copy(all_ / "shortfall/circuit.zkey", c / "circuit.zkey"),
    "changed program": lambda c, _: (c / "circuit.prog").write_bytes((c / "circuit.prog").read_bytes() + b"\0"),
    "no key": lambda c, _: (c / "key.json").unlink(),
    "no manifest": lambda c, _: (c / "manifest.json").unlink(),
    "manifest is no JSON": lambda c, _: (c / "manifest.json").write_text("{"),
}


@pytest.mark.parametrize("case", BAD_CIRCUITS)
def test_a_damaged_circuit_is_refused(zkmargin, folder, small, *, circuits, contents, case):
    circuit = folder / "circuit"
    shutil.copytree(circuits / "sufficiency", circuit)
    BAD_CIRCUITS[case](circuit, circuits)
    before = contents(folder)
    ask = ["prove", folder / "portfolio-small.json", *small[:4], "-c", circuit, "--out", folder / "proof", *PROVE]
    answer = zkmargin(*ask)
    assert answer.code == 2
    assert set(answer.json["error"]) >= {"code", "message"}
    assert answer.json["error"]["code"] != "internal"
    kept = {name for name in contents(folder) if name not in before}
    assert not kept & {"proof/proof.json", "proof/public.json"}
    if case != "changed program":  # the program is read when the opening is already safe on disk
        assert contents(folder) == before


def test_another_shapes_circuit_is_refused(zkmargin, folder, small):
    ask = [*small[:2], "--parameters", folder / "parameters.json", *small[4:], "--out", folder / "proof", *PROVE]
    answer = zkmargin("prove", folder / "portfolio.json", *ask)
    assert (answer.code, answer.json["error"]["code"]) == (2, "circuit-mismatch")
    verified = zkmargin("verify", folder, *ask[:6], "--json")
    assert (verified.code, verified.json["error"]["code"]) == (2, "circuit-mismatch")


def test_groth16_takes_plain_files(zkmargin, folder, small, circuits):
    zkmargin(
        "prove", folder / "portfolio-small.json", *small, "--out", folder / "a", "--witness", folder / "w.wtns", *PROVE
    )
    key, files = circuits / "sufficiency", [folder / "w.wtns", folder / "p.json", folder / "pub.json"]
    answer = zkmargin("groth16", "prove", key / "circuit.zkey", *files, "--json")
    assert answer.code == 0
    manifest = json.loads((key / "manifest.json").read_text())
    assert answer.json["constraints"] == manifest["counts"]["constraints"]
    assert answer.json["public"] == manifest["counts"]["public"]
    assert set(answer.json["timings_ms"]) == {"load", "prove", "verify"}
    assert json.loads(files[2].read_text()) == json.loads((folder / "a/public.json").read_text())
    ask = ["groth16", "verify", key / "verification_key.json", files[2], files[1], "--json"]
    assert zkmargin(*ask).json == {"ok": False, "reason": "development-key"}
    ask.append("--allow-development")
    assert zkmargin(*ask).json == {"ok": True}
    proof = json.loads(files[1].read_text())
    for coordinate in (str(int(proof["pi_a"][1]) + 1), "0"):
        files[1].write_text(json.dumps({**proof, "pi_a": [proof["pi_a"][0], coordinate, "1"]}))
        answer = zkmargin(*ask)
        assert (answer.code, answer.json) == (1, {"ok": False, "reason": "proof-rejected"})
    wrong = zkmargin("groth16", "prove", circuits / "shortfall/circuit.zkey", *files, "--json")
    assert (wrong.code, wrong.json["error"]["code"]) == (2, "mismatch")


def test_doctor_names_what_is_missing_and_how_to_mend_it(zkmargin, monkeypatch):
    answer = zkmargin("doctor", "--json")
    checks = {check["name"]: check for check in answer.json["checks"]}
    assert set(checks) == {"python", "kernel", "pyrevm", "node", "snarkjs", "circomlibjs", "solc", "anvil"}
    assert answer.code == (0 if all(check["ok"] for check in checks.values()) else 2)
    monkeypatch.setenv("PATH", "")
    assert zkmargin("doctor", "--tests", "--json").code == 2
    missing = {check["name"]: check for check in zkmargin("doctor", "--json").json["checks"]}["node"]
    assert not missing["ok"]
    assert missing["mend"] == "install Node 20"


def test_people_see_the_same_as_machines(zkmargin, folder, circuits):
    files = ["--parameters", folder / "parameters-small.json"]
    market = folder / "market.json"
    document = zkmargin("check", folder / "portfolio-small.json", "--market", market, *files, "--json").json
    shown = zkmargin("check", folder / "portfolio-small.json", "--market", market, *files).out
    assert f"{float(document['surplus']):,.2f} USDC" in shown
    assert "maintenance margin is met" in shown
    for leg in document["legs"]:
        assert leg["name"] in shown
        assert (leg["breach_price"] or "none") in shown
    ask = ["tables", market, *files, "--circuit", circuits / "sufficiency"]
    document, shown = zkmargin(*ask, "--json").json, zkmargin(*ask).out
    for digest in (document["tables"]["market"], *document["tables"]["parameters"].values()):
        assert digest in shown
    assert document["points"]["market"][0] in shown
    checks = zkmargin("doctor", "--json").json["checks"]
    shown = zkmargin("doctor").out
    for check in checks:
        assert check["name"] in shown
        assert check["detail"] in shown


def test_an_interrupt_is_130(zkmargin, monkeypatch, folder):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("zkmargin.client.margin.report.margin_report", interrupted)
    ask = ["check", folder / "portfolio.json", "-m", folder / "market.json", "-p", folder / "parameters.json"]
    answer = zkmargin(*ask, "--json")
    assert (answer.code, answer.json["error"]["code"]) == (130, "interrupted")
    assert zkmargin(*ask).code == 130


@pytest.mark.parametrize("kind", [ValueError, MemoryError, RecursionError, BaseException])
def test_the_unexpected_is_told_without_its_values(zkmargin, monkeypatch, folder, kind):
    def broken(*_args, **_kwargs):
        raise kind("canary 12.345678")

    monkeypatch.setattr("zkmargin.client.margin.report.margin_report", broken)
    ask = ["check", folder / "portfolio.json", "-m", folder / "market.json", "-p", folder / "parameters.json"]
    answer = zkmargin(*ask, "--json")
    assert (answer.code, answer.json["error"]["code"]) == (2, "internal")
    assert kind.__name__ in answer.json["error"]["message"]
    assert "session.py" in answer.json["error"]["message"]
    plain = zkmargin(*ask)
    assert "canary" not in answer.out + answer.err + plain.out + plain.err


def test_stray_prints_do_not_spoil_the_document(zkmargin, monkeypatch, folder):
    from zkmargin.client.margin import report

    real = report.margin_report

    def chatty(*args, **kwargs):
        print("a library's chatter")
        return real(*args, **kwargs)

    monkeypatch.setattr(report, "margin_report", chatty)
    ask = ["check", folder / "portfolio.json", "-m", folder / "market.json", "-p", folder / "parameters.json"]
    answer = zkmargin(*ask, "--json")
    assert answer.json["ok"]
    assert "chatter" in answer.err


def test_pipes_and_devices_are_written_directly(zkmargin, folder, small):
    pipe = folder / "opening.fifo"
    os.mkfifo(pipe)
    received = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    ask = ["prove", folder / "portfolio-small.json", *small, "--out", folder / "proof", *PROVE]
    answer = zkmargin(*ask, "--opening-out", pipe)
    reader.join(10)
    assert answer.code == 0
    assert json.loads(received[0])["schema"] == "zkmargin/opening/1"
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert (folder / "portfolio-small.owner.json").is_file()


def test_a_full_disk_is_no_success(folder):
    ask = ["check", folder / "portfolio.json", "-m", folder / "market.json", "-p", folder / "parameters.json"]
    for extra in ([], ["--json"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [sys.executable, "-c", "from zkmargin.client.commands.app import main; main()", *map(str, ask), *extra],
                check=False,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
            )
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_prove_imports_only_what_it_uses(folder, small):
    script = """
import sys
from zkmargin.client.commands.app import run
code = run(sys.argv[1:])
heavy = {"requests", "eth_account", "galois", "numpy", "numba", "py_ecc", "pyrevm", "rich.table", "eth_abi"}
families = {name for name in sys.modules if name.startswith("zkmargin.client.families.")}
print(sorted(heavy & set(sys.modules) | families), file=sys.stderr)
sys.exit(code)
"""
    ask = ["prove", folder / "portfolio-small.json", *small, "--out", folder / "proof", "--context", "1", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, ask)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "ZKMARGIN_KERNEL": "native"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "['zkmargin.client.families.cross_margin']"  # no other rule's files, nothing heavy
    assert json.loads(done.stdout)["kernel"].startswith("native")
