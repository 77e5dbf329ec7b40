"""`./dev` fetches uv where there is none, by the lock's digest, from the index that the machine is set to."""

from __future__ import annotations

import hashlib
import importlib
import shutil
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

NAME = "uv-9.9.9-py3-none-any.whl"


@pytest.fixture
def bootstrap(tmp_path: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`tools/bootstrap.py` as it is in another project, in the folder `project`."""
    copy = tmp_path / "project" / "tools" / "bootstrap.py"
    copy.parent.mkdir(parents=True)
    shutil.copy(project_root / "tools" / "bootstrap.py", copy)
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(project_root / name, tmp_path / "project" / name)
    sys.modules.pop("bootstrap", None)
    monkeypatch.syspath_prepend(copy.parent)
    return importlib.import_module("bootstrap")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """The URL of a package index on this machine that has one wheel of uv."""
    folder = tmp_path / "index" / "uv"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / NAME, "w") as archive:
        archive.writestr("uv-9.9.9.data/scripts/uv", "#!/bin/sh\necho uv 9.9.9\n")
    (folder / "index.html").write_text(f'<a href="{NAME}#sha256=00">{NAME}</a>', encoding="utf-8")
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def digest_of_wheel(tmp_path: Path) -> str:
    """Return the digest that a lock would state."""
    return hashlib.sha256((tmp_path / "index" / "uv" / NAME).read_bytes()).hexdigest()


def test_uv_comes_from_the_set_index(bootstrap: ModuleType, index: str, tmp_path: Path) -> None:
    """A fetched uv runs, is kept in the project, and is found the next time."""
    environment = {"PIP_INDEX_URL": index, "PATH": "/usr/bin:/bin"}
    wheel = bootstrap.Wheel("9.9.9", f"http://127.0.0.1:9/{NAME}", digest_of_wheel(tmp_path))
    uv = bootstrap.fetch_uv(wheel, environment)
    assert Path(uv) == tmp_path / "project" / ".cache" / "uv" / "9.9.9" / "uv"
    assert bootstrap.uv_version(uv, environment) == (9, 9, 9)


def test_wrong_digest_is_refused(bootstrap: ModuleType, index: str, tmp_path: Path) -> None:
    """A wheel that is not what the lock states is never unpacked."""
    wheel = bootstrap.Wheel("9.9.9", f"{index}/uv/{NAME}", "0" * 64)
    with pytest.raises(bootstrap.BootstrapError, match="digest"):
        bootstrap.fetch_uv(wheel, {"PIP_INDEX_URL": index, "PATH": "/usr/bin:/bin"})
    assert not (tmp_path / "project" / ".cache").exists()


def test_no_network_says_what_to_do(bootstrap: ModuleType) -> None:
    """Where nothing can be reached, the message names the ways out."""
    wheel = bootstrap.Wheel("9.9.9", f"http://127.0.0.1:9/{NAME}", "0" * 64)
    with pytest.raises(bootstrap.BootstrapError, match="install uv yourself"):
        bootstrap.fetch_uv(wheel, {"PIP_NO_INDEX": "1", "PATH": "/usr/bin:/bin"})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (
            {"UV_DEFAULT_INDEX": "corp=https://a.invalid/x?y=z", "PIP_INDEX_URL": "https://b.invalid"},
            "https://a.invalid/x?y=z",
        ),
        ({"UV_DEFAULT_INDEX": "https://a.invalid/x?y=z"}, "https://a.invalid/x?y=z"),
        ({"PIP_INDEX_URL": "https://b.invalid"}, "https://b.invalid"),
    ],
)
def test_index_settings(bootstrap: ModuleType, environment: dict[str, str], expected: str) -> None:
    """The setting of uv itself setting goes before pip's, and may have a name."""
    assert bootstrap.configured_index(environment) == expected


def test_pip_files_are_read(bootstrap: ModuleType, tmp_path: Path) -> None:
    """An index in the user's pip.conf counts where the environment says nothing."""
    file = tmp_path / ".config" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text("[global]\nindex-url = https://c.invalid/simple\n", encoding="utf-8")
    assert bootstrap.configured_index({"HOME": str(tmp_path)}) == "https://c.invalid/simple"


def test_old_uv_is_passed_over(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A uv on PATH that is too old for the lock is not used, a newer one is."""
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    monkeypatch.setenv("PATH", f"{uv.parent}:/usr/bin:/bin")
    for version, found in (("0.4.0", None), ("99.0.0", str(uv))):
        uv.write_text(f"#!/bin/sh\necho uv {version}\n", encoding="utf-8")
        uv.chmod(0o755)
        assert bootstrap.find_uv({}) == found


def test_lock_has_uv_for_this_machine(bootstrap: ModuleType) -> None:
    """The lock names a wheel of uv for the machine that the tests run on."""
    assert len(bootstrap.locked_wheel().sha256) == 64


@pytest.mark.parametrize("on_path", [False, True])
def test_after_the_demo_the_command_can_be_had(
    bootstrap: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    on_path: bool,
) -> None:
    """What the demo suggests begins with `stook`: where the shell has none, `./dev demo` says how to get it."""
    tools = tmp_path / "path"
    tools.mkdir()
    for name in ("uv", "stook"):
        (tools / name).write_text("#!/bin/sh\necho uv 9.9.9\n")
        (tools / name).chmod(0o755)
    inside = tmp_path / "project" / ".venv" / "bin"
    inside.mkdir(parents=True)
    (tools / "stook").rename((tools if on_path else inside) / "stook")
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    assert bootstrap.main(["demo"]) == 0
    told = (
        "dev: to have the command stook in this shell: . project/.venv/bin/activate"
        in capsys.readouterr().err
    )
    assert told is not on_path
