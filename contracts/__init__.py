"""The contracts: Solidity sources, their committed artifacts, and typed Python bindings.

Nothing is imported here: `artifact`, `encoding`, `errors` and `bindings` are read one by one, so that a program that
only computes a table hash loads no ABI.
"""

__all__: list[str] = []
