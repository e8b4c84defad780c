"""The demo: one trader's path from a portfolio file to a gated position, and everything that must fail on the way.

It runs on anvil where that is installed, else on the embedded EVM, or on a chain of the user's own; circuits and keys
are made afresh in a temporary folder. With the reference kernel it uses the small shape.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from ...circuits.build import compile_statement, write_circuit
from ...circuits.model import Holdings, Opening, Shape, Table
from ...circuits.schema import Schema
from ...circuits.statements.commitment import draw_salt
from ...circuits.statements.engine import evaluate, money_scale
from ...circuits.statements.margin import STATEMENTS
from ...contracts import errors
from ...contracts.bindings import ProofArgs
from ...contracts.chain import Chain
from ...contracts.encoding import INITIAL
from ...kernel import backend
from ...kernel.babyjubjub import draw_secret, public_key
from ...kernel.errors import EnvironmentFault, Insufficient, NotShort, Unsatisfied, ZkmarginError
from ...prover.prove import Prover
from ...prover.setup import development_setup
from ...verifier.check import Demands, verify_statement
from ...verifier.statement_keys import JudgedKey, judge_key
from ..chains.deployment import Deployment
from ..chains.embedded import EmbeddedChain
from ..files.loading import load_market, load_parameters
from ..files.models import Parameters
from ..files.portfolio import Portfolio, load_portfolio, to_holdings
from ..files.tables import Tables, make_tables
from ..margin.report import MarginReport, margin_report

__all__ = ["DemoResult", "Step", "run_demo"]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "hyperliquid"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Step:
    """One thing the demo did. `ok` says that it went as it must: the refusal that was expected, by its name, is ok.

    `refused_by` is who refused as expected; `error` says what came, expected or not.
    """

    name: str
    ok: bool
    detail: str
    refused_by: str | None = None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the step as `demo --json` writes it."""
        fields = {"name": self.name, "ok": self.ok, "refused_by": self.refused_by, "error": self.error}
        return {key: value for key, value in fields.items() if value is not None}


@dataclass
class DemoResult:
    """Steps and figures; times in milliseconds, gas of the dearest transaction of each kind."""

    steps: list[Step] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    report: MarginReport | None = None

    @property
    def ok(self) -> bool:
        """Whether everything went as it must."""
        return bool(self.steps) and all(step.ok for step in self.steps)

    def as_json(self) -> dict[str, Any]:
        """Return the document of `demo --json`."""
        return {"ok": self.ok, "steps": [step.as_json() for step in self.steps], "figures": self.figures}


def run_demo(tell: Tell, rpc: str | None = None) -> DemoResult:
    """Run the whole demo; `tell` receives one line a step. Raises EnvironmentFault when no chain can be had."""
    result = DemoResult()
    small = backend() == "reference"
    parameters = load_parameters(EXAMPLE / ("parameters-small.json" if small else "parameters.json"))
    portfolio = load_portfolio(EXAMPLE / ("portfolio-small.json" if small else "portfolio.json"))
    tables = make_tables(parameters, load_market(EXAMPLE / "market.json"))
    # The book takes no version from the future, whatever this machine's clock says.
    chains = _chain(rpc, not_before=tables.initial.number)
    with tempfile.TemporaryDirectory(prefix="zkmargin-demo-") as folder, chains as (chain, accounts, name, exact):
        provers = _provers(Path(folder), tables.schema.shape, result, tell)
        story = _Story(_World(chain, accounts, parameters, portfolio, tables), provers, result, tell)
        tell(f"chain {chain.chain_id} on {name}" + ("" if exact else " (its gas is approximate: storage stays warm)"))
        story.play()
        result.figures.update(gas=dict(story.gate.gas), gas_exact=exact, evm=name)
    return result


@contextmanager
def _chain(rpc: str | None, not_before: int) -> Iterator[tuple[Chain, list[str], str, bool]]:
    """Yield a chain whose clock is not before a time, its accounts, its name, and whether its gas figures are exact."""
    from ..chains.anvil import find_anvil, running_anvil
    from ..chains.rpc import RpcChain

    if rpc is not None:
        node = RpcChain(rpc)
        yield node, node.accounts, "the given node", True
    elif find_anvil():
        with running_anvil(not_before) as anvil:
            yield anvil, anvil.accounts, "anvil", True
    else:
        embedded = EmbeddedChain(timestamp=max(int(time.time()), not_before))
        yield embedded, embedded.accounts, "pyrevm", False


def _provers(folder: Path, shape: Shape, result: DemoResult, tell: Tell) -> dict[str, Prover]:
    """Compile and set up both circuits."""
    provers = {}
    for statement in STATEMENTS:
        start = perf_counter()
        compiled = compile_statement("cross-margin", shape, statement)
        write_circuit(compiled, folder / statement)
        middle = perf_counter()
        development_setup(folder / statement)
        end = perf_counter()
        provers[statement] = Prover.load(folder / statement)
        counts = compiled.manifest["counts"]
        times = {"compile": 1e3 * (middle - start), "setup": 1e3 * (end - middle)}
        result.figures[statement] = {**counts, "timings_ms": {key: round(value, 1) for key, value in times.items()}}
        tell(
            f"compiled {statement}: {counts['constraints']:,} constraints, {counts['public']} public inputs; "
            "development key made"
        )
    result.figures["constraints"] = result.figures["sufficiency"]["constraints"]
    return provers


@dataclass(frozen=True)
class _World:
    """A chain to play on, and the files of the trader and the venue."""

    chain: Chain
    accounts: list[str]
    parameters: Parameters
    portfolio: Portfolio
    tables: Tables


class _Story:
    """The trader, the account beside it, and a stranger, on one chain."""

    def __init__(self, world: _World, provers: dict[str, Prover], result: DemoResult, tell: Tell) -> None:
        accounts = world.accounts
        if not accounts:
            raise EnvironmentFault("the chain has no account to send from", hint="set ZKMARGIN_PRIVATE_KEY")
        self.chain, self.tables, self.parameters = world.chain, world.tables, world.parameters
        self.provers, self.result, self.tell = provers, result, tell
        self.admin, self.trader, self.neighbour, self.stranger = (accounts[min(i, len(accounts) - 1)] for i in range(4))
        self.portfolio = world.portfolio
        self.holdings = to_holdings(world.portfolio, world.parameters, world.tables)
        self.opening = self._opening(self.holdings)
        self.market = world.tables.market
        self.gate: Deployment

    def play(self) -> None:
        """Run every act."""
        self._check()
        self._one_unit_short()
        self._deploy()
        args = self._open_and_certify()
        self._refusals(args)
        self._fall()
        self._after()

    # -- acts -----------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        for margin in ("initial", "maintenance"):
            report = margin_report(self.parameters, self.tables, self.holdings, margin=margin, portfolio=self.portfolio)
            unit = report.unit
            self._done(
                f"check-{margin}",
                f"{margin} margin: equity {report.equity:,.2f}, requirement {report.requirement:,.2f}, "
                f"surplus {report.surplus:,.2f} {unit}",
                ok=report.ok,
            )
            self.result.report = report

    def _one_unit_short(self) -> None:
        """Leave the account with a surplus below one money unit, then take one smallest unit of cash away."""
        surplus = int(evaluate(self.tables.schema, self.holdings, self.market, self.tables.maintenance).surplus)
        scale = money_scale(self.tables.schema)
        barely = replace(self.holdings, cash=self.holdings.cash - surplus // scale)
        short = replace(barely, cash=barely.cash - 1)
        prover = self.provers["sufficiency"]
        proved = prover.prove(self._opening(barely), self.market, self.tables.maintenance)
        demands = Demands((self.market, self.tables.maintenance), "maintenance")
        verify_statement(_judged(prover), proved.public, proved.proof, demands)
        self._done("smallest-surplus", "with the least surplus the rule can tell from a shortfall, the proof verifies")
        self._refused(
            "one-unit-short",
            "margin engine",
            lambda: prover.prove(self._opening(short), self.market, self.tables.maintenance),
            Insufficient,
        )
        program = prover.manifest.program
        public = (0, 0, 0, *self.market.cells, *self.tables.maintenance.cells)
        hidden = (*short.values, *self.opening.owner_key, self.opening.salt)
        self._refused("one-unit-short-witness", "circuit", lambda: program.run(public, hidden), Unsatisfied)

    def _deploy(self) -> None:
        self.gate = Deployment.create(self.chain, self.admin, self.provers)
        self.gate.post_parameters(self.tables)
        self.gate.post_round(self.market)
        self._done("deploy", "contracts deployed, both keys registered, parameters and a price round posted and folded")

    def _open_and_certify(self) -> ProofArgs:
        deadline = self._deadline()
        # The account beside it holds the other side of every trade: what hurts the trader helps it.
        price, funding = (
            [
                cell - spec.offset
                for spec, cell in zip(self.tables.schema.cells("market"), self.market.cells, strict=True)
            ][start : start + len(self.holdings.sizes)]
            for start in (0, len(self.holdings.sizes))
        )
        worth = sum(q * (p - f) for q, p, f in zip(self.holdings.sizes, price, funding, strict=True))
        mirrored = tuple(-size for size in self.holdings.sizes)
        self.other = self._opening(replace(self.holdings, sizes=mirrored, cash=self.holdings.cash + 2 * worth))
        self.account, proved = self.gate.open(
            self.trader, "desk-7", self.opening, self.market, self.tables.initial, deadline=deadline
        )
        self.beside, _ = self.gate.open(
            self.neighbour, "beside", self.other, self.market, self.tables.initial, deadline=deadline
        )
        judged = _judged(self.provers["sufficiency"])
        start = perf_counter()
        verify_statement(judged, proved.public, proved.proof, Demands((self.market, self.tables.initial), "initial"))
        times = {**proved.timings_ms, "verify": 1e3 * (perf_counter() - start)}
        self.result.figures.update(timings_ms={key: round(value, 2) for key, value in times.items()}, proof_bytes=256)
        self._done("verify", "the initial-margin proof verifies off chain, its tables inside the schema")
        self.gate.verify_gas(proved, self.market, self.tables.initial, INITIAL)
        self._done("open", "two accounts opened by initial-margin proofs; their holdings are on no chain")
        args = self._certificate(self.account, self.opening)
        self.gate.certify(self.stranger, self.account, args)
        self._done(
            "certify", "a maintenance certificate, brought by a stranger", ok=self.gate.gate.is_covered(self.account)
        )
        return args

    def _refusals(self, used: ProofArgs) -> None:
        fresh = self._certificate(self.account, self.opening)
        swapped = [*fresh.proof[:6], *fresh.proof[:2]]
        late = self._certificate(self.account, self.opening, self.chain.now() - 1)
        foreign = replace(self._certificate(self.account, self.opening), nonce=1)
        attempts: dict[str, tuple[bytes, ProofArgs, type[ZkmarginError]]] = {
            "replay": (self.account, used, errors.NonceUsed),
            "tampered-proof": (self.account, replace(fresh, proof=swapped), errors.ProofRejected),
            "other-account": (self.beside, foreign, errors.ProofRejected),
            "expired-deadline": (self.account, late, errors.DeadlinePassed),
            "changed-deadline": (self.account, replace(fresh, deadline=fresh.deadline + 1), errors.ProofRejected),
        }

        # Proofs about tables the gate has not posted, with the ordinates of those it has.
        def hinted(args: ProofArgs) -> ProofArgs:
            return replace(args, market_y=fresh.market_y, parameters_y=fresh.parameters_y)

        cheaper = {self._cell("parameters.charge.0"): 0, self._cell("parameters.rate.0.0"): 0}
        loose = self._certificate(self.account, self.opening, parameters=self.tables.maintenance.replace(cheaper))
        dearer = self._certificate(
            self.account, self.opening, market=self.market.replace({0: self.market.cells[0] * 2})
        )
        attempts["changed-parameter"] = (self.account, hinted(loose), errors.ProofRejected)
        attempts["changed-price"] = (self.account, hinted(dearer), errors.ProofRejected)
        for name, (account, args, expected) in attempts.items():
            self._refused(name, "MarginGate", partial(self.gate.certify, self.stranger, account, args), expected)
        wide = _numbered(self.market.replace({0: 1 << 28}), 1)
        self._refused("price-outside-schema", "PriceBoard", lambda: self.gate.post_round(wide), errors.CellOutOfBounds)

    def _fall(self) -> None:
        """Let prices fall, a percent at a time, until maintenance margin is no longer met."""
        for percent in range(99, 0, -1):
            fallen = _numbered(_scaled(self.tables.schema, self.market, percent), 1)
            if evaluate(self.tables.schema, self.holdings, fallen, self.tables.maintenance).surplus < 0:
                break
        self.gate.post_round(fallen)
        self.tell(f"prices fall by {100 - percent} %")
        self.first, self.market = self.market, fallen
        self._refused(
            "certify-when-short", "margin engine", lambda: self._certificate(self.account, self.opening), Insufficient
        )
        proof = self.gate.prove_flag(
            self.account, self.opening, fallen, self.tables.maintenance, deadline=self._deadline()
        )
        self._refused(
            "flag-healthy",
            "margin engine",
            lambda: self.gate.prove_flag(
                self.beside, self.other, fallen, self.tables.maintenance, deadline=self._deadline()
            ),
            NotShort,
        )
        self._refused(
            "flag-healthy-with-other-proof",
            "MarginGate",
            lambda: self.gate.flag(self.stranger, self.beside, replace(proof, nonce=1)),
            errors.ProofRejected,
        )
        self.gate.flag(self.stranger, self.account, proof)
        flagged = self.gate.gate.is_liquidatable(self.account) and not self.gate.gate.is_liquidatable(self.beside)
        self._done(
            "flag", "a shortfall proof flags the account for liquidation; the one beside it stays covered", ok=flagged
        )

    def _after(self) -> None:
        """Prices come back: the owner may still renew, but not with an old round."""
        self.gate.post_round(_numbered(self.first, 2))
        stale = self._certificate(self.beside, self.other, market=self.first)
        self._refused(
            "stale-round",
            "MarginGate",
            lambda: self.gate.certify(self.stranger, self.beside, stale),
            errors.RoundTooOld,
        )
        self.market = _numbered(self.first, 2)
        self.gate.certify(self.trader, self.account, self._certificate(self.account, self.opening))
        self._done(
            "recover",
            "prices recover: a certificate of a newer round clears the flag",
            ok=self.gate.gate.is_covered(self.account) and not self.gate.gate.is_liquidatable(self.account),
        )

    # -- helpers --------------------------------------------------------------------------------------------------

    def _cell(self, name: str) -> int:
        """Return the index of a parameter cell."""
        return [cell.name for cell in self.tables.schema.cells("parameters")].index(name)

    def _certificate(
        self,
        account: bytes,
        opening: Opening,
        deadline: int | None = None,
        *,
        market: Table | None = None,
        parameters: Table | None = None,
    ) -> ProofArgs:
        return self.gate.prove_certify(
            account,
            opening,
            self.market if market is None else market,
            self.tables.maintenance if parameters is None else parameters,
            deadline=self._deadline() if deadline is None else deadline,
        )

    def _opening(self, holdings: Holdings) -> Opening:
        return Opening(holdings, public_key(draw_secret()), draw_salt())

    def _deadline(self) -> int:
        return self.chain.now() + 600

    def _done(self, name: str, detail: str, *, ok: bool = True) -> None:
        self.result.steps.append(Step(name, ok, detail))
        self.tell(f"{'✓' if ok else '✗'} {detail}")

    def _refused(self, name: str, by: str, attempt: Callable[[], object], expected: type[ZkmarginError]) -> None:
        """Do what must be refused, and note who refused it and why: any other fault is not that refusal."""
        detail = name.replace("-", " ")
        try:
            attempt()
        except ZkmarginError as refusal:
            error = str(refusal)
            # By its very class: a fault of the chain, or a refusal for another reason, proves nothing.
            if type(refusal) is expected:
                self.result.steps.append(Step(name, True, detail, by, error))
                self.tell(f"✓ refused by the {by}: {detail} — {_short(error)}")
                return
        else:
            error = "it was accepted"
        self.result.steps.append(Step(name, False, detail, None, error))
        self.tell(f"✗ {detail}: {expected.__name__} had to come — {_short(error)}")


def _scaled(schema: Schema, market: Table, percent: int) -> Table:
    """Return the market with every price at `percent` of what it was, dollar assets apart."""
    moved = {}
    for i, (spec, cell, label) in enumerate(zip(schema.cells("market"), market.cells, market.labels, strict=True)):
        if spec.name.startswith(("market.price.", "market.asset_price.")) and not label.startswith("USD"):
            moved[i] = cell * percent // 100
    return market.replace(moved)


def _numbered(market: Table, later: int) -> Table:
    return replace(market, number=market.number + later)


def _short(text: str) -> str:
    return text if len(text) <= 90 else text[:87] + "..."


def _judged(prover: Prover) -> JudgedKey:
    """Return a prover's key, fit to judge: development keys are what the demo plays with."""
    return judge_key(prover.circuit_key, allow_development=True)
