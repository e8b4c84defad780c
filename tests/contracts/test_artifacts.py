"""What is deployed is what the sources say, and every refusal reaches Python by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zkmargin.contracts import build, errors
from zkmargin.contracts.artifact import artifact_names, load_artifact
from zkmargin.contracts.encoding import keccak
from zkmargin.kernel import DEVELOPMENT_ALPHAS
from zkmargin.kernel.errors import ContractError, FileError

SOURCES = Path(__file__).parents[2] / "contracts" / "src"


def test_the_committed_artifacts_are_what_the_sources_compile_to():
    assert build.check() == []


def test_every_deployed_contract_fits_the_code_size_limit():
    for name in artifact_names():
        assert 0 < load_artifact(name).deployed_size <= 24_576


def test_the_registry_refuses_exactly_the_development_keys_of_the_kernel(tally):
    """K3: the Solidity list and the kernel's are one."""
    text = (SOURCES / "verification" / "DevelopmentKeys.sol").read_text()
    listed = [int(value) for value in re.findall(r"constant ALPHA_[XY]\w* = (\d+);", text)]
    assert {(listed[i], listed[i + 1]) for i in range(0, len(listed), 2)} == set(DEVELOPMENT_ALPHAS)
    tally("K3", "development keys by their alpha, known to kernel and registry alike", len(DEVELOPMENT_ALPHAS))


def test_every_solidity_error_has_a_class_of_its_name():
    declared = set()
    for source in SOURCES.rglob("*.sol"):
        declared |= set(re.findall(r"^\s*error (\w+)\(", source.read_text(), re.M))
    assert declared <= set(errors.error_names())
    for name in errors.error_names():
        kind = errors.error_class(name)
        assert issubclass(kind, ContractError)
        assert getattr(errors, name) is kind
    with pytest.raises(AttributeError):
        errors.NoSuchError  # noqa: B018


def test_one_name_is_one_error_everywhere():
    signatures = {}
    for name in artifact_names():
        for signature, selector in load_artifact(name).errors.items():
            assert keccak(signature.encode())[:4] == selector
            assert signatures.setdefault(signature.split("(")[0], signature) == signature


def test_every_error_and_event_says_what_it_means():
    for source in SOURCES.rglob("*.sol"):
        lines = source.read_text().splitlines()
        for number, line in enumerate(lines):
            if re.match(r"\s*(error|event) \w+\(", line):
                assert lines[number - 1].strip().startswith("///"), f"{source.name}:{number + 1}"


def test_revert_data_is_decoded_with_its_arguments():
    selector = keccak(b"NonceUsed(uint256,uint256)")[:4]
    error = errors.contract_error(selector + (3).to_bytes(32, "big") + (1).to_bytes(32, "big"))
    assert isinstance(error, errors.NonceUsed)
    assert error.arguments == {"expected": 3, "given": 1}
    assert (str(error), error.code) == ("NonceUsed(expected=3, given=1)", "nonce-used")
    text = bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + (2).to_bytes(32, "big") + b"no".ljust(32, b"\0")
    assert "no" in str(errors.contract_error(text))
    assert errors.contract_error(bytes.fromhex("4e487b71") + (17).to_bytes(32, "big")).code == "panic"
    for unknown in (b"", b"\1\2\3\4", b"\1", selector + b"short"):
        error = errors.contract_error(unknown)
        assert type(error) is ContractError
        assert error.code == "reverted"


def test_an_unknown_contract_is_named():
    with pytest.raises(FileError, match="Nothing"):
        load_artifact("Nothing")
