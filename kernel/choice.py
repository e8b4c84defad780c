"""Which kernel answers: the environment's choice, else the native one, else the reference with a warning."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import Literal, cast

from .errors import EnvironmentFault
from .interface import Kernel

__all__ = ["VARIABLE", "Backend", "backend", "kernel"]

Backend = Literal["native", "reference"]

VARIABLE = "ZKMARGIN_KERNEL"


def backend() -> Backend:
    """Return the name of the kernel in use; raises EnvironmentFault when it cannot be had."""
    chosen = os.environ.get(VARIABLE, "")
    if not chosen:
        return _available()
    if chosen not in ("native", "reference"):
        raise EnvironmentFault(
            f"{VARIABLE} is {chosen!r}: there are only the kernels native and reference", code="unknown-kernel"
        )
    return cast(Backend, chosen)


def kernel(name: Backend | None = None) -> Kernel:
    """Return the kernel in use, or the one asked for; raises EnvironmentFault when it cannot be had."""
    return _load(name or backend())


@cache
def _load(name: Backend) -> Kernel:
    if name == "reference":
        from .reference import ReferenceKernel

        return ReferenceKernel()
    try:
        from .native_kernel import NativeKernel
    except ImportError as error:
        raise EnvironmentFault(
            "the native kernel was not built",
            code="no-native-kernel",
            hint=f"install a Rust toolchain and install zkmargin again, or set {VARIABLE}=reference ({error})",
        ) from None
    return NativeKernel()


@cache
def _available() -> Backend:
    try:
        _load("native")
    except EnvironmentFault as fault:
        if fault.code != "no-native-kernel":
            raise
        print(
            "zkmargin: the native kernel was not built, the reference kernel is used and is slow",
            file=sys.stderr,
        )
        return "reference"
    return "native"
