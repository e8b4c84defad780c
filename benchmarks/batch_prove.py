"""A thousand accounts under one key: one at a time, and as a batch. One JSON document.

Usage: python benchmarks/batch_prove.py [ACCOUNTS [ALONE]]. The example's rule at 16 positions; accounts differ in cash.
"One at a time" is `Session.prove` with its files, warm, in one process on all cores, for the first ALONE accounts.
Processor time is of all processes, loading the key in each worker included.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from zkmargin.circuits.build import compile_statement, write_circuit
from zkmargin.client.batch.batch import Batch, Done, accounts_in
from zkmargin.client.batch.workers import LocalWorkers
from zkmargin.client.files.loading import load_parameters
from zkmargin.client.session import Session
from zkmargin.prover.setup import development_setup

EXAMPLE = Path(__file__).parents[1] / "examples" / "hyperliquid"
MARKET = EXAMPLE / "market.json"


def make(count: int, folder: Path) -> Session:
    """Compile and set up the circuit, and write so many portfolios."""
    parameters = load_parameters(EXAMPLE / "parameters.json")
    write_circuit(compile_statement(parameters.rule, parameters.slots, "sufficiency"), folder / "circuit")
    development_setup(folder / "circuit")
    held = json.loads((EXAMPLE / "portfolio.json").read_text())
    (folder / "accounts").mkdir()
    for number in range(count):
        held |= {"account": f"desk-{number}", "cash": str(2_000_000 + number)}
        (folder / "accounts" / f"desk-{number:05}.json").write_text(json.dumps(held))
    return Session(parameters, folder / "circuit")


@contextmanager
def timed(told: dict[str, float | int], proofs: int) -> Iterator[None]:
    """Add what the block took, and proofs a second and core."""
    start, before = perf_counter(), os.times()
    yield
    seconds, after = perf_counter() - start, os.times()
    busy = sum(after[:4]) - sum(before[:4])
    told |= {
        "proofs": proofs,
        "seconds": round(seconds, 2),
        "processor_seconds": round(busy, 2),
        "proofs_a_second_a_core": round(proofs / seconds / (os.cpu_count() or 1), 2),
        "proofs_a_processor_second": round(proofs / busy, 2),
    }


def main() -> None:
    """Print both rates and their ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    alone = min(count, int(sys.argv[2]) if len(sys.argv) > 2 else 100)
    single: dict[str, float | int] = {}
    many: dict[str, float | int] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session = make(count, folder)
        portfolios = sorted((folder / "accounts").iterdir())[:alone]
        session.prove(portfolios[0], MARKET, context=1)
        with timed(single, alone):
            for number, portfolio in enumerate(portfolios):
                made = session.prove(portfolio, MARKET, context=1)
                made.write(folder / "alone" / str(number))
        batch = Batch(session, MARKET, folder / "proofs", context=2, margin="maintenance")
        with timed(many, count):
            accounts = accounts_in(folder / "accounts", folder / "openings")
            with LocalWorkers(folder / "circuit", batch.statement) as workers:
                results = list(batch.run(accounts, workers))
        assert all(isinstance(result, Done) for result in results)
        assert len(results) == count
    ratio = many["proofs_a_processor_second"] / single["proofs_a_processor_second"]
    print(json.dumps({"alone": single, "batch": many, "ratio_by_processor_time": round(ratio, 2)}))


if __name__ == "__main__":
    main()
