"""A gadget under test: a circuit whose inputs are hidden wires of their own, filled, lied about, its rows counted."""

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Linear
from zkmargin.circuits.trials.witnesses.lies import Lies, lying_hints, mutations
from zkmargin.circuits.trials.witnesses.machine import Machine
from zkmargin.circuits.trials.witnesses.rows import needless_rows, rank_defect
from zkmargin.circuits.trials.witnesses.subject import Subject
from zkmargin.kernel import R


class Gadget:
    """`build(builder, wires)` adds the gadget over `wires`, by name, and returns its outputs as a flat list.

    `inputs` get a wire each, which stands for what is fixed elsewhere; `loose` are hidden inputs that the gadget takes
    by name. Every output is bound to a public input, as a statement would.
    """

    def __init__(self, inputs, build, outputs=0, loose=(), public=()):
        names = [*public, *(f"out{i}" for i in range(outputs))]
        self.builder = Builder(names, [*inputs, *loose])
        wires = {name: Linear.wire(self.builder.hidden_wire(name)) for name in inputs}
        self.fixed = [next(iter(wire.terms)) for wire in wires.values()]
        before = self.builder.system.rows
        self.results = build(self.builder, wires) or []
        self.rows = range(before, self.builder.system.rows)
        for i, output in enumerate(self.results):
            public_wire = self.builder.public(f"out{i}")
            self.builder.program.linear(next(iter(public_wire.terms)), output)
            self.builder.equal(output, public_wire, "output")
        self.builder.finish()
        self.system, self.program = self.builder.system, self.builder.program
        self.machine = Machine(self.system, self.program)
        self.given = len(public)

    def subject(self):
        return Subject(self.system, self.program, self.fixed)

    def tape(self, *hidden, public=()):
        return self.machine.fill([*public, *[0] * (len(self.system.public) - self.given)], hidden)

    def outputs(self, tape):
        """Return what the gadget says."""
        return tape[1 + self.given : 1 + len(self.system.public)]

    def honest(self, *hidden, public=()):
        """Return (tape, outputs) of a run that every row and the product's own interpreter accept."""
        tape = self.tape(*hidden, public=public)
        assert self.machine.holds(tape)
        given = [*public, *[0] * (len(self.system.public) - self.given)]
        assert self.program.run(given, hidden) == tape[: self.machine.wires]
        return tape, self.outputs(tape)

    def lies(self, tape, rng):
        """Return (lies told, lies that passed): every hint answered wrongly, every wire changed, alone and re-solved.

        Rows are asked, not the program: what follows a lie is filled anew.
        """
        lies = Lies(self.subject(), tape)
        assert not lies.broken
        for way, pins in lying_hints(lies.subject, tape, rng):
            lies.hint(pins, way)
        for wire, value in mutations(lies.subject, tape, rng):
            lies.alone(wire, value)
            lies.solved(wire, value)
        told = sum(lies.told[way] for way in ("alone", "re-solved", "overflow", "zero", "random"))
        return told, lies.wrong

    def needless(self, tapes, among=None):
        """Return the gadget's own rows that no lie shows to be needed."""
        return needless_rows(self.subject(), tapes, self.rows if among is None else among)

    def defect(self, tape):
        return rank_defect(self.subject(), tape)


def holds_with(gadget, tape, changes):
    """Return whether every row holds on a tape with some wires changed and nothing refilled."""
    changed = list(tape)
    for wire, value in changes.items():
        changed[wire] = value % R
    return gadget.machine.holds(changed)
