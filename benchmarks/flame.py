"""Draw a flame graph of a proof: whose samples stand under whom, widths in shares of all samples.

Usage: perf record -F 499 --call-graph dwarf,32768 -o build/bench/perf.data python benchmarks/ours.py KEY WITNESS 5
       perf script -i build/bench/perf.data | python benchmarks/flame.py docs/flame.svg

Frames of the scheduler and of the interpreter are left out, so a task stands under the function that its code is in.
Only samples inside a proof are drawn: loading the key and verifying are other programs' flames.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

WIDTH, ROW = 1200.0, 18
LEAST = 0.002  # of all samples: narrower frames have no rectangle
OURS = re.compile(r"\b(_native|zkmargin_kernel|ark_\w+)::")
INSIDE = ("prove", "quotient", "sum", "Recoding", "recoding")
COLOURS = {"_native": "#f2a65a", "ark": "#8fb8de"}


@dataclass
class Frame:
    """A function under its callers, with the samples in it and below it."""

    samples: int = 0
    below: dict[str, Frame] = field(default_factory=dict)

    def depth(self) -> int:
        """Return how many rows it takes to draw what is below."""
        return 1 + max((frame.depth() for frame in self.below.values()), default=0)


def stacks(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield the symbols of each sample that `perf script` prints, outermost first."""
    stack: list[str] = []
    for line in lines:
        if line[:1].isspace() and line.strip():
            symbol = re.match(r"\s+[0-9a-f]+ (.*?)(?:\+0x[0-9a-f]+)? \(", line)
            stack += [symbol[1]] if symbol else []
        elif not line.strip():
            yield stack[::-1]
            stack = []


def named(stack: list[str]) -> list[str]:
    """Return a stack's functions of ours and arkworks', without hashes and type arguments, none twice in a row."""
    kept: list[str] = []
    for symbol in stack:
        if OURS.search(symbol):
            name = short(symbol)
            kept += [name] if kept[-1:] != [name] else []
    return kept


def short(symbol: str) -> str:
    """Return a function's path without hash, traits, type arguments and closures."""
    symbol = re.sub(r"::h[0-9a-f]{16}$", "", symbol)
    wrapped = re.match(r"<(.+?) as .*?>::(\w+)", symbol)
    symbol = f"{wrapped[1]}::{wrapped[2]}" if wrapped else symbol
    before = None
    while before != symbol:
        before, symbol = symbol, re.sub(r"(::)?<[^<>]*>", "", symbol)
    symbol = re.sub(r"::\{\{?closure.*", "", symbol)
    found = OURS.search(symbol)
    return symbol[found.start() :] if found else symbol


def tree(samples: Iterable[list[str]]) -> Frame:
    """Return all samples inside a proof as one tree."""
    root = Frame()
    for stack in samples:
        if not any(part in name for name in stack for part in INSIDE):
            continue
        root.samples += 1
        frame = root
        for name in stack:
            frame = frame.below.setdefault(name, Frame())
            frame.samples += 1
    return root


def draw(name: str, frame: Frame, left: float, row: int, whole: int, height: int) -> Iterator[str]:
    """Yield the rectangles of a frame and of what is below it, callers at the bottom."""
    width, top = WIDTH * frame.samples / whole, height - ROW * (row + 1)
    share = f"{100 * frame.samples / whole:.1f}%"
    colour = COLOURS["ark" if name.startswith("ark") else "_native"]
    yield f'<g><title>{escape(name)}, {share}</title><rect x="{left:.1f}" y="{top}" width="{width:.1f}" '
    yield f'height="{ROW - 1}" fill="{colour}" rx="2"/>'
    room = int(width / 6.6) - 1
    text = f"{'::'.join(name.split('::')[-2:])} {share}"
    if room > 4:
        yield f'<text x="{left + 3:.1f}" y="{top + 13}">{escape(text if len(text) <= room else text[:room])}</text>'
    yield "</g>\n"
    for other, below in sorted(frame.below.items()):
        if below.samples >= LEAST * whole:
            yield from draw(other, below, left, row + 1, whole, height)
        left += WIDTH * below.samples / whole


def main() -> None:
    """Read `perf script` from standard input and write the picture."""
    root = tree(named(stack) for stack in stacks([*sys.stdin, "\n"]))
    height = ROW * root.depth() + ROW
    picture = "".join(draw("a proof", root, 0, 0, root.samples, height))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height}" font-family="monospace" '
    style = 'font-size="11">\n<rect width="100%" height="100%" fill="white"/>\n'
    Path(sys.argv[1]).write_text(f"{head}{style}{picture}</svg>\n")
    print(f"{root.samples} samples")


if __name__ == "__main__":
    main()
