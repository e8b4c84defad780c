"""Figures of assurance: sizes, quick or long, and the tally that every row of docs/assurance.md comes from.

ZKMARGIN_ASSURANCE=long takes the long sizes and leaves out tests without a figure. What would take hours is cut short
by ZKMARGIN_ASSURANCE_SECONDS, for each test that counts towards a goal, and ZKMARGIN_ASSURANCE_SHARE, of fixed long
sizes; never below the quick ones, and the tally says so. ZKMARGIN_TALLY names the file that figures are appended to.
"""

import json
import os
import random
import time

import pytest

SEED = int(os.environ.get("ZKMARGIN_SEED", "20261122"))
LONG = os.environ.get("ZKMARGIN_ASSURANCE", "quick") == "long"
SECONDS = float(os.environ.get("ZKMARGIN_ASSURANCE_SECONDS", "inf"))
SHARE = float(os.environ.get("ZKMARGIN_ASSURANCE_SHARE", "1"))

WORKER = "PYTEST_XDIST_WORKER" in os.environ

_share = pytest.StashKey[float]()  # of its long size, what a test runs at


class Goal:
    """A number of tries to reach; long runs may end between the quick and the long one when their seconds are over."""

    def __init__(self, quick, long):
        self.quick, self.asked, self.end = quick, long if LONG else quick, time.monotonic() + SECONDS

    def reached(self, count):
        return count >= self.asked or (count >= self.quick and time.monotonic() > self.end)


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
    """Keep what tells a figure when figures are asked for."""
    if LONG:
        config.hook.pytest_deselected(items=[item for item in items if "tally" not in item.fixturenames])
        items[:] = [item for item in items if "tally" in item.fixturenames]


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

    def figures(row, what, count, bad=0, asked=None):
        nonlocal since
        now, share = time.monotonic(), request.node.stash.get(_share, 1.0)
        line = {"row": row, "what": what, "count": count, "bad": bad, "seed": SEED, "seconds": round(now - since, 2)}
        line |= {"share": min(1.0, share, count / (asked or count or 1)), "long": LONG, "test": request.node.nodeid}
        line |= {"date": time.strftime("%Y-%m-%d")}
        since = now
        _said(request, f"  {row} {what} {count:,}, {bad} wrong (seed {SEED})")
        if path := os.environ.get("ZKMARGIN_TALLY"):
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
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
