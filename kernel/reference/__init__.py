"""The reference kernel: the twin on py_ecc that judges the native one, and stands in where that was not built."""

from __future__ import annotations

from .kernel import ReferenceKernel

__all__ = ["ReferenceKernel"]
