"""The name that a mistyped one may have been meant to be."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return "did you mean X?" for the nearest known name, ignoring case, or None when nothing is near."""
    from difflib import get_close_matches  # only a mistake needs it

    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word[:64].lower(), list(by_lower), n=1, cutoff=0.5)
    return f"did you mean {by_lower[near[0]]}?" if near else None
