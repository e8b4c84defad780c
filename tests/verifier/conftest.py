"""Both circuits of the small shape with development keys, and a proof of each, made once a session."""

import os
import shutil

import pytest

from zkmargin.circuits.build import compile_statement, write_circuit
from zkmargin.circuits.model import Holdings, Opening, Shape, Table
from zkmargin.circuits.statements.commitment import draw_salt
from zkmargin.prover.prove import Prover
from zkmargin.prover.setup import development_setup
from zkmargin.verifier.check import Demands
from zkmargin.verifier.statement_keys import judge_key

SEED = int(os.environ.get("ZKMARGIN_SEED", "20261122"))
SMALL = Shape(4, 2, 2, 2)


class World:
    """The folders, provers and one proved statement each; the account holds something in every slot."""

    def __init__(self, root):
        self.folders, self.provers, self.proved, self.judged = {}, {}, {}, {}
        for statement in ("sufficiency", "shortfall"):
            folder = self.folders[statement] = root / statement
            write_circuit(compile_statement("cross-margin", SMALL, statement), folder)
            development_setup(folder)
            self.provers[statement] = Prover.load(folder)
            key = self.provers[statement].circuit_key
            self.judged[statement] = judge_key(key, allow_development=True)
        self.schema = self.provers["sufficiency"].manifest.schema
        self.market, self.parameters = self.tables()
        for statement, cash in (("sufficiency", 1 << 60), ("shortfall", -(1 << 60))):
            opening = self.opening(cash)
            prover = self.provers[statement]
            self.proved[statement] = prover.prove(opening, self.market, self.parameters, credit=5, context=99)

    def demands(self, *tables, credit=5, **more):
        """Return what the proved statements meet: their credit, and these tables."""
        return Demands(tuple(tables), credit=credit, **more)

    def opening(self, cash):
        return Opening(Holdings(cash, (1000, -2000, 30, -4), (500, 6), (70, 8)), (1, 2), draw_salt())

    def tables(self):
        """Return tables with every cell away from its ends, rates rising, boundaries within reach."""

        def cell(spec):
            column = spec.name.split(".")[1]
            tier = int(spec.name.split(".")[-1])
            return {"rate": 10**4 * (tier + 1), "boundary": 10, "charge": 3}.get(column, spec.minimum + 4321)

        cells = {n: tuple(cell(c) + c.offset for c in self.schema.cells(n)) for n in ("market", "parameters")}
        return Table("market", 7, cells["market"]), Table("parameters", 3, cells["parameters"])


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("circuits"))


@pytest.fixture(params=["sufficiency", "shortfall"])
def statement(request):
    return request.param


@pytest.fixture
def folder(world, statement, tmp_path):
    """Return a copy of a circuit's folder that a test may damage."""
    return shutil.copytree(world.folders[statement], tmp_path / statement)
