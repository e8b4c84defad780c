"""P1, P3 and P4 at the edge: holdings in a log, an opening lost to a kill, or a crash on a hostile file."""

import json
import logging
import os
import random
import subprocess
import sys
import traceback
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.client.files.tables import make_tables
from zkmargin.client.secrets.openings import load_opening
from zkmargin.client.secrets.places import Where
from zkmargin.client.session import Session
from zkmargin.kernel.errors import InputError, ZkmarginError

from .conftest import SEED

CANARIES = {"cash": "271828.18284590", "size": "-31.4159", "collateral": "14.14213", "debt": "173205.080756"}
ENTRY = "2718.281828"


@pytest.fixture
def canary(edit):
    """Write a portfolio whose every amount is recognisable in any text or integer form."""

    def change(data):
        data.update(account="canary", cash=CANARIES["cash"])
        data["positions"] = [
            {"instrument": "ETH-PERP", "size": CANARIES["size"], "entry_price": ENTRY, "unsettled_funding": "0"}
        ]
        data["collateral"] = [{"asset": "BTC", "amount": CANARIES["collateral"]}]
        data["debt"] = [{"asset": "USDC", "amount": CANARIES["debt"]}]

    return edit("portfolio-small.json", change)


def forms(holdings):
    """Return what must not appear: decimals as written, integers as text, and as the bytes of a witness."""
    values = [abs(v) for v in (holdings.cash, *holdings.sizes, *holdings.collateral, *holdings.debts) if v]
    texts = [*CANARIES.values(), *(t.lstrip("-").replace(".", "") for t in CANARIES.values()), ENTRY]
    texts += [str(v) for v in values] + [hex(v)[2:] for v in values]
    return [t.encode() for t in texts] + [v.to_bytes(32, "little") for v in values]


def test_canary_holdings_appear_nowhere(zkmargin, canary, folder, small, *, circuits, contents, monkeypatch, tally):
    parameters = load_parameters(folder / "parameters-small.json")
    tables = make_tables(parameters, load_market(folder / "market.json"))
    needles = forms(to_holdings(load_portfolio(canary), parameters, tables))
    scratch = folder / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    short = [*small[:4], "--circuit", circuits / "shortfall"]
    shape = [*small[:2], "--parameters", folder / "parameters.json", *small[4:]]
    rest = ["--out", folder / "proof", "--context", "1"]
    runs = [
        ["prove", canary, *small, *rest],
        ["prove", canary, *small, *rest, "--json"],
        ["prove", canary, *short, *rest, "--json"],
        ["prove", canary, *short, *rest],
        ["prove", canary, *shape, *rest],
        ["prove", canary, *small, *rest, "--credit", "x"],
        ["verify", folder / "proof", *small[4:], "--allow-development", "--json"],
        ["prove", "--opening", folder / "portfolio-small.opening.json", *small, *rest],
        ["prove", "--opening", canary, *small, *rest],
        ["check", canary, "-m", canary, "-p", folder / "parameters-small.json"],
        ["check", canary, "-m", folder / "market.json", "-p", canary],
    ]
    said = b""
    codes = []
    for arguments in runs:
        answer = zkmargin(*arguments)
        codes.append(answer.code)
        said += (answer.out + answer.err).encode()
    assert codes == [0, 0, 1, 1, 2, 2, 0, 0, 2, 2, 2]
    for broken in (
        lambda d: d["positions"][0].update(size=CANARIES["size"] + "1"),
        lambda d: d["positions"][0].update(instrument="ETH-PREP"),
        lambda d: d["debt"][0].update(asset="BTCC"),
        lambda d: d.update(cash=CANARIES["cash"] + "e20"),
        lambda d: d.update(cash=CANARIES["cash"] + "!"),
        lambda d: d["collateral"].append(d["collateral"][0]),
    ):
        data = json.loads(canary.read_text())
        broken(data)
        bad = folder / "bad.json"
        bad.write_text(json.dumps(data))
        for as_json in ([], ["--json"]):
            answer = zkmargin("check", bad, *small[:4], *as_json)
            assert answer.code == 2
            said += (answer.out + answer.err).encode()
        bad.unlink()

    secret = {name for name in contents(folder) if "opening" in name or "owner" in name or name == canary.name}
    public = {name: data for name, data in contents(folder).items() if name not in secret}
    public |= {f"circuits/{name}": data for name, data in contents(circuits).items()}
    hits = [needle for needle in needles if needle in said]
    hits += [(name, needle) for name, data in public.items() for needle in needles if needle in data]
    assert hits == []
    assert {(folder / name).stat().st_mode & 0o777 for name in secret - {canary.name}} == {0o600}
    what = f"forms of canary holdings sought in {len(runs) + 12} runs' output and {len(public)} files"
    tally("P1", what, len(needles), len(hits))


def test_canary_holdings_appear_in_no_log_repr_or_notebook(canary, folder, circuits, caplog, tally):
    """A log is collected, a notebook saved and sent: neither says what is held, nor how much is left of it."""
    caplog.set_level(logging.DEBUG)
    parameters = load_parameters(folder / "parameters-small.json")
    held = load_portfolio(canary)
    where, other = Where.beside(canary), folder / "many"
    session = Session.load(folder / "parameters-small.json", circuits / "sufficiency")
    short = Session.load(folder / "parameters-small.json", circuits / "shortfall")
    market, poor = folder / "market.json", replace(held, collateral=(), cash=-held.cash)
    report, explained = session.check(held, market), session.explain(held, market, what_if=["ETH-PERP +1"])
    proof, secrets = session.prove_with_secrets(held, market, context=1, where=where)
    said = session.verified(proof, market, context=1, allow_development=True)
    accounts = {"a": held, "b": poor, "c": replace(held, positions=())}
    raised = [session.prove_many(accounts, market, context=1, openings=other)]
    for wrong in (
        lambda: short.prove(held, market, context=1, where=where),
        lambda: session.prove(poor, market, context=1, where=where),
        lambda: session.verified(proof, market, context=2, allow_development=True),
        lambda: session.check(replace(held, cash=float(held.cash)), market),
    ):
        with pytest.raises(ZkmarginError) as caught:
            wrong()
        raised += [caught.value, traceback.format_exception(caught.value)]
    shown = [
        report,
        *report.legs,
        explained,
        session.tables(market),
        proof,
        said,
        secrets,
        held,
        *raised,
        session,
        where,
    ]
    shown += [secrets.opening, held.positions, held.collateral, session.prover, parameters.slots]
    texts = (
        [repr(one) for one in shown] + [str(one) for one in shown] + [record.getMessage() for record in caplog.records]
    )
    texts += [str(record.args) for record in caplog.records]
    html = [one._repr_html_() for one in (report, explained, session.tables(market), proof, said)]
    for page in html:
        root = ElementTree.fromstring(page)  # noqa: S314 - ours: well-formed, and something is in it
        assert len(root.findall(".//td")) > 2
    mine = {record.name for record in caplog.records}
    assert "zkmargin" in mine
    holdings = to_holdings(held, parameters, session.tables(market))
    opening = load_opening(where.opening)
    needles = [form for form in forms(holdings) if len(form) < 32]
    needles += [
        str(value).encode() for value in (opening.salt, abs(report.surplus_units), report.equity, report.surplus)
    ]
    needles = [form for form in (*needles, hex(opening.salt)[2:].encode()) if len(form) != 32]
    said_all = "\n".join([*texts, *html]).encode()
    hits = [needle for needle in needles if needle in said_all and needle]
    assert hits == []
    what = f"forms of canary holdings, salt and surplus sought in {len(texts)} reprs and log lines, {len(html)} pages"
    tally("P1", what, len(needles), len(hits))


def test_nothing_is_printed_by_the_log_unless_somebody_listens(folder, circuits):
    """A library that prints warnings where nobody asked for a log writes into its user's output."""
    code = (
        "import sys\n"
        "from zkmargin.client import Session\n"
        "from zkmargin.kernel.logs import note\n"
        "note('warning', 'before %s', 1)\n"
        "import logging\n"
        "note('warning', 'with %s', 2)\n"
        "logging.basicConfig(stream=sys.stdout, format='%(name)s %(levelname)s %(message)s', level='INFO')\n"
        "note('info', 'heard %s', 3)\n"
        "note('debug', 'below %s', 4)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("zkmargin INFO heard 3\n", "")


KILLED_AT = """
import os, signal, sys, tempfile
from pathlib import Path
from zkmargin.client.commands import prove
from zkmargin.client.commands.app import run
from zkmargin.client.secrets import openings
from zkmargin.verifier.proof_files import read_proof
from zkmargin.verifier.receipt import proof_hash, word

def dies(function, counter, step):
    def counted(*args, **kwargs):
        counter[0] += 1
        if counter[0] == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return counted

for step in range(1, 1000):
    child = os.fork()
    if child == 0:
        counter = [0]
        steps = [(os, "link"), (os, "fsync"), (os, "fchmod"), (os, "replace"), (os, "rename")]
        steps += [(tempfile, "mkstemp"), (Path, "mkdir"), (Path, "unlink"), (Path, "rmdir")]
        for module, name in steps:
            setattr(module, name, dies(getattr(module, name), counter, step))
        os._exit(run(sys.argv[1:]))
    _, status = os.waitpid(child, 0)
    if os.path.lexists("proof"):
        found = read_proof(Path("proof"))
        assert found.receipt.proof_hash == proof_hash(found.proof), "a mixture"
        assert found.receipt.commitment == word(found.public[0]), "a mixture"
        assert len(os.listdir("proof")) == 3
    print(step, "killed" if os.WIFSIGNALED(status) else os.WEXITSTATUS(status), flush=True)
    if not os.WIFSIGNALED(status):
        break
"""


def test_a_killed_run_leaves_no_half_file(folder, small, contents, tally):
    """Kill -9 before every step of every write: final names are whole, and every proof's opening is on disk."""
    ask = ["prove", folder / "portfolio-small.json", *small, "--out", folder / "proof", "--context", "5", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT, *map(str, ask)], capture_output=True, text=True, check=True, cwd=folder
    )
    steps = [line.split() for line in done.stdout.splitlines() if not line.startswith("{")]
    assert steps[-1][1] == "0", done.stderr
    assert len(steps) > 20
    salts = set()
    for name, data in contents(folder).items():
        if os.path.basename(name).startswith("."):
            continue
        if name.endswith(".json"):
            json.loads(data)
        if ".opening" in name:
            salts.add(load_opening(folder / name).salt)
    whole = sum(1 for name in contents(folder) if ".opening" in name and not name.startswith("."))
    assert len(salts) >= whole - 1  # one may have both its names, when killed between keeping and replacing
    assert whole > 5
    tally("P3", "kills, one before each step of a proving run: no half file, no opening lost", len(steps) - 1)


def test_no_mutated_file_crashes_the_readers(folder, size, tally):
    draw, count = random.Random(SEED), size(2_500, 25_000)
    parameters = load_parameters(folder / "parameters-small.json")
    market = load_market(folder / "market.json")
    tables = make_tables(parameters, market)

    def portfolio(path):
        to_holdings(load_portfolio(path), parameters, tables)

    def prices(path):
        make_tables(parameters, load_market(path))

    def rules(path):
        make_tables(load_parameters(path), market)

    readers = {
        "portfolio-small.json": portfolio,
        "portfolio.csv": portfolio,
        "market.json": prices,
        "parameters-small.json": rules,
    }
    junk = [
        b"NaN",
        b"1e999",
        b"-",
        b'"',
        b"{",
        b"]",
        b"\xff",
        b"\x00",
        b"null",
        b"0",
        b",",
        b"1" * 99,
        b"\\ud800",
        b"\n",
    ]
    refused = accepted = 0
    for name, reader in readers.items():
        original, path = (folder / name).read_bytes(), folder / f"mutated-{name}"
        for _ in range(count):
            data = bytearray(original)
            for _ in range(draw.randint(1, 3)):
                at = draw.randrange(len(data) + 1)
                end = min(len(data), at + draw.choice([0, 0, 1, 1, 5, 200]))
                data[at:end] = draw.choice(
                    [b"", draw.choice(junk), bytes([draw.randrange(256)]), original[at - 20 : at]]
                )
            path.unlink(missing_ok=True)  # to write over a file can mean to wait for the disk
            path.write_bytes(data)
            try:
                reader(path)
            except InputError as error:
                refused += "\n" not in error.message
            else:
                accepted += 1
    tried = count * len(readers)
    what = f"mutated input files, {refused:,} of them refused in one line, no crash"
    tally("P4", what, tried, tried - refused - accepted)
    assert refused > tried // 2
