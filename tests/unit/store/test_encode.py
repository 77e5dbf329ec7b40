"""What can be kept, and how what cannot is refused: in words, with nothing half written."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

import stook
from stook.errors import InputError
from stook.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="test")


def _own_list() -> object:
    data: list[object] = [1]
    data.append(data)
    return data


def _own_dict_with_a_file() -> object:
    data: dict[str, object] = {"file": Path(__file__)}
    data["self"] = data
    return data


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(_own_list(), id="a list that holds itself"),
        pytest.param(_own_dict_with_a_file(), id="a dict that holds itself and a file"),
        pytest.param("", id="an empty path"),
        pytest.param("a\0b", id="a path with NUL"),
        pytest.param({"k": "\ud800"}, id="half a surrogate pair"),
        pytest.param({"\ud800": Path(__file__)}, id="half a surrogate pair as a key"),
        pytest.param({1: Path(__file__)}, id="a file under a number"),
        pytest.param(Path("/dev/null"), id="a device"),
        pytest.param(Path("no/such/file"), id="no file"),
        pytest.param(lambda: 1, id="a function"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(store: Store, data: object) -> None:
    """An InputError says what is wrong, and no bundle appears."""
    with pytest.raises(InputError) as caught:
        store.add("n", data)
    assert caught.value.hint
    assert store.ls() == []


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def _name_of_bytes(path: Path) -> None:
    Path(os.fsdecode(os.fsencode(path) + b"\xff")).touch()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(os.mkfifo, id="fifo"),
        pytest.param(_socket, id="socket"),
        pytest.param(lambda path: path.symlink_to("missing"), id="dangling link"),
        pytest.param(lambda path: path.symlink_to(path.name), id="link to itself"),
        pytest.param(lambda path: path.symlink_to("..", target_is_directory=True), id="link to a folder"),
        pytest.param(lambda path: (path.parent / "a\nb").touch(), id="line break in a name"),
        pytest.param(_name_of_bytes, id="name that is no text"),
    ],
)
def test_a_folder_with_what_is_no_file_is_refused(
    store: Store, tmp_path: Path, make: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error comes at once, names what it is about, and nothing is kept."""
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")  # a socket's path must be short
    make(Path("x") if make is _socket else tmp_path / "in/x")
    with pytest.raises(InputError) as caught:
        store.add("n", tmp_path / "in")
    assert caught.value.message.encode()
    assert store.ls() == []


def test_a_folder_comes_back_with_its_shape(store: Store, tmp_path: Path) -> None:
    """Links to files, empty folders, executable files and names of any kind survive; paths are sorted."""
    root = tmp_path / "in"
    (root / "empty/er").mkdir(parents=True)
    (root / "a").mkdir()
    names = ["a/b", "a.txt", "a-b", "é", "e\u0301", "x" * 255, " spaced ", "a'b\"c"]
    for name in names:
        (root / name).write_text(name)
    (root / "a-b").chmod(0o755)
    (root / "link").symlink_to("a.txt")
    bundle = store.add("n", str(root))
    out = store.get("n").path()
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()) == sorted(
        [*names, "link"]
    )
    assert all((out / name).read_text() == name for name in names)
    assert (out / "empty/er").is_dir()
    assert os.access(out / "a-b", os.X_OK)
    assert [file.path for file in bundle.tree.files] == sorted([*names, "link"])  # type: ignore[union-attr]


@pytest.mark.parametrize("inside", [[], ["only/empty", "folders"]])
def test_a_folder_without_files_is_data_too(store: Store, tmp_path: Path, inside: list[str]) -> None:
    """An empty folder, and one that holds only such, come back."""
    (tmp_path / "in").mkdir()
    for name in inside:
        (tmp_path / "in" / name).mkdir(parents=True)
    out = store.get(store.add("n", tmp_path / "in").ref).path()
    assert out.is_dir()
    assert all((out / name).is_dir() for name in inside)


def test_wide_and_long_values_come_back(store: Store) -> None:
    """Ten thousand keys and a megabyte of text are kept as they are."""
    data = {f"key {number}": number for number in range(10_000)} | {"text": "ä" * 1_000_000}
    store.add("n", data)
    assert store.get("n").data == data


def test_what_cannot_be_kept_is_named_by_where_it_is(store: Store) -> None:
    """In a dict of many results, the one that has to be changed is named, and how."""
    pandas = pytest.importorskip("pandas")
    with pytest.raises(InputError) as caught:
        store.add("n", {"score": 1, "seen": {"last": pandas.Timestamp("2026-01-31")}})
    assert caught.value.message == "data['seen']['last']: a pandas.Timestamp is not a table"
    assert caught.value.hint == "call .to_pydatetime() on it, or None where it is none"


def test_a_bundle_in_data_is_refused_with_the_way_to_say_it(store: Store) -> None:
    """Data does not hold bundles; the hint names inputs, which do."""
    bundle = store.add("a", [1])
    with pytest.raises(InputError) as caught:
        store.add("b", {"a": bundle})
    assert "inputs=" in caught.value.hint


@pytest.mark.parametrize(
    "tags", [{"k": "x" * 70_000}, {"k": "\0" * 12_000}, {"k": "\ud800"}, {"": "x"}, {"k": 1}]
)
def test_tags_that_do_not_fit_are_refused(store: Store, tags: dict[str, str]) -> None:
    """Tags that are too long, no text or unnamed give an InputError, and no bundle."""
    with pytest.raises(InputError):
        store.add("n", [1], tags=tags)
    assert store.ls() == []


def test_long_params_are_kept_and_odd_ones_refused(store: Store) -> None:
    """Params longer than a line of the log go into a pack; what is no plain value is refused."""
    store.add("n", [1], params={"long": "x" * 200_000})
    assert len(store.get("n").params["long"]) == 200_000
    for bad in (object(), "\ud800"):
        with pytest.raises(InputError):
            store.add("n", [1], params={"bad": bad})
    assert len(store.versions("n")) == 1


def test_inputs_are_bundles(store: Store) -> None:
    """A sole bundle, a list and a dict of them do; a name in place of a bundle is refused."""
    bundle = store.add("a", [1])
    for inputs in (bundle, [bundle], {"a": bundle}):
        assert store.add("b", [2], inputs=inputs).inputs[0].id == bundle.id  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no bundle"):
        store.add("b", [2], inputs=["a"])  # type: ignore[list-item]
