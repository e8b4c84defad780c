"""Prove time against snarkjs on the same key and witness: both warm, both in process, in turn, medians.

Usage: python benchmarks/prove_vs_snarkjs.py [ROUNDS]. Needs `npm ci` and the native kernel.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from zkmargin.circuits.build import compile_statement, write_circuit
from zkmargin.circuits.model import Opening, Shape
from zkmargin.circuits.statements.commitment import draw_salt
from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.client.files.tables import make_tables
from zkmargin.kernel import backend, kernel, write_wtns
from zkmargin.prover.prove import Prover
from zkmargin.prover.setup import development_setup

HERE = Path(__file__).parent
EXAMPLE = HERE.parent / "examples" / "hyperliquid"


def measure(statement: str, rounds: int, folder: Path) -> dict[str, float | int | str]:
    """Return the medians, in milliseconds, of both provers on one statement at 16 positions."""
    directory = folder / statement
    write_circuit(compile_statement("cross-margin", Shape(16, 4, 4, 3), statement), directory)
    development_setup(directory)
    prover = Prover.load(directory)
    parameters = load_parameters(EXAMPLE / "parameters.json")
    tables = make_tables(parameters, load_market(EXAMPLE / "market.json"))
    holdings = to_holdings(load_portfolio(EXAMPLE / "portfolio.json"), parameters, tables)
    if statement == "shortfall":
        holdings = type(holdings)(-(1 << 55), holdings.sizes, holdings.collateral, holdings.debts)
    opening = Opening(holdings, (1, 2), draw_salt())

    proved = prover.prove(opening, tables.market, tables.maintenance, context=1)
    witness = folder / f"{statement}.wtns"
    write_wtns(witness, proved.witness)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(3):  # in turn, so that a change in the machine's speed touches both
        command = ["node", str(HERE / "snarkjs_prove.cjs"), str(directory / "circuit.zkey"), str(witness), str(rounds)]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        theirs += told["prove"]["wall"]
        for i in range(rounds):
            start = perf_counter()
            prover.key.prove(proved.witness, 1 + i, 2 + i)
            if i:  # the first of a round is dropped on both sides
                ours.append(1e3 * (perf_counter() - start))
    mine, other = statistics.median(ours), statistics.median(theirs)
    whole = []
    for _ in range(rounds):
        start = perf_counter()
        prover.prove(opening, tables.market, tables.maintenance, context=1)
        whole.append(1e3 * (perf_counter() - start))
    return {
        "statement": statement,
        "constraints": prover.manifest.counts["constraints"],
        "domain": prover.key.domain_size,
        "proofs": len(ours),
        "ours_ms": round(mine, 1),
        "snarkjs_ms": round(other, 1),
        "ratio": round(mine / other, 3),
        "holdings_to_verified_proof_ms": round(statistics.median(whole), 1),
    }


def main() -> None:
    """Print one JSON line a statement."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    print(f"kernel {backend()}, {kernel().threads()} threads, {platform.machine()}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        for statement in ("sufficiency", "shortfall"):
            print(json.dumps(measure(statement, rounds, Path(folder))))


if __name__ == "__main__":
    main()
