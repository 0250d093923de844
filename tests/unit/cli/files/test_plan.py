"""Files of plans: written whole or not at all, for their owner only."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from reconciler.cli.files.plan import read_plan, read_saved, write_plan
from reconciler.errors import SavedFileError, SettingsError
from reconciler.planning.document import PlanDocument
from reconciler.terminal.redact import Redactor
from tests.support import canary
from tests.support.documents import Changes, change, document
from tests.support.saved_plans import as_file, named

PLAN = named(document(change(1), change(2, "create")))
OTHER = named(document(change(3)))


def save(file: Path, plan: PlanDocument, *, token: str = "") -> None:
    """Save a plan in a process that knows a token."""
    redactor = Redactor()
    redactor.learn(token)
    write_plan(file, plan, redactor.redact)


def left(folder: Path) -> list[str]:
    """The names of what lies in a folder."""
    return sorted(file.name for file in folder.iterdir())


def test_a_plan_is_written_as_it_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    before = os.umask(0)
    try:
        save(file, PLAN)
    finally:
        os.umask(before)
    assert file.read_bytes() == as_file(PLAN)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_plan(file) == read_saved(file) == PLAN
    assert left(tmp_path) == ["plan.json"]


def test_a_plan_takes_the_place_of_an_older_one_that_others_could_read(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(b"x" * 10**6)
    file.chmod(0o666)
    save(file, PLAN)
    assert read_plan(file) == PLAN
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_file_that_can_not_be_written_to_its_end_leaves_the_older_one(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "plan.json"
    save(file, OTHER)

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(SettingsError, match=r"can not write the plan .*plan\.json: No space left on device"):
        save(file, PLAN)
    assert read_plan(file) == OTHER
    assert left(tmp_path) == ["plan.json"]


def test_a_plan_that_can_not_be_described_to_its_end_leaves_nothing(tmp_path: Path) -> None:
    def make(number: int) -> object:
        if number == 2:
            raise KeyboardInterrupt
        return change(number)

    with pytest.raises(KeyboardInterrupt):
        save(tmp_path / "plan.json", document(changes=Changes(3, make), counts={}))  # type: ignore[arg-type]
    assert left(tmp_path) == []


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "target.json"
    target.write_text("kept")
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "folder", "pipe", "/dev/null"):
        with pytest.raises(SettingsError, match="is no file that could be replaced"):
            save(tmp_path / name, PLAN)
    assert target.read_text() == "kept"
    assert left(tmp_path) == ["folder", "link", "pipe", "target.json"]


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"can not write the plan .*: No such file or directory"):
        save(tmp_path / "missing" / "plan.json", PLAN)


def test_a_plan_that_holds_the_token_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    save(file, PLAN, token=canary.TOKEN)
    after = {**change(1).after, "description": f"to be used with {canary.TOKEN}"}
    with pytest.raises(SettingsError, match="the plan holds the token of this run") as caught:
        save(file, named(document(change(1, after=after))), token=canary.TOKEN)
    assert "revoke it" in caught.value.hint
    assert read_plan(file) == PLAN
    assert left(tmp_path) == ["plan.json"]


def test_a_file_that_can_not_be_read_or_relied_on_is_named(tmp_path: Path) -> None:
    with pytest.raises(SavedFileError, match=r"missing\.json: can not be read: No such file or directory"):
        read_plan(tmp_path / "missing.json")
    with pytest.raises(SavedFileError, match=r": can not be read: Is a directory"):
        read_saved(tmp_path)
    damaged = tmp_path / "damaged.json"
    damaged.write_bytes(as_file(PLAN).replace(b"new words", b"old words"))
    for read in (read_plan, read_saved):
        with pytest.raises(SavedFileError, match=r"damaged\.json: it can not be relied on: its checksum"):
            read(damaged)
