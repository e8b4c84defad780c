"""Figures of assurance: sizes, quick or long, and the tally that every row of docs/assurance.md comes from.

ZKMARGIN_ASSURANCE=long takes the long sizes, ZKMARGIN_ASSURANCE_SECONDS ends a test that counts towards a goal after so
many seconds (never before its quick size), and ZKMARGIN_TALLY names the file that figures are appended to.
"""

import json
import os
import time

import pytest

SEED = int(os.environ.get("ZKMARGIN_SEED", "20261122"))
LONG = os.environ.get("ZKMARGIN_ASSURANCE", "quick") == "long"
SECONDS = float(os.environ.get("ZKMARGIN_ASSURANCE_SECONDS", "inf"))


MAY_SKIP = "tests/prover/test_pysnark.py"  # PySNARK is on no package index
skipped = []


def pytest_runtest_logreport(report):
    """Note skipped tests: a skip hides what it was to show."""
    if report.skipped and not report.nodeid.startswith(MAY_SKIP):
        skipped.append(report.nodeid)


def pytest_collectreport(report):
    """Note modules skipped as a whole."""
    if report.skipped:
        skipped.append(report.nodeid)


def pytest_sessionfinish(session, exitstatus):
    """Fail a run in which anything was skipped that may not be."""
    if skipped and exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter):
    """Name what was skipped."""
    for name in skipped:
        terminalreporter.write_line(f"skipped, which counts as a failure: {name}", red=True)


class Goal:
    """A number of tries to reach; long runs may end between the quick and the long one when their seconds are over."""

    def __init__(self, quick, long):
        self.quick, self.asked, self.end = quick, long if LONG else quick, time.monotonic() + SECONDS

    def reached(self, count):
        return count >= self.asked or (count >= self.quick and time.monotonic() > self.end)


@pytest.fixture(scope="session")
def size():
    """Return a function that chooses between the quick and the long size."""
    return lambda quick, long: long if LONG else quick


@pytest.fixture
def goal():
    """Return the goals' class: goal(quick, long)."""
    return Goal


@pytest.fixture
def tally(request):
    """Return a function that prints a row's figures past capture, keeps them, and fails when anything went wrong.

    `asked` is the number aimed at, where a long run may end before it.
    """
    capture = request.config.pluginmanager.getplugin("capturemanager")
    since = time.monotonic()

    def figures(row, what, count, bad=0, asked=None):
        nonlocal since
        now = time.monotonic()
        line = {"row": row, "what": what, "count": count, "asked": count if asked is None else asked, "bad": bad}
        line |= {"seed": SEED, "seconds": round(now - since, 2), "long": LONG, "test": request.node.nodeid}
        since = now
        with capture.global_and_fixture_disabled():
            print(f"\n  {row} {what} {count:,}, {bad} wrong (seed {SEED})", end="")
        if path := os.environ.get("ZKMARGIN_TALLY"):
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        assert count > 0, f"{row}: nothing was tried"
        assert bad == 0, f"{row}: {bad} of {count} {what} are wrong"

    return figures
