"""Figures of assurance: sizes, quick or long, and the tally that every row of docs/assurance.md comes from.

ZKMARGIN_ASSURANCE=long takes the long sizes and leaves out tests without a figure. What would take hours is cut short
by ZKMARGIN_ASSURANCE_SECONDS, for each test that counts towards a goal, and ZKMARGIN_ASSURANCE_SHARE, of fixed long
sizes; never below the quick ones, and the tally says so. ZKMARGIN_TALLY names the file that figures are appended to:
a test's all at once, when it has passed. A long run goes on where one of the same code, seed and sizes was stopped.
"""

import hashlib
import json
import os
import random
import time
from pathlib import Path

import pytest

os.environ.pop("COLUMNS", None)  # pytest-xdist sets it, and an answer would be broken at it as at a terminal's edge

SEED = int(os.environ.get("ZKMARGIN_SEED", "20261122"))
LONG = os.environ.get("ZKMARGIN_ASSURANCE", "quick") == "long"
SECONDS = float(os.environ.get("ZKMARGIN_ASSURANCE_SECONDS", "inf"))
SHARE = float(os.environ.get("ZKMARGIN_ASSURANCE_SHARE", "1"))

TALLY = os.environ.get("ZKMARGIN_TALLY")
FIRST = ("exactly_one_of_the_two", "test_box")  # of a long run: where an account could be judged wrongly
WORKER = "PYTEST_XDIST_WORKER" in os.environ

_share = pytest.StashKey[float]()  # of its long size, what a test runs at
_lines = pytest.StashKey[list]()  # the figures of a test that is not over
_source = pytest.StashKey[str]()  # of the run: what it is of


class Goal:
    """A number of tries to reach; long runs may end between the quick and the long one when their seconds are over."""

    def __init__(self, quick, long):
        self.quick, self.asked, self.end = quick, long if LONG else quick, time.monotonic() + SECONDS

    def reached(self, count):
        return count >= self.asked or (count >= self.quick and time.monotonic() > self.end)


def source():
    """Return a digest of the code that figures are of, the seed, and how far they are cut short."""
    root, digest = Path(__file__).parents[1], hashlib.sha256(f"{SEED} {LONG} {SECONDS} {SHARE}".encode())
    for room in ("kernel", "contracts", "circuits", "verifier", "prover", "client", "tests", "examples"):
        for path in sorted((root / room).rglob("*")):
            if path.suffix in (".py", ".rs", ".sol", ".json", ".csv") and not {"target", "node_modules"} & {
                *path.parts
            }:
                digest.update(f"{path.relative_to(root)} ".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def append(*lines):
    """Append lines to the tally in one write, so that two processes never mix theirs."""
    with open(TALLY, "a", encoding="utf-8") as file:
        file.write("".join(json.dumps(line) + "\n" for line in lines))


def pytest_runtest_logreport(report):
    """Print what a test of another process said, when it is over."""
    if hasattr(report, "node") and report.when == "teardown":  # xdist's: this is the process that prints
        for line in (text for name, text in report.user_properties if name == "said"):
            print(f"\n{line}", end="", flush=True)


def _said(request, line):
    """Print a line past capture; a worker of pytest-xdist, whose output nobody sees, hands it on."""
    if WORKER:
        request.node.user_properties.append(("said", line))
        return
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{line}", end="")


def pytest_collection_modifyitems(config, items):
    """Keep what tells a figure when figures are asked for; of a long run what an earlier one has not finished."""
    config.stash[_source] = source() if TALLY else ""
    if not LONG:
        return
    told = [item for item in items if "tally" in item.fixturenames]
    done = set()
    if TALLY and Path(TALLY).exists():
        lines = [json.loads(line) for line in Path(TALLY).read_text(encoding="utf-8").splitlines()]
        done = {line["done"] for line in lines if "done" in line and line["source"] == config.stash[_source]}
    if TALLY and os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        append({"plan": len(told), "source": config.stash[_source]})
    left = [item for item in told if item.nodeid not in done]
    left.sort(key=lambda item: not any(word in item.nodeid for word in FIRST))
    config.hook.pytest_deselected(items=[item for item in items if item not in left])
    items[:] = left


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep a test's figures once it has passed; that it failed, otherwise."""
    report = yield
    lines = item.stash.get(_lines, None)
    if TALLY and call.when == "call" and lines is not None:
        of = {"source": item.config.stash[_source]}
        append(*(line | of for line in lines), {"done" if report.passed else "failed": item.nodeid} | of)
    return report


@pytest.fixture
def size(request):
    """Return a function that chooses between the quick and the long size."""

    def choose(quick, long):
        if not LONG:
            return quick
        chosen = round(quick + (long - quick) * SHARE)
        if long != 1:  # a step of one is the long size of a stride
            request.node.stash[_share] = min(request.node.stash.get(_share, 1.0), chosen / long)
        return chosen

    return choose


@pytest.fixture
def goal():
    """Return the goals' class: goal(quick, long)."""
    return Goal


@pytest.fixture
def tally(request):
    """Return a function that prints a row's figures past capture, keeps them, and fails when anything went wrong.

    `asked` is the number aimed at, where a long run may end before it.
    """
    since = time.monotonic()
    lines = request.node.stash[_lines] = []

    def figures(row, what, count, bad=0, asked=None):
        nonlocal since
        now, share = time.monotonic(), request.node.stash.get(_share, 1.0)
        line = {"row": row, "what": what, "count": count, "bad": bad, "seed": SEED, "seconds": round(now - since, 2)}
        line |= {"share": min(1.0, share, count / (asked or count or 1)), "long": LONG, "test": request.node.nodeid}
        line |= {"date": time.strftime("%Y-%m-%d")}
        since = now
        _said(request, f"  {row} {what} {count:,}, {bad} wrong (seed {SEED})")
        lines.append(line)
        assert count > 0, f"{row}: nothing was tried"
        assert bad == 0, f"{row}: {bad} of {count} {what} are wrong"

    return figures


@pytest.fixture
def rng(request):
    """Return a generator of this test's own, so that the order of the tests changes nothing."""
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture
def say(request):
    """Return a function that prints counts and seed past pytest's capture."""

    def tell(text):
        _said(request, f"  {text} (ZKMARGIN_SEED={SEED})")

    return tell
