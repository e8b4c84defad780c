"""S4 on chain, with the real circuits: no public input can be another one than the proof speaks of."""

from dataclasses import replace
from pathlib import Path

import pytest

from zkmargin.circuits.build import compile_statement, write_circuit
from zkmargin.circuits.model import Holdings, Opening, Shape, Table
from zkmargin.circuits.rules.cross_margin import cross_margin_schema
from zkmargin.circuits.statements.commitment import draw_salt
from zkmargin.client.chains.deployment import Deployment
from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.client.files.tables import Tables
from zkmargin.contracts.encoding import MAINTENANCE, proof_words
from zkmargin.contracts.errors import error_class
from zkmargin.kernel import R
from zkmargin.kernel.errors import ContractError, InputError
from zkmargin.prover.prove import Prover
from zkmargin.prover.setup import development_setup

SHAPE = Shape(2, 1, 1, 2)
STATEMENTS = ("sufficiency", "shortfall")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Both circuits deployed, one round and one parameter version posted, one valid proof of each statement."""
    folder: Path = tmp_path_factory.mktemp("circuits")
    provers = {}
    for statement in STATEMENTS:
        write_circuit(compile_statement("cross-margin", SHAPE, statement), folder / statement)
        development_setup(folder / statement)
        provers[statement] = Prover.load(folder / statement)
    schema = cross_margin_schema(SHAPE)
    market = Table("market", 10, tuple(c.offset + max(c.minimum, c.maximum // 9) for c in schema.cells("market")))
    parameters = Table("parameters", 10, tuple(c.offset + c.maximum // 70 for c in schema.cells("parameters")))
    chain = EmbeddedChain()
    deployment = Deployment.create(chain, chain.accounts[0], provers)
    deployment.post_parameters(Tables(schema, market, parameters, parameters))
    deployment.post_round(market)
    proofs = {}
    for statement, cash in (("sufficiency", 1 << 60), ("shortfall", -(1 << 60))):
        opening = Opening(Holdings(cash, (40, -7), (900,), (5,)), (1, 2), draw_salt())
        proofs[statement] = provers[statement].prove(opening, market, parameters, credit=3, context=77)
    return deployment, schema, market, parameters, proofs


def verdict(deployment, statement, proved, singles, market, parameters):
    """None when the registry accepts, else the error's name."""
    tables = [deployment.board.round_table(market.number), deployment.book.table(parameters.number, MAINTENANCE)]
    ordinates = [deployment._ordinate(statement, table) for table in (market, parameters)]
    try:
        deployment.registry.verify(deployment.circuit(statement), proof_words(proved.proof), singles, tables, ordinates)
    except ContractError as refusal:
        return type(refusal).__name__
    return None


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_single_input_can_be_exchanged_on_chain(world, statement, tally):
    deployment, _, market, parameters, proofs = world
    proved = proofs[statement]
    singles = list(proved.public[:3])
    assert verdict(deployment, statement, proved, singles, market, parameters) is None
    tried = 0
    for i, value in enumerate(singles):
        for other, expected in (
            (value + 1, "ProofRejected"),
            (value - 1, "ProofRejected"),
            (0, "ProofRejected"),
            (value + R, "InputNotCanonical"),
        ):
            changed = [other if j == i else single for j, single in enumerate(singles)]
            assert verdict(deployment, statement, proved, changed, market, parameters) == expected, (i, other)
            tried += 1
    tally("S4", f"{statement}: changed single inputs, on chain", tried)


@pytest.mark.parametrize("table", ["market", "parameters"])
def test_no_cell_can_be_exchanged_on_chain(world, table, tally):
    """Every cell × {+1, −1, 0}: a table with it is refused at posting, or its folded point refuses the proof."""
    deployment, schema, market, parameters, proofs = world
    number, refused, rejected = 100, 0, 0
    for i, cell in enumerate((market if table == "market" else parameters).cells):
        for other in {cell + 1, cell - 1, 0} - {cell}:
            number += 1
            changed = {"market": market, "parameters": parameters}
            changed[table] = replace(changed[table].replace({i: other}), number=number)
            try:
                schema.check_table(changed[table])
            except InputError:
                with pytest.raises((error_class("CellOutOfBounds"), error_class("CellsOutOfOrder"))):
                    _post(deployment, schema, changed, table)
                refused += 1
                continue
            _post(deployment, schema, changed, table)
            for statement, proved in proofs.items():
                singles = list(proved.public[:3])
                name = verdict(deployment, statement, proved, singles, changed["market"], changed["parameters"])
                assert name == "ProofRejected", (table, i, other, statement)
                rejected += 1
    what = f"{table} cells changed on chain: {refused} tables refused when posted, else proofs rejected"
    tally("S4", what, refused + rejected)
    assert rejected > 2 * len(schema.cells(table))


def _post(deployment, schema, changed, table):
    if table == "market":
        deployment.post_round(changed["market"])
    else:
        parameters = changed["parameters"]
        deployment.post_parameters(Tables(schema, changed["market"], parameters, parameters))
