"""What the commands say of remotes that an attacker made: clear errors, their exit codes, and nothing raw."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

import stook as library
from stook.format import segments
from stook.store.open import reopen
from tests.unit.cli.conftest import Stook

_RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
_EVIL = "\x1b]0;owned\x07\x9b31m\u202e"


@pytest.fixture
def team(stook: Stook, tmp_path: Path) -> Path:
    """The folder of a remote that an attacker filled, with escapes of terminals wherever text is free."""
    eve = reopen(str(tmp_path / "team"), "shop", str(tmp_path / "cache-eve"), _EVIL)
    good = eve.add("good", {"a": 1}, tags={_EVIL: _EVIL}, params={_EVIL: _EVIL})
    eve.commit(good, _EVIL)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "\x9b31m\u202e").write_text("x")
    eve.add("files", tmp_path / "files")
    eve.alias("prod", "good", why=_EVIL)
    stook("init", "--context", "shop")
    library.open().add("mine", 1)
    return tmp_path / "team"


@pytest.mark.parametrize(
    "words",
    [
        ("ls", "--remote"),
        ("ls", "--remote", "--json"),
        ("ls", "good"),
        ("show", "good"),
        ("show", "good", "--json"),
        ("show", "files"),
        ("show", "files", "--json"),
        ("checkout", "files", "out"),
        ("diff", "files", "good"),
        ("log", "good"),
        ("log", "good", "--json"),
        ("alias", "--history", "prod", "good"),
        ("search", "good", "--json"),
        ("status",),
        ("status", "--json"),
        ("remote",),
        ("remote", "show"),
        ("verify", "--remote"),
        ("pull", "--json"),
        ("fetch",),
    ],
)
def test_what_others_wrote_is_never_printed_raw(stook: Stook, team: Path, words: tuple[str, ...]) -> None:
    """Owners, messages, tags, params and reasons of moves may hold what a terminal obeys: it is shown, not sent."""
    assert stook("remote", "add", str(team))[0] == 0
    assert stook("pull")[0] == 0
    _, out, talk = stook(*words)
    assert not _RAW.search(out)
    assert not _RAW.search(talk)
    if "--json" in words:
        assert json.loads(out) is not None


def test_a_damaged_log_is_told_without_its_letters(stook: Stook, team: Path) -> None:
    """A record of an unknown type that is named by escapes gives a warning, and the rest is listed."""
    stook("remote", "add", str(team))
    folder = team / "log" / ("a" * 32)
    folder.mkdir()
    record = msgspec.json.encode({"type": _EVIL * 100, "id": "x"})
    (folder / f"{1:016}").write_bytes(segments.MAGIC + segments.frame(record))
    for words in (("fetch",), ("pull",), ("ls", "--remote"), ("verify", "--remote")):
        _, out, talk = stook(*words)
        assert not _RAW.search(out + talk)
    assert "good" in stook("ls")[1]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("<html>", 5),
        ('{"format":7,"id":"' + "0" * 32 + '"}', 5),
        ('{"format":1,"id":"' + "0" * 32 + '"}', 7),
        ('{"format":1,"id":"' + "0" * 32 + '","required_features":["' + "x" * 5000 + '"]}', 5),
    ],
)
def test_a_remote_that_is_another_now_is_refused_by_all(
    stook: Stook, team: Path, content: str, code: int
) -> None:
    """Every command that asks it ends with the code of the cause, a message and a hint; here all is as before."""
    stook("remote", "add", str(team))
    before = stook("ls", "--json")[1]
    (team / "stook.json").write_text(content)
    for words in (
        ("fetch",),
        ("pull",),
        ("ls", "--remote"),
        ("verify", "--remote"),
        ("gc", "--remote", "--yes"),
    ):
        found, out, talk = stook(*words)
        assert (found, out) == (code, "")
        assert "  try: " in talk
        assert len(talk) < 1500
        assert "Traceback" not in talk
    assert stook("clone", str(team))[0] in {5, 7, 4}
    assert stook("ls", "--json")[1] == before
    assert stook("verify", "--deep")[0] == 0


@pytest.mark.parametrize("words", [("remote", "add"), ("clone",)])
def test_a_place_that_is_something_else_is_refused(
    stook: Stook, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """A folder of other things is no store, and nothing is written into it."""
    stook("init", "--context", "shop")
    library.open().add("mine", 1)
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake/table.parquet").write_bytes(b"PAR1")
    code, _, talk = stook(*words, str(tmp_path / "lake"))
    assert code in {2, 4}
    assert "  try: " in talk
    assert [path.name for path in (tmp_path / "lake").iterdir()] == ["table.parquet"]
    assert json.loads(stook("remote", "ls", "--json")[1]) == []


def test_a_list_of_remotes_by_somebody_else_is_told(stook: Stook, tmp_path: Path) -> None:
    """The store that someone gave is read; commands on its remotes name the file and what to do."""
    stook("init", "--context", "shop")
    store = library.open()
    store.add("mine", 1)
    root = Path(store.repository.url)
    (root / "remotes.json").write_text(
        json.dumps(
            {
                "remotes": [
                    {
                        "name": "origin",
                        "context": store.context_id(),
                        "url": "https://user:hunter2@evil.example/x" + _EVIL,
                        "repository": "../../../../evil",
                        "remote_context": "c",
                    }
                ]
            }
        )
    )
    for words in (("pull",), ("fetch",), ("remote",), ("ls", "--remote")):
        code, out, talk = stook(*words)
        assert (code, out) == (5, "")
        assert "remotes.json" in talk
        assert "  try: " in talk
        assert "hunter2" not in talk
        assert not _RAW.search(talk)
    assert stook("cat", "mine")[0] == 0
    assert not list(tmp_path.rglob("*evil*"))
