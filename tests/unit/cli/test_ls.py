"""What `stook ls` lists."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

import stook as library
from tests.unit.cli.conftest import Stook


def _names(out: str) -> list[str]:
    return [line.split()[0] for line in out.splitlines()[1:]]


def _json_names(out: str) -> list[str]:
    return [line["name"] for line in json.loads(out)]


@pytest.fixture
def filled(stook: Stook) -> Stook:
    """Two versions of raw.orders and one of three others, one of these by a name that a pattern would fit."""
    store = library.open()
    store.add("raw.orders", 1, tags={"source": "till:3"})
    store.add("raw.orders", 2)
    store.add("raw.people", 3, tags={"source": "web"})
    store.add("rawXorders", 4)
    return stook


def test_it_has_the_latest_of_each_name_by_name(filled: Stook) -> None:
    """Without a name, each name is there once, sorted, with its latest version."""
    code, out, _ = filled("ls")
    assert (code, _names(out)) == (0, ["raw.orders", "raw.people", "rawXorders"])
    assert library.open().get("raw.orders").id[-8:] in out
    assert out.split("\n")[0].split() == ["NAME", "VERSION", "TASK", "DATE", "SIZE"]


def test_a_name_is_taken_as_it_is(filled: Stook) -> None:
    """The dot of a name stands for itself; all versions of it are listed, newest first."""
    versions = [bundle.id for bundle in library.open().versions("raw.orders")]
    listed = json.loads(filled("ls", "raw.orders", "--json")[1])
    assert [line["id"] for line in listed] == versions
    assert len(versions) == 2


def test_a_pattern_fits_names(filled: Stook) -> None:
    """With `*` the latest of the names that fit are listed; with --all, every version of them."""
    assert _names(filled("ls", "raw.*")[1]) == ["raw.orders", "raw.people"]
    assert _names(filled("ls", "raw?orders", "--all")[1]) == ["raw.orders", "raw.orders", "rawXorders"]
    assert _names(filled("ls", "-n", "2")[1]) == ["raw.orders", "raw.people"]


def test_tags_choose(filled: Stook) -> None:
    """A tag's value may hold colons; a key alone fits any value; only the latest version counts unless all do."""
    assert _json_names(filled("ls", "-t", "source", "--json")[1]) == ["raw.people"]
    assert _json_names(filled("ls", "-t", "source:till:3", "--all", "--json")[1]) == ["raw.orders"]
    assert _json_names(filled("ls", "-t", "source:till", "--all", "--json")[1]) == []


def test_times_choose(filled: Stook) -> None:
    """--since counts its time, --until does not."""
    made = library.open().get("raw.people").time.isoformat()
    since = _json_names(filled("ls", "--since", made, "--json")[1])
    until = _json_names(filled("ls", "--until", made, "--json")[1])
    assert (since, until) == (["raw.people", "rawXorders"], ["raw.orders"])


def test_the_tree_has_the_parts_of_names_with_counts(filled: Stook) -> None:
    """With --tree names are parted at dots, and each branch says how much is on it."""
    lines = [line.split() for line in filled("ls", "--tree")[1].splitlines()]
    assert lines == [
        ["NAME", "NAMES", "VERSIONS"],
        ["raw", "2", "3"],
        ["orders", "1", "2"],
        ["people", "1", "1"],
        ["rawXorders", "1", "1"],
    ]
    assert filled("ls", "--tree", "-n", "1")[1].split() == [
        "NAME",
        "NAMES",
        "VERSIONS",
        "raw",
        "1",
        "2",
        "orders",
        "1",
        "2",
    ]
    counted = json.loads(filled("ls", "raw.*", "--tree", "--json")[1])
    assert counted == [{"name": "raw.orders", "versions": 2}, {"name": "raw.people", "versions": 1}]


def test_more_columns_say_who_kept_it_and_what_is_said_of_it(stook: Stook) -> None:
    """With -v owner, commit, push, tags and aliases are there, and JSON has all of them with the message."""
    store = library.open()
    bundle = store.add("n", 1, tags={"a": "b c", "d": "e"})
    store.commit(bundle, "checked\nwith finance")
    store.alias("prod", bundle)
    out = stook("ls", "-v")[1]
    assert out.splitlines()[0].split()[5:] == ["OWNER", "COMMITTED", "PUSHED", "TAGS", "ALIASES"]
    assert out.splitlines()[1].split()[-6:] == ["yes", "no", "a:b", "c", "d:e", "prod"]
    (line,) = json.loads(stook("ls", "--json")[1])
    assert line == {
        "name": "n",
        "id": bundle.id,
        "digest": bundle.digest,
        "task": bundle.task,
        "owner": bundle.owner,
        "time": bundle.time.isoformat(timespec="microseconds"),
        "size": bundle.size,
        "committed": line["committed"],
        "pushed": False,
        "tags": {"a": "b c", "d": "e"},
        "aliases": ["prod"],
    }
    assert line["committed"]["message"] == "checked\nwith finance"


def test_json_has_a_line_for_each_bundle(filled: Stook) -> None:
    """JSON is one array, a bundle on each line, and an empty one where there is none."""
    lines = filled("ls", "--json")[1].splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("[", "]", 5)
    assert filled("ls", "-t", "none", "--json")[1] == "[]\n"


def test_times_are_local(stook: Stook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A date is that of the clock on the wall."""
    import time

    bundle = library.open().add("n", 1)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        out = stook("ls")[1]
        local = datetime.fromtimestamp(bundle.time.timestamp())
        assert f"{local:%Y-%m-%d %H:%M:%S}" in out
        assert f"{bundle.time:%Y-%m-%d %H:%M:%S}" not in out
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_long_listing_is_printed_page_by_page(stook: Stook) -> None:
    """More bundles than a page holds are all there, in order, with one header."""
    from bench.listing import fill

    store = library.open()
    fill(store, names=4321, versions=1)
    names = _names(stook("ls")[1])
    assert names == sorted(names)
    assert len(set(names)) == 4321
    assert len(json.loads(stook("ls", "--json")[1])) == 4321


def test_what_tags_hold_cannot_command_the_terminal(stook: Stook) -> None:
    """Control characters are shown, not sent."""
    library.open().add("n", 1, tags={"k": "\x1b[2J\n"})
    out = stook("ls", "-v")[1]
    assert "\x1b" not in out
    assert "k:\\x1b[2J\\n" in out
    assert len(out.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("raw",), 4, "no bundle 'raw'"),
        (("raw", "--all"), 4, "no bundle 'raw'"),
        (("z*", "--all"), 0, "nothing fits"),
        (("raw.order",), 4, "did you mean raw.orders"),
        (("raw.orders@prod",), 2, "stook show raw.orders@prod"),
        (("-x",), 2, "No such option"),
        (("a/b",), 2, "no name"),
        (("\udcff",), 2, "not valid Unicode"),
        (("\udcff*",), 2, "no text"),
        (("-n", "0"), 2, "not in the range"),
        (("-t", ":v"), 2, "KEY:VALUE"),
        (("--since", "soon"), 2, "2026-01-31"),
        (("-t", "none"), 0, "nothing fits"),
        (("raw.orders", "-t", "none"), 0, "nothing fits"),
        (("zzz*",), 0, "nothing fits"),
        (("zzz*", "--tree"), 0, "nothing fits"),
        (("--context", "other"), 0, "there are some in"),
    ],
    ids=str,
)
def test_what_cannot_be_listed_is_said(filled: Stook, words: tuple[str, ...], code: int, says: str) -> None:
    """A name that is not there ends with 4, a wrong word with 2, and nothing that fits is no error."""
    ended, out, talk = filled("ls", *words)
    assert (ended, out) == (code, "")
    assert says in talk
    assert "Traceback" not in talk
