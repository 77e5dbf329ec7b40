"""Adding from Python's side: where data came from, and URLs as sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import stook
from stook.app.adding import Addition, Said, add_paths, plan_paths
from stook.app.sources import TableReading
from stook.errors import InputError, NotFoundError, StorageError
from stook.frames.files import TableOptions
from stook.storage import open_storage
from stook.store import Store
from tests.servers.moto_s3 import S3Bucket
from tests.servers.web import Web, serve_web


@pytest.fixture
def store() -> Store:
    """The home store."""
    return stook.open()


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server."""
    with serve_web() as web:
        yield web


@pytest.fixture
def bucket(s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> S3Bucket:
    """A bucket that the environment has the credentials of."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_bucket.endpoint)
    monkeypatch.setenv("AWS_REGION", s3_bucket.options["region"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_bucket.options["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_bucket.options["secret_access_key"])
    return s3_bucket


def test_where_data_came_from(store: Store, web: Web, tmp_path: Path) -> None:
    """Paths and URLs are recorded as given, without secrets; another place of equal content is no change."""
    web.files = {"/a.txt": b"hello"}
    (tmp_path / "a.txt").write_text("hello")
    url = f"{web.url}/a.txt"
    added = add_paths(store, Addition("a", [f"{url.replace('//', '//me:secret@')}?key=secret"]))
    assert store.get("a").lineage.sources == (url,)
    assert store.get("a").params == {}
    again = add_paths(store, Addition("a", [str(tmp_path / "a.txt")]), Said(tags={"x": "y"}))
    assert (again.is_new, again.bundle.id) == (False, added.bundle.id)
    kept = b"".join(path.read_bytes() for path in Path(store.repository.url).rglob("*") if path.is_file())
    assert b"secret" not in kept


def test_web_and_local_files_together(store: Store, web: Web, tmp_path: Path) -> None:
    """Same-named files of servers and of this machine are told apart."""
    web.files = {"/a/x.txt": b"web a", "/b/x.txt": b"web b"}
    (tmp_path / "x.txt").write_text("here")
    paths = [f"{web.url}/a/x.txt", f"{web.url}/b/x.txt"]
    assert set(add_paths(store, Addition("a", paths)).bundle.keys()) == {"a", "b"}
    found = add_paths(store, Addition("a", [*paths, str(tmp_path / "x.txt")])).bundle
    assert sorted(found.path(path).read_text() for path, _ in found.items()) == ["here", "web a", "web b"]


def test_nothing_is_added_of_a_broken_stream(store: Store, web: Web) -> None:
    """Where the second of two URLs fails, the first is not added either."""
    web.files, web.cut = {"/a": b"12345", "/b": b"12345"}, {"/b"}
    for paths, error in (([f"{web.url}/a", f"{web.url}/b"], StorageError), ([f"{web.url}/c"], NotFoundError)):
        with pytest.raises(error):
            add_paths(store, Addition("a", paths))
    assert store.find("a") is None


def test_bucket(store: Store, bucket: S3Bucket) -> None:
    """An object is a file, what is below a prefix a folder, a whole bucket too; a table is read from there."""
    storage = open_storage(bucket.url, options=bucket.options)
    for key in ("in/a.csv", "in/deep/b.csv"):
        storage.put_new(key, b"n\n007\n")
    add = lambda path, **more: add_paths(store, Addition("a", [path], **more)).bundle  # noqa: E731
    assert add(f"{bucket.url}/in/a.csv").path().name == "a.csv"
    assert sorted(path.name for path in add(f"{bucket.url}/in/").path().rglob("*")) == [
        "a.csv",
        "b.csv",
        "deep",
    ]
    assert add(bucket.url).path("in/deep/b.csv").read_bytes() == b"n\n007\n"
    table = add(f"{bucket.url}/in/a.csv", tables=TableReading(TableOptions()))
    assert table.to_arrow().to_pylist() == [{"n": "007"}]
    with pytest.raises(NotFoundError, match="nothing below"):
        add(f"{bucket.url}/none/")


def test_links_start_from_the_table(store: Store, bucket: S3Bucket) -> None:
    """Relative paths in a table of a bucket are objects beside it."""
    storage = open_storage(bucket.url, options=bucket.options)
    storage.put_new("in/t.csv", b"file\nimg/a.png\n")
    storage.put_new("in/img/a.png", b"A")
    reading = TableReading(TableOptions(), link_columns=("file",))
    found = add_paths(store, Addition("a", [f"{bucket.url}/in/t.csv"], tables=reading)).bundle
    assert Path(found.to_arrow()["file"][0].as_py()).read_bytes() == b"A"


def test_file_and_folder_of_one_name(store: Store, tmp_path: Path) -> None:
    """A file that has the name of the folder that tells others apart is refused."""
    for name in ("p/a/x", "p/b/x", "q/a"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    with pytest.raises(InputError, match="a would be both"):
        add_paths(store, Addition("n", [str(tmp_path / name) for name in ("p/a/x", "p/b/x", "q/a")]))


def test_plan_of_the_same(store: Store, tmp_path: Path) -> None:
    """A plan has the digest of what adding makes: unchanged before is unchanged after."""
    (tmp_path / "t.csv").write_text("n\n1\n")
    for tables in (None, TableReading(TableOptions())):
        addition = Addition("a", [str(tmp_path / "t.csv")], tables=tables)
        assert plan_paths(store, addition).is_new
        assert add_paths(store, addition).is_new
        assert not plan_paths(store, addition).is_new
        assert not add_paths(store, addition).is_new
