"""A folder of results is all old or all new, whatever ends its process and whoever else writes."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path

import pytest

from msap_geo import drafts
from msap_geo.errors import OutputError
from msap_geo.outputs import complete_folder, finish_interrupted, one_run
from msap_geo.outputs.files import _drafts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, as POSIX has them")

NAMES = ["acces.csv", "carte.html", "etude.gpkg", "fiches/01.pdf", "manifest.json"]
OLD, NEW = "ancien", "nouveau"
KILLED = 137


def fill(folder, text):
    for name in NAMES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def whole(text):
    return dict.fromkeys(NAMES, text)


def older(folder):
    """Give a folder with the results of an earlier run, its user's note, and a crashed QGIS."""
    fill(folder, OLD)
    (folder / "note.txt").write_text("ma note")
    (folder / "etude.gpkg-wal").write_text("à rejouer")


def write(folder):
    with complete_folder(folder) as draft:
        fill(draft, NEW)


def forked(work):
    """Run in a forked process; return its exit code, that of a kill for a killed one."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except KeyboardInterrupt:
            code = 130
        finally:
            os._exit(code)
    status = os.waitpid(pid, 0)[1]
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def at_step(number, what, work):
    """Do something at the n-th system call that changes a name, then go on."""
    steps = {"n": 0}

    def counted(original):
        def call(*args, **kwargs):
            steps["n"] += 1
            if steps["n"] == number:
                what()
            return original(*args, **kwargs)

        return call

    for name in ("rename", "replace", "link", "unlink", "mkdir", "rmdir", "fsync"):
        setattr(os, name, counted(getattr(os, name)))
    work()
    if steps["n"] < number:
        os._exit(77)  # nothing was reached: every step has been tried


def each_step(tmp_path, prepare, what):
    """Yield the folder after something happened at each step of a writing, and the exit code."""
    for number in range(1, 200):
        folder = tmp_path / str(number) / "sortie"
        folder.parent.mkdir()
        prepare(folder)
        code = forked(lambda n=number, f=folder: at_step(n, what, lambda: write(f)))
        if code == 77:
            assert number > 5, "the steps were not counted"
            return
        yield folder, code
    raise AssertionError


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


class TestKilledAtEachStep:
    @pytest.mark.slow
    def test_older_results_are_all_kept_or_all_replaced(self, tmp_path):
        seen = set()
        for folder, code in each_step(tmp_path, older, kill):
            assert code == KILLED
            finish_interrupted(folder)
            with one_run(folder):
                pass  # the next start, which removes what is left
            found = content(folder)
            assert found.pop("note.txt") == "ma note"
            stale = found.pop("etude.gpkg-wal", None)
            assert found in (whole(OLD), whole(NEW))
            assert (stale is None) == (found == whole(NEW))
            assert [path.name for path in folder.parent.iterdir()] == ["sortie"]
            seen.add(found["acces.csv"])
        assert seen == {OLD, NEW}

    @pytest.mark.slow
    def test_a_new_folder_is_whole_or_empty_at_once(self, tmp_path):
        seen = set()
        for folder, code in each_step(tmp_path, lambda _: None, kill):
            assert code == KILLED
            found = content(folder) if folder.exists() else {}
            found.pop(".verrou", None)
            assert found in ({}, whole(NEW))
            with one_run(folder.with_name("autre")):
                pass  # a run elsewhere sweeps it too
            assert not list(folder.parent.glob(".brouillon-*"))
            seen.add(len(found))
        assert seen == {0, len(NAMES)}


@pytest.mark.slow
@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_at_any_step_leaves_no_mixture(tmp_path, number):
    seen = set()

    def interrupt():
        os.kill(os.getpid(), number)

    def prepare(folder):
        older(folder)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as the command line does

    previous = signal.getsignal(signal.SIGTERM)
    try:
        for folder, code in each_step(tmp_path, prepare, interrupt):
            assert code == 130
            found = content(folder)
            assert found.pop("note.txt") == "ma note"
            stale = found.pop("etude.gpkg-wal", None)
            assert (found, stale is None) in ((whole(OLD), False), (whole(NEW), True))
            seen.add(found["acces.csv"])
    finally:
        signal.signal(signal.SIGTERM, previous)
    assert seen == {OLD, NEW}


def _refusing(monkeypatch, *names):
    """Refuse to move or replace these files, as Windows does while a program shows them."""
    replace, rename = Path.replace, Path.rename

    def refuse_replace(self, target):
        if Path(target).name in names and Path(target).exists():
            raise PermissionError(13, "Permission denied")
        return replace(self, target)

    def refuse_rename(self, target):
        if self.name in names and ".brouillon" not in str(self.parent):
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", refuse_replace)
    monkeypatch.setattr(Path, "rename", refuse_rename)


@pytest.mark.parametrize("refused", ["acces.csv", "carte.html", "manifest.json"])
def test_a_file_that_cannot_be_replaced_puts_every_one_back(tmp_path, monkeypatch, refused):
    folder = tmp_path / "sortie"
    older(folder)
    before = content(folder)
    _refusing(monkeypatch, refused)
    with pytest.raises(OutputError, match="accès refusé"):
        write(folder)
    assert content(folder) == before


@pytest.mark.parametrize("links", [True, False])
def test_a_document_held_open_stays_and_the_new_one_stands_beside(tmp_path, monkeypatch, links):
    # Excel holds the workbook, QGIS the GeoPackage, a reader a sheet: the rest is written.
    folder = tmp_path / "sortie"
    older(folder)
    if not links:
        monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(OSError(1, "no")))
    with monkeypatch.context() as patch:
        _refusing(patch, "etude.gpkg", "01.pdf")
        with pytest.raises(OutputError, match="tient ouvert") as told:
            write(folder)
    assert "etude.nouveau.gpkg" in str(told.value)
    assert "fermer" in str(told.value)
    assert content(folder) == {
        **whole(NEW),
        "etude.gpkg": OLD,
        "etude.gpkg-wal": "à rejouer",
        "etude.nouveau.gpkg": NEW,
        "fiches/01.pdf": OLD,
        "fiches/01.nouveau.pdf": NEW,
        "note.txt": "ma note",
    }
    write(folder)  # closed: the next run leaves nothing beside
    assert content(folder) == {**whole(NEW), "note.txt": "ma note"}


@pytest.mark.parametrize("links", [True, False])
def test_the_new_document_held_open_at_the_next_run_loses_nothing(tmp_path, monkeypatch, links):
    # One opens « etude.nouveau.gpkg », the newest there is, closes the old one, and runs again.
    folder = tmp_path / "sortie"
    older(folder)
    (folder / "etude.gpkg-wal").unlink()
    (folder / "etude.nouveau.gpkg").write_text("tenu")
    if not links:
        monkeypatch.setattr(os, "link", lambda *_, **__: (_ for _ in ()).throw(OSError(1, "no")))
    unlink = Path.unlink

    def refuse_unlink(self, *, missing_ok=False):
        if self.name == "etude.nouveau.gpkg" and self.exists():
            raise PermissionError(13, "Permission denied")
        unlink(self, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        _refusing(patch, "etude.nouveau.gpkg")
        patch.setattr(Path, "unlink", refuse_unlink)
        with pytest.raises(OutputError, match=r"tient ouvert « etude\.nouveau\.gpkg »"):
            write(folder)
    kept = {"etude.nouveau.gpkg": "tenu", "note.txt": "ma note"}
    assert content(folder) == {**whole(NEW), **kept}
    write(folder)
    assert content(folder) == {**whole(NEW), "note.txt": "ma note"}


def test_a_document_held_open_does_not_make_a_mixture_of_the_rest(tmp_path, monkeypatch):
    folder = tmp_path / "sortie"
    older(folder)
    before = content(folder)
    _refusing(monkeypatch, "etude.gpkg", "manifest.json")
    with pytest.raises(OutputError, match="accès refusé"):
        write(folder)
    assert content(folder) == before


def test_where_links_are_refused_files_are_moved(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    folder = tmp_path / "sortie"
    older(folder)
    write(folder)
    assert content(folder) == {**whole(NEW), "note.txt": "ma note"}


def test_what_a_crashed_program_left_beside_a_base_is_not_replayed(tmp_path):
    folder = tmp_path / "sortie"
    folder.mkdir()
    path = folder / "etude.gpkg"
    base = sqlite3.connect(path)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("CREATE TABLE ancienne (x)")
    base.commit()
    left = {end: (folder / f"etude.gpkg{end}").read_bytes() for end in ("-wal", "-shm")}
    base.close()
    for end, told in left.items():
        (folder / f"etude.gpkg{end}").write_bytes(told)
    (folder / "etude.gpkg-journal").write_bytes(b"x" * 600)
    (folder / "autre.gpkg-wal").write_bytes(b"a")
    with complete_folder(folder) as draft:
        made = sqlite3.connect(draft / "etude.gpkg")
        made.execute("CREATE TABLE nouvelle (x)")
        made.commit()
        made.close()
    found = sqlite3.connect(path)
    assert found.execute("SELECT name FROM sqlite_master").fetchall() == [("nouvelle",)]
    found.close()
    assert sorted(path.name for path in folder.iterdir()) == ["autre.gpkg-wal", "etude.gpkg"]


class TestOnlyWhatOneWrote:
    def test_a_failed_run_keeps_what_another_put_in_the_folder_it_made(self, tmp_path):
        folder = tmp_path / "a" / "sortie"

        def fail():
            with complete_folder(folder):
                (folder / "note.txt").write_text("ma note")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert content(tmp_path) == {"a/sortie/note.txt": "ma note"}

    def test_a_failed_run_removes_the_folders_it_made(self, tmp_path):
        with pytest.raises(ZeroDivisionError), complete_folder(tmp_path / "a" / "sortie"):
            raise ZeroDivisionError
        assert list(tmp_path.iterdir()) == []

    def test_a_note_put_in_a_folder_being_made_is_kept(self, tmp_path):
        folder = tmp_path / "sortie"
        with complete_folder(folder) as draft:
            fill(draft, NEW)
            (folder / "note.txt").write_text("ma note")
        assert content(folder) == {**whole(NEW), "note.txt": "ma note"}

    def test_a_folder_named_as_a_file_of_ours_is_refused_and_kept(self, tmp_path):
        folder = tmp_path / "sortie"
        (folder / "carte.html").mkdir(parents=True)
        (folder / "carte.html" / "note.txt").write_text("ma note")
        with pytest.raises(OutputError, match=r"dossier porte le nom.*carte\.html"):
            write(folder)
        assert content(folder) == {"carte.html/note.txt": "ma note"}

    def test_a_file_named_as_a_folder_of_ours_is_refused_and_kept(self, tmp_path):
        folder = tmp_path / "sortie"
        folder.mkdir()
        (folder / "fiches").write_text("à moi")
        with pytest.raises(OutputError, match=r"fichier porte le nom.*fiches"):
            write(folder)
        assert content(folder) == {"fiches": "à moi"}

    def test_notes_in_a_sub_folder_of_ours_are_kept(self, tmp_path):
        folder = tmp_path / "sortie"
        older(folder)
        (folder / "fiches" / "note.txt").write_text("ma note")
        write(folder)
        assert (folder / "fiches" / "note.txt").read_text() == "ma note"

    def test_folders_whose_names_look_like_drafts_are_kept(self, tmp_path):
        mine = [".brouillon", ".brouillon-de-moi", "brouillon-12345678", ".brouillon-1234567"]
        for name in mine:
            (tmp_path / "sortie" / name).mkdir(parents=True)
        write(tmp_path / "sortie")
        assert all((tmp_path / "sortie" / name).is_dir() for name in mine)


class TestOneRunPerFolder:
    def hold(self, folder, *, read, write_):
        os.close(read)
        with one_run(folder):
            os.write(write_, b"x")
            signal.pause()

    def other(self, folder):
        read, write_ = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                self.hold(folder, read=read, write_=write_)
            finally:
                os._exit(1)
        os.close(write_)
        assert os.read(read, 1) == b"x"
        os.close(read)
        return pid

    @pytest.mark.parametrize("there", [True, False])
    def test_a_second_run_is_refused_until_the_first_dies(self, tmp_path, there):
        folder = tmp_path / "sortie"
        if there:
            older(folder)
        before = content(folder)
        pid = self.other(folder)
        try:
            with pytest.raises(OutputError, match="une autre commande de msap-geo"):
                write(folder)
            assert {**content(folder), ".verrou": ""} == {**before, ".verrou": ""}
            write(tmp_path / "ailleurs")  # nothing stands in the way of another folder
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        write(folder)
        assert whole(NEW).items() <= content(folder).items()

    def test_another_thread_is_another_run(self, tmp_path):
        told = []

        def second():
            try:
                write(tmp_path / "sortie")
            except OutputError as error:
                told.append(error.problem)

        with one_run(tmp_path / "sortie"):
            thread = threading.Thread(target=second)
            thread.start()
            thread.join()
            write(tmp_path / "sortie")  # the run itself writes
            write(tmp_path / "sortie")  # as often as it likes
        assert told == ["une autre commande de msap-geo écrit dans ce dossier"]
        assert content(tmp_path / "sortie") == whole(NEW)

    def test_the_draft_of_a_run_that_lives_is_left_alone(self, tmp_path):
        with complete_folder(tmp_path / "sortie") as draft:
            fill(draft, NEW)
            assert forked(lambda: write(tmp_path / "autre")) == 0
        assert content(tmp_path / "sortie") == whole(NEW)

    def test_the_lock_file_of_a_dead_run_holds_nobody(self, tmp_path):
        (tmp_path / ".verrou").write_text("")
        write(tmp_path)
        assert content(tmp_path) == whole(NEW)


class TestDrafts:
    def test_a_draft_is_removed_at_the_end_and_at_the_next_start(self, tmp_path):
        def die():
            with drafts.draft_in(tmp_path, prefix=".essai-") as draft:
                draft.mkdir()
                (draft / "x").write_text("x")
                kill()

        assert forked(die) == KILLED
        assert len(list(tmp_path.iterdir())) == 2
        with drafts.draft_in(tmp_path, prefix=".essai-", suffix="") as draft:
            assert {path.name for path in tmp_path.iterdir()} == {f"{draft.name}.verrou"}
            draft.write_text("x")
        assert list(tmp_path.iterdir()) == []

    def test_a_living_draft_is_not_swept(self, tmp_path):
        with drafts.draft_in(tmp_path, prefix=".essai-") as draft:
            draft.write_text("x")
            assert forked(lambda: drafts.sweep(tmp_path, prefix=".essai-")) == 0
            assert draft.read_text() == "x"

    def test_a_draft_of_an_earlier_version_is_swept_once_old(self, tmp_path):
        old, young, other = (tmp_path / name for name in (".essai-a", ".essai-b", "essai-c"))
        for path in (old, young, other):
            path.mkdir()
        os.utime(old, (0, 0))
        os.utime(other, (0, 0))
        drafts.sweep(tmp_path, prefix=".essai-")
        assert [path.exists() for path in (old, young, other)] == [False, True, True]

    @pytest.mark.usefixtures("heard")
    def test_signals_wait_then_happen(self):
        done = []

        def work():
            with drafts.held_signals():
                signal.raise_signal(signal.SIGINT)
                done.append(1)

        with pytest.raises(KeyboardInterrupt):
            work()
        assert done == [1]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def test_a_share_that_knows_no_locks_is_written_all_the_same(self, tmp_path, monkeypatch):
        def unknown(_handle):
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(drafts, "_lock", unknown)
        write(tmp_path / "sortie")
        assert content(tmp_path / "sortie") == whole(NEW)


def test_two_long_names_have_their_own_drafts(tmp_path):
    first, second = (tmp_path / ("n" * 230 + end) for end in "ab")
    with complete_folder(first) as draft:
        fill(draft, NEW)
        assert [path for path in _drafts(first) if path == draft]
        assert not _drafts(second)
    assert content(first) == whole(NEW)
