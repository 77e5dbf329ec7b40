"""What `stook switch` does to a stook.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import stook as library
from stook.app.switching import set_context
from tests.unit.cli.conftest import Stook


@pytest.fixture
def workspace(stook: Stook, tmp_path: Path) -> Stook:
    """A workspace that uses `main`; there is also `side`."""
    (tmp_path / "stook.toml").write_text('[workspace]\ncontext = "main"\n')
    library.open(context="side").add("n", 1)
    return stook


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[workspace]\ncontext = "a"\n', '[workspace]\ncontext = "new"\n'),
        ("[workspace]\ncontext = 'a' # why\n", "[workspace]\ncontext = 'new' # why\n"),
        ('[workspace]\r\ncontext="a"\r\nowner="b"\r\n', '[workspace]\r\ncontext="new"\r\nowner="b"\r\n'),
        ('[workspace] # here\nowner = "b"\n', '[workspace] # here\ncontext = "new"\nowner = "b"\n'),
        ("[workspace]", '[workspace]\ncontext = "new"\n'),
        ("[ 'workspace' ]\n\"context\" = 'a'", "[ 'workspace' ]\n\"context\" = 'new'"),
        ('workspace.context = "a"\n', 'workspace.context = "new"\n'),
        ('workspace = { owner = "b", context = "a" }\n', 'workspace = { owner = "b", context = "new" }\n'),
        ('workspace = { owner = "b" }\n', 'workspace = { context = "new", owner = "b" }\n'),
        ("workspace = {}\n", 'workspace = { context = "new" }\n'),
        ('workspace.owner = "b"\n', 'workspace.context = "new"\nworkspace.owner = "b"\n'),
        ("", '[workspace]\ncontext = "new"\n'),
        ("# only this", '# only this\n\n[workspace]\ncontext = "new"\n'),
        ('[store]\r\npath = "s"\r\n', '[store]\r\npath = "s"\r\n\r\n[workspace]\r\ncontext = "new"\r\n'),
        ("[workspace.more]\nx = 1\n", '[workspace.more]\nx = 1\n\n[workspace]\ncontext = "new"\n'),
        (
            'note = """\n[workspace]\ncontext = "a"\n"""\n[workspace]\ncontext = "b"\n',
            'note = """\n[workspace]\ncontext = "a"\n"""\n[workspace]\ncontext = "new"\n',
        ),
        (
            '# context = "x"\n[other]\ncontext = "a"\n[workspace]\ncontext = "a"\n',
            '# context = "x"\n[other]\ncontext = "a"\n[workspace]\ncontext = "new"\n',
        ),
        ('[workspace]\ncontext = """a"""\n', '[workspace]\ncontext = "new"\n'),
        ('[workspace]\ncontext = "a\\"b" # c\n', '[workspace]\ncontext = "new" # c\n'),
        ('x = nan\n[workspace]\ncontext = "a"\n', 'x = nan\n[workspace]\ncontext = "new"\n'),
    ],
)
def test_only_the_context_changes(before: str, after: str) -> None:
    """However the file is written, the context is another and every other byte is as it was."""
    assert set_context(before, "new") == after


_TABLES = st.sampled_from(
    ["", "[workspace]\n", "[other]\n", "['workspace']# x\n", "[[list]]\n", "[workspace.sub]\n"]
)
_LINES = st.sampled_from(
    [
        'context = "a"\n',
        "context='a'#'b'\r\n",
        'owner = "context = \\"a\\""\n',
        "n = '''\n[workspace]\ncontext = \"z\"\n'''\n",
        'x = [1, { context = "q" }]\n',
        "# [workspace]\n",
        "\n",
        'context = """a"""\n',
    ]
)


@example([("[workspace]\n", [])], "it's")
@given(
    st.lists(st.tuples(_TABLES, st.lists(_LINES, max_size=3)), max_size=4),
    st.sampled_from(["new", "ä b", "it's", "a.b", "context"]),
)
def test_every_sound_file_can_be_changed(parts: list[tuple[str, list[str]]], name: str) -> None:
    """Of any file that is TOML, the result reads the same but for the context."""
    text = "".join(header + "".join(lines) for header, lines in parts)
    try:
        wanted = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    wanted.setdefault("workspace", {})["context"] = name
    changed = set_context(text, name)
    assert changed is not None
    assert tomllib.loads(changed) == wanted


def test_the_workspace_uses_it_from_then_on(workspace: Stook, tmp_path: Path) -> None:
    """After a switch every command looks there; the file keeps its mode, and a link stays a link."""
    real = tmp_path / "real.toml"
    (tmp_path / "stook.toml").rename(real)
    (tmp_path / "stook.toml").symlink_to(real)
    real.chmod(0o640)
    assert workspace("ls")[1] == ""
    code, out, talk = workspace("switch", "side")
    assert (code, out) == (0, "")
    assert "'side'" in talk
    assert "n " in workspace("ls")[1]
    assert (tmp_path / "stook.toml").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["real.toml", "stook.toml"]


def test_an_unknown_one_is_made_only_when_asked(workspace: Stook, tmp_path: Path) -> None:
    """A context that is not there is refused, with what to type; -c makes it."""
    before = (tmp_path / "stook.toml").read_bytes()
    code, _, talk = workspace("switch", "third")
    assert (code, "stook switch -c third" in talk) == (4, True)
    assert (tmp_path / "stook.toml").read_bytes() == before
    assert "stook switch side" in workspace("switch", "sied")[2]
    assert workspace("switch", "-c", "third")[0] == 0
    assert "third" in workspace("context")[1]
    assert workspace("switch", "-c", "side")[0] == 0


def test_what_is_stronger_than_the_file_is_said(workspace: Stook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where STOOK_CONTEXT holds, the file is written and that is said."""
    monkeypatch.setenv("STOOK_CONTEXT", "main")
    code, _, talk = workspace("switch", "side")
    assert (code, "STOOK_CONTEXT" in talk) == (0, True)
    monkeypatch.delenv("STOOK_CONTEXT")
    assert "n " in workspace("ls")[1]


def test_outside_of_a_workspace_there_is_nothing_to_switch(stook: Stook) -> None:
    """Without a stook.toml the command names what makes one, and makes no context."""
    code, _, talk = stook("switch", "-c", "side")
    assert (code, "stook init" in talk) == (4, True)
    assert stook("context")[1] == ""


def test_a_file_that_cannot_be_written_is_said(workspace: Stook, tmp_path: Path) -> None:
    """A stook.toml that is no TOML, or has no string for its context, is refused as it is."""
    for text in ("[workspace\n", "[workspace]\ncontext = 3\n", "workspace = 3\n"):
        (tmp_path / "stook.toml").write_text(text)
        code, _, talk = workspace("switch", "side")
        assert (code, "stook.toml" in talk) == (2, True)
        assert (tmp_path / "stook.toml").read_text() == text


@pytest.mark.parametrize("name", ["", "a/b", '"', "\udcff", "-x"], ids=repr)
def test_what_is_no_name_is_refused(workspace: Stook, tmp_path: Path, name: str) -> None:
    """A name that no context can have changes nothing."""
    before = (tmp_path / "stook.toml").read_bytes()
    assert workspace("switch", "-c", "--", name)[0] == 2
    assert (tmp_path / "stook.toml").read_bytes() == before
