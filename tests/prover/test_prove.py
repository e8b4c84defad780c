"""Lost if these fail: the prover states what it was not asked, or tells in an error what it must keep."""

import shutil
from dataclasses import replace
from hashlib import sha256

import pytest

from zkmargin.circuits.build import compile_statement, write_circuit
from zkmargin.circuits.model import Holdings, Opening, Shape, Table
from zkmargin.circuits.statements.engine import evaluate
from zkmargin.kernel import R
from zkmargin.kernel.errors import InputError, Insufficient, MismatchError, NotShort, ZkmarginError
from zkmargin.kernel.witness_program import LINEAR, Instruction, WitnessProgram
from zkmargin.prover.prove import Prover, witness_bytes
from zkmargin.prover.setup import development_setup

SMALL = Shape(1, 1, 1, 1)
HOLDINGS = Holdings(777_777_777_771, (-31_313_131,), (52_525_252,), (43_434_343,))
OPENING = Opening(HOLDINGS, (1, 2), 0xDEADBEEF_CAFE)
SECRETS = ("777777777771", "31313131", "52525252", "43434343", str(0xDEADBEEF_CAFE), "cafe")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}
    for statement in ("sufficiency", "shortfall"):
        made[statement] = tmp_path_factory.mktemp(statement)
        write_circuit(compile_statement("cross-margin", SMALL, statement), made[statement])
        development_setup(made[statement])
    return made


@pytest.fixture(scope="module")
def prover(folders):
    return Prover.load(folders["sufficiency"])


@pytest.fixture(scope="module")
def tables(prover):
    schema = prover.manifest.schema

    def cells(name):
        return tuple(max(c.minimum, 3) + c.offset for c in schema.cells(name))

    return Table("market", 1, cells("market")), Table("parameters", 1, cells("parameters"))


def test_one_unit_short_there_is_nothing_to_prove_and_the_error_knows_by_how_much(prover, folders, tables):
    schema = prover.manifest.schema
    surplus = evaluate(schema, HOLDINGS, *tables).surplus
    cash = HOLDINGS.cash - surplus // 10**9
    last = replace(OPENING, holdings=replace(HOLDINGS, cash=cash))
    prover.prove(last, *tables)
    first = replace(OPENING, holdings=replace(HOLDINGS, cash=cash - 1))
    with pytest.raises(Insufficient) as error:
        prover.prove(first, *tables)
    assert error.value.surplus_units == evaluate(schema, first.holdings, *tables).surplus < 0
    prover.prove(first, *tables, credit=1)

    short = Prover.load(folders["shortfall"])
    short.prove(first, *tables)
    for opening, credit in ((last, 0), (first, 1)):
        with pytest.raises(NotShort) as error:
            short.prove(opening, *tables, credit=credit)
        assert error.value.surplus_units >= 0


@pytest.mark.parametrize(
    "change",
    [
        {"credit": -1},
        {"credit": 1 << 62},
        {"context": -1},
        {"context": 1 << 248},
        {"salt": R},
        {"salt": -1},
        {"owner_key": (R, 2)},
        {"owner_key": (1, -1)},
        {"cash": 1 << 62},
        {"sizes": (1 << 36,)},
        {"collateral": (-1,)},
        {"debts": (1 << 56,)},
        {"debts": ()},
    ],
)
def test_what_is_out_of_range_is_refused_and_not_reduced(prover, tables, change):
    opening, more = OPENING, {}
    for name, value in change.items():
        if name in ("credit", "context"):
            more[name] = value
        elif name in ("salt", "owner_key"):
            opening = replace(opening, **{name: value})
        else:
            opening = replace(opening, holdings=replace(opening.holdings, **{name: value}))
    with pytest.raises(InputError) as error:
        prover.prove(opening, *tables, **more)
    assert not any(secret in str(error.value) for secret in SECRETS)


def test_tables_in_the_wrong_places_or_outside_the_schema_are_refused(prover, tables):
    market, parameters = tables
    hostile = market.replace({0: 1 << 28})
    for pair in ((parameters, market), (market, market), (hostile, parameters), (market, parameters.replace({0: -1}))):
        with pytest.raises(InputError) as error:
            prover.prove(OPENING, *pair)
        assert error.value.code == "schema"
        with pytest.raises(InputError):
            witness_bytes(prover.manifest, OPENING, *pair, credit=0, context=0)


def test_nothing_secret_is_shown(prover, tables):
    proved = prover.prove(OPENING, *tables)
    shown = f"{proved!r} {OPENING!r} {proved!s} {OPENING!s}"
    assert not any(secret in shown for secret in SECRETS)
    public = {str(value) for value in proved.public}
    assert not public & set(SECRETS)
    poor = replace(OPENING, holdings=replace(HOLDINGS, cash=-HOLDINGS.cash))
    with pytest.raises(ZkmarginError) as error:
        prover.prove(poor, *tables)
    assert not any(secret in f"{error.value} {error.value.as_json()}" for secret in SECRETS)


@pytest.mark.parametrize("name", ["credit", "context", "market.price.0", "parameters.charge.0"])
def test_a_hostile_program_cannot_make_the_prover_state_something_else(folders, tables, tmp_path, name):
    """In a stranger's folder the program may write over a public input: over the context, which binds a recipient."""
    folder = shutil.copytree(folders["sufficiency"], tmp_path / "hostile")
    path = folder / "circuit.prog"
    program = WitnessProgram.from_bytes(path.read_bytes())
    manifest = Prover.load(folder).manifest
    source = program.pool.append({0: 4})
    wire = 1 + manifest.public.index(name)
    program.instructions.insert(0, Instruction(LINEAR, wire, 1, source, 0))
    text = (folder / "manifest.json").read_text()
    before = sha256(path.read_bytes()).hexdigest()
    path.write_bytes(program.to_bytes())
    (folder / "manifest.json").write_text(text.replace(before, sha256(path.read_bytes()).hexdigest()))
    with pytest.raises(MismatchError, match="stated other public inputs than it was asked to prove"):
        Prover.load(folder).prove(OPENING, *tables, credit=5, context=99)
