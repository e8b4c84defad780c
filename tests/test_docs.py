"""Documentation that is wrong: code that does not run, other answers than shown, links and names that lead nowhere.

Blocks of one page run in order, in a folder of their own with the example's files at hand; ```python blocks share a
namespace. In a ```console block each `$ zkmargin ...` must print what the page shows (`...` stands for anything; sizes,
times and hashes may differ) and succeed, unless `$ echo $?` after it says otherwise.
"""

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from zkmargin.client.commands.app import run
from zkmargin.contracts.artifact import load_artifact

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

# Blocks marked ```python notest, and why: at most three.
NOT_RUN: dict[str, str] = {}

_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_VARIES = re.compile(r"0x[0-9a-f]{8,}|[\d.,]+(?= (?:ms|constraints|wires|terms|rows|MiB)\b)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line its text starts at."""

    language: str
    text: str
    line: int


def blocks(page):
    text = page.read_text()
    return [Block(m[1].strip(), m[2], text.count("\n", 0, m.start(2)) + 1) for m in _FENCE.finditer(text)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a working folder with examples/ and, beside it, the example's files themselves."""
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("*.opening*", "*.owner*"))
    for path in (tmp_path / "examples/hyperliquid").iterdir():
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    return tmp_path


def command(line):
    """Run a command line in this process; return its exit code and what it printed, both streams in order."""
    words = shlex.split(line)
    assert words[0] == "zkmargin", line
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run(words[1:])
    return code, said.getvalue()


def matches(shown, said):
    """Whether what a page shows is what was said, `...` standing for anything."""

    def tidy(text):
        return "\n".join(line.rstrip() for line in _VARIES.sub("#", text).strip().splitlines())

    pattern = re.escape(tidy(shown)).replace(re.escape("..."), r"[\s\S]*?")
    return re.fullmatch(pattern, tidy(said)) is not None


def run_console(block, page):
    """Run a console block; return how many commands it had."""
    entries = []  # (command, lines shown under it)
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            entries.append((line[2:], []))
        elif entries:
            entries[-1][1].append(line)
    count = 0
    for i, (line, lines) in enumerate(entries):
        where = f"{page}:{block.line}: $ {line}"
        if line == "echo $?":
            continue
        code, said = command(line)
        asked = i + 1 < len(entries) and entries[i + 1][0] == "echo $?"
        wanted = int(entries[i + 1][1][0]) if asked else 0
        assert code == wanted, f"{where}\nexits with {code}, not {wanted}\n{said}"
        shown = "\n".join(lines)
        assert not shown or matches(shown, said), f"{where}\nthe page shows\n{shown}\nand it says\n{said}"
        count += 1
    return count


def run_page(page):
    """Run a page; return how many python blocks and commands it had."""
    name = page.relative_to(ROOT).as_posix()
    space, python, commands = {"__name__": "page"}, 0, 0
    for block in blocks(page):
        if block.language == "python":
            source = "\n" * (block.line - 1) + block.text
            exec(compile(source, str(page), "exec"), space)  # noqa: S102 - the page's own code is what is tested
            python += 1
        elif block.language == "python notest":
            assert name in NOT_RUN, f"{name}:{block.line} is marked notest without a reason in NOT_RUN"
        elif block.language in ("console", "shell", "sh", "bash"):
            commands += run_console(block, name)
        elif name == "README.md" and block.language == "":
            for line in block.text.replace("\\\n", " ").splitlines():
                if line.startswith("zkmargin "):
                    code, said = command(line)
                    assert code == 0, f"{name}:{block.line}: {line}\n{said}"
                    commands += 1
    return python, commands


@pytest.mark.parametrize("name", NAMES)
def test_the_code_of_a_page_runs(name, folder):
    python, commands = run_page(ROOT / name)
    print(f"{name}: {python} python blocks, {commands} commands")
    text = (ROOT / name).read_text()
    assert python == len(re.findall(r"^```python$", text, re.MULTILINE))
    assert commands >= len(re.findall(r"^\$ zkmargin", text, re.MULTILINE))


def test_the_tours_have_something_to_run():
    """So that a change of the blocks' spelling cannot empty the test above."""
    count = {name: [block.language for block in blocks(ROOT / name)] for name in NAMES}
    assert count["docs/trader.md"].count("console") >= 6
    assert count["docs/integrating.md"].count("python") >= 8
    assert count["docs/writing-a-rule.md"].count("python") >= 8
    assert "python" in count["README.md"]
    assert "python" in count["docs/rules.md"]


def test_blocks_that_are_not_run_are_few_and_still_there():
    assert len(NOT_RUN) <= 3
    assert all(NOT_RUN.values())
    for name in NOT_RUN:
        assert "python notest" in [block.language for block in blocks(ROOT / name)]


def slugs(page):
    """Return the anchors of a page's headings, as the site and the forge make them."""
    text = _FENCE.sub("", page.read_text())
    titles = re.findall(r"^#{1,6} +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower()) for title in titles}


def links(page):
    text = _FENCE.sub("", page.read_text())
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", target)]


def test_links_between_pages_lead_somewhere():
    broken, count = [], 0
    for page in [*PAGES, ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *EXAMPLES.rglob("*.md")]:
        for target in links(page):
            path, _, anchor = target.partition("#")
            found = (page.parent / path).resolve() if path else page
            count += 1
            if not found.exists() or (anchor and anchor not in slugs(found)):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    print(f"{count} links")
    assert count > 20
    assert not broken


def test_names_in_the_text_exist_in_the_code():
    """A class, error, event or test that a page names in code type has to be somewhere in the sources or the tests."""
    rooms = ["kernel", "contracts/src", "contracts", "circuits", "verifier", "prover", "client", "tests"]
    files = {
        path
        for room in rooms
        for path in (ROOT / room).rglob("*")
        if path.suffix in (".py", ".sol", ".rs") and "target" not in path.parts
    }
    known = set(re.findall(r"\w+", "\n".join(path.read_text() for path in files))) | {path.stem for path in files}
    missing, count = [], 0
    for name in NAMES:
        text = _FENCE.sub("", (ROOT / name).read_text())
        for word in re.findall(r"`((?:[A-Z][a-z0-9]+){2,}|test_\w+)(?:\.py)?`", text):
            count += 1
            if word not in known:
                missing.append(f"{name}: {word}")
    print(f"{count} names")
    assert count > 60
    assert not missing


def test_the_solidity_of_a_page_compiles_and_asks_what_the_gate_answers(tmp_path):
    gate = load_artifact("MarginGate").abi
    offered = {entry["name"]: entry for entry in gate if entry["type"] == "function"}
    sources = {
        f"{page.stem}-{i}.sol": {"content": block.text}
        for page in PAGES
        for i, block in enumerate(blocks(page))
        if block.language == "solidity" and "contract " in block.text
    }
    assert sources
    settings = {"evmVersion": "cancun", "outputSelection": {"*": {"*": ["abi"]}}}
    given, made = tmp_path / "input.json", tmp_path / "output.json"
    given.write_text(json.dumps({"language": "Solidity", "sources": sources, "settings": settings}))
    node = ["node", ROOT / "contracts/compile.cjs", given, made, ROOT / "node_modules"]
    subprocess.run(node, check=True, timeout=120)
    output = json.loads(made.read_text())
    assert not [one["formattedMessage"] for one in output.get("errors", [])]
    asked = [
        entry
        for contracts in output["contracts"].values()
        for name, contract in contracts.items()
        if name == "IMarginGate"
        for entry in contract["abi"]
    ]
    assert asked
    for entry in asked:
        for part in ("inputs", "outputs", "stateMutability"):
            ours, theirs = entry[part], offered[entry["name"]][part]
            kinds = [ours, theirs] if part == "stateMutability" else [[p["type"] for p in x] for x in (ours, theirs)]
            assert kinds[0] == kinds[1], entry["name"]


def test_the_site_builds_strictly_and_fetches_nothing(tmp_path):
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(build, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) >= len(NAMES)  # the README is not among them, a page for what is not found is
    start = (tmp_path / "site/index.html").read_text()
    for name in set(NAMES) - {"README.md", "docs/index.md"}:
        assert f'href="{name.removeprefix("docs/").removesuffix(".md")}.html"' in start, f"{name} is in no navigation"
    for page in pages:
        fetched = re.findall(r"<(?:script|link|img|iframe|source)[^>]*(?:https?:)?//[^>]*>", page.read_text())
        assert not fetched, page


def test_every_decision_has_a_number_of_its_own_and_every_page_one_place():
    """A reader who is sent to decision 11 finds one."""
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")]
    assert len(numbers) == len(set(numbers)) > 10
    for path in (ROOT / "docs" / "decisions").glob("*.md"):
        assert path.read_text().startswith(f"# {int(path.name[:4])}. "), path.name
    pages = re.findall(r"- ([\w/-]+\.md)", (ROOT / "mkdocs.yml").read_text())
    assert len(pages) == len(set(pages)) > 10
