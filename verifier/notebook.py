"""What an object shows in a notebook: a table of public facts. A notebook is saved, and then sent to somebody."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["facts"]


def facts(title: str, shown: Mapping[str, object]) -> str:
    """Return HTML: a title and its facts, those that are None left out. Whoever calls it hands in nothing secret."""
    from html import escape

    rows = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th>'
        f'<td style="text-align:left"><code>{escape(str(value))}</code></td></tr>'
        for name, value in shown.items()
        if value is not None
    )
    return f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>"
