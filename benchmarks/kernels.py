"""Single kernels, ours on each path, gnark-crypto's and arkworks': sums of points and a transform, medians and ratios.

Usage: python benchmarks/kernels.py [--turns 3] [--rounds 5] [--threads 1 2]

Every library sums the same random points by the same random scalars of full size, and each must find the same sums and
the same transform. Points stand ready in the library's own layout; what it makes of the scalars is timed. A turn takes
all libraries one after the other, so a change in the machine's speed touches all of them. The ratios stand to
gnark-crypto. Results go to build/bench/kernels.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import provers
from provers import BUILD, Times

GNARK = "gnark-crypto"


def libraries(points: Path, rounds: int, threads: int) -> dict[str, tuple[list[str | Path], dict[str, str]]]:
    """Return each library's command and the environment it needs, by name; gnark-crypto is left out where no go is."""
    program = provers.build_rust()
    found: dict[str, tuple[list[str | Path], dict[str, str]]] = {}
    if provers.has_gnark():
        found[GNARK] = ([provers.GNARK, "kernels", points, str(rounds), str(threads)], {})
    for path in provers.paths():
        found[f"zkmargin, {path}"] = ([program, "sums", "ours", points, str(rounds)], {"ZKMARGIN_KERNEL_PATH": path})
    found["arkworks"] = ([program, "sums", "arkworks", points, str(rounds)], {})
    return found


def measure(points: Path, turns: int, rounds: int, threads: int) -> list[dict[str, Any]]:
    """Return one result a kernel and library. Raises AssertionError when two libraries do not find the same."""
    times: dict[tuple[str, str], Times] = {}
    results: dict[str, str] = {}
    for _ in range(turns):
        for library, (command, environment) in libraries(points, rounds, threads).items():
            told = provers.run(command, threads=threads, **environment)
            for kernel, found in told["results"].items():
                assert results.setdefault(kernel, found) == found, f"{library}: {kernel} is another than the others'"
            for kernel, measured in provers.measured(told).times.items():
                kept = times.setdefault((kernel, library), {"wall": [], "cpu": []})
                for clock in kept:
                    kept[clock] += measured[clock]
    return [result(times, kernel, library, threads) for kernel, library in sorted(times, key=lambda pair: pair[0])]


def result(times: dict[tuple[str, str], Times], kernel: str, library: str, threads: int) -> dict[str, Any]:
    """Return a library's medians, in milliseconds, and their ratios to gnark-crypto's."""
    told: dict[str, Any] = {"kernel": kernel, "library": library, "threads": threads}
    told["rounds"] = len(times[kernel, library]["wall"])
    for clock in ("wall", "cpu"):
        mine = median(times[kernel, library][clock])
        told[f"{clock}_ms"] = round(mine, 2)
        if (kernel, GNARK) in times:
            told[f"{clock}_ratio"] = round(mine / median(times[kernel, GNARK][clock]), 3)
    return told


def main() -> None:
    """Draw the points, print a table a number of threads, and write everything as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, provers.cores()}))
    asked = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    if provers.has_gnark():
        provers.build_gnark()
    else:
        print("gnark-crypto is not measured: there is no go here", file=sys.stderr)
    points = BUILD / "kernels.points"
    provers.draw(points)
    results = []
    for threads in asked.threads:
        print(f"\n{'threads':>8} {'wall ms':>10} {'ratio':>7} {'cpu ms':>10} {'ratio':>7}  kernel")
        for one in measure(points, asked.turns, asked.rounds, threads):
            results.append(one)
            print(
                f"{threads:8} {one['wall_ms']:10.2f} {one.get('wall_ratio', 0):7.3f} "
                f"{one['cpu_ms']:10.2f} {one.get('cpu_ratio', 0):7.3f}  {one['kernel']}, {one['library']}"
            )
    path = BUILD / "kernels.json"
    path.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\n{path}")


if __name__ == "__main__":
    main()
