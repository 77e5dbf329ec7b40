"""Settings, and where each comes from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stook.config import Config, load_config
from stook.errors import InputError


def _load(folder: Path, **environ: str) -> Config:
    return load_config(cwd=folder, environ={"HOME": str(folder / "home"), **environ})


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_each_place_has_precedence_over_the_next(tmp_path: Path) -> None:
    """Flag, environment, workspace, user and default, taken away one by one."""
    environ = {"HOME": str(tmp_path / "home"), "STOOK_CONTEXT": "from-environment"}
    workspace = _write(tmp_path / "work/stook.toml", '[workspace]\ncontext = "from-workspace"')
    user = _write(tmp_path / "home/.config/stook/config.toml", '[workspace]\ncontext = "from-user"')
    found = [load_config(cwd=workspace.parent, environ=environ, flags={"context": "from-flag"})]
    found.append(load_config(cwd=workspace.parent, environ=environ, flags={"context": None}))
    del environ["STOOK_CONTEXT"]
    found.append(load_config(cwd=workspace.parent, environ=environ))
    workspace.write_text("")
    found.append(load_config(cwd=workspace.parent, environ=environ))
    user.unlink()
    found.append(load_config(cwd=workspace.parent, environ=environ))
    found.append(load_config(cwd=tmp_path, environ=environ))
    assert [(config.context.value, config.context.origin) for config in found] == [
        ("from-flag", "--context"),
        ("from-environment", "environment variable STOOK_CONTEXT"),
        ("from-workspace", str(workspace)),
        ("from-user", str(user)),
        ("work", "default"),
        ("default", "default"),
    ]


@pytest.mark.parametrize("setting", ["store", "cache"])
def test_a_relative_place_is_relative_to_who_says_it(
    tmp_path: Path, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workspace's path starts at the workspace, a variable's at the current folder, `~` at home; a URL is kept."""
    variable, key = {"store": ("STOOK_HOME", "path"), "cache": ("STOOK_CACHE", "cache")}[setting]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work/sub").mkdir(parents=True)

    def place(**environ: str) -> str:
        return str(_load(tmp_path / "work/sub", **environ).settings()[setting].value)

    assert place(**{variable: "here"}) == f"{tmp_path}/here"
    assert place(**{variable: "~/there"}) == f"{tmp_path}/work/sub/home/there"
    assert place(**{variable: "s3://bucket/x"}) == "s3://bucket/x"
    assert place(**{variable: "memory:"}) == "memory:"
    _write(tmp_path / "work/stook.toml", f'[store]\n{key} = "inside"')
    assert place() == f"{tmp_path}/work/inside"
    assert place(**{variable: ""}) == f"{tmp_path}/work/inside"


@pytest.mark.parametrize(
    "text",
    [
        "[workspace",
        "[workspace]\ncontext = 3",
        "[workspace]\ncontext = ['a']",
        "workspace = 'x'",
        "\ufeff[",
        "a = '\xff'",
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str) -> None:
    """A file that is no TOML, or has something else in place of text, is an InputError that names it."""
    path = tmp_path / "stook.toml"
    path.write_bytes(text.encode("latin-1", errors="replace") if "\xff" in text else text.encode())
    with pytest.raises(InputError, match=str(path)) as caught:
        _load(tmp_path)
    assert caught.value.hint


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    """What cannot be read as a file is an InputError too."""
    os.makedirs(tmp_path / "home/.config/stook/config.toml")
    with pytest.raises(InputError, match="cannot be read"):
        _load(tmp_path)


def test_keeping_code_is_a_switch(tmp_path: Path) -> None:
    """It is on unless a file or the environment says no, in TOML's words or as text; anything else is refused."""
    assert _load(tmp_path).keeps_code
    _write(tmp_path / "stook.toml", "[pipeline]\nkeep_code = false")
    assert not _load(tmp_path).keeps_code
    assert _load(tmp_path, STOOK_KEEP_CODE="1").keeps_code
    assert not _load(tmp_path, STOOK_KEEP_CODE="off").keeps_code
    with pytest.raises(InputError, match="neither true nor false"):
        _ = _load(tmp_path, STOOK_KEEP_CODE="perhaps").keeps_code
    _write(tmp_path / "stook.toml", "[store]\npath = true")
    with pytest.raises(InputError, match="not a string"):
        _load(tmp_path)
