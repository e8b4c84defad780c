"""The files of `value-at-risk`: those of `expected-shortfall`, the multiplier being of one loss."""

from __future__ import annotations

from .expected_shortfall import FILES

__all__ = ["FILES"]
