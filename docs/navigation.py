"""Keep the site's navigation equal to the pages there are.

Pages named in mkdocs.yml that do not exist are left out; pages it does not name are added, decisions under Decisions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["on_config"]


def on_config(config: Any) -> Any:  # noqa: ANN401 - mkdocs' own object
    """Complete `nav` before mkdocs reads it."""
    folder = Path(config["docs_dir"])
    pages = {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")}
    nav = [entry for item in config["nav"] if (entry := _existing(item, pages)) is not None]
    unnamed = sorted(pages - _named(nav))
    decisions = [page for page in unnamed if page.startswith("decisions/")]
    others = [page for page in unnamed if page not in decisions]
    nav = [{"Decisions": decisions} if item == {"Decisions": []} else item for item in nav]
    config["nav"] = [*nav, {"More": others}] if others else nav
    return config


def _existing(item: Any, pages: set[str]) -> Any:  # noqa: ANN401
    """Return an entry without the pages that do not exist, None when nothing is left of it."""
    if isinstance(item, str):
        return item if item in pages else None
    ((title, content),) = item.items()
    if isinstance(content, str):
        return item if content in pages else None
    kept = [entry for inner in content if (entry := _existing(inner, pages)) is not None]
    return {title: kept} if kept or not content else None


def _named(nav: list[Any]) -> set[str]:
    """Return the pages that a navigation names."""
    found: set[str] = set()
    for item in nav:
        content = next(iter(item.values())) if isinstance(item, dict) else item
        found |= {content} if isinstance(content, str) else _named(content)
    return found
