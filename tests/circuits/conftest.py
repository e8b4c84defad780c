"""The compiled circuits of the small shape, taken apart once a session, and a seeded generator a test."""

import os
import random
from functools import cache

import pytest

from zkmargin.circuits.build import compile_statement
from zkmargin.circuits.model import Shape

from .machine import Machine

SEED = int(os.environ.get("ZKMARGIN_SEED", "20261122"))
SMALL = Shape(4, 2, 2, 2)
FULL = Shape(16, 4, 4, 3)


@cache
def compiled(statement, shape=SMALL):
    return compile_statement("cross-margin", shape, statement)


@cache
def machine(statement, shape=SMALL, *, hashed=True):
    circuit = compiled(statement, shape)
    return Machine(circuit.system, circuit.program, hashed=hashed)


@pytest.fixture
def rng(request):
    """Return a generator of this test's own, so that the order of the tests changes nothing."""
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture
def say(capsys):
    """Return a function that prints counts and seed past pytest's capture."""

    def tell(text):
        with capsys.disabled():
            print(f"\n  {text} (ZKMARGIN_SEED={SEED})", end="")

    return tell
