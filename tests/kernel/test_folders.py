"""Lost if these fail: one prover's proof beside another's public inputs, or somebody's file gone with a folder."""

import contextlib
import multiprocessing
import os
import time

import pytest

from zkmargin.kernel import folders
from zkmargin.kernel.errors import FileError
from zkmargin.kernel.folders import read_folder, write_folder

NAMES = ("a.json", "b.json", "c.json")
WRITERS, ROUNDS = 4, 60


def files(token):
    return {name: f"{token} {name}".encode() * 50 for name in NAMES}


def writes(path, number, ready):
    ready.wait()
    for round_ in range(ROUNDS):
        write_folder(path, files(f"{number}-{round_}"))


def mixtures(path, *, alone):
    """Read a folder while several processes write it; return reads, mixtures and how often there was none."""
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(WRITERS + 1)
    write_folder(path, files("first"))
    started = [context.Process(target=writes, args=(path, number, ready)) for number in range(WRITERS)]
    for process in started:
        process.start()
    ready.wait()
    reads = mixed = absent = 0
    while any(process.is_alive() for process in started):
        found = None
        with contextlib.suppress(FileError):
            found = read_folder(path, NAMES[:2], NAMES[2:])
        if found is None:
            absent += 1
            continue
        reads += 1
        mixed += len(found) != 3 or len({data.split()[0] for data in found.values()}) != 1
        time.sleep(0)
    for process in started:
        process.join()
        assert process.exitcode == 0
    assert [one.name for one in path.parent.iterdir()] == [path.name], "something was left behind"
    assert len({data.split()[0] for data in read_folder(path, NAMES).values()}) == 1
    assert absent == 0 or not alone
    return reads, mixed, absent


def test_a_reader_never_sees_two_provers_mixed(tmp_path, tally):
    reads, mixed, _ = mixtures(tmp_path / "proof", alone=True)
    assert reads > 50
    tally(
        "P3",
        f"reads of a folder that {WRITERS} processes replace {ROUNDS} times each: none mixed or missing",
        reads,
        mixed,
    )


def test_nor_where_folders_cannot_change_places(tmp_path, monkeypatch, tally):
    """There the folder is away for a moment, never mixed."""
    monkeypatch.setattr(folders, "_exchange", lambda *_: False)
    reads, mixed, absent = mixtures(tmp_path / "proof", alone=False)
    assert reads > 50
    tally("P3", f"the same without an exchange; {absent} reads found no folder", reads, mixed)


def test_what_else_stands_in_a_folder_is_not_taken_away(tmp_path):
    path = tmp_path / "proof"
    write_folder(path, files("first"))
    (path / "notes.txt").write_text("mine")
    with pytest.raises(FileError) as caught:
        write_folder(path, files("second"))
    assert caught.value.code == "folder-in-use"
    assert {data.split()[0] for data in read_folder(path, NAMES).values()} == {b"first"}
    assert (path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("exchange", [True, False])
def test_what_comes_into_a_folder_at_the_last_moment_is_kept(tmp_path, monkeypatch, *, exchange):
    """Between the look and the rename: it is no longer under the name, but nothing of it is deleted."""
    path = tmp_path / "proof"
    write_folder(path, files("first"))
    if not exchange:
        monkeypatch.setattr(folders, "_exchange", lambda *_: False)
    real, notes = os.rename, ["mine"]

    def late(source, target):
        if target == path and notes:
            (path / "notes.txt").write_text(notes.pop())
        real(source, target)

    monkeypatch.setattr(os, "rename", late)
    write_folder(path, files("second"))
    assert [one.read_text() for one in tmp_path.rglob("notes.txt")] == ["mine"]
    assert {data.split()[0] for data in read_folder(path, NAMES).values()} == {b"second"}


def test_the_older_folder_comes_back_when_the_newer_cannot_be_put_there(tmp_path, monkeypatch):
    path = tmp_path / "proof"
    write_folder(path, files("first"))
    monkeypatch.setattr(folders, "_exchange", lambda *_: False)
    real, left = os.rename, [False, True]

    def failing(source, target):
        if target == path and source.name.startswith(".proof") and not source.name.endswith(".old") and left.pop(0):
            raise OSError(5, "Input/output error")
        real(source, target)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(FileError, match="Input/output"):
        write_folder(path, files("second"))
    assert {data.split()[0] for data in read_folder(path, NAMES).values()} == {b"first"}
    assert [one.name for one in tmp_path.iterdir()] == ["proof"]


def test_a_folder_that_cannot_be_made_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "proof"):
        with pytest.raises(FileError) as caught:
            write_folder(path, files("first"))
        assert caught.value.code == "unwritable"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_link_to_a_folder_keeps_leading_to_it(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for token in ("first", "second"):
        write_folder(tmp_path / "link", files(token))
        assert (tmp_path / "link").is_symlink()
        assert {data.split()[0] for data in read_folder(tmp_path / "real", NAMES).values()} == {token.encode()}


@pytest.mark.parametrize(
    ("what", "code"), [("absent", "no-such-file"), ("a folder", "unreadable"), ("too large", "too-large")]
)
def test_a_file_that_cannot_be_read_is_said_by_its_name(tmp_path, what, code):
    path = tmp_path / "proof"
    write_folder(path, files("first"))
    (path / "b.json").unlink()
    if what == "a folder":
        (path / "b.json").mkdir()
    if what == "too large":
        (path / "b.json").write_bytes(b" " * (8 * 1024 * 1024 + 1))
    with pytest.raises(FileError) as caught:
        read_folder(path, NAMES)
    assert (caught.value.code, caught.value.file) == (code, str(path / "b.json"))


@pytest.mark.parametrize("laid", ["pipe", "link to a pipe", "link to a device"])
@pytest.mark.parametrize("name", [NAMES[0], NAMES[2]])
def test_nothing_is_waited_for_that_a_stranger_laid_in_his_folder(tmp_path, name, laid):
    """A pipe for a receipt in one of a thousand proofs, and a liquidator's verifier stands still until he stops it."""
    path = tmp_path / "proof"
    write_folder(path, files("first"))
    (path / name).unlink()
    if laid == "pipe":
        os.mkfifo(path / name)
    else:
        os.mkfifo(tmp_path / "pipe")
        (path / name).symlink_to("../pipe" if laid == "link to a pipe" else "/dev/zero")
    with pytest.raises(FileError) as caught:
        read_folder(path, NAMES[:2], NAMES[2:])
    assert (caught.value.code, caught.value.file) == ("unreadable", str(path / name))
