"""From paths and URLs to storages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stook.errors import InputError, NotFoundError
from stook.storage import open_storage


def test_import_is_light() -> None:
    """Importing the room, and opening a folder, does not import obstore."""
    code = "import sys, stook.storage as s; s.open_storage('/nowhere'); print('obstore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_folder_by_path_and_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path, a relative path, one below the home, and a file URL lead to the same folder; opening makes nothing."""
    folder = tmp_path / "a b%20ü"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for place in (
        str(folder),
        folder.name,
        f"~/{folder.name}",
        folder.as_uri(),
        f"FILE://localhost{folder.as_uri()[7:]}",
    ):
        assert open_storage(place).url == folder.as_uri()
    assert not folder.exists()
    assert open_storage(open_storage(folder.name).url).url == folder.as_uri()


def test_memory_is_new_each_time() -> None:
    """Two storages in memory share nothing."""
    open_storage("memory:").put_new("a", b"x")
    assert list(open_storage("memory:").list()) == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file://elsewhere/path",
        "file:relative",
        "memory:name",
        "s3:bucket",
        "s3:///prefix",
        "s3://bucket/a//b",
        "s3://bucket/../b",
        "s3://bucket/a?versionId=1",
    ],
)
def test_bad_urls(url: str) -> None:
    """A URL that leads nowhere is an InputError."""
    with pytest.raises(InputError):
        open_storage(url)


def test_unknown_scheme() -> None:
    """A scheme that nobody brought is named."""
    with pytest.raises(NotFoundError, match="'gopher'"):
        open_storage("gopher://example.invalid/")


def test_bad_options(tmp_path: Path) -> None:
    """An option that a storage does not have is refused by name, without its value."""
    for url in (str(tmp_path), "memory:", "s3://bucket"):
        with pytest.raises(InputError) as caught:
            open_storage(url, options={"secret_acess_key": "hunter2"})
        assert "hunter2" not in str(caught.value)
    for options in ({"access_key_id": "A"}, {"path_style": "yes"}, {"endpoint": "localhost:9000"}):
        with pytest.raises(InputError):
            open_storage("s3://bucket", options=options)
