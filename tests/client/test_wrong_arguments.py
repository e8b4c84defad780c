"""A program that trades cannot catch what it was not told of: whatever is handed in, ZkmarginError alone comes out."""

import datetime
import io
import itertools
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy
import pandas
import polars
import pytest

from zkmargin.circuits.build import Manifest, compile_statement, write_circuit
from zkmargin.circuits.model import Holdings, Opening, Shape, Table
from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.client.chains.oracle import risk_table_message, sign_digest, sign_risk_table
from zkmargin.client.chains.rpc import RpcChain
from zkmargin.client.files.frames import portfolio_from_frame, portfolios_from_frame
from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import Amount, Portfolio, Position, load_portfolio, to_holdings
from zkmargin.client.files.tables import boxed_tables, level_tables, make_tables
from zkmargin.client.imports import (
    Naming,
    Response,
    import_aave,
    import_binance,
    import_csv,
    import_deribit,
    import_derive,
    import_dydx,
    import_hyperliquid,
    import_market,
    rounded_to_steps,
)
from zkmargin.client.secrets.openings import OwnerKey, load_opening, load_owner
from zkmargin.client.secrets.places import Where
from zkmargin.client.session import Session
from zkmargin.kernel.arguments import WHOLE, takes
from zkmargin.kernel.errors import ZkmarginError
from zkmargin.prover.ceremony import (
    accept_contribution,
    add_beacon,
    add_contribution,
    contribute_to_file,
    finish_ceremony,
    start_ceremony,
    start_here,
)
from zkmargin.prover.foreign import check_files, development_key, simplify_files
from zkmargin.prover.prove import Prover
from zkmargin.prover.setup import development_setup
from zkmargin.verifier.batch import repeated, verify_many
from zkmargin.verifier.ceremony import find_ceremony, verify_ceremony, verify_file
from zkmargin.verifier.check import Demands, verify_files
from zkmargin.verifier.keys import CircuitKey
from zkmargin.verifier.proof_files import read_proof, read_public
from zkmargin.verifier.statement_keys import judge_key


class Hostile:
    """Raises at whatever is asked of it."""

    def __getattr__(self, name):
        raise RuntimeError("asked")


class HalfAFrame:
    """Has columns and nothing behind them."""

    columns = ("kind", "name", "amount", "entry_price")


def closed_file(tmp_path):
    file = open(tmp_path / "closed.json", "w+b")  # noqa: SIM115
    file.close()
    return file


@pytest.fixture
def wrong(tmp_path):
    """Return values that nothing here takes, and paths to nothing that is wanted."""
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "words.csv").write_text("a,b\n1,2\n")
    return [
        *(None, True, 0, -1, 7, 1 << 64, 1 << 300, -(1 << 300), 10**5000, 0.5, float("nan"), float("inf"), 1j),
        *(b"", b"bytes", bytearray(3), "", "x", "\0", "a\0b", "\ud800", "initial ", "x" * 300, "/" * 5000, "é" * 200),
        *([], [1], ["x"], (), ("a", 1), {}, {"a": 1}, {1: "a"}, set(), range(3), ..., int, Portfolio, len, object()),
        *(Decimal(5), Decimal("NaN"), Decimal("1e999999"), Fraction(1, 3), datetime.datetime(2026, 1, 1)),
        *(numpy.int64(5), numpy.float64("nan"), numpy.zeros(3), numpy.array(["a"]), numpy.datetime64("2026-01-01")),
        *(pandas.NA, pandas.DataFrame(), pandas.DataFrame({"kind": [1]}), pandas.Series([1.0]), pandas.NaT),
        pandas.DataFrame({"kind": ["cash"], "name": ["USDC"], "amount": [1.5], "entry_price": [None]}),
        pandas.DataFrame([[1, 2, 3, 4]] * 2, columns=["kind", "kind", "amount", "entry_price"]),
        pandas.DataFrame([[1, 2]], columns=pandas.MultiIndex.from_tuples([("a", "b"), ("c", "d")])),
        *(polars.DataFrame(), polars.DataFrame({"name": [None]}), polars.Series([1])),
        *(Hostile(), HalfAFrame(), io.StringIO("x"), io.BytesIO(b"x"), closed_file(tmp_path), iter(())),
        *(tmp_path, tmp_path / "none", tmp_path / "empty", tmp_path / "list.json", str(tmp_path / "words.csv")),
        *(Path("/dev/null"), Path("/dev/zero"), Path("\0"), Path("x" * 300), Path("y/" * 3000)),
        *(Holdings(0, (), (), ()), Holdings("a", [1], None, {}), Opening(None, None, None), Opening(3, (1, 2.0), "s")),
        *(Table("market", 0, ()), Table("market", None, None), Table("other", 1, ("a",)), Response([], "", "")),
        *(Response(object(), "p", "f"), Response({"a": float("nan")}, "", "f"), Response({1: {}}, "", "")),
    ]


@pytest.fixture
def good(folder, circuits):
    """Return what every call below takes, so that one wrong argument at a time is what is refused."""
    circuit = circuits / "sufficiency"
    parameters = load_parameters(folder / "parameters-small.json")
    market = load_market(folder / "market.json")
    tables = make_tables(parameters, market)
    portfolio = load_portfolio(folder / "portfolio-small.json")
    where = Where(folder / "o.owner.json", folder / "o.opening.json")
    session = Session.load(folder / "parameters-small.json", circuit)
    proof = session.prove(portfolio, market, context=1, where=where)
    proof.write(folder / "proof")
    opening = load_opening(where.opening)
    made = {name: folder / name for name in ("parameters-small.json", "market.json", "portfolio-small.json")}
    chain = EmbeddedChain()
    return {
        **made,
        "circuit": circuit,
        "parameters": parameters,
        "market": market,
        "tables": tables,
        "portfolio": portfolio,
        "holdings": to_holdings(portfolio, parameters, tables),
        "where": where,
        "session": session,
        "proof": proof,
        "folder": folder,
        "opening": opening,
        "prover": session.prover,
        "chain": chain,
    }


def calls(g):
    """Return (name, function, good arguments): each argument is made wrong in turn, some pairs too."""
    s, f, chain = g["session"], g["folder"], g["chain"]
    portfolio, market, parameters, tables = (g[name] for name in ("portfolio", "market", "parameters", "tables"))
    when = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    state, names = Response({}, "", "f"), Naming()
    two, table = (tables.market, tables.maintenance), pandas.DataFrame()
    files = {"parameters": g["parameters-small.json"], "circuit": g["circuit"]}
    address = chain.accounts[0]
    prove = {"portfolio": portfolio, "market": market, "context": 1, "credit": 0, "margin": "maintenance"}
    return [
        ("Session.load", Session.load, {**files, "owner": None, "box": None}),
        ("Session", Session, {"parameters": parameters, "circuit": g["circuit"], "owner": None, "box": None}),
        ("tables", s.tables, {"market": market}),
        ("stated", s.stated, {"tables": tables, "statement": "sufficiency"}),
        ("market", s.market, {"market": market}),
        ("check", s.check, {"portfolio": portfolio, "market": market, "margin": "initial"}),
        ("explain", s.explain, {"portfolio": portfolio, "market": market, "margin": "initial", "what_if": ()}),
        ("compare", s.compare, {"portfolio": portfolio, "market": market, "other": s, "other_market": market,
                                "margin": "initial", "names": {}, "what_if": ()}),
        ("prove", s.prove, {**prove, "where": g["where"]}),
        ("prove_with_secrets", s.prove_with_secrets, {**prove, "where": g["where"]}),
        ("prove_many", s.prove_many, {"accounts": {"a": portfolio}, "market": market, "context": 1, "credit": 0,
                                      "margin": "initial", "openings": f / "many"}),
        ("verify", s.verify, {"proof": g["proof"], "market": market, "margin": "maintenance", "credit": 0,
                              "commitment": None, "context": 1, "key_id": None, "allow_development": True}),
        ("verified", s.verified, {"proof": g["proof"], "market": market, "margin": "maintenance", "credit": 0,
                                  "commitment": None, "context": 1, "key_id": None, "allow_development": True}),
        ("demanded", s.demanded, {"market": market, "margin": "initial", "demands": Demands()}),
        ("decide", s.decide, {"tables": tables, "holdings": g["holdings"], "margin": "initial", "credit": 0}),
        ("MarginProof.write", g["proof"].write, {"directory": f / "proof"}),
        ("load_parameters", load_parameters, {"path": g["parameters-small.json"]}),
        ("load_market", load_market, {"path": g["market.json"], "rule": "cross-margin"}),
        ("load_portfolio", load_portfolio, {"path": g["portfolio-small.json"]}),
        ("load_owner", load_owner, {"path": f / "o.owner.json"}),
        ("load_opening", load_opening, {"path": f / "o.opening.json"}),
        ("OwnerKey", OwnerKey, {"point": (0, 1), "secret": None}),
        ("Where", Where, {"owner": f / "a", "opening": f / "b"}),
        ("Where.beside", Where.beside, {"portfolio": f / "p.json", "owner": None, "opening": None}),
        ("portfolio_from_frame", portfolio_from_frame, {"frame": table}),
        ("portfolios_from_frame", portfolios_from_frame, {"frame": table}),
        ("Portfolio", Portfolio, {"cash": Decimal(1), "collateral": (), "debt": (), "positions": (), "account": "",
                                  "quote": None, "file": None}),
        ("Position", Position, {"name": "A", "size": Decimal(1), "entry_price": Decimal(1),
                                "unsettled_funding": Decimal(0), "line": None}),
        ("Amount", Amount, {"name": "A", "amount": Decimal(1), "line": None}),
        ("to_holdings", to_holdings, {"portfolio": portfolio, "parameters": parameters, "tables": tables}),
        ("make_tables", make_tables, {"parameters": parameters, "market": market, "market_file": None, "levels": None}),
        ("boxed_tables", boxed_tables, {"parameters": parameters, "tables": tables, "box": "none"}),
        ("level_tables", level_tables, {"parameters": parameters}),
        ("Tables.parameters", tables.parameters, {"level": "initial"}),
        ("Schema.fit", tables.schema.fit, {"holdings": g["holdings"]}),
        ("Schema.check_table", tables.schema.check_table, {"table": tables.market}),
        ("Prover.load", Prover.load, {"directory": g["circuit"]}),
        ("Prover.prove", g["prover"].prove, {"opening": g["opening"], "market": two[0], "parameters": two[1],
                                             "credit": 0, "context": 1}),
        ("CircuitKey.load", CircuitKey.load, {"directory": g["circuit"], "proving": False}),
        ("judge_key", judge_key, {"key": s.circuit_key, "allow_development": True, "key_id": None}),
        ("read_proof", read_proof, {"directory": f / "proof"}),
        ("read_public", read_public, {"path": f / "proof/public.json"}),
        ("verify_files", verify_files, {"proof_directory": f / "proof", "circuit_directory": g["circuit"],
                                        "demands": Demands(context=1), "allow_development": True, "key_id": None}),
        ("Demands", Demands, {"tables": (), "margin": None, "box": None, "credit": 0, "commitment": None,
                              "context": None}),
        ("Response.load", Response.load, {"path": g["market.json"]}),
        ("Naming", Naming, {"suffix": "", "renamed": {}}),
        ("Naming.of", Naming.of, {"suffix": "", "renamings": ()}),
        ("import_aave", import_aave, {"state": state, "account": "a", "naming": names, "now": when}),
        ("import_binance", import_binance, {"state": state, "account": "a", "quote": "USDT", "naming": names,
                                            "multi_assets": False, "options": None}),
        ("import_deribit", import_deribit, {"positions": state, "summaries": [state], "account": "a", "quote": "USDC",
                                            "naming": names}),
        ("import_derive", import_derive, {"state": state, "account": "a", "naming": names}),
        ("import_dydx", import_dydx, {"state": state, "account": "a", "naming": names}),
        ("import_hyperliquid", import_hyperliquid, {"state": state, "account": "a", "naming": names, "spot": None,
                                                    "isolated": None, "mode": None}),
        ("import_csv", import_csv, {"path": f / "portfolio.csv", "account": "a"}),
        ("import_market", import_market, {"venue": "hyperliquid", "responses": [state], "parameters": parameters,
                                          "as_of": when, "number": 1, "naming": names}),
        ("rounded_to_steps", rounded_to_steps, {"made": import_csv(f / "portfolio.csv"), "parameters": parameters}),
        ("RpcChain", RpcChain, {"url": "http://127.0.0.1:9", "signing": False, "patience": None}),
        ("EmbeddedChain", EmbeddedChain, {"chain_id": 31337, "timestamp": 5, "accounts": 1}),
        ("EmbeddedChain.deploy", chain.deploy, {"bytecode": b"", "sender": address}),
        ("EmbeddedChain.call", chain.call, {"to": address, "data": b"", "sender": address}),
        ("EmbeddedChain.transact", chain.transact, {"to": address, "data": b"", "sender": address, "gas": None}),
        ("EmbeddedChain.set_time", chain.set_time, {"timestamp": 1 << 40}),
        ("EmbeddedChain.advance", chain.advance, {"seconds": 1}),
        ("sign_risk_table", sign_risk_table, {"private_key": bytes(31) + b"1", "schema": tables.schema, "table": two[0],
                                              "chain_id": 1, "board": address, "timestamp": 1, "deadline": 2}),
        ("sign_digest", sign_digest, {"private_key": bytes(31) + b"1", "digest": bytes(32)}),
        ("risk_table_message", risk_table_message, {"chain_id": 1, "board": address, "schema_hash": bytes(32),
                                                    "round_": 1, "timestamp": 1, "table": bytes(32), "deadline": 1}),
        ("Shape", Shape, {"positions": 1, "collateral": 1, "debts": 1, "tiers": 1, "dimensions": ()}),
        ("Shape.of", Shape.of, {"numbers": {}}),
        ("compile_statement", compile_statement, {"rule": "cross-margin", "shape": Shape(1, 1, 1, 1),
                                                  "statement": "sufficiency"}),
        ("write_circuit", write_circuit, {"compiled": small(), "directory": f / "compiled"}),
        ("Manifest.load", Manifest.load, {"directory": f}),
        ("development_setup", development_setup, {"directory": f}),
        ("start_ceremony", start_ceremony, {"directory": f / "c", "ptau": f / "none.ptau", "circuits": [f]}),
        ("start_here", start_here, {"directory": f / "c", "ptau": f / "none.ptau"}),
        ("add_contribution", add_contribution, {"directory": f / "c", "name": "a", "text": b"", "replay": None}),
        ("add_beacon", add_beacon, {"directory": f / "c", "value": b"1", "exponent": 10, "name": "b"}),
        ("accept_contribution", accept_contribution, {"directory": f / "c", "keys": [f / "none.zkey"]}),
        ("finish_ceremony", finish_ceremony, {"directory": f / "c"}),
        ("contribute_to_file", contribute_to_file, {"zkey": f / "none.zkey", "out": f / "o", "name": "a", "text": b""}),
        ("verify_ceremony", verify_ceremony, {"directory": f / "c", "allow_development": False}),
        ("verify_file", verify_file, {"zkey": f / "z", "r1cs": f / "r", "ptau": f / "p", "allow_development": True}),
        ("find_ceremony", find_ceremony, {"circuit": f}),
        ("development_key", development_key, {"r1cs": g["circuit"] / "circuit.r1cs", "zkey": f / "z",
                                              "verifying_key": f / "v.json"}),
        ("check_files", check_files, {"r1cs": g["circuit"] / "circuit.r1cs", "witness": f / "w"}),
        ("simplify_files", simplify_files, {"r1cs": g["circuit"] / "circuit.r1cs", "witness": f / "w",
                                            "new_r1cs": f / "n", "new_witness": f / "nw"}),
        ("verify_many", verify_many, {"judged": judge_key(s.circuit_key, allow_development=True), "items": [],
                                      "demands": Demands()}),
        ("repeated", repeated, {"verdicts": []}),
    ]  # fmt: skip


@cache
def small():
    return compile_statement("cross-margin", Shape(1, 1, 1, 1), "sufficiency")


def outcome(function, arguments):
    """Return None for an answer, the name of anything raised that is none of ours, and "" for ours."""
    try:
        function(**arguments)
    except ZkmarginError as error:
        return "" if error.message and "\n" not in error.message else f"no sentence: {error.message!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def test_nothing_but_our_errors_comes_out_of_wrong_arguments(good, wrong, tmp_path, monkeypatch, tally):
    monkeypatch.chdir(tmp_path)
    others, refused, count = [], 0, 0
    for name, function, arguments in calls(good):
        for key, value in itertools.product(arguments, wrong):
            said = outcome(function, {**arguments, key: value})
            count += 1
            refused += said == ""
            if said:
                others.append(f"{name}({key}={type(value).__name__}): {said}"[:300])
    assert not others, "\n".join(others[:40])
    assert refused > count // 2
    tally("P4", f"wrong arguments to the public calls, {refused:,} of them refused in our words; others raised", count)


def test_a_message_about_an_argument_never_shows_it(good):
    """P1: a size handed in as a float would stand in a log."""
    for bad in (lambda: replace(good["portfolio"], cash=31415926.5), lambda: Position("A", 31415926.5, Decimal(1))):
        with pytest.raises(ZkmarginError) as caught:
            bad()
        assert caught.value.code == "wrong-type"
        assert "314" not in str(caught.value)


def test_a_check_of_an_argument_that_is_not_there_is_an_error():
    with pytest.raises(TypeError, match="no argument size"):
        takes(size=WHOLE)(lambda count: count)
