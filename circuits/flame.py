"""A flame graph of constraints: the whole circuit below, the rule's lines above it, their causes on top, as SVG."""

from __future__ import annotations

from html import escape

from .stats import CircuitStats, Share

__all__ = ["flame_graph"]

_WIDTH, _ROW, _MARGIN = 1200, 26, 12
_LETTER = 7.3  # pixels a character of 12-pixel monospace is wide, about
_COLOURS = ("#e8a33d", "#d9772b", "#f2c14e")


def flame_graph(stats: CircuitStats) -> str:
    """Return an SVG document: each box's width is its share of the constraints, its title the exact numbers."""
    boxes = [_box(0, 0, stats.constraints, f"{stats.statement}: {stats.constraints:,} constraints", stats)]
    left = 0
    for where, count, terms in stats.by("where"):
        boxes.append(_box(left, 1, count, f"{where}: {count:,} constraints, {terms:,} terms", stats))
        inner = left
        for share in _at(stats, where):
            title = f"{share.cause}: {share.constraints:,} constraints, {share.nonzeros:,} terms"
            boxes.append(_box(inner, 2, share.constraints, title, stats))
            inner += share.constraints
        left += count
    height = 3 * _ROW + 2 * _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH + 2 * _MARGIN}" height="{height}" '
        f'font-family="monospace" font-size="12">\n<rect width="100%" height="100%" fill="#ffffff"/>\n'
        + "\n".join(boxes)
        + "\n</svg>\n"
    )


def _at(stats: CircuitStats, where: str) -> list[Share]:
    return [share for share in stats.shares if share.where == where]


def _box(left: int, level: int, count: int, title: str, stats: CircuitStats) -> str:
    x = _MARGIN + _WIDTH * left / stats.constraints
    width = _WIDTH * count / stats.constraints
    y = _MARGIN + (2 - level) * _ROW
    room = int((width - 8) / _LETTER)
    label = title if len(title) <= room else title[: room - 1] + "…" if room > 4 else ""
    return (
        f'<g><title>{escape(title)}</title><rect x="{x:.1f}" y="{y}" width="{max(width - 1, 0.3):.1f}" '
        f'height="{_ROW - 2}" rx="2" fill="{_COLOURS[level]}"/>'
        f'<text x="{x + 4:.1f}" y="{y + 16}" fill="#2b1d0e">{escape(label)}</text></g>'
    )
