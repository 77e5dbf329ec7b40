"""Short names that tell files from several places apart."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from stook.model.naming import free_names, short_names

_PLACES = st.lists(
    st.lists(st.sampled_from(["a", "b", "x.csv", "x-2.csv"]), min_size=1, max_size=4).map(tuple),
    unique=True,
    max_size=6,
)


def test_names() -> None:
    """The last part, or where several end alike the path from the folder that holds them all."""
    assert short_names([("p", "x.csv"), ("p", "y.csv")]) == ["x.csv", "y.csv"]
    assert short_names([("p", "a", "x.csv"), ("p", "b", "x.csv"), ("y",)]) == ["a/x.csv", "b/x.csv", "y"]
    assert short_names([("p", "x.csv"), ("p", "sub", "x.csv")]) == ["x.csv", "sub/x.csv"]


def test_same_place_twice_is_numbered() -> None:
    """Places that cannot be told apart, as URLs that differ in their query, are numbered before the suffix."""
    assert short_names([("h", "get.csv"), ("h", "get.csv"), ("h", "get")]) == ["get.csv", "get-2.csv", "get"]


@given(_PLACES)
def test_names_differ_and_order_does_not_count(places: list[tuple[str, ...]]) -> None:
    """No two places share a name, and each keeps its own in whatever order they come."""
    named = dict(zip(places, short_names(places), strict=True))
    assert len(set(named.values())) == len(places)
    for other in list(permutations(places))[:6]:
        assert dict(zip(other, short_names(other), strict=True)) == named


def test_names_that_are_taken() -> None:
    """What another has, or what is a folder of another, gets a number before the suffix; all else stays."""
    taken = ["x.csv", "a/x.csv", "y/z"]
    assert free_names(["x.csv", "a", "a/x.csv", "y", "new"], taken) == [
        "x-2.csv",
        "a-2",
        "a/x-2.csv",
        "y-2",
        "new",
    ]
    assert free_names(["x.csv", "x-2.csv"], ["x.csv"]) == ["x-3.csv", "x-2.csv"]
    assert free_names(["a.b/x"], ["a.b/x"]) == ["a.b/x-2"]
