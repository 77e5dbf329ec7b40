"""What `stook search` finds."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import stook as library
from tests.unit.cli.conftest import Stook


@pytest.fixture
def filled(stook: Stook) -> Stook:
    """Bundles that differ in one respect each."""
    store = library.open()
    store.add("a.table", pd.DataFrame({"customer": [1]}), tags={"stage": "ok"})
    store.add("a.model", {"lr": 0.1}, params={"lr": 0.1, "on": True, "how": "x=y"})
    kept = store.add("b.kept", list(range(2000)))
    store.commit(kept, "why")
    store.add("b.kept", 2)
    return stook


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), ["b.kept", "b.kept", "a.model", "a.table"]),
        (("a.*",), ["a.model", "a.table"]),
        (("-t", "stage:ok"), ["a.table"]),
        (("-t", "stage"), ["a.table"]),
        (("-p", "lr=0.1"), ["a.model"]),
        (("-p", "on=True"), ["a.model"]),
        (("-p", "on=true"), ["a.model"]),
        (("-p", "how=x=y"), ["a.model"]),
        (("-p", "lr=0.1", "-p", "on=False"), []),
        (("--kind", "frame"), ["a.table"]),
        (("--column", "cust*"), ["a.table"]),
        (("--committed",), ["b.kept"]),
        (("--scratch", "b.*"), ["b.kept"]),
        (("--latest",), ["b.kept", "a.model", "a.table"]),
        (("--latest", "--sort", "name"), ["a.model", "a.table", "b.kept"]),
        (("--sort", "oldest", "-n", "1"), ["a.table"]),
        (("--sort", "largest", "-n", "1"), ["b.kept"]),
        (("--owner", "nobody"), []),
        (("--task", "nothing.*"), []),
        (("--since", "2100-01-01"), []),
        (("--until", "2100-01-01", "--latest", "a.model"), ["a.model"]),
    ],
    ids=str,
)
def test_all_that_is_given_must_fit(filled: Stook, words: tuple[str, ...], names: list[str]) -> None:
    """Each option narrows what is found, newest first unless asked otherwise."""
    code, out, _ = filled("search", *words, "--json")
    assert (code, [line["name"] for line in json.loads(out)]) == (0, names)


def test_it_prints_what_ls_prints(filled: Stook) -> None:
    """What is found is listed in the same columns, and nothing is said to be found by silence."""
    assert filled("search", "a.table", "-v")[1] == filled("ls", "a.table", "-v")[1]
    code, out, talk = filled("search", "zzz")
    assert (code, out, talk.splitlines()[0]) == (0, "", "nothing fits")
    assert "stook search '*zzz*'" in talk
    assert filled("search", "*zzz*") == (0, "", "nothing fits\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-p", "lr"), "KEY=VALUE"),
        (("-p", "=1"), "KEY=VALUE"),
        (("-p", "lr=0.1", "-p", "lr=0.2"), "both"),
        (("-t", "k", "-t", "k:v"), "both"),
        (("--sort", "best"), "newest"),
        (("--since", "2026-13-01"), "2026-01-31"),
        (("--kind", "\udcff"), "no text"),
        (("-n", "-3"), "not in the range"),
    ],
    ids=str,
)
def test_what_cannot_be_looked_for_is_refused(filled: Stook, words: tuple[str, ...], says: str) -> None:
    """A wrong option ends with 2 and says how to write it."""
    code, out, talk = filled("search", *words)
    assert (code, out) == (2, "")
    assert says in talk
