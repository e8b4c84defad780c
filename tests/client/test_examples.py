"""An example that no longer goes from its files to a verified proof would be the first thing a newcomer sees fail."""

import json
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from zkmargin.circuits.rules.registry import rule_names
from zkmargin.client.commands.app import run
from zkmargin.client.files.models import Market, Parameters
from zkmargin.client.files.rule_files import family_files

from .conftest import EXAMPLES

FOLDERS = sorted(path.parent for path in EXAMPLES.parent.glob("*/parameters.json"))
NAMES = [folder.name for folder in FOLDERS]


def sizes(folder):
    """Return the suffixes of the folder's parameter files: "" and, where a small shape is there, "-small"."""
    return sorted(path.stem.removeprefix("parameters") for path in folder.glob("parameters*.json"))


def files(folder, size):
    """Return the options and the portfolio of one size; a file that has no size of its own serves all."""

    def nearest(name):
        own = folder / f"{name}{size}.json"
        return own if own.exists() else folder / f"{name}.json"

    return nearest("portfolio"), ["--market", nearest("market"), "--parameters", folder / f"parameters{size}.json"]


def ask(capsys, *arguments):
    """Return the exit code and the document of a command."""
    capsys.readouterr()
    code = run([*map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", NAMES)
def test_every_size_is_checked_and_tabled_and_the_smallest_explained(name, capsys, say):
    folder = EXAMPLES.parent / name
    for size in sizes(folder):
        portfolio, options = files(folder, size)
        code, checked = ask(capsys, "check", portfolio, *options)
        assert code == 0, checked
        held = [row for row in json.loads(portfolio.read_text())["positions"] if Fraction(row["size"])]
        assert {leg["name"] for leg in checked["legs"]} == {row["instrument"] for row in held}
        code, tabled = ask(capsys, "tables", *options[1:])
        assert code == 0, tabled
        assert tabled["tables"]["market"] == checked["tables"]["market"]
        say(f"{name}{size}: {checked['rule']}, {len(checked['legs'])} legs, {len(tabled['cells'])} cells")
    code, explained = ask(capsys, "explain", portfolio, *options)
    assert (code, explained["surplus_units"]) == (0, checked["surplus_units"])
    for kind in ("terms", "parts"):
        amounts = [Fraction(row["surplus" if kind == "terms" else "amount"]) for row in explained[kind]]
        assert sum(amounts) == Fraction(explained["surplus"])
    assert explained["scenarios"]["rows"]


@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_size_is_proved_and_verified(name, capsys, tmp_path, say):
    source = EXAMPLES.parent / name
    folder = tmp_path / name
    shutil.copytree(source, folder)
    size = max(sizes(folder), key=len)
    portfolio, options = files(folder, size)
    circuit, proof = tmp_path / "circuit", tmp_path / "proof"
    code, compiled = ask(capsys, "compile", options[3], "--statement", "sufficiency", "-o", circuit)
    assert code == 0, compiled
    assert ask(capsys, "setup", circuit, "--development")[0] == 0
    code, proved = ask(capsys, "prove", portfolio, *options, "--circuit", circuit, "--context", "7", "--out", proof)
    assert code == 0, proved
    code, verified = ask(capsys, "verify", proof, *options, "--circuit", circuit, "--allow-development")
    assert code == 0, verified
    say(f"{name}{size}: {compiled['constraints']:,} constraints, proved in {proved['timings_ms']['prove']:.0f} ms")


def test_every_rule_has_files_and_an_example():
    named = {json.loads((folder / "parameters.json").read_text())["rule"] for folder in FOLDERS}
    assert named == set(rule_names())
    for rule in rule_names():
        made = family_files(rule)
        assert issubclass(made.parameters, Parameters), rule
        assert issubclass(made.market, Market), rule


def test_numbers_of_examples_say_where_they_come_from():
    for folder in FOLDERS:
        for path in folder.glob("*.json"):
            data = json.loads(Path(path).read_text())
            if "sources" in data:
                assert data["sources"], path
                assert all(data["sources"].values()), path
