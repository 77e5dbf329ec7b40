"""Short names that tell files from several places apart."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from stook.model.naming import short_names

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
