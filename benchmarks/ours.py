"""Time our prover on a `.zkey` and a `.wtns`, in a process of its own; one JSON document on stdout.

Usage: python benchmarks/ours.py KEY.zkey WITNESS.wtns ROUNDS. The first proof is not counted, the last is verified.
"""

from __future__ import annotations

import json
import resource
import secrets
import sys
from pathlib import Path
from time import perf_counter, process_time

from zkmargin.kernel import R, load_key, public_inputs, read_wtns, verify


def main() -> None:
    """Load, prove, verify, and print the milliseconds by the clock and on all cores together."""
    zkey, wtns, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    start = perf_counter()
    key = load_key(zkey)
    loaded = perf_counter() - start
    witness = read_wtns(wtns)
    wall, busy = [], []
    for i in range(rounds + 1):
        started, used = perf_counter(), process_time()
        proof = key.prove(witness, secrets.randbelow(R), secrets.randbelow(R))
        if i:
            wall.append(1e3 * (perf_counter() - started))
            busy.append(1e3 * (process_time() - used))
    assert verify(key.verifying_key, public_inputs(key, witness), proof)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"prove": {"wall": wall, "cpu": busy}, "load_ms": 1e3 * loaded, "peak_mb": peak, "proof": proof.as_json()}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
