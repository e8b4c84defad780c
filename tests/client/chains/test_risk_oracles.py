"""Scenario rows signed by risk oracles, end to end with real circuits: what too few of them signed is never posted."""

import pytest

from zkmargin.circuits.build import compile_statement, write_circuit
from zkmargin.circuits.model import Holdings, Opening, Shape, Table
from zkmargin.circuits.statements.commitment import draw_salt
from zkmargin.client.chains.deployment import MARKET, Deployment
from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.client.chains.large_tables import Signed
from zkmargin.client.chains.oracle import sign_digest, sign_risk_table
from zkmargin.client.files.tables import Tables
from zkmargin.contracts import errors
from zkmargin.kernel.errors import InputError
from zkmargin.prover.prove import Prover
from zkmargin.prover.setup import development_setup

RULE, SHAPE = "value-at-risk", Shape(2, 1, 0, None, (("scenarios", 8), ("worst", 2)))
KEYS = [bytes([index + 1]) * 32 for index in range(3)]
FOREVER = 1 << 60


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """A gate whose market rounds need two of three oracles, with one parameter version."""
    folder, provers = tmp_path_factory.mktemp("circuits"), {}
    for statement in ("sufficiency", "shortfall"):
        write_circuit(compile_statement(RULE, SHAPE, statement), folder / statement)
        development_setup(folder / statement)
        provers[statement] = Prover.load(folder / statement)
    chain = EmbeddedChain(timestamp=1_790_000_000)
    oracles = [sign_digest(key, bytes(32)).oracle for key in KEYS]
    made = Deployment.create(chain, chain.accounts[0], provers, oracles=oracles, threshold=2)
    parameters = table(made, "parameters", 10)
    made.post_parameters(Tables(schema(made), table(made, "market", 1), parameters, parameters))
    return made


def schema(deployment):
    return deployment.provers["sufficiency"].manifest.schema


def table(deployment, name, number, move=0):
    """Return cells inside their schema; market cells that can, moved."""
    cells = schema(deployment).cells(name)
    values = [max(cell.minimum, cell.maximum // 70) for cell in cells]
    moved = [min(value + move, cell.maximum) for value, cell in zip(values, cells, strict=True)]
    return Table(name, number, tuple(cell.offset + value for value, cell in zip(moved, cells, strict=True)))


def sign(deployment, market, keys):
    chain, board = deployment.chain, deployment.board.address
    where = {"chain_id": chain.chain_id, "board": board, "timestamp": chain.now(), "deadline": FOREVER}
    return Signed(FOREVER, tuple(sign_risk_table(key, schema(deployment), market, **where) for key in keys))


def test_only_signed_rounds_are_proved_about_and_later_ones_are_their_moves(deployed):
    first, second = table(deployed, "market", 1), table(deployed, "market", 2)
    second = second.replace({0: second.cells[0] + 1})
    with pytest.raises(InputError):
        deployed.post_round(first)
    with pytest.raises(errors.TooFewSignatures):
        deployed.post_round(first, signed=sign(deployed, first, KEYS[:1]))
    with pytest.raises(errors.SignatureRefused):
        deployed.post_round(first, signed=sign(deployed, second, KEYS[:2]))
    assert deployed.board.latest_round() == 0
    deployed.post_round(first, signed=sign(deployed, first, KEYS[1:]))
    deployed.post_round(second, signed=sign(deployed, second, KEYS[:2]))
    one, two = (deployed.board.round_table(number) for number in (1, 2))
    assert deployed.board.table_base(two) == one
    assert deployed.board.table_cells(two) == list(second.cells)
    assert all(deployed.registry.folded(deployed.circuit(name), MARKET, two)[1] for name in deployed.provers)

    owner, parameters = deployed.chain.accounts[1], table(deployed, "parameters", 10)
    opening = Opening(Holdings(1 << 58, (40, -7), (0,), ()), (1, 2), draw_salt())
    account, _ = deployed.open(owner, "desk", opening, second, parameters, deadline=FOREVER)
    assert deployed.gate.is_covered(account)
    args = deployed.prove_certify(account, opening, first, parameters, deadline=FOREVER)
    with pytest.raises(errors.NotNewer):
        deployed.certify(owner, account, args)
    args = deployed.prove_certify(account, opening, second, parameters, deadline=FOREVER)
    deployed.certify(owner, account, args)


def test_an_oracle_signs_no_table_outside_its_schema(deployed):
    market = table(deployed, "market", 3)
    for place, cell in enumerate(schema(deployed).cells("market")):
        for stored in (cell.minimum + cell.offset - 1, cell.maximum + cell.offset + 1):
            with pytest.raises(InputError) as refused:
                sign(deployed, market.replace({place: stored}), KEYS[:1])
            assert refused.value.code == "schema"
