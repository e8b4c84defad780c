"""Gas of large tables on chain, end to end: real circuits, development keys, anvil, a board of risk oracles, a gate.

    python benchmarks/large_tables.py [CELLS ...]

A scan of scenarios (the largest loss over 16 or 25 rows of 40-bit cells) is compiled at each number of cells, its key
registered over as many data contracts as it needs, rounds are signed by two of three oracles, posted and folded: the
first whole, later ones as the cells that moved. The sufficiency circuit is folded by products, the shortfall circuit as
the planner chooses. At the end an account opens on a proof about the last round. Figures are gas of whole transactions,
and none may take more than a transaction may (2^24).
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zkmargin.circuits.build import compile_statement, write_circuit
from zkmargin.circuits.language.language import MONEY, Constant, absolute, maximum
from zkmargin.circuits.model import CASH_BITS, CHARGE_BITS, MONEY_DIGITS, SIZE_BITS, Holdings, Opening, Shape, Table
from zkmargin.circuits.rules.family import Family
from zkmargin.circuits.rules.registry import RulePlugin, register
from zkmargin.circuits.schema import Schema, holding_specs, signed, unsigned
from zkmargin.client.chains.anvil import running_anvil
from zkmargin.client.chains.deployment import MARKET, Deployment
from zkmargin.client.chains.large_tables import FoldedBase, Signed, fold_table, moved_cells, post_large_round
from zkmargin.client.chains.oracle import sign_digest, sign_risk_table
from zkmargin.client.files.tables import Tables
from zkmargin.contracts import errors
from zkmargin.contracts.folding import MOST_GAS
from zkmargin.prover.prove import Prover
from zkmargin.prover.setup import development_setup
from zkmargin.verifier.folding import folded_point

SIZES = {
    128: (8, 16),
    512: (32, 16),
    1_000: (40, 25),
    2_500: (100, 25),
    5_000: (200, 25),
}  # cells: positions x scenarios
SHARES = (0.01, 0.10, 0.50, 1.00)  # of the cells that move from round to round
CELL_BITS = 40
ORACLES = [bytes([index + 1]) * 32 for index in range(3)]
BY_PRODUCTS = 2_000  # cells a transaction


def schema(shape: Shape) -> Schema:
    """Return a cell a position and scenario, and a charge a position."""
    places = [(i, s) for i in range(shape.positions) for s in range(shape["scenarios"])]
    arrays = (signed(f"market.array.{i}.{s}", "money/lot", CELL_BITS, slot=f"position {i}") for i, s in places)
    charges = (
        unsigned(f"parameters.charge.{i}", "money/lot", CHARGE_BITS, levels="initial>=maintenance")
        for i in range(shape.positions)
    )
    holdings = holding_specs(shape, cash=CASH_BITS, size=SIZE_BITS, amount=8)
    return Schema("scan", shape, MONEY_DIGITS, holdings, (("market", tuple(arrays)), ("parameters", tuple(charges))))


def requirement(account, market, parameters):
    """Return the largest loss over the scenarios, and a charge a lot."""
    array, charge = market.column("array"), parameters.column("charge")
    scenarios = len(market.cells) // len(account.positions)
    losses = [Constant(0, MONEY)]
    for scenario in range(scenarios):
        loss = Constant(0, MONEY)
        for position in account.positions:
            loss -= position.size * array[position, scenario]
        losses.append(loss)
    total = maximum(*losses)
    for position in account.positions:
        total += absolute(position.size) * charge[position]
    return total


register(RulePlugin(Family("scan", schema, lambda account, *_: account.cash, requirement)))


class Meter:
    """A chain that remembers what every transaction cost, under the name of what is being done."""

    def __init__(self, chain):
        self.chain, self.doing = chain, "deploy"
        self.gas: dict[str, list[int]] = defaultdict(list)

    def __getattr__(self, name):
        return getattr(self.chain, name)

    @contextmanager
    def named(self, what: str) -> Iterator[None]:
        before, self.doing = self.doing, what
        yield
        self.doing = before

    def transact(self, to, data, sender, gas=None):
        receipt = self.chain.transact(to, data, sender, gas)
        assert receipt.gas_used < MOST_GAS, f"{self.doing} took {receipt.gas_used:,} gas in one transaction"
        self.gas[self.doing].append(receipt.gas_used)
        return receipt


def provers(cells: int, folder: Path) -> dict[str, Prover]:
    positions, scenarios = SIZES[cells]
    shape = Shape(positions, 0, 0, dimensions=(("scenarios", scenarios),))
    made = {}
    for statement in ("sufficiency", "shortfall"):
        since = time.perf_counter()
        compiled = compile_statement("scan", shape, statement)
        write_circuit(compiled, folder / statement)
        development_setup(folder / statement)
        made[statement] = Prover.load(folder / statement)
        counts, seconds = made[statement].manifest.counts, time.perf_counter() - since
        print(
            f"  {statement}: {counts['constraints']:,} constraints, {counts['public']:,} public inputs, {seconds:.1f} s"
        )
    return made


def measure(cells: int, rng: random.Random) -> dict[str, list[int]]:
    with tempfile.TemporaryDirectory() as folder, running_anvil() as chain:
        circuits = provers(cells, Path(folder))
        meter = Meter(chain)
        admin = chain.accounts[0]
        addresses = [sign_digest(key, bytes(32)).oracle for key in ORACLES]
        with meter.named("register"):
            deployed = Deployment.create(meter, admin, circuits, staleness=3_600 * 6, oracles=addresses, threshold=2)
        tables = parameter_tables(circuits["sufficiency"].manifest.schema, meter.now())
        with meter.named("parameters"):
            deployed.post_parameters(tables)
        offset = 1 << (CELL_BITS - 1)
        values = [rng.randrange(-(1 << 34), 1 << 34) for _ in range(cells)]
        market = Table("market", 1, tuple(offset + value for value in values))
        one_round(deployed, meter, market, None, "whole")
        for number, share in enumerate(SHARES, 2):
            for index in rng.sample(range(cells), max(1, round(share * cells))):
                values[index] += rng.choice((-1, 1)) * rng.randrange(1, max(2, abs(values[index]) // 50))
            before, market = market, Table("market", number, tuple(offset + value for value in values))
            assert len(moved_cells(before.cells, market.cells)) == max(1, round(share * cells))
            one_round(deployed, meter, market, before, f"{share:.0%} moved")
        prove(deployed, meter, tables, market, rng)
        return meter.gas


def one_round(deployed, meter, market, before, name):
    """Sign, post and fold a round: by products for sufficiency, as planned for shortfall."""
    board, registry, now = deployed.board, deployed.registry, meter.now()
    schema_ = deployed.provers["sufficiency"].manifest.schema
    where = {"chain_id": meter.chain_id, "board": board.address, "timestamp": now, "deadline": now + 3_600}
    signatures = tuple(sign_risk_table(key, schema_, market, **where) for key in ORACLES[:2])
    since = None if before is None else board.round_table(before.number)
    with meter.named(f"post {name}"):
        table, _ = post_large_round(
            board, market.number, now, market.cells, since=since, signed=Signed(now + 3_600, signatures)
        )
    with meter.named(f"fold {name}, products"):
        circuit = deployed.circuit("sufficiency")
        while not registry.folded(circuit, MARKET, table, since or bytes(32))[1]:
            if before is None:
                registry.fold(circuit, MARKET, table, BY_PRODUCTS)
            else:
                registry.refold(circuit, MARKET, since, ordinate(deployed, "sufficiency", before), table, BY_PRODUCTS)
    with meter.named(f"fold {name}, planned"):
        base = None
        if before is not None:
            base = FoldedBase(since, before.cells, ordinate(deployed, "shortfall", before))
        fold_table(registry, deployed.circuit("shortfall"), MARKET, table, market.cells, since=base)
    assert board.table_cells(table) == list(market.cells)


def ordinate(deployed, statement, market):
    """Return the y of a market table's folded point."""
    return folded_point(deployed.provers[statement].circuit_key, market)[1]


def parameter_tables(schema_: Schema, now: int) -> Tables:
    cells = tuple(1_000 for _ in schema_.cells("parameters"))
    table = Table("parameters", now, cells)
    return Tables(schema_, Table("market", 0, ()), table, table)


def prove(deployed, meter, tables, market, rng):
    """Open an account on a proof about the folded tables; a changed commitment is refused."""
    schema_ = deployed.provers["sufficiency"].manifest.schema
    sizes = tuple(rng.randrange(-1_000, 1_000) for _ in range(schema_.shape.positions))
    opening = Opening(Holdings(1 << 60, sizes, (), ()), (1, 2), rng.randrange(1 << 248))
    with meter.named("open an account"):
        since = time.perf_counter()
        _, proved = deployed.open(
            meter.accounts[1], "desk", opening, market, tables.initial, deadline=meter.now() + 600
        )
        print(f"  an account opened in {time.perf_counter() - since:.2f} s, proof included: {proved.timings_ms}")
    try:
        args = deployed.arguments("sufficiency", proved, market, tables.initial, nonce=0, deadline=meter.now() + 600)
        deployed.gate.as_sender(meter.accounts[1]).open("other", proved.public[0] + 1, args)
    except errors.ProofRejected:
        return
    raise AssertionError("another commitment passed")


def show(cells: int, gas: dict[str, list[int]]) -> None:
    for name, spent in gas.items():
        each = sum(spent) / cells
        print(f"  {name:28} {sum(spent):>12,} gas in {len(spent):>2}, at most {max(spent):>10,}, {each:>7,.0f} a cell")


def main(arguments: list[str]) -> int:
    for cells in [int(one) for one in arguments] or SIZES:
        print(f"{cells:,} cells")
        show(cells, measure(cells, random.Random(20261122)))  # noqa: S311
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
