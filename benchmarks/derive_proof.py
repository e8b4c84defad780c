"""From a portfolio file to a verified proof: Derive's portfolio margin, 128 options, 33 scenarios, 14 expiries.

    python benchmarks/derive_proof.py [RUNS]

Compiles and sets up `examples/derive-pmrm2` in a temporary folder, then proves the same account in one warm process.
Prints seconds and, beside them, seconds of processor: on a machine that does other work only the latter mean anything.
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from zkmargin.circuits.build import compile_statement, write_circuit
from zkmargin.client import Session, load_parameters
from zkmargin.prover.setup import development_setup

EXAMPLE = Path(__file__).parents[1] / "examples/derive-pmrm2"


def timed(what, work):
    """Run `work`, print what it took, and return its result."""
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    print(f"{what}: {time.perf_counter() - wall:.2f} s, {time.process_time() - processor:.2f} s of processor")
    return result


def main(runs):
    parameters = load_parameters(EXAMPLE / "parameters.json")
    with tempfile.TemporaryDirectory() as folder:
        circuit, portfolio = Path(folder, "circuit"), Path(folder, "portfolio.json")
        portfolio.write_bytes((EXAMPLE / "portfolio.json").read_bytes())  # openings and keys are written beside it
        compiled = timed("compile", lambda: compile_statement(parameters.rule, parameters.slots, "sufficiency"))
        rows, public = compiled.system.rows, len(compiled.public)
        print(f"{rows:,} constraints, {public:,} public inputs, domain {1 << (rows + public).bit_length():,}")
        write_circuit(compiled, circuit)
        timed("set-up", lambda: development_setup(circuit))
        session = timed("session", lambda: Session.load(parameters=EXAMPLE / "parameters.json", circuit=circuit))
        walls, processors = [], []
        for number in range(runs + 1):
            wall, processor = time.perf_counter(), time.process_time()
            proof = session.prove(portfolio, EXAMPLE / "market.json", context=7)
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            parts = ", ".join(f"{name} {took:.0f}" for name, took in proof.timings_ms.items())
            print(f"portfolio file to proof: {wall:.3f} s, {processor:.3f} s of processor (ms: {parts})")
            if number:  # the first one reads the key and builds the rule
                walls.append(wall)
                processors.append(processor)
        print(f"median of {runs} warm ones: {median(walls):.3f} s, {median(processors):.3f} s of processor")
        assert session.verify(proof, EXAMPLE / "market.json", allow_development=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
