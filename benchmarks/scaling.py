"""How time and memory of a proof grow with the circuit: 2^10 to 2^20 constraints, each size in a process of its own.

    python benchmarks/scaling.py FOLDER [--from 10] [--to 20] [--svg docs/scaling.svg]

The circuit is synthetic, half bits and half products of full-size scalars: groups of sixteen rows that take eight bits
apart, pack them, and multiply on. Keys are development keys, kept in FOLDER and not made twice; making the largest
takes minutes. Printed and drawn: the median of the proofs with the key loaded, by the clock and in time of all
processors (the steadier one on a busy machine), loading the prepared key, and the largest resident memory of the
process that loads, proves and verifies.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from zkmargin.kernel import R, development_secrets, load_key, prove, setup

BITS = 8
GROUP = 16  # rows: the bits, their packing, products
PRODUCTS = GROUP - BITS - 1
MINUS_ONE = R - 1

Combination = list[tuple[int, int]]


def circuit(power: int) -> tuple[Iterator[tuple[Combination, Combination, Combination]], list[int]]:
    """Return the rows and the witness of a circuit whose domain is 2^power, as full as groups allow."""
    groups = ((1 << power) - 4) // GROUP
    witness, rows = [1, 0], []
    last = 0
    for group in range(groups):
        byte = (group * 0x9E3779B97F4A7C15 >> 40) & 0xFF
        first = len(witness)
        for i in range(BITS):
            witness.append(byte >> i & 1)
            rows.append(([(first + i, 1)], [(0, 1), (first + i, MINUS_ONE)], []))
        packed = len(witness)
        witness.append((byte + 2 + witness[last]) % R)  # never a power of itself
        sum_of_bits = [(first + i, 1 << i) for i in range(BITS)]
        before = [(0, R - 3)] if last == 0 else [(last, MINUS_ONE), (0, R - 2)]
        rows.append(([(0, 1)], [(packed, 1), *before], sum_of_bits))
        last = packed
        for _ in range(PRODUCTS):
            witness.append(witness[last] * witness[packed] % R)
            rows.append(([(last, 1)], [(packed, 1)], [(len(witness) - 1, 1)]))
            last = len(witness) - 1
    witness[1] = witness[last]
    rows.append(([(last, 1)], [(0, 1)], [(1, 1)]))
    return iter(rows), witness


def r1cs(power: int) -> tuple[bytes, bytes]:
    """Return the constraint file and the witness."""
    rows, witness = circuit(power)
    body, count = bytearray(), 0
    for row in rows:
        count += 1
        for combination in row:
            body += struct.pack("<I", len(combination))
            for wire, coefficient in sorted(combination):
                body += struct.pack("<I", wire) + coefficient.to_bytes(32, "little")
    wires = len(witness)
    header = struct.pack("<I", 32) + R.to_bytes(32, "little")
    header += struct.pack("<IIIIQI", wires, 0, 1, wires - 2, wires, count)
    labels = b"".join(struct.pack("<Q", wire) for wire in range(wires))
    out = b"r1cs" + struct.pack("<II", 1, 3)
    for kind, section in ((1, header), (2, bytes(body)), (3, labels)):
        out += struct.pack("<IQ", kind, len(section)) + section
    return out, b"".join(value.to_bytes(32, "little") for value in witness)


def make(folder: Path, power: int) -> None:
    """Write circuit, witness and key of a size, unless they are there."""
    key, witness = folder / f"{power}.zkey", folder / f"{power}.witness"
    if key.exists() and witness.exists():
        return
    rows, values = r1cs(power)
    path = folder / f"{power}.r1cs"
    path.write_bytes(rows)
    witness.write_bytes(values)
    secrets = development_secrets()
    setup(path, key, tau=secrets.tau, alpha=secrets.alpha, beta=secrets.beta, delta=secrets.delta)
    path.unlink()


def measure(folder: Path, power: int, proofs: int) -> dict[str, float]:
    """Return the figures of one size, in milliseconds and MiB; to be run in a process of its own."""
    start = perf_counter()
    key = load_key(folder / f"{power}.zkey")
    loaded = perf_counter()
    witness = (folder / f"{power}.witness").read_bytes()
    times, processor = [], []
    for _ in range(proofs + 1):
        timings: dict[str, float] = {}
        before = process_time()
        prove(key, witness, timings=timings)
        processor.append(1e3 * (process_time() - before) - timings["verify"])
        times.append(timings["prove"])
    return {
        "power": power,
        "load_ms": 1e3 * (loaded - start),
        "prove_ms": median(times[1:]),
        "processor_ms": median(processor[1:]),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def in_process(folder: Path, power: int, work: str, proofs: int = 0) -> str:
    """Run this script for one size and return what it prints. Raises CalledProcessError."""
    command = [sys.executable, __file__, str(folder), "--from", str(power), "--work", work, "--proofs", str(proofs)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def draw(figures: list[dict[str, float]]) -> str:
    """Return a picture of time and memory over size, both logarithmic, with the slope of n log n."""
    width, height, left, top = 640, 400, 60, 20
    powers = [figure["power"] for figure in figures]
    low, high = powers[0], max(powers[-1], powers[0] + 1)
    values = [figure[name] for figure in figures for name in ("processor_ms", "peak_mib")]
    floor, ceiling = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def place(power: float, value: float) -> tuple[float, float]:
        across = left + (power - low) / (high - low) * (width - left - 20)
        up = (math.log10(value) - floor) / (ceiling - floor)
        return across, top + (1 - up) * (height - top - 50)

    def line(points: list[tuple[float, float]], style: str) -> str:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        return f'<polyline points="{path}" fill="none" {style}/>'

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for power in powers:
        x, y = place(power, 10**floor)
        out.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">2^{power}</text>')
    for exponent in range(floor, ceiling + 1):
        (x, y), (end, _) = place(low, 10**exponent), place(high, 10**exponent)
        out.append(line([(x, y), (end, y)], 'stroke="#ddd"'))
        out.append(f'<text x="{x - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{10**exponent:,}</text>')
    last = figures[-1]
    scale = last["processor_ms"] / (2 ** last["power"] * last["power"])
    ideal = [place(power, scale * 2**power * power) for power in powers if scale * 2**power * power >= 10**floor]
    out.append(line(ideal, 'stroke="#999" stroke-dasharray="4 4"'))
    for name, colour in (("processor_ms", "#0b62a4"), ("peak_mib", "#b4490a")):
        points = [place(figure["power"], figure[name]) for figure in figures]
        out.append(line(points, f'stroke="{colour}" stroke-width="2"'))
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    legend = (
        ("#0b62a4", "proof, processor ms"),
        ("#b4490a", "peak memory, MiB"),
        ("#999", "n log n, through the last"),
    )
    for number, (colour, text) in enumerate(legend):
        out.append(f'<text x="{left + 12}" y="{top + 14 + 16 * number}" fill="{colour}">{text}</text>')
    out.append(f'<text x="{width / 2}" y="{height - 10}" text-anchor="middle">constraints</text></svg>')
    return "\n".join(out) + "\n"


def main() -> None:
    """Measure, print a table, draw."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--from", dest="low", type=int, default=10)
    parser.add_argument("--to", dest="high", type=int, default=20)
    parser.add_argument("--svg", type=Path)
    parser.add_argument("--proofs", type=int, default=0, help="proofs of a size; by default fewer for larger ones")
    parser.add_argument("--work", choices=("make", "measure"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.work == "make":
        make(given.folder, given.low)
        load_key(given.folder / f"{given.low}.zkey")  # so that the key is prepared
        return
    if given.work == "measure":
        print(json.dumps(measure(given.folder, given.low, given.proofs)))
        return
    figures = []
    columns = ("constraints", "proof, ms", "processor, ms", "ns a constraint and level", "loading, ms", "peak MiB")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for power in range(given.low, given.high + 1):
        in_process(given.folder, power, "make")
        count = given.proofs or max(3, min(21, 1 << max(0, 18 - power)))
        figure = json.loads(in_process(given.folder, power, "measure", count))
        figures.append(figure)
        level = 1e6 * figure["processor_ms"] / (2**power * power)
        cells = (
            f"2^{power}",
            *(f"{value:.1f}" for value in (figure["prove_ms"], figure["processor_ms"], level, figure["load_ms"])),
        )
        print(f"| {' | '.join(cells)} | {figure['peak_mib']:.0f} |", flush=True)
    if given.svg:
        given.svg.write_text(draw(figures))


if __name__ == "__main__":
    main()
