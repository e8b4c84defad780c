"""The wrong kernel chosen in silence, or a slow import, would cost every command."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import zkmargin.kernel as facade
from zkmargin.kernel.errors import EnvironmentFault

NAMES = """
    DEVELOPMENT_ALPHAS G1 G2 Kernel Program Proof ProvingKey Q R VerifyingKey backend development_secrets field_add
    field_inv field_mul field_sub g1_add g1_multiply g2_add g2_multiply is_development_key kernel load_key load_program
    msm_g1 msm_g2 ntt pairing_check poseidon poseidon_constants poseidon_permutation prove public_inputs read_wtns setup
    verify verify_batch write_wtns
"""
BLOCKED = "import sys; sys.modules['zkmargin.kernel._native'] = None\n"


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ZKMARGIN_KERNEL")}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**inherited, **environment},
        timeout=60,
    )


def test_importing_and_using_the_native_kernel_loads_nothing_heavy() -> None:
    heavy = ("py_ecc", "galois", "numpy", "numba", "pydantic", "requests", "eth_account")
    code = f"import sys, zkmargin.kernel as k; k.poseidon([1]); print([m for m in {heavy} if m in sys.modules])"
    finished = python(code)
    assert finished.stdout.strip() == "[]", finished.stderr


def test_without_the_native_kernel_the_reference_answers_and_says_so_once() -> None:
    code = BLOCKED + "import zkmargin.kernel as k; k.poseidon([1]); k.poseidon([2]); print(k.backend())"
    finished = python(code)
    assert finished.stdout.strip() == "reference"
    assert finished.stderr.count("reference kernel") == 1


def test_a_native_kernel_that_was_asked_for_and_is_missing_is_an_error() -> None:
    code = (
        BLOCKED
        + "import zkmargin.kernel as k\ntry: k.poseidon([1])\nexcept k.errors.EnvironmentFault as e: print(e.code)"
    )
    assert python(code, ZKMARGIN_KERNEL="native").stdout.strip() == "no-native-kernel"


def test_the_instructions_can_be_chosen_and_what_cannot_be_had_is_an_error() -> None:
    code = (
        "import zkmargin.kernel as k\n"
        "try: print(k.kernel().name())\n"
        "except k.errors.EnvironmentFault as e: print(e.code)"
    )
    assert python(code, ZKMARGIN_KERNEL_PATH="portable").stdout.strip() == "native"
    assert python(code, ZKMARGIN_KERNEL_PATH="avx2").stdout.strip() == "unknown-kernel-path"
    best = python(code).stdout.strip()
    expected = "native-ifma" if best == "native-ifma" else "unknown-kernel-path"
    assert python(code, ZKMARGIN_KERNEL_PATH="ifma").stdout.strip() == expected


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("native", "reference"):
        monkeypatch.setenv("ZKMARGIN_KERNEL", name)
        assert facade.backend() == name
        assert type(facade.kernel()).__name__.lower() == f"{name}kernel"
    monkeypatch.setenv("ZKMARGIN_KERNEL", "abacus")
    with pytest.raises(EnvironmentFault, match="abacus"):
        facade.backend()


def test_the_public_names_are_these() -> None:
    assert facade.__all__ == sorted(facade.__all__)
    assert all(hasattr(facade, name) for name in facade.__all__)
    assert set(facade.__all__) == set(NAMES.split())
