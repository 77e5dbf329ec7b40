"""What a remote has that cannot be right: said last, with what to type, after everything else was done."""

from __future__ import annotations

import json
import shlex
import time
from pathlib import Path

import msgspec
import pytest

import stook as library
from stook.format import records
from stook.model.clock import Clock
from stook.store import Store
from tests.unit.cli.conftest import Stook

_DAY = 24 * 60 * 60

pytestmark = pytest.mark.filterwarnings("ignore:a bundle's time is:UserWarning")


@pytest.fixture
def team(stook: Stook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A remote with a version `good`, beside a workspace that has it as `origin`."""
    monkeypatch.setenv("STOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STOOK_CACHE", str(tmp_path / "cache"))
    store = library.open(str(tmp_path / "team"), context="shop")
    store.add("good", 1)
    stook("init", "--context", "shop")
    stook("remote", "add", str(tmp_path / "team"))
    return store


@pytest.fixture
def evil(team: Store) -> str:
    """A version of `evil` on it, two days ahead of the clock, by its id."""
    evil = Clock(lambda: time.time() + 2 * _DAY).new_id()
    forged = msgspec.structs.replace(team.get("good").record, id=evil, name="evil")
    team.repository.log.append([records.dump(forged)])
    return evil


def test_what_came_is_said_first_and_what_was_left_last(stook: Stook, evil: str) -> None:
    """Exit code 5 after a pull of all else; again, there is nothing else, and that is what is said."""
    code, out, talk = stook("pull")
    told = [line for line in talk.splitlines() if "Warning" not in line]
    assert (code, out) == (5, "")
    assert [line for line in told if line.startswith("pulled good@")]
    assert told[-2].startswith("stook: left on origin, since it cannot be right: evil@" + evil)
    assert told[-2].endswith("(2.0 days ahead of this machine's clock); all else was taken")
    assert [one["name"] for one in json.loads(stook("ls", "--json")[1])] == ["good"]
    code, _, talk = stook("pull")
    assert (code, f"nothing was pulled from origin: evil@{evil}" in talk, "nothing new" in talk) == (
        5,
        True,
        False,
    )
    code, out, _ = stook("pull", "--json")
    done = json.loads(out)
    assert (code, done["bundles"]) == (5, [])
    assert [(one["part"], one["kind"]) for one in done["refused"]] == [("bundle", "id-ahead")]


def test_what_is_suggested_takes_it_away(stook: Stook, evil: str) -> None:
    """The command of the hint, typed as it is, ends the refusals for all."""
    _, _, talk = stook("pull")
    command = talk.splitlines()[-1].partition(": stook ")[2].partition("; ")[0]
    assert command.startswith(f"rm --remote=origin evil@{evil}")
    assert stook(*shlex.split(command), "--yes")[0] == 0
    code, _, talk = stook("pull")
    assert (code, talk.splitlines()[-1]) == (0, "nothing new on origin")


@pytest.mark.usefixtures("evil")
def test_a_clone_is_a_workspace_all_the_same(stook: Stook, team: Store) -> None:
    """It is made, with all other versions; what was left is said after that, and where to go on."""
    code, _, talk = stook("clone", team.repository.url, "place", "--as", "theirs")
    assert code == 5
    assert "next: cd place; stook ls" in talk
    assert "stook: left on origin" in talk.splitlines()[-2]
    assert talk.splitlines()[-1].startswith("  try: in ")
    assert (Path("place") / "stook.toml").exists()


def test_a_version_made_from_what_was_left(stook: Stook, team: Store) -> None:
    """It is shown and traced with its input by its reference, which is not here; verify and gc find nothing wrong."""
    good = team.get("good").record
    evil = Clock().new_id()
    forged = msgspec.structs.replace(good, id=evil, name="raw", digest="ab" * 32)
    team.repository.log.append([records.dump(forged)])
    Path("child.txt").write_text("child")
    team.add("child", Path("child.txt"), inputs=[team.get(f"raw@{evil}")])
    assert stook("pull")[0] == 5
    for words in (("show", "child"), ("trace", "child.txt")):
        code, out, _ = stook(*words)
        assert (code, f"raw@{evil[-8:]}" in out or f"raw@{evil}" in out) == (0, True)
    for words in (("verify", "--deep"), ("gc", "--yes"), ("log", "child"), ("cat", "child")):
        assert stook(*words)[0] == 0, words
    assert stook("pull", "raw")[0] == 5
    assert stook("show", f"raw@{evil}")[0] == 4
