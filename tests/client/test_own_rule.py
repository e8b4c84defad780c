"""Lost if these fail: whoever writes a rule of his own must change this package, and his users run a fork."""

import json
import os
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "examples" / "own-rule"
COMMAND = [sys.executable, "-c", "from zkmargin.client.commands.process import main; main()"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return a folder with the template installed, as pip installs any package."""
    source, target = tmp_path_factory.mktemp("source") / "own-rule", tmp_path_factory.mktemp("site")
    shutil.copytree(TEMPLATE, source)  # building leaves its traces
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", target, source]
    subprocess.run([*map(str, install)], check=True, capture_output=True, timeout=300)
    return target


@pytest.fixture
def ask(installed, tmp_path):
    """Return a function that runs a command where the package is installed: exit code, document."""

    def run(*arguments, site=installed):
        path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
        done = subprocess.run(
            [*COMMAND, *map(str, arguments), "--json"],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path},
        )
        return done.returncode, json.loads(done.stdout)

    for name in ("market.json", "parameters.json", "portfolio.json"):
        shutil.copy(TEMPLATE / "desk" / name, tmp_path)
    return run


FILES = ["--market", "market.json", "--parameters", "parameters.json"]


def test_a_rule_of_ones_own_works_in_every_command(ask):
    code, checked = ask("check", "portfolio.json", *FILES)
    assert (code, checked["rule"], checked["unit"]) == (0, "inverse-margin", "BTC")
    assert (Fraction(checked["equity"]), Fraction(checked["requirement"])) == (1, Fraction("0.036667"))
    assert [(leg["notional"], leg["unrealised"]) for leg in checked["legs"]] == [("2", "0.5"), ("1", "0")]
    code, explained = ask("explain", "portfolio.json", *FILES)
    assert code == 0
    assert explained["surplus_units"] == checked["surplus_units"]
    assert ask("tables", "market.json", *FILES[2:])[0] == 0
    for statement, proves in (("sufficiency", 0), ("shortfall", 1)):
        code, compiled = ask("compile", "parameters.json", "--statement", statement, "-o", statement)
        assert (code, compiled["cells"]) == (0, 8)
        assert ask("setup", statement, "--development")[0] == 0
        assert ask("stats", statement)[1]["constraints"] == compiled["constraints"]
        asked = ["portfolio.json", *FILES, "--circuit", statement, "--context", "7", "--out", f"{statement}-proof"]
        assert ask("prove", *asked)[0] == proves
    code, verified = ask("verify", "sufficiency-proof", *FILES, "--circuit", "sufficiency", "--allow-development")
    assert (code, verified["ok"]) == (0, True)
    assert verified["tables"] == checked["tables"]


def test_without_the_package_its_files_say_which_rule_is_missing(ask, tmp_path):
    code, refused = ask("check", "portfolio.json", *FILES, site=tmp_path)
    assert (code, refused["error"]["code"]) == (2, "unknown-rule")


def package(folder, name, entry, module):
    """Write a package as an installer leaves it: one module and its metadata."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(module)
    metadata = folder / f"{name}-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(f"[zkmargin.rules]\n{entry}\n")
    return folder


STOLEN = "from zkmargin.client.families import DRIFT as RULE\n"


@pytest.mark.parametrize(
    ("entry", "module", "rule", "says"),
    [
        ("inverse-margin = evil:RULE", STOLEN, "inverse-margin", "calls itself drift"),
        ("inverse-margin = evil:RULE", "RULE = 3\n", "inverse-margin", "is no RulePlugin"),
        ("inverse-margin = evil:NOTHING", "", "inverse-margin", "cannot be loaded: AttributeError"),
        ("inverse-margin = evil:RULE", "import nothing_of_that_name\n", "inverse-margin", "cannot be loaded"),
        ("inverse-margin = evil:RULE", "raise SystemExit(0)\n", "inverse-margin", "cannot be loaded: SystemExit"),
        (
            "inverse-margin = evil:RULE",
            "from zkmargin.circuits.rules.registry import RulePlugin\nRULE = RulePlugin('no.such:THING')\n",
            "inverse-margin",
            "cannot be loaded: ModuleNotFoundError",
        ),
    ],
)
def test_what_another_package_registers_wrongly_is_named_and_stops_nobody_else(
    ask, tmp_path, entry, module, rule, says
):
    """A stranger's `cross-margin` must not judge accounts in the place of ours, nor his fault keep ours from it."""
    site = package(tmp_path / "evil", "evil", entry, module)
    parameters = json.loads((tmp_path / "parameters.json").read_text())
    (tmp_path / "parameters.json").write_text(json.dumps({**parameters, "rule": rule}))
    code, refused = ask("check", "portfolio.json", *FILES, site=site)
    assert (code, refused["error"]["code"]) == (2, "rule")
    assert says in refused["error"]["message"]
    assert "evil" in refused["error"]["message"]
    ours = ROOT / "examples" / "hyperliquid"
    files = ["--market", ours / "market.json", "--parameters", ours / "parameters.json"]
    assert ask("check", ours / "portfolio.json", *files, site=site)[0] == 0


def test_nobody_elses_package_takes_the_name_of_a_rule_of_this_one(ask, tmp_path):
    """A stranger's `cross-margin` would judge accounts by other formulas, or keep everybody from judging any."""
    site = package(tmp_path / "evil", "evil", "cross-margin = evil:RULE", "raise SystemExit('loaded')\n")
    ours = ROOT / "examples" / "hyperliquid"
    files = ["--market", ours / "market.json", "--parameters", ours / "parameters.json"]
    code, checked = ask("check", ours / "portfolio.json", *files, site=site)
    assert (code, checked["rule"]) == (0, "cross-margin")
    assert checked == ask("check", ours / "portfolio.json", *files)[1]


def test_a_name_that_two_packages_claim_is_neithers(ask, installed, tmp_path):
    site = package(tmp_path / "evil", "evil", "inverse-margin = evil:RULE", STOLEN)
    code, refused = ask("check", "portfolio.json", *FILES, site=os.pathsep.join([str(site), str(installed)]))
    assert (code, refused["error"]["code"]) == (2, "rule")
    assert "two packages have a rule named inverse-margin: evil and inverse-margin" in refused["error"]["message"]


def test_a_strangers_rule_that_does_not_load_hides_no_mistake_in_a_market(ask, tmp_path):
    """Told of a stranger's package in place of the wrong key, its reader would mend neither."""
    site = package(tmp_path / "evil", "evil", "a-rule = evil:RULE", "raise ValueError('no rule today')\n")
    ours = ROOT / "examples" / "hyperliquid"
    market = json.loads((ours / "market.json").read_text())
    (tmp_path / "wrong.json").write_text(json.dumps({**market, "another": 1}))
    files = ["--market", "wrong.json", "--parameters", ours / "parameters.json"]
    code, refused = ask("check", ours / "portfolio.json", *files, site=site)
    assert (code, refused["error"]["code"]) == (2, "unknown-key")
    assert "another" in refused["error"]["message"]
