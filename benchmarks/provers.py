"""The provers of the benchmark, each a process that reads the same files and proves them some rounds, warm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from zkmargin.kernel import kernel

HERE = Path(__file__).parent
BUILD = HERE.parent / "build" / "bench"
GNARK = BUILD / "gnark"

Times = dict[str, list[float]]  # milliseconds a round: "wall" by the clock, "cpu" on all cores together


@dataclass(frozen=True)
class Run:
    """What one process measured: the times of each way it proves, its last proof, and what else it told."""

    times: dict[str, Times]
    proof: dict[str, Any] | None
    told: dict[str, Any]


Prover = Callable[[Path, Path, int, int], Run]  # zkey, wtns, rounds, threads


def run(command: Sequence[object], *, threads: int, **environment: str) -> dict[str, Any]:
    """Run a prover on so many threads and return its document. Raises CalledProcessError."""
    settings = {**os.environ, "RAYON_NUM_THREADS": str(threads), **environment}
    done = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True, env=settings)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def ours(**environment: str) -> Prover:
    """Return our prover under settings of the environment, which choose the path through the kernel."""

    def prove(zkey: Path, wtns: Path, rounds: int, threads: int) -> Run:
        command = [sys.executable, HERE / "ours.py", zkey, wtns, str(rounds)]
        return measured(run(command, threads=threads, **environment))

    return prove


def gnark(zkey: Path, wtns: Path, rounds: int, threads: int) -> Run:
    """Prove with gnark-crypto."""
    return measured(run([GNARK, zkey, wtns, str(rounds), str(threads)], threads=threads))


def snarkjs(zkey: Path, wtns: Path, rounds: int, threads: int) -> Run:
    """Prove with snarkjs, which takes every core there is."""
    return measured(run(["node", HERE / "snarkjs_prove.cjs", zkey, wtns, str(rounds)], threads=threads))


def arkworks(zkey: Path, wtns: Path, rounds: int, threads: int) -> Run:
    """Prove with arkworks' own sums and transforms; the key is read through our portable path."""
    command = [build_rust(), "prove", zkey, wtns, str(rounds)]
    return measured(run(command, threads=threads, ZKMARGIN_KERNEL_PATH="portable"))


def measured(told: dict[str, Any]) -> Run:
    """Return a document sorted into times and the rest."""
    times = {name: value for name, value in told.items() if isinstance(value, dict) and "wall" in value}
    rest = {name: value for name, value in told.items() if name not in times and name != "proof"}
    return Run(times, told.get("proof"), rest)


def build_gnark() -> None:
    """Build the Go program; its modules come from the module proxy once and are pinned by go.sum."""
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "build", "-o", str(GNARK), "."], check=True, cwd=HERE / "gnark")


@cache
def build_rust() -> Path:
    """Build the Rust program of the crate's benches and return it: arkworks, and our kernels without Python."""
    command = ["cargo", "build", "--release", "--locked", "--bench", "kernels"]
    command += ["--manifest-path", str(HERE.parent / "kernel" / "native" / "Cargo.toml")]
    command += ["--message-format", "json-render-diagnostics"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    made = (json.loads(line).get("executable") for line in done.stdout.splitlines())
    return Path(next(program for program in made if program))


def draw(points: Path) -> None:
    """Write random points of each group and random scalars for the kernels."""
    subprocess.run([build_rust(), "draw", points], check=True)


def has_gnark() -> bool:
    """Return whether the Go program can be built here."""
    return shutil.which("go") is not None


def has_arkworks() -> bool:
    """Return whether the Rust program can be built here."""
    return shutil.which("cargo") is not None


def paths() -> list[str]:
    """Return the paths through our kernel that this machine can run."""
    return {"native": ["portable"], "native-ifma": ["ifma", "portable"]}[kernel("native").name()]


def cores() -> int:
    """Return the cores a run may use."""
    return kernel().threads()
