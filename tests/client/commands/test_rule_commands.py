"""Lost if these fail: somebody tries a rule of their own, is told that it is sound, and it is not."""

import sys
from pathlib import Path

import pytest

from zkmargin.kernel.errors import FileError

FLAT_FEE = (Path(__file__).parents[2] / "circuits/trials/flat_fee.py").read_text()
QUICK = ["--holdings", "40", "--lies", "200", "--seed", "7"]

LYING = """
from zkmargin.circuits.compiler.extremes import lower_positive
from zkmargin.circuits.compiler.lowering import LOWERINGS
from zkmargin.circuits.language.expressions import Positive


class OneLess(Positive):
    def evaluate(self, values):
        return max(0, super().evaluate(values) - 1)


LOWERINGS[OneLess] = lower_positive


def poorer(account, market, parameters):
    worth = account.positions[0].size * market.column("price")[0]
    return equity(account, market, parameters) - OneLess(worth)  # here


LYING = Family("lying", lambda shape: named(shape, "lying"), poorer, requirement, trial=Shape(1, 0, 0))
"""
NAMED = """
from dataclasses import replace


def named(shape, name):
    return replace(flat_fee_schema(shape), rule=name)
"""


@pytest.fixture
def rule_file(tmp_path):
    """Return a function that writes a rule file: the flat fee, and more."""

    def write(*more, name="mine.py", text=FLAT_FEE):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join([text, *more]))
        return path

    return write


@pytest.fixture(autouse=True)
def same_modules():
    """Forget the modules that a test's files became."""
    before, path = set(sys.modules), list(sys.path)
    yield
    assert sys.path == path
    for name in set(sys.modules) - before:
        if "zkmargin." not in name:
            del sys.modules[name]


@pytest.fixture
def forgetful():
    """Take away the lowerings that a file registered."""
    from zkmargin.circuits.compiler.lowering import LOWERINGS

    before = dict(LOWERINGS)
    yield
    LOWERINGS.clear()
    LOWERINGS.update(before)


def line_of(path, words):
    return next(number for number, line in enumerate(path.read_text().splitlines(), start=1) if words in line)


def test_a_sound_rule_is_said_to_be_sound_with_counts_and_seed(zkmargin, rule_file):
    answer = zkmargin("rule", "test", rule_file(), *QUICK)
    assert answer.code == 0
    assert answer.err == "", "no progress on a pipe"
    assert "flat-fee at 1 positions, 0 collateral, 0 debts; constraints: " in answer.out
    assert "accounts: 0 both, 0 neither, 0 wrong" in " ".join(answer.out.split())
    assert "nothing went wrong (seed 7, " in answer.out
    assert "WRONG" not in answer.out


def test_a_lying_rule_is_said_to_be_wrong_where_it_is_wrong(zkmargin, rule_file, forgetful):
    """Beside a sound one in the same file: the answer is about both, and no."""
    path = rule_file(NAMED, LYING)
    answer = zkmargin("rule", "test", path, *QUICK, "--json")
    assert answer.code == 1
    document = answer.json
    assert list(document) == ["schema", "ok", "seed", "rules"]
    assert (document["schema"], document["ok"], document["seed"]) == ("zkmargin/rule-test/1", False, 7)
    sound, lying = document["rules"]
    assert list(sound) == ["rule", "ok", "shape", "seed", "constraints", "questions", "seconds"]
    assert (sound["rule"], sound["ok"], lying["rule"], lying["ok"]) == ("flat-fee", True, "lying", False)
    asked = {(q["question"], q.get("statement", "")): q for q in lying["questions"]}
    complement = asked["complement", ""]
    assert complement["wrong"] == sum(complement["details"][kind] for kind in ("both", "neither", "wrong")) > 0
    example = complement["example"]
    assert example["where"].endswith(f"mine.py:{line_of(path, '# here')}")
    assert "oneless" in example["sentence"]
    assert list(example["case"]) == ["kind", "holdings", "market", "parameters", "credit"]
    assert asked["same-bytes", ""]["ok"]
    assert asked["same-bytes", ""]["count"] == 6


def test_what_is_wrong_is_shown_to_people_too(zkmargin, rule_file, forgetful):
    path = rule_file(NAMED, LYING, "del FLAT_FEE")
    answer = zkmargin("rule", "test", path, *QUICK, "--shape", "positions=1")
    assert answer.code == 1
    said = " ".join(answer.out.split())
    assert "this rule must not hold money (seed 7" in said
    assert f"mine.py:{line_of(path, '# here')}: " in said
    assert "holdings: cash " in said


def test_a_rule_that_hangs_on_the_order_of_a_set_is_found(rule_file):
    """Its circuit is another one tomorrow, under the same name and another key."""
    from zkmargin.circuits.rules.registry import standing_in
    from zkmargin.circuits.trials.accounts import drawn
    from zkmargin.circuits.trials.loading import load_rules
    from zkmargin.circuits.trials.same_bytes import OtherProcesses, same_bytes
    from zkmargin.circuits.trials.tried import Tried

    path = rule_file(
        NAMED,
        "from zkmargin.circuits.language.language import positive\n",
        "def shuffled(account, market, parameters):\n"
        "    total = equity(account, market, parameters)\n"
        "    for word in {'a', 'bc', 'def', 'ghij', 'klmno', 'pqrstu'}:\n"
        "        total = total - positive(account.positions[0].size * market.column('price')[0] * len(word))\n"
        "    return total\n\n\n"
        "SHUFFLED = Family('shuffled', lambda shape: named(shape, 'shuffled'), shuffled, requirement)\n",
    )
    flat, shuffled = load_rules(str(path))
    for plugin, ok in ((flat, True), (shuffled, False)):
        from zkmargin.circuits.model import Shape

        schema = plugin.family.schema_of(Shape(1, 0, 0))
        with standing_in(plugin), OtherProcesses(str(path), schema, ["shortfall"]) as others:
            found = same_bytes([Tried(schema, "shortfall", drawn, 1)], others)
        assert found.ok is ok
        assert found.count == 3
    assert "does it iterate over a set" in found.example.sentence


WRONG_FILES = {
    "syntax": ("def f(:\n    pass\n", 1, "this is not Python: "),
    "import": ("import os\nimport no_such_module_anywhere\n", 2, "ModuleNotFoundError"),
    "raises": ("x = 1\n\nraise ValueError('no rule today')\n", 3, "ValueError: no rule today"),
    "exits": ("import sys\n\nsys.exit(0)\n", 3, "SystemExit: 0"),
    "nothing": ("x = 1\n", None, "there is no rule in it"),
    "only ours": ("from zkmargin.circuits.rules.drift import DRIFT\n", None, "there is no rule in it"),
}


@pytest.mark.parametrize("kind", WRONG_FILES)
def test_a_file_that_is_no_rule_is_one_sentence_with_its_line(zkmargin, rule_file, kind):
    text, line, words = WRONG_FILES[kind]
    path = rule_file(text=text)
    answer = zkmargin("rule", "test", path)
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert words in answer.err
    assert f"{path}{f':{line}' if line else ''}: " in answer.err
    error = zkmargin("rule", "test", path, "--json").json["error"]
    assert error["file"] == str(path)
    assert error.get("line") == line


SLIPS = {
    "a column that is none": ('market.column("price")[position]', 'market.column("prize")[position]'),
    "a name that is none": ("absolute(position.size)", "absolut(position.size)"),
    "a division by zero": ("range(shape.positions)", "range(shape.positions // 0)"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_the_rule_is_one_sentence_with_its_line(zkmargin, rule_file, slip):
    before, after = SLIPS[slip]
    path = rule_file(text=FLAT_FEE.replace(before, after))
    answer = zkmargin("rule", "test", path, *QUICK)
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert f"mine.py:{line_of(path, after)}: " in answer.err


def test_no_file_no_name_and_no_shape_are_said(zkmargin, rule_file, tmp_path):
    assert "there is no such file" in zkmargin("rule", "test", tmp_path / "gone.py").err
    assert "there is no rule named 'gone'" in zkmargin("rule", "test", "gone").err
    assert zkmargin("rule", "test", "zkmargin.circuits.rules.drift:equity").code == 2
    assert zkmargin("rule", "test", "zkmargin.circuits.rules.drift:gone").code == 2
    path = rule_file()
    for shape in ("", "positions", "positions=-1", "positions=1,positions=2", "positions=0", "positions=1,tiers=99"):
        answer = zkmargin("rule", "test", path, "--shape", shape)
        assert answer.code == 2, shape
        assert answer.err.count("\n") == 1


def test_a_file_of_a_package_imports_its_neighbours(zkmargin, rule_file):
    rule_file(name="desk/__init__.py", text="")
    rule_file(name="desk/flat.py")
    path = rule_file(name="desk/plugins.py", text="from .flat import FLAT_FEE\n\nRULE = FLAT_FEE\n")
    from zkmargin.circuits.trials.loading import load_rules

    (plugin,) = load_rules(str(path))
    assert plugin.family.name == "flat-fee"
    other = rule_file(name="other/desk/plugins.py", text="from .flat import FLAT_FEE\n")
    rule_file(name="other/desk/__init__.py", text="")
    with pytest.raises(FileError, match=r"another desk.plugins is loaded already"):
        load_rules(str(other))
    alone = rule_file(name="loose/flat.py")
    beside = rule_file(name="loose/other.py", text="import flat\n\nFLAT_FEE = flat.FLAT_FEE\n")
    assert load_rules(str(beside))[0].family.name == load_rules(str(alone))[0].family.name


def test_a_plug_in_and_its_family_are_one_rule_and_a_reference_is_one(rule_file, monkeypatch):
    from zkmargin.circuits.trials.loading import load_rules

    more = "from zkmargin.circuits.rules.registry import RulePlugin\n\nRULE = AGAIN = RulePlugin(FLAT_FEE)\n"
    path = rule_file(more)
    assert len(load_rules(str(path))) == 1
    monkeypatch.chdir(path.parent)
    for reference in ("mine:RULE", "mine:FLAT_FEE"):
        assert load_rules(reference)[0].family.name == "flat-fee"
    assert load_rules("drift")[0].family.name == "drift"


def test_two_rules_of_one_name_are_refused(zkmargin, rule_file):
    path = rule_file("from dataclasses import replace\n\nOTHER = replace(FLAT_FEE)\n")
    assert "two rules in it are named flat-fee" in zkmargin("rule", "test", path).err


def test_the_help_says_that_the_file_is_run(zkmargin):
    answer = zkmargin("rule", "test", "--help")
    assert "FILE is run" in " ".join(answer.out.split())


def test_progress_is_shown_on_a_terminal(zkmargin, rule_file, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    from zkmargin.client.commands.rule_commands import _progress

    with _progress("[mine]") as watch:
        watch("complement", 1, 3)
        watch("lying-hints sufficiency", 2, 3)
