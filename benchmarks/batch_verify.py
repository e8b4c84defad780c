"""How long verifying a proof takes, alone and in batches: one JSON line a size.

Usage: python benchmarks/batch_verify.py [ROUNDS]. The example's account, 64 proofs under other contexts; longer batches
take them in turn. Single proofs and batches are timed in turn, the quickest round of each counts.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from zkmargin.circuits.build import compile_statement, write_circuit
from zkmargin.circuits.model import Opening
from zkmargin.circuits.statements.commitment import draw_salt
from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.client.files.tables import make_tables
from zkmargin.kernel import backend, kernel, verify, verify_batch
from zkmargin.prover.prove import Prover
from zkmargin.prover.setup import development_setup
from zkmargin.verifier.batch import verify_many
from zkmargin.verifier.proof_files import ProofFiles
from zkmargin.verifier.statement_keys import judge_key

EXAMPLE = Path(__file__).parents[1] / "examples" / "hyperliquid"
SIZES = (1, 8, 64, 512)
PROOFS = 64


def proved(folder: Path) -> tuple[Prover, list[ProofFiles]]:
    """Compile, set up, and prove one account under many contexts."""
    parameters = load_parameters(EXAMPLE / "parameters.json")
    tables = make_tables(parameters, load_market(EXAMPLE / "market.json"))
    write_circuit(compile_statement(parameters.rule, parameters.slots, "sufficiency"), folder)
    development_setup(folder)
    prover = Prover.load(folder)
    holdings = to_holdings(load_portfolio(EXAMPLE / "portfolio.json"), parameters, tables)
    opening = Opening(holdings, (1, 2), draw_salt())
    made = [prover.prove(opening, tables.market, tables.maintenance, context=context) for context in range(PROOFS)]
    return prover, [ProofFiles(one.public, one.proof) for one in made]


def timed(run: Callable[[], bool]) -> float:
    """Return milliseconds."""
    start = perf_counter()
    assert run()
    return 1e3 * (perf_counter() - start)


def main() -> None:
    """Print one JSON line a size."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"kernel {backend()}, {kernel().threads()} threads, {platform.machine()}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        prover, items = proved(Path(folder))
    key, points = judge_key(prover.circuit_key, allow_development=True), prover.circuit_key.verifying_key
    for size in SIZES:
        batch = [items[index % PROOFS] for index in range(size)]
        publics, proofs = [one.public for one in batch], [one.proof for one in batch]
        wrong = [replace(items[1], proof=items[0].proof), *batch[1:]]
        times: dict[str, list[float]] = {"single": [], "batch": [], "checked": [], "one_wrong": []}
        for _ in range(rounds):
            times["single"].append(
                timed(lambda: all(verify(points, item.public, item.proof) for item in items)) / PROOFS
            )
            times["batch"].append(timed(lambda: verify_batch(points, publics, proofs)) / size)  # noqa: B023
            times["checked"].append(timed(lambda: all(one.ok for one in verify_many(key, batch))) / size)  # noqa: B023
            times["one_wrong"].append(timed(lambda: not verify_many(key, wrong)[0].ok) / size)  # noqa: B023
        best = {f"{name}_ms": round(min(values), 3) for name, values in times.items()}
        print(json.dumps({"proofs": size, "public": len(batch[0].public), **best}))


if __name__ == "__main__":
    main()
