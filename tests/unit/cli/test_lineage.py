"""What `stook lineage` and `stook show --code` say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import stook as library
from stook.format import code_texts
from stook.model.code import CodeTexts, Definition
from stook.model.lineage import Environment, Lineage
from tests.unit.cli.conftest import Stook


@pytest.fixture
def made(stook: Stook) -> Stook:
    """`raw` made `mid`, by code that is kept, and that made `top`."""
    store = library.open()
    raw = store.add("raw", 1, lineage=Lineage(task="add", sources=("a.csv",)))
    code = CodeTexts(
        (Definition("m:Mid", "m.py", 7, "class Mid: ...\n"), Definition("m:f", "a.py", 1, "def f(): ...\n")),
        commit="c" * 40,
        diff="--- a/m.py\n+++ b/m.py\n+class Mid: ...\n",
        files={"new.py": "x = 1"},
        cut=("long.py",),
    )
    environment = Environment(git_commit="c" * 40, git_dirty=True)
    known = {"m:Mid": "0" * 64, "package:python": "3.11"}
    lineage = Lineage(task="m:Mid", code=known, environment=environment, started=1, ended=2_000_001)
    with store.draft("mid", inputs={"raw": raw}, lineage=lineage, code=code_texts.dump(code)) as draft:
        draft.set(2)
    store.add(
        "top", 3, inputs={"from": draft.bundle}, lineage=Lineage(task="m:Top", code={"m:Top": "1" * 64})
    )
    return stook


def test_a_tree_up_and_down(made: Stook) -> None:
    """Each line has role, name, end of the id, task, time and duration, and where the data is from."""
    code, out, talk = made("lineage", "top")
    lines = out.splitlines()
    mid = library.open().get("mid")
    assert (code, talk) == (0, "")
    assert lines[0].split() == ["BUNDLE", "TASK", "DATE", "TOOK"]
    assert lines[2].startswith(f"└─ from: mid@{mid.id[-8:]}  m:Mid  20")
    assert lines[2].endswith("2.0 s")
    assert lines[3].startswith("   └─ raw@")
    assert lines[3].endswith("from a.csv")
    down = made("lineage", "raw", "--down")[1].splitlines()
    assert [line.split("@")[0] for line in down[1:]] == ["raw", "└─ mid", "   └─ top"]
    assert " as from " in down[3]


def test_depth_is_said(made: Stook) -> None:
    """A tree that is cut says so; one that has nothing more says that."""
    out, talk = made("lineage", "top", "--depth", "1")[1:]
    assert len(out.splitlines()) == 3
    assert "not all" in talk
    assert "from no other bundle" in made("lineage", "raw")[2]
    assert "nothing was made from it" in made("lineage", "top", "--down")[2]


def test_json_and_a_picture(made: Stook, tmp_path: Path) -> None:
    """JSON has all bundles; a picture goes to a file, or to standard output."""
    found = json.loads(made("lineage", "top", "--json")[1])
    assert [one["name"] for one in found["bundles"]] == ["top", "mid", "raw"]
    assert made("lineage", "top", "--svg", "top.svg")[:2] == (0, "")
    assert (tmp_path / "top.svg").read_text() == made("lineage", "top", "--svg", "-")[1]
    assert made("lineage", "top", "--svg", str(tmp_path))[0] == 2


def test_what_it_refuses(made: Stook) -> None:
    """A bundle that is not there ends with 4, and two directions at once with 2."""
    assert made("lineage", "nothing")[0] == 4
    assert made("lineage", "top", "--up", "--down")[0] == 2


def test_code_is_printed_under_its_place(made: Stook) -> None:
    """The task's own definition comes first; then what it uses, the commit, and what was in none."""
    code, out, _ = made("show", "mid", "--code")
    assert code == 0
    assert out.index("# m.py:7\nclass Mid: ...") < out.index("# a.py:1\ndef f(): ...")
    assert f"# commit {'c' * 40}, and changes that are in no commit" in out
    assert "# +class Mid: ..." in out
    assert "new.py" in out
    assert "long.py" in out


def test_code_as_json(made: Stook) -> None:
    """JSON has the definitions, whole files, digests and packages."""
    found = json.loads(made("show", "mid", "--code", "--json")[1])
    assert [one["path"] for one in found["definitions"]] == ["m.py", "a.py"]
    assert (found["state"], found["dirty"], found["files"]) == ("kept", True, {"new.py": "x = 1"})
    assert found["packages"] == {"python": "3.11"}
    assert json.loads(made("show", "raw", "--code", "--json")[1])["state"] == "none"


def test_where_there_is_no_code_that_is_said(made: Stook) -> None:
    """Added data has no code, and code that was not kept is known by its digests alone."""
    assert made("show", "raw", "--code")[0] == 0
    assert "there is no code of it" in made("show", "raw", "--code")[2]
    _, out, talk = made("show", "top", "--code")
    assert "was not kept" in talk
    assert "m:Top" in out
