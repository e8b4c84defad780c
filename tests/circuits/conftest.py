"""The compiled circuits of the small shape, taken apart once a session, and a seeded generator a test."""

import os
from functools import cache

from zkmargin.circuits.build import compile_statement
from zkmargin.circuits.model import Shape
from zkmargin.circuits.trials.witnesses.machine import Machine

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
