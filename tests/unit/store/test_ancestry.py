"""What a bundle was made from, and what was made from it."""

from __future__ import annotations

from pathlib import Path

import pytest

import stook
from stook.model.lineage import Asked, Input, Lineage
from stook.store import Bundle, Store
from stook.store.ancestry import Ancestry
from stook.store.gc import collect


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="main")


def names(found: Ancestry) -> list[str]:
    """Return the names of a lineage, nearest first."""
    return [bundle.name for bundle in found.bundles]


def arrows(found: Ancestry) -> set[tuple[str, str, str]]:
    """Return what was used for what, and as what."""
    by_id = {bundle.id: bundle.name for bundle in found.bundles}
    return {(by_id[use.used], by_id[use.made], use.role) for use in found.uses}


def used(role: str, bundle: Bundle, item: str = "") -> Input:
    """Return a bundle as an input."""
    return Input(role, bundle.name, bundle.id, bundle.digest, item=item)


@pytest.fixture
def diamond(store: Store) -> Store:
    """`raw` makes `left` and, in another context, `right`; both make `top`."""
    raw = store.add("raw", 1, lineage=Lineage(task="add", sources=("a.csv",)))
    left = store.add(
        "left", 2, lineage=Lineage(task="m:L", inputs=(used("x", raw),), started=1, ended=500_001)
    )
    right = store.in_context("other").add("right", 3, inputs={"y": raw})
    store.add("top", 4, inputs={"l": left, "r": right})
    return store


def test_up_to_the_first_inputs(diamond: Store) -> None:
    """Everything that it was made from is there once, through contexts, with role, task, duration and source."""
    found = diamond.lineage("top")
    assert names(found) == ["top", "left", "right", "raw"]
    assert arrows(found) == {
        ("left", "top", "l"),
        ("right", "top", "r"),
        ("raw", "left", "x"),
        ("raw", "right", "y"),
    }
    assert (found.is_all, [end.name for end in found.ends()]) == (True, ["raw"])
    _, left, right, raw = found.bundles
    assert (left.task, left.seconds, right.context, raw.sources) == ("m:L", 0.5, "other", ("a.csv",))


def test_down_to_what_was_made_last(diamond: Store) -> None:
    """What was made from a bundle is found in every context."""
    found = diamond.lineage("raw", "down")
    assert set(names(found)) == {"raw", "left", "right", "top"}
    assert arrows(found) == arrows(diamond.lineage("top"))
    assert [end.name for end in found.ends()] == ["top"]


@pytest.mark.parametrize(("direction", "start"), [("up", "top"), ("down", "raw")])
def test_depth_and_number_are_bounds(diamond: Store, direction: str, start: str) -> None:
    """A lineage that is cut says so; one that just fits does not."""
    assert direction in {"up", "down"}
    for limits, count, is_all in (
        ({"depth": 1}, 3, False),
        ({"depth": 2}, 4, True),
        ({"limit": 2}, 2, False),
        ({"limit": 4}, 4, True),
    ):
        found = diamond.lineage(start, direction, **limits)  # type: ignore[arg-type]
        assert (len(found.bundles), found.is_all) == (count, is_all), limits


def test_what_is_not_there_is_told(diamond: Store) -> None:
    """Removed bundles, collected ones, and such as this store has never had are told apart."""
    far = Input("far", "far", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "0" * 64)
    big = diamond.add("big", b"\0" * 200_000)
    small = diamond.get("raw")
    inputs = (far, used("big", big), used("small", small))
    diamond.add("new", 1, lineage=Lineage(task="t", inputs=inputs))
    diamond.rm(big, small, force=True)
    collect(diamond.repository)
    found = {bundle.name: bundle.state for bundle in diamond.lineage("new").bundles}
    assert found == {"new": "here", "far": "unknown", "big": "collected", "raw": "removed"}


def test_data_on_a_remote_is_elsewhere(diamond: Store, tmp_path: Path) -> None:
    """A bundle that was pulled without its data is told from one that is here."""
    big = diamond.add("big", b"\0" * 200_000)
    diamond.add("new", 1, inputs=[big])
    diamond.add_remote("origin", str(tmp_path / "remote"))
    diamond.push("new", with_inputs=True)
    other = stook.open(tmp_path / "other", context="main")
    other.add_remote("origin", str(tmp_path / "remote"))
    other.pull()
    again = stook.open(tmp_path / "other", context="main")
    found = {bundle.name: bundle.state for bundle in again.lineage("new").bundles}
    assert found == {"new": "here", "big": "elsewhere"}


def test_tasks_that_were_asked_for_count(store: Store, tmp_path: Path) -> None:
    """What a task asked for while it ran is among what it was made from, in both directions."""
    inner = store.add("inner", 1)
    lineage = Lineage(task="t", asked=(Asked({}, "inner", inner.id, inner.digest),))
    outer = store.add("outer", 2, lineage=lineage)
    assert names(store.lineage(outer)) == ["outer", "inner"]
    assert names(store.lineage(inner, "down")) == ["inner", "outer"]
    store.add_remote("origin", str(tmp_path / "remote"))
    assert store.push("outer", with_inputs=True)
    assert [bundle.name for bundle in store.at_remote().ls()] == ["inner", "outer"]


def test_long_descriptions_count(store: Store) -> None:
    """A bundle whose description is not in its record is found in both directions."""
    raw = store.add("raw", 1)
    long = {f"VARIABLE{number}": "0" * 64 for number in range(500)}
    made = store.add("made", 2, lineage=Lineage(task="t", env=long, inputs=(used("x", raw),)))
    assert made.record.manifest is None
    assert names(store.lineage(made)) == ["made", "raw"]
    assert names(store.lineage(raw, "down")) == ["raw", "made"]
    many = [store.add("many", number) for number in range(300)]
    inputs = tuple(used(f"{number}", one) for number, one in enumerate(many))
    wide = store.add("wide", 1, lineage=Lineage(task="t", inputs=inputs))
    odd = Lineage(task="t", env=long, inputs=(used("x", raw), Input("odd", "odd", "no id", "0" * 64)))
    strange = store.add("strange", 1, lineage=odd)
    assert names(store.lineage(many[7], "down")) == ["many", "wide"]
    assert names(store.lineage(raw, "down")) == ["raw", "strange", "made"]
    assert (made.record.inputs, wide.record.inputs, strange.record.inputs) == ((raw.id,), None, None)


def test_a_lineage_that_goes_round_in_a_circle(store: Store) -> None:
    """A lineage that cannot be, as a stranger may write it, is followed once and ends."""
    one = store.add("one", 1)
    clock = store.repository.clock
    later = clock.new_id()
    lie = Input("next", "two", later, "0" * 64)
    two = store.add("two", 1, lineage=Lineage(task="t", inputs=(used("one", one), lie)))
    itself = store.add("three", 1, lineage=Lineage(task="t", inputs=(used("two", two), used("two", two))))
    found = store.lineage(itself)
    assert names(found) == ["three", "two", "one", "two"]
    assert found.bundles[-1].state == "unknown"


def test_a_chain_longer_than_the_stack(store: Store) -> None:
    """Depth is bounded by nothing but the number of bundles."""
    with_base = [store.add("link", 0)]
    for number in range(1_200):
        with_base.append(store.add("link", number, inputs=with_base[-1:]))
    assert len(store.lineage("link", limit=2_000).bundles) == 1_201
    assert len(store.lineage(with_base[0], "down", limit=2_000).bundles) == 1_201
