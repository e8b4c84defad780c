"""A newcomer who asks and gets an error, or a wall of text, or a command that does not exist, goes away."""

import json
import re

import pytest

from zkmargin.client.commands.app import app
from zkmargin.client.commands.doctor import Check
from zkmargin.client.views.help import EXAMPLES, GROUPS

PATHS = [path.split() for path in EXAMPLES]


def names(application=app, path=()):
    for command in application.registered_commands:
        yield (*path, command.name or command.callback.__name__.rstrip("_"))
    for group in application.registered_groups:
        yield (*path, group.name)
        yield from names(group.typer_instance, (*path, group.name))


@pytest.mark.parametrize("asked", [[], ["-h"], ["--help"], ["groth16"], ["ceremony"], ["import"], ["prove", "-h"]])
def test_help_is_an_answer_and_no_error(zkmargin, asked):
    answer = zkmargin(*asked)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("Usage: zkmargin")
    document = zkmargin(*asked, "--json")
    assert document.code == 0
    assert document.json["ok"]
    assert document.json["help"] == answer.out


def test_the_version_is_said(zkmargin):
    answer = zkmargin("--version")
    assert (answer.code, answer.err) == (0, "")
    number = answer.out.split()[1]
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", number)
    for line in (["--version", "--json"], ["--json", "--version"], ["-V", "--json"]):
        assert zkmargin(*line).json == {"ok": True, "version": number}


def test_json_may_stand_before_the_command(zkmargin):
    assert zkmargin("--json", "doctor").json["checks"]


def test_every_command_has_a_group_and_an_example(zkmargin):
    found = {" ".join(path) for path in names()}
    assert found == set(EXAMPLES)
    grouped = [name for group in GROUPS.values() for name in group]
    assert sorted(grouped) == sorted({path.split()[0] for path in found})
    shown = zkmargin().out
    for title, group in GROUPS.items():
        assert f"{title}:" in shown
        for name, words in group.items():
            assert re.search(rf"^  {name} +{re.escape(words)}$", shown, re.MULTILINE), name
    for path, line in EXAMPLES.items():
        said = " ".join(zkmargin(*path.split(), "-h").out.split())
        assert "Example:" in said
        assert " ".join(line.split()) in said


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_the_options_of_an_example_exist(zkmargin, path):
    """An example that a newcomer copies gets as far as his files."""
    line = EXAMPLES[" ".join(path)].split()
    said = zkmargin(*path, "-h").out
    for word in line:
        if word.startswith("-"):
            assert re.search(rf"(^|[ ,]){word}\b", said, re.MULTILINE), (path, word)


@pytest.mark.parametrize("path", [[], *PATHS], ids=" ".join)
def test_help_fits_sixty_columns(zkmargin, monkeypatch, path):
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, zkmargin(*path, "-h").out.splitlines())) <= 60


def test_choices_are_in_the_help(zkmargin):
    for command in ("check", "explain", "prove", "verify", "batch", "verify-batch"):
        assert "[initial|maintenance]" in zkmargin(command, "-h").out
    assert "[sufficiency|shortfall|sufficiency-box]" in zkmargin("compile", "-h").out
    venues = zkmargin("import", "market", "-h").out
    for venue in ("hyperliquid", "dydx", "aave", "derive", "deribit", "binance"):
        assert venue in venues


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (["chek"], "'check'"),
        (["import", "hyperliqid"], "'hyperliquid'"),
        (["check", "p.json", "--markt", "m"], "--market"),
        (["groth16", "prov"], "'prove'"),
    ],
)
def test_a_mistyped_word_is_answered_with_the_right_one(zkmargin, line, meant):
    answer = zkmargin(*line)
    assert answer.code == 2
    assert meant in answer.err
    assert "did you mean" in answer.err.lower()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["prove", "p.json", "-m", "m", "-p", "p", "-c", "c", "--out", "o"], "(zkmargin prove --help)"),
        (["check", "p.json"], "ZKMARGIN_MARKET"),
        (["check", "p.json", "-m", "m.json"], "ZKMARGIN_PARAMETERS"),
        (["ceremony", "verify", "nowhere"], "there is no ceremony's folder and no key nowhere"),
        (["ceremony", "contribute", "nowhere", "--name", "Ada"], "there is no ceremony's folder"),
        (["check", ".", "-m", "m", "-p", "p"], ". is a folder, not a file"),
    ],
)
def test_a_stumble_is_told_the_way_on(zkmargin, folder, monkeypatch, line, said):
    monkeypatch.chdir(folder)
    (folder / "p").write_bytes((folder / "parameters.json").read_bytes())
    for name in ("MARKET", "PARAMETERS", "CIRCUIT"):
        monkeypatch.delenv(f"ZKMARGIN_{name}", raising=False)
    answer = zkmargin(*line)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert said in answer.err


def test_what_the_tests_need_is_no_reason_not_to_run(zkmargin, monkeypatch):
    monkeypatch.setenv("PATH", "")  # no node
    document = zkmargin("doctor", "--json")
    groups = {check["name"]: check["group"] for check in document.json["checks"]}
    assert groups["python"] == groups["kernel"] == "run"
    assert {name for name, group in groups.items() if group == "test"} >= {"node", "snarkjs", "solc", "anvil"}
    assert (document.code, document.json["ok"]) == (0, True)
    assert "not to test" in zkmargin("doctor").out
    asked = zkmargin("doctor", "--tests", "--json")
    assert (asked.code, asked.json["ok"]) == (2, False)


def test_without_a_kernel_nothing_runs(zkmargin, monkeypatch):
    monkeypatch.setattr(
        "zkmargin.client.commands.doctor._kernel", lambda: Check("kernel", False, "not usable", "pip install -e .")
    )
    answer = zkmargin("doctor", "--json")
    assert (answer.code, answer.json["ok"]) == (2, False)
    assert json.dumps(answer.json).count("pip install -e .") == 1
