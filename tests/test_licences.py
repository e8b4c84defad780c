"""A dependency whose licence nobody looked at, in what users install."""

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "docs/make_licences.py"

# Licences outside the accepted list that wait for a decision of the project's owners; docs/licences.md shows them.
UNDECIDED: set[str] = set()


@pytest.fixture(scope="module")
def licences():
    spec = importlib.util.spec_from_file_location("make_licences", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_licences"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["make_licences"]


def test_every_runtime_dependency_has_an_accepted_licence(licences):
    found = licences.python_components()
    outside = {one.name: one.licence for one in licences.refused(found)}
    print(f"{len(found)} Python packages, not accepted: {outside}")
    assert len(found) > 30
    names = {one.name for one in found}
    assert {"pydantic", "typer", "requests", "eth-account", "py-ecc", "pycryptodome", "rich", "eth-abi"} <= names
    assert outside.keys() <= UNDECIDED
    assert "web3" not in names  # docs/decisions/0016


def test_what_waits_for_a_decision_is_written_down(licences):
    text = (SCRIPT.parent / "licences.md").read_text()
    for name in UNDECIDED & {one.name for one in licences.refused(licences.python_components())}:
        assert f"- {name} " in text


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", True),
        ("(MIT OR Apache-2.0) AND LGPL-2.1", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0 WITH Classpath-exception-2.0", False),
        ("MIT/Apache-2.0", True),
        ("GPL-3.0", False),
        ("MIT, GPL-3.0", False),
        ("MIT GPL-3.0", False),
        ("(MIT", False),
        ("", False),
    ],
)
def test_expressions_are_read_as_spdx_means_them(licences, expression, verdict):
    assert licences.accepted(expression) is verdict


def test_a_refused_licence_fails_the_build_and_is_named(licences, monkeypatch, tmp_path, capsys):
    made = [licences.Component("pypi", "good", "1", "MIT", {"zkmargin"})]
    made.append(licences.Component("cargo", "bad", "2", "GPL-3.0"))
    monkeypatch.setattr(licences, "components", lambda: made)
    files = ["--page", str(tmp_path / "page.md"), "--sbom", str(tmp_path / "sbom.json")]
    monkeypatch.setattr(sys, "argv", ["make_licences", *files])
    assert licences.main() == 1
    assert "not accepted: bad 2: GPL-3.0" in capsys.readouterr().err
    made.pop()
    assert licences.main() == 0


def test_the_bill_of_materials_is_complete_and_refers_to_itself_only(licences):
    found = licences.components()
    bill = licences.sbom(found)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    references = [entry["bom-ref"] for entry in bill["components"]]
    assert len(set(references)) == len(references) == len(found)
    assert {"pkg:npm/%40openzeppelin/contracts", "pkg:cargo/ark-bn254", "pkg:pypi/requests"} <= {
        reference.rpartition("@")[0] for reference in references
    }
    known = {*references, bill["metadata"]["component"]["bom-ref"]}
    for entry in bill["dependencies"]:
        assert {entry["ref"], *entry["dependsOn"]} <= known
    assert bill == licences.sbom(licences.components())
