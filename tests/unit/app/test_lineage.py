"""A lineage as a tree, as plain values, and as a picture."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from stook.app.layers_svg import Box, draw
from stook.app.lineage import as_nested, as_plain, iter_tree, to_svg
from stook.store.ancestry import Ancestor, Ancestry, Use

NOW = datetime(2026, 1, 2, tzinfo=UTC)
_SVG = "{http://www.w3.org/2000/svg}"


def ancestry(*uses: tuple[str, str], direction: str = "up", bad_name: str = "") -> Ancestry:
    """Return a lineage of bundles called as their ids, of which the first was made last."""
    names = dict.fromkeys(name for use in uses for name in use)
    bundles = [Ancestor(name, bad_name or name, "main", "here", "m:T", "me", NOW, 1.5) for name in names]
    made = [Use(one, two, two, f"as-{two}") for one, two in uses]
    assert direction in {"up", "down"}
    return Ancestry(direction, tuple(bundles), tuple(made), is_all=True)  # type: ignore[arg-type]


DIAMOND = ancestry(("top", "left"), ("top", "right"), ("left", "raw"), ("right", "raw"), ("raw", "first"))


def test_the_tree_of_a_diamond() -> None:
    """What is used twice goes on only where it comes first; where it comes again, it is referred to."""
    lines = [(line.branch + line.name, line.note) for line in iter_tree(DIAMOND)]
    assert lines == [
        ("top@top", ""),
        ("├─ as-left: left@left", ""),
        ("│  └─ as-raw: raw@raw", ""),
        ("│     └─ as-first: first@first", ""),
        ("└─ as-right: right@right", ""),
        ("   └─ as-raw: raw@raw", "see above"),
    ]


def test_bundles_of_one_name_are_told_apart_by_what_differs() -> None:
    """Parameters and partitions, as in a run; a name that comes once stands alone."""
    parts = [
        Ancestor(f"p{day}", "part", values={"rate": "rate=2", "rows": f"day={day}", "n": f"n={day % 2}"})
        for day in (1, 2, 3)
    ]
    top = Ancestor("top", "top", values={"n": "n=7"})
    uses = tuple(Use("top", part.id, "part", str(at)) for at, part in enumerate(parts))
    found = Ancestry("up", (top, *parts), uses, is_all=True)
    assert [line.name for line in iter_tree(found)] == [
        "top@top",
        "0: part@p1 day=1 n=1",
        "1: part@p2 day=2 n=0",
        "2: part@p3 day=3 n=1",
    ]
    assert "part@p2 day=2 n=0" in to_svg(found)


def test_a_lineage_deeper_than_the_stack() -> None:
    """No lineage is too deep to be written down, and none that goes in a circle has no end."""
    chain = [(str(number), str(number + 1)) for number in range(2_000)]
    assert len(list(iter_tree(ancestry(*chain)))) == 2_001
    assert json.dumps(as_nested(ancestry(*chain)))
    circle = ancestry(("a", "b"), ("b", "c"), ("c", "a"))
    assert [line.note for line in iter_tree(circle)] == ["", "", "", "see above"]
    assert json.dumps(as_nested(circle))
    picture = ElementTree.fromstring(to_svg(circle))  # noqa: S314 - ours
    assert len(picture.findall(f"{_SVG}g")) == 3
    assert len(picture.findall(f"{_SVG}path")) == 2


def test_plain_values_have_every_use() -> None:
    """Flat JSON has each bundle once with what it was made from, and the first inputs."""
    plain = json.loads(json.dumps(as_plain(DIAMOND)))
    uses = {one["id"]: [use["id"] for use in one["inputs"]] for one in plain["bundles"]}
    assert uses == {
        "top": ["left", "right"],
        "left": ["raw"],
        "right": ["raw"],
        "raw": ["first"],
        "first": [],
    }
    assert (plain["bundle"], plain["all"], plain["ends"]) == ("top@top", True, ["first@first"])


def test_nested_values_name_what_came_before() -> None:
    """In nested JSON a shared bundle has its inputs once."""
    nested = as_nested(DIAMOND)
    text = json.dumps(nested)
    assert text.count('"again": true') == 1
    assert text.count('"id": "first"') == 1


def test_a_picture_has_a_box_for_each_and_stands_alone() -> None:
    """The picture is one file of sound XML with a box for each bundle, and refers to nothing outside."""
    picture = ElementTree.fromstring(to_svg(DIAMOND))  # noqa: S314 - ours
    assert len(picture.findall(f"{_SVG}g")) == 5
    assert len(picture.findall(f"{_SVG}path")) == 5
    assert "http" not in to_svg(DIAMOND).replace("http://www.w3.org/2000/svg", "")
    assert "prefers-color-scheme: dark" in to_svg(DIAMOND)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a&b", '"><x', "\x00\x1b[31m", "\ud800"])
def test_no_name_gets_out_of_its_box(name: str) -> None:
    """A name is text, whatever it is."""
    picture = to_svg(ancestry(("one", "two"), bad_name=name))
    root = ElementTree.fromstring(picture)  # noqa: S314 - ours
    assert {element.tag.removeprefix(_SVG) for element in root.iter()} <= {
        *("svg", "title", "style", "defs", "marker", "path", "g", "rect", "text"),
    }


def test_boxes_stand_from_left_to_right() -> None:
    """Each box is to the right of those that lead to it, and no two overlap."""
    keys = "abcdef"
    arrows = [("a", "b"), ("b", "c"), ("a", "c"), ("d", "c"), ("e", "f")]
    root = ElementTree.fromstring(draw([Box(key, (key,)) for key in keys], arrows, title="t"))  # noqa: S314 - ours
    at = {
        group.findtext(f"{_SVG}title"): [float(rect.get(name) or 0) for name in ("x", "y", "width", "height")]
        for group in root.findall(f"{_SVG}g")
        for rect in group.findall(f"{_SVG}rect")
    }
    for start, end in arrows:
        assert at[start][0] + at[start][2] < at[end][0], (start, end)
    for one in keys:
        for two in keys:
            if one < two and at[one][0] == at[two][0]:
                assert abs(at[one][1] - at[two][1]) >= at[one][3], (one, two)
