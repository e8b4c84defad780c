"""Write `docs/assurance.md` from the figures of a run of the tests.

    python docs/make_assurance.py TALLY [--page FILE]

TALLY is the file that ZKMARGIN_TALLY named: a JSON object a line, written by tests/conftest.py. It may hold several
runs, each going on where the one before was stopped; what was measured of other code than the last run's is left out.
Writes nothing and exits with 1 when a figure is wrong, a test failed and has not passed since, or the file has none.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

__all__ = ["GROUPS", "main", "page", "read"]

ROOT = Path(__file__).resolve().parents[1]

# Row -> what holds if its figures are right, in the order of the page.
GROUPS: dict[str, dict[str, str]] = {
    "Circuits and prover": {
        "S1": "No wire can say anything else than its rows make it say, whether the wires after it follow or not. A "
        "helper that is bounded on one side may be worse for its prover, never better",
        "S2": "A prover who answers the circuit's hints wrongly proves nothing that is false",
        "S3": "Each constraint alone keeps something out: leave it away and a lie passes that nothing else refuses",
        "S4": "A proof stands for its public inputs: change one and it is refused, by rows, kernel and chain",
        "S5": "No hidden value is a public input",
        "S6": "For every account exactly one of the two circuits can be satisfied, and it is the one the engine says",
        "S7": "The same rule compiles to the same bytes, whatever the process",
        "S8": "The kernels' fields, curves and sums are those of independent libraries",
        "S9": "No number of a circuit wraps around the field",
        "S10": "The constraints leave no wire but the inputs room to move, to first order, at values other than zero",
        "S11": "Of all witnesses there are, found by a complete search, none claims more than the engine's surplus",
        "S12": "A table outside its schema is refused off chain and on chain",
        "BOX": "Inside an accepted price box no market makes the account insolvent",
        "E6": "Where cells keep the order that the schema gives the two levels, initial margin is never the looser one",
        "E7": "What is held in a slot that is not listed is worth nothing, whichever side it is on",
        "VENUE": "The rules of venues give what the venues' own cases give; where they do not, the rule's page says so",
    },
    "Verifiers and keys": {
        "V1": "The two kernels, the chain and snarkjs give one verdict on mutated proofs",
        "V2": "A malformed proof, or too little gas, is never an acceptance",
        "V3": "A copy of a proof, re-randomised, verifies and gets nothing a second time",
        "V4": "A proof made for one context is refused in every other",
        "F1": "No folded table speaks for other cells than were posted",
        "F2": "A batch of proofs is accepted only if each of them is",
        "K1": "A key whose points betray its secrets, or that nobody contributed to, is refused",
        "K2": "One changed byte in a ceremony is found; a replayed ceremony gives the same keys",
        "K3": "A development key is known as such and refused where money is",
    },
    "Secrets and data": {
        "P1": "What is held appears in no output and in no public file",
        "P2": "Commitments and proofs tell nothing to whoever guesses or compares",
        "P3": "A killed process loses no opening and leaves no half file",
        "P4": "A broken or hostile file is refused in one line, never by a crash",
    },
    "Tables on chain": {
        "ORA_A": "One transaction sees one price",
        "ORA_B": "No round goes back in time, none comes sooner than its interval, a torn one is none",
    },
    "The gate on chain": {
        "GATE": "Nothing is covered without a fresh valid proof; only time, prices and the owner take cover away; no "
        "account touches another; a proof counts once; what is stale or late is refused; the contract's state is its "
        "model's",
    },
}

HEAD = """# Assurance

What must never happen, and the figures that show it did not. Each line is a test that prints its count and its seed;
*wrong* is what was accepted, or came out, and must not have. Anything but 0 there fails the test, and this page is then
not written.

`make test` runs every line at a quick size. `make assurance` runs them at their long sizes and writes this page;
`ZKMARGIN_SEED` chooses another seed. Nothing here is a proof, and nothing has been audited: it is what was tried, and
how often.
"""

COLUMNS = "| row | what was tried | count | of the long size | wrong | seconds |\n|---|---|---:|---:|---:|---:|\n"


def read(path: Path) -> list[dict[str, Any]]:
    """Return the figures of a tally. Raises ValueError when one is wrong or there are none."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    last = next((line["source"] for line in reversed(lines) if "source" in line), None)
    lines = [line for line in lines if line.get("source") == last]
    failed: dict[str, None] = {}
    for line in lines:
        if "failed" in line:
            failed[line["failed"]] = None
        elif "done" in line:
            failed.pop(line["done"], None)
    figures = {(line["test"], line["row"], line["what"]): line for line in lines if "row" in line}
    wrong = [f"{line['row']} {line['what']}" for line in figures.values() if line["bad"] or not line["count"]]
    if failed or wrong or not figures:
        raise ValueError("; ".join([*failed, *wrong]) or "the tally is empty")
    return [*figures.values(), *(line for line in lines if "plan" in line or "done" in line)]


def page(lines: Iterable[dict[str, Any]]) -> str:
    """Return the page of these figures."""
    lines = list(lines)
    planned = max((line["plan"] for line in lines if "plan" in line), default=0)
    done = len({line["done"] for line in lines if "done" in line})
    lines = [line for line in lines if "row" in line]
    unknown = {line["row"] for line in lines} - {row for rows in GROUPS.values() for row in rows}
    if unknown:
        raise ValueError(f"rows that nobody has described: {', '.join(sorted(unknown))}")
    dates, seeds = (sorted({str(line[key]) for line in lines}) for key in ("date", "seed"))
    seconds = sum(line["seconds"] for line in lines)
    size = "long" if all(line["long"] for line in lines) else "quick"
    when = f"on {' and '.join(dates)} with seed {', '.join(seeds)}, at the {size} sizes"
    text = f"{HEAD}\nMeasured {when}: {len(lines)} lines, {seconds / 60:.0f} minutes.\n"
    if done < planned:
        text += f"{done} of {planned} tests had been run when this page was written: the others' rows are not in it.\n"
    if any(line["share"] < 1 for line in lines):
        text += (
            "Some were cut short to fit the time there was: their counts are what was reached, beside the share of\n"
        )
        text += "the long size that this is.\n"
    for group, rows in GROUPS.items():
        told = {row: found for row in rows if (found := [line for line in lines if line["row"] == row])}
        if told:
            text += f"\n## {group}\n\n" + "".join(f"- **{row}** {rows[row]}.\n" for row in told)
            text += "\n" + COLUMNS + "".join(_row(line) for found in told.values() for line in found)
    silent = [row for rows in GROUPS.values() for row in rows if all(line["row"] != row for line in lines)]
    if silent:
        text += f"\nTested, but without a figure of their own in this run: {', '.join(silent)}.\n"
    return text


def _row(line: dict[str, Any]) -> str:
    share = "all" if line["share"] == 1 else f"{100 * line['share']:.2g} %"
    cells = (line["row"], line["what"].replace("|", "\\|"), f"{line['count']:,}", share, "0", f"{line['seconds']:.1f}")
    return f"| {' | '.join(cells)} |\n"


def main(arguments: Iterator[str] | list[str] | None = None) -> int:
    """Write the page; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("tally", type=Path)
    parser.add_argument("--page", type=Path, default=ROOT / "docs/assurance.md")
    chosen = parser.parse_args(None if arguments is None else list(arguments))
    try:
        text = page(read(chosen.tally))
    except (OSError, ValueError) as error:
        print(f"nothing written: {error}", file=sys.stderr)
        return 1
    chosen.page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
