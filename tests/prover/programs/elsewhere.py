"""A program that takes a backend of its own."""

import sys

import pysnark.nobackend

del sys.modules["pysnark.snarkjsbackend"]

import pysnark.runtime  # noqa: E402 - after the backend is chosen

print(pysnark.runtime.backend)
