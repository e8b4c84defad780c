"""A page of figures that hides a failure, or that says other figures than were measured."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "docs/make_assurance.py"
LINE = {"row": "S6", "what": "holdings |x|", "count": 1234, "bad": 0, "seed": 5, "seconds": 61.0}
LINE |= {"share": 0.25, "long": True, "test": "t", "date": "2026-11-22"}


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("make_assurance", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_assurance"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["make_assurance"]


@pytest.fixture
def write(script, tmp_path):
    """Return a function that makes a page of lines: (exit code, text or None)."""

    def make(*lines):
        tally, page = tmp_path / "tally", tmp_path / "page.md"
        tally.write_text("".join(json.dumps(line) + "\n" for line in lines))
        code = script.main([str(tally), "--page", str(page)])
        return code, page.read_text() if page.exists() else None

    return make


def test_the_page_says_what_was_measured(write):
    code, text = write(LINE, {**LINE, "row": "P4", "what": "files", "share": 1, "count": 7})
    assert code == 0
    assert "| S6 | holdings \\|x\\| | 1,234 | 25 % | 0 | 61.0 |" in text
    assert "| P4 | files | 7 | all | 0 | 61.0 |" in text
    assert "2026-11-22 with seed 5, at the long sizes: 2 lines, 2 minutes" in text
    assert "cut short" in text
    assert "without a figure of their own in this run: S1, S2" in text


@pytest.mark.parametrize("changes", [{"bad": 1}, {"count": 0}, {"row": "S99"}])
def test_no_page_is_written_of_a_figure_that_is_wrong(write, capsys, changes):
    assert write(LINE, {**LINE, **changes}) == (1, None)
    assert "nothing written" in capsys.readouterr().err


def test_no_page_is_written_of_nothing(write):
    assert write() == (1, None)


def test_the_committed_page_is_of_a_long_run_and_shows_no_failure(script):
    text = (SCRIPT.parent / "assurance.md").read_text()
    rows = [line.split(" | ") for line in text.splitlines() if re.match(r"\| [A-Z]+[A-Z\d_]* \|", line)]
    assert {cells[4] for cells in rows} == {"0"}
    shown = {cells[0].removeprefix("| ") for cells in rows}
    silent = {name for names in re.findall(r"in this run: (.*)\.$", text, re.MULTILINE) for name in names.split(", ")}
    assert shown | silent == {row for rows in script.GROUPS.values() for row in rows}
    assert shown >= {"S1", "S2", "S3", "S6", "S10", "S11", "P2", "P4"}
    assert "at the long sizes" in text


def test_a_run_that_was_stopped_is_gone_on_with_and_other_codes_figures_are_left_out(write):
    of = {"source": "new"}
    older = [{"plan": 3, "source": "old"}, {**LINE, "what": "of other code", "source": "old"}]
    stopped = [{"plan": 3, **of}, {**LINE, **of, "share": 1}, {"done": "t", **of}]
    code, text = write(*older, *stopped)
    assert code == 0
    assert "of other code" not in text
    assert "1 of 3 tests had been run when this page was written" in text
    resumed = [{"plan": 3, **of}, *({"done": name, **of} for name in ("u", "v"))]
    assert "tests had been run" not in write(*older, *stopped, *resumed)[1]


def test_a_failed_test_stops_the_page_until_it_has_passed(write):
    of = {"source": "new"}
    lines = [{"plan": 2, **of}, {**LINE, **of}, {"done": "t", **of}, {"failed": "u", **of}]
    assert write(*lines) == (1, None)
    assert write(*lines, {**LINE, "test": "u", **of}, {"done": "u", **of})[0] == 0


def test_a_long_run_takes_up_what_is_left_and_keeps_figures_of_what_passed_only(tmp_path):
    """Hours of figures lost with the last test of a run, or a failed test's counted as if it had passed."""
    (tmp_path / "tests").mkdir()
    shutil.copy(SCRIPT.parents[1] / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "tests" / "test_it.py").write_text(
        "import os\n"
        "def test_one(tally): tally('S1', 'ones', 1)\n"
        "def test_two(tally):\n"
        "    tally('S1', 'twos', 2)\n"
        "    assert 'PASS' in os.environ\n"
        "def test_silent(): assert 0\n"
    )
    tally = tmp_path / "tally.jsonl"
    ask = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env = {**alone, "ZKMARGIN_ASSURANCE": "long", "ZKMARGIN_TALLY": str(tally)}
    runs = [
        subprocess.run(ask, check=False, cwd=tmp_path, env={**env, **more}, capture_output=True, text=True)
        for more in ({}, {"PASS": ""})
    ]
    assert [run.stdout.splitlines()[-1].split(" in ")[0] for run in runs] == [
        "1 failed, 1 passed, 1 deselected",
        "1 passed, 2 deselected",
    ]
    lines = [json.loads(line) for line in tally.read_text().splitlines()]
    kinds = [next(word for word in ("plan", "row", "done", "failed") if word in line) for line in lines]
    assert kinds == ["plan", "row", "done", "row", "failed", "plan", "row", "done"]
