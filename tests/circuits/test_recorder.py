"""A recorded program's wires, whatever order they were made in, are public first and carry their own values."""

from zkmargin.circuits.recorder import Recorder
from zkmargin.kernel import R
from zkmargin.kernel.words import from_words


def test_public_wires_come_first_and_rows_follow_them():
    recorder = Recorder()
    x, p, y, q = recorder.hidden(5), recorder.public(-3), recorder.hidden(R + 2), recorder.public(7)
    recorder.constrain(x - p * 2, y * -1, q + recorder.constant(-29), "here.py:1")
    system, values = recorder.system(), from_words(recorder.witness())
    assert system.names == ["one", "public.0", "public.1", "hidden.0", "hidden.1"]
    assert values == [1, R - 3, 7, 5, 2]
    assert system.row(0) == ({1: R - 2, 3: 1}, {4: R - 1}, {0: R - 29, 2: 1})
    assert list(system.unsatisfied(values)) == []
    assert (system.row_source(0).where, recorder.rows) == ("here.py:1", 1)


def test_a_recording_shows_no_value():
    recorder = Recorder()
    shown = repr(recorder.hidden(987654321)) + repr(recorder)
    assert "987654321" not in shown


def test_terms_that_cancel_are_gone():
    recorder = Recorder()
    x = recorder.hidden(4)
    recorder.constrain(x - x, x, -x + x * R)
    assert recorder.system().row(0) == ({}, {1: 1}, {1: R - 1})
