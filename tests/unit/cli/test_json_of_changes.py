"""What commands that change something print for who asked for JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import stook as library
from tests.unit.cli.conftest import Stook


@pytest.fixture
def prices(stook: Stook) -> str:
    """A workspace with two versions of `prices`, of which the older is `prices@prod`; the reference of the newer."""
    stook("init", "--context", "shop")
    store = library.open()
    store.alias("prod", store.add("prices", 1))
    return store.add("prices", 2).ref


def _json(stook: Stook, *words: str) -> Any:
    """Run a command that succeeds; its standard output is one document."""
    code, out, _ = stook(*words, "--json")
    assert code == 0
    return json.loads(out)


def test_words_about_a_version(stook: Stook, prices: str) -> None:
    """`tag`, `untag` and `commit` print the version with the tags and the commit of now."""
    assert _json(stook, "tag", "prices", "a:b") == {"ref": prices, "tags": {"a": "b"}, "committed": None}
    done = _json(stook, "commit", "prices", "-m", "agreed")
    assert (done["ref"], done["committed"]["message"]) == (prices, "agreed")
    assert done["committed"] == _json(stook, "show", "prices")["committed"]
    assert _json(stook, "untag", "prices", "a")["tags"] == {}


def test_removing(stook: Stook, prices: str) -> None:
    """`rm` prints what went, or would; where something is in use it prints the error alone."""
    would = _json(stook, "rm", "prices", "--dry-run")
    assert (would["removed"], len(would["bundles"]), len(would["held"])) == (False, 2, 1)
    code, out, _ = stook("rm", "prices", "--yes", "--json")
    assert (code, json.loads(out)["error"]["kind"]) == (7, "in-use")
    done = _json(stook, "rm", prices, "--yes")
    assert (done["removed"], [one["ref"] for one in done["bundles"]], done["held"]) == (True, [prices], [])
    assert done["bundles"] == _json(stook, "restore")
    assert _json(stook, "rm", "--old", "--yes") == {"removed": False, "bundles": [], "held": [], "kept": 0}


def test_contexts(stook: Stook, prices: str, tmp_path: Path) -> None:
    """Those that are made, renamed, used and deleted are printed as they are listed; a dry run says what would go."""
    made = _json(stook, "context", "create", "side")
    assert made in _json(stook, "context")
    renamed = _json(stook, "context", "rename", "shop", "store")
    assert (renamed["name"], renamed["current"], renamed["bundles"]) == ("store", True, 2)
    used = _json(stook, "switch", "side")
    assert used == {"context": "side", "path": str(tmp_path / "stook.toml"), "is_new": False, "holds": "side"}
    assert _json(stook, "context", "delete", "store", "--dry-run")["deleted"] is False
    gone = _json(stook, "context", "delete", "store", "--yes", "--force")
    assert (gone["deleted"], gone["id"], gone["bundles"], len(gone["held"])) == (True, renamed["id"], 2, 1)


def test_switching_where_the_environment_says_otherwise(
    stook: Stook, prices: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What holds then is printed too."""
    monkeypatch.setenv("STOOK_CONTEXT", "shop")
    used = _json(stook, "switch", "--create", "side")
    assert (used["context"], used["is_new"], used["holds"]) == ("side", True, "shop")


def test_a_remote_that_is_forgotten(stook: Stook, prices: str, tmp_path: Path) -> None:
    """Its name and URL are printed, with which it could be added again."""
    stook("remote", "add", "team", "./team")
    assert _json(stook, "remote", "rm", "team") == {"name": "team", "url": str(tmp_path / "team")}
    assert _json(stook, "remote") == []
