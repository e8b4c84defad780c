"""Whole proofs by every prover, on the same keys and witnesses, in turn: medians, and ratios to gnark-crypto.

Usage: python benchmarks/prove.py [--families margin hashes] [--sizes 12 14 16]
    [--turns 3] [--rounds 5] [--threads 1 2] [--only gnark ours]

Keys are loaded and every prover is warm before the clock runs; every prover's last proof must pass our verifier. A turn
takes all provers one after the other, so a change in the machine's speed touches all of them. On a busy machine the
processor time is the steadier figure: both are given. Results go to build/bench/prove.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import files
import provers
from provers import Prover, Times

from zkmargin.kernel import Proof, load_key, public_inputs, read_wtns, verify


def available(only: list[str]) -> dict[str, Prover]:
    """Return the provers that this machine can run, by name; says which it cannot."""
    found: dict[str, Prover] = {}
    if provers.has_gnark():
        provers.build_gnark()
        found["gnark-crypto"] = provers.gnark
    else:
        print("gnark-crypto is not measured: there is no go here", file=sys.stderr)
    found |= {f"zkmargin, {path}": provers.ours(ZKMARGIN_KERNEL_PATH=path) for path in provers.paths()}
    if provers.has_arkworks():
        found["arkworks"] = provers.arkworks
    else:
        print("arkworks is not measured: there is no cargo here", file=sys.stderr)
    if (provers.HERE.parent / "node_modules" / "snarkjs").exists():
        found["snarkjs"] = provers.snarkjs
    else:
        print("snarkjs is not measured: npm ci", file=sys.stderr)
    return {name: prover for name, prover in found.items() if not only or any(part in name for part in only)}


def measure(
    given: files.Files, chosen: dict[str, Prover], turns: int, rounds: int, threads: int
) -> Iterator[dict[str, Any]]:
    """Yield one result a way of proving: its medians and its ratios to gnark-crypto's faster way."""
    key, witness = load_key(given.zkey), read_wtns(given.wtns)
    public = public_inputs(key, witness)
    times: dict[str, Times] = {}
    told: dict[str, dict[str, Any]] = {}
    for _ in range(turns):
        for name, prover in chosen.items():
            done = prover(given.zkey, given.wtns, rounds, threads)
            assert done.proof is not None
            assert verify(key.verifying_key, public, Proof.from_json(done.proof)), f"{name}: a false proof"
            for way, measured in done.times.items():
                label = name if way == "prove" else f"{name}, sums {way}"
                kept = times.setdefault(label, {"wall": [], "cpu": []})
                kept["wall"] += measured["wall"]
                kept["cpu"] += measured["cpu"]
                told[label] = done.told
    medians = {name: {clock: median(values) for clock, values in kept.items()} for name, kept in times.items()}
    rivals = [values for name, values in medians.items() if name.startswith("gnark")]
    for name, values in medians.items():
        result = {"size": given.name, "threads": threads, "prover": name, "proofs": len(times[name]["wall"])}
        for clock in ("wall", "cpu"):
            result[f"{clock}_ms"] = round(values[clock], 1)
            if rivals:
                result[f"{clock}_ratio"] = round(values[clock] / min(rival[clock] for rival in rivals), 3)
        yield result | {what: round(value, 1) for what, value in told[name].items() if isinstance(value, float)}


def main() -> None:
    """Print a table a size and write everything as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="+", default=list(files.FAMILIES), choices=list(files.FAMILIES))
    parser.add_argument("--sizes", type=int, nargs="+", default=[12, 14, 16], choices=files.POWERS)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[provers.cores()])
    parser.add_argument("--only", nargs="+", default=[], help="parts of the provers' names")
    asked = parser.parse_args()
    chosen = available(asked.only)
    results = []
    for family, power in product(asked.families, asked.sizes):
        given = files.make(family, power, provers.BUILD)
        print(f"\n{given.name}: " + ", ".join(f"{name} {value}" for name, value in given.figures.items()))
        for threads in asked.threads:
            print(f"{'threads':>8} {'wall ms':>10} {'ratio':>7} {'cpu ms':>10} {'ratio':>7}  prover")
            for result in measure(given, chosen, asked.turns, asked.rounds, threads):
                results.append(result)
                print(
                    f"{threads:8} {result['wall_ms']:10.1f} {result.get('wall_ratio', 0):7.3f} "
                    f"{result['cpu_ms']:10.1f} {result.get('cpu_ratio', 0):7.3f}  {result['prover']}"
                )
    path = Path(provers.BUILD / "prove.json")
    path.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\n{path}")


if __name__ == "__main__":
    main()
