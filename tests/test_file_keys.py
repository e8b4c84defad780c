"""A key that the page on files leaves out is one that its reader cannot write, and gets an error for."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from zkmargin.circuits.rules.registry import rule_names
from zkmargin.client.files.portfolio import _PortfolioModel
from zkmargin.client.files.rule_files import family_files
from zkmargin.client.secrets.openings import _OpeningModel, _OwnerModel
from zkmargin.verifier.receipt import Receipt

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/files.md").read_text()


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_files", ROOT / "docs/make_files.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_files"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["make_files"]


def section(title):
    """Return what stands under a heading, up to the next one as high."""
    level = title.split()[0]
    rest = TEXT.split(f"\n{title}\n", 1)[1]
    return re.split(rf"\n#{{1,{len(level)}}} ", rest, maxsplit=1)[0]


def names(model, used):
    """Return the names of every key inside a model, found in the schema that pydantic makes of it."""
    found = set()

    def models(kind):
        for name, field in kind.model_fields.items():
            found.add(field.alias or name)
            for inner in re.findall(r"[\w.]+", repr(field.annotation)):
                one = known.get(inner.rsplit(".", 1)[-1])
                if one is not None and one is not kind and (field.is_required() or name in used):
                    models(one)

    known = {}
    stack = [BaseModel]
    while stack:
        for one in stack.pop().__subclasses__():
            if one.__module__ in (model.__module__, "zkmargin.client.files.models") or one.__module__.startswith(
                "zkmargin.client.families"
            ):
                known.setdefault((one.__module__, one.__name__), one)
            stack.append(one)
    bases = [base.__module__ for base in model.__mro__ if base.__module__.startswith("zkmargin")]
    known = {name: kind for module in reversed(bases) for (where, name), kind in known.items() if where == module}
    models(model)
    return found


def listed(text):
    return {path.rsplit(".", 1)[-1] for path in re.findall(r"^\| `([\w.*]+)` \|", text, re.MULTILINE)}


def test_the_page_is_what_its_script_writes(maker):
    assert maker.page() == TEXT, "python docs/make_files.py"


@pytest.mark.parametrize("kind", ["parameters", "market"])
@pytest.mark.parametrize("rule", sorted(rule_names()))
def test_no_key_of_a_rule_is_left_out(rule, kind, maker):
    model = getattr(family_files(rule), kind)
    common = listed(section(f"## {kind.title()}"))
    own = section(f"### {rule}")
    parts = own.split("`market.json`:")
    shown = listed(parts[0] if kind == "parameters" else parts[1]) | common
    used = {key for path in (ROOT / "examples" / maker.EXAMPLES[rule]).glob(f"{kind}*.json") for key in keys(path)}
    wanted = names(model, used)
    assert len(wanted) > 5
    assert wanted <= shown


def keys(path):
    """Return the top keys of a file that have something in them."""
    return {key for key, value in json.loads(path.read_text()).items() if value}


@pytest.mark.parametrize(
    ("model", "title"), [(_PortfolioModel, "Portfolio"), (_OpeningModel, "Opening"), (_OwnerModel, "Owner's key")]
)
def test_no_key_of_a_traders_file_is_left_out(model, title):
    wanted = names(model, set())
    assert wanted <= listed(section(f"## {title}"))


def test_no_key_of_a_receipt_is_left_out():
    assert set(Receipt.__dataclass_fields__) | {"schema"} == listed(section("## Receipt"))


def test_a_key_of_which_nothing_is_said_is_an_error(maker, monkeypatch):
    said = dict(maker._SAYS)
    del said["positions.*.size"]
    monkeypatch.setattr(maker, "_SAYS", said)
    with pytest.raises(KeyError, match=r"positions.\*.size"):
        maker.page()


def test_every_example_on_the_page_is_read_as_its_type_says(maker):
    """A value that the reader of the page copies is one that the file takes."""
    from pydantic import TypeAdapter

    words = {text: hint for hint, text in maker._TYPES.items()}
    count = 0
    for kind, example in re.findall(r"^\| `[\w.*]+` \| ([^|]+) \|[^|]+\|[^|]+\| `([^`]+)` \|$", TEXT, re.MULTILINE):
        if kind in words and "…" not in example:
            TypeAdapter(words[kind]).validate_python(json.loads(example), strict=True)
            count += 1
    assert count > 200
