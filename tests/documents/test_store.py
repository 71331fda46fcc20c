from __future__ import annotations

import threading
from pathlib import Path

import pytest

from base.canonical import sha256
from base.errors import Fault, NotFound
from documents.store import FileStore, FolderStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def store(folder: Path) -> FileStore:
    return FolderStore(folder)


def test_what_is_put_is_got(store: FileStore) -> None:
    name = store.put(b"content")
    assert name == sha256(b"content")
    assert store.get(name) == b"content"
    assert store.has(name)


def test_a_content_is_kept_once_under_its_hash_and_read_only(
    store: FileStore, folder: Path
) -> None:
    name = store.put(b"content")
    assert store.put(b"content") == name
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files == [folder / name[:2] / name[2:4] / name]
    assert files[0].stat().st_mode & 0o777 == 0o440


def test_what_was_changed_is_not_given(store: FileStore, folder: Path) -> None:
    name = store.put(b"content")
    path = folder / name[:2] / name[2:4] / name
    path.chmod(0o600)
    path.write_bytes(b"CONTENT")
    with pytest.raises(Fault, match="was changed after it was stored"):
        store.get(name)


def test_what_was_cut_off_is_put_again(store: FileStore, folder: Path) -> None:
    name = store.put(b"content")
    path = folder / name[:2] / name[2:4] / name
    path.chmod(0o600)
    path.write_bytes(b"con")
    assert store.put(b"content") == name
    assert store.get(name) == b"content"


@pytest.mark.parametrize(
    "name",
    ["0" * 64, "", "..", "../../etc/passwd", "0" * 63, "0" * 65, "G" * 64, f"{'0' * 63}/",
     f"{'0' * 64}\n", "A" * 64],
)  # fmt: skip
def test_what_is_not_there_is_not_found(store: FileStore, name: str) -> None:
    assert not store.has(name)
    with pytest.raises(NotFound):
        store.get(name)


def test_many_put_the_same_at_once(store: FileStore, folder: Path) -> None:
    content = b"x" * 300_000
    threads = [threading.Thread(target=store.put, args=(content,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get(sha256(content)) == content
    assert [path.name for path in folder.rglob("*") if path.is_file()] == [sha256(content)]


def test_a_failed_put_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    folder.mkdir()
    name = sha256(b"content")
    (folder / name[:2] / name[2:4]).mkdir(parents=True)
    with pytest.raises(OSError, match="No space left"):
        FolderStore(folder).put(b"content")
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_what_nothing_needs_is_removed_and_what_something_needs_stays(
    store: FileStore, folder: Path
) -> None:
    name = store.put(b"content")
    assert not store.remove(name, lambda: True)
    assert store.get(name) == b"content"
    assert store.remove(name, lambda: False)
    assert store.remove(name, lambda: True), "it has gone before"
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    with pytest.raises(NotFound):
        store.remove("../../etc/passwd", lambda: False)


def test_what_is_put_while_it_is_removed_is_there(store: FileStore) -> None:
    name = store.put(b"content")

    def put_meanwhile() -> bool:
        store.put(b"content")
        return False

    assert not store.remove(name, put_meanwhile)
    assert store.get(name) == b"content"


@pytest.mark.parametrize("needed", [True, False])
def test_what_a_crash_left_half_removed_is_settled_by_the_next(
    store: FileStore, folder: Path, needed: bool
) -> None:
    name = store.put(b"content")

    def crash() -> bool:
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        store.remove(name, crash)
    assert not store.has(name)
    assert store.remove(name, lambda: needed) is not needed
    left = [path.name for path in folder.rglob("*") if path.is_file()]
    assert left == ([name] if needed else [])
