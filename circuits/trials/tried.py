"""One statement of a rule on trial: its circuit, what its nodes became, its accounts, its program in the kernel."""

from __future__ import annotations

from functools import cached_property
from random import Random

from ...kernel import Program, load_program
from ...kernel.errors import RuleError, Unsatisfied
from ..build import CompiledCircuit
from ..compiler.lowering import LOWERINGS
from ..language.expressions import walk
from ..schema import Schema
from ..statements.engine import bind
from ..statements.margin import lower_margin
from .accounts import Case
from .claims import Claims, Draw
from .witnesses.machine import Tape
from .witnesses.subject import Subject

__all__ = ["Tried"]


class Tried:
    """A statement compiled for a trial, with the accounts that its questions are asked about."""

    def __init__(self, schema: Schema, statement: str, draw: Draw, seed: int) -> None:
        """Compile the statement. Raises RuleError when the rule has no sound circuit."""
        self.schema, self.statement = schema, statement
        for node in walk(bind(schema).surplus):
            if type(node) not in LOWERINGS:
                raise RuleError(f"no circuit is known for the node {type(node).__name__} at {node.where or 'a leaf'}")
        builder, self.lowering = lower_margin(schema, statement)
        self.circuit = CompiledCircuit(statement, schema, builder.system, builder.program)
        self.claims = Claims(schema, statement, draw, seed)

    @cached_property
    def subject(self) -> Subject:
        """Return the circuit taken apart, nothing fixed but its public inputs."""
        return Subject(self.circuit.system, self.circuit.program)

    @cached_property
    def program(self) -> Program:
        """Return the witness program, loaded into the kernel."""
        return load_program(self.circuit.program.to_bytes())

    def rng(self, question: str) -> Random:
        """Return the generator of a question."""
        return self.claims.rng(question)

    def satisfiable(self, case: Case) -> bool:
        """Return whether an honest prover finds a witness."""
        return self.refusal(case) is None

    def refusal(self, case: Case) -> str | None:
        """Return the name of the check that an honest prover cannot meet, None where there is a witness."""
        try:
            self.program.run(case.public, case.hidden)
        except Unsatisfied as error:
            return error.hint or error.message
        return None

    def tape(self, case: Case) -> Tape:
        """Return the tape an honest prover would fill, cut where a range does not fit."""
        return self.subject.machine.fill(case.public, case.hidden)
