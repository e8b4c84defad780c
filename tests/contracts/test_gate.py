"""The gate's life of an account: what would be lost if a state could be reached or left the wrong way."""

from __future__ import annotations

import pytest
from zkmargin.contracts import errors


def test_an_opened_account_is_covered_and_not_liquidatable(world):
    account = world.open()
    status = world.gate.status_of(account)
    assert (status.status, status.nonce, status.round, status.version) == ("covered", 1, 1, 100)
    assert world.gate.is_covered(account)
    assert not world.gate.is_liquidatable(account)
