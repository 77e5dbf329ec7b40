"""What `stook trace` says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import stook as library
from tests.unit.cli.conftest import Stook


@pytest.fixture
def kept(stook: Stook, tmp_path: Path) -> Stook:
    """A file that twelve bundles have, the newest of which was made from another and removed."""
    (tmp_path / "out.csv").write_text("a,b\n")
    store = library.open()
    raw = store.add("raw", 1)
    for number in range(11):
        store.add(f"n{number}", tmp_path / "out.csv")
    store.rm(store.add("made", {"deep": [tmp_path / "out.csv"]}, inputs={"from": raw}))
    return stook


def test_it_names_the_bundles_and_what_made_the_newest(kept: Stook) -> None:
    """The newest bundles are listed with item, context, time and owner, and the newest with all it was made from."""
    raw = library.open().get("raw")
    code, out, talk = kept("trace", "out.csv")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].split() == ["NAME", "VERSION", "ITEM", "CONTEXT", "DATE", "OWNER"]
    assert lines[1].split()[0] == "made"
    assert "deep/0" in lines[1]
    assert lines[1].endswith("removed")
    tree = lines[-2:]
    assert tree[0].split()[0].startswith("made@")
    assert tree[1].split()[:3] == ["└─", "from:", f"raw@{raw.id[-8:]}"]
    assert len(lines) == 1 + 10 + 1 + 3 + 1 + 3
    assert "--all" in talk
    assert len(kept("trace", "out.csv", "--all")[1].splitlines()) == 1 + 12 + 1 + 3 + 1 + 3


def test_json_has_all_of_it(kept: Stook) -> None:
    """JSON has whole ids, items, inputs and whether that is all."""
    found = json.loads(kept("trace", "out.csv", "--json")[1])
    assert (found["size"], found["all"], found["edited_from"], len(found["bundles"])) == (4, False, None, 10)
    first = found["bundles"][0]
    assert (first["name"], first["items"], first["removed"], first["by"]) == (
        "made",
        ["deep/0"],
        True,
        "content",
    )
    assert [(used["role"], used["name"], used["inputs"]) for used in first["inputs"]] == [("from", "raw", [])]
    assert first["first_inputs"] == [library.open().get("raw").ref]
    assert json.loads(kept("trace", "out.csv", "--json", "--all")[1])["all"] is True


def test_no_is_an_answer(kept: Stook, tmp_path: Path) -> None:
    """A file that is in no bundle ends with 4, in JSON too."""
    (tmp_path / "new").write_text("new")
    code, out, talk = kept("trace", "new")
    assert (code, out) == (4, "")
    assert "is in no bundle" in talk
    assert "stook add" in talk
    code, out, _ = kept("trace", "new", "--json")
    assert (code, json.loads(out)["bundles"]) == (4, [])


def test_an_edited_file_is_told_from_an_unknown_one(kept: Stook, tmp_path: Path) -> None:
    """Of a file that was checked out and edited since, that is said."""
    assert kept("checkout", "n3", "work")[0] == 0
    (tmp_path / "work" / "out.csv").write_text("edited")
    code, _, talk = kept("trace", "work/out.csv")
    assert code == 4
    assert f"checked out from {library.open().get('n3').ref} and changed since" in talk


@pytest.mark.parametrize(
    ("name", "says"),
    [("nothing", "No such file"), (".", "is a folder"), ("", ""), ("\udcff", "cannot be read")],
)
def test_what_is_no_file_ends_with_2(kept: Stook, name: str, says: str) -> None:
    """Only a file that could be read and is in no bundle ends with 4."""
    code, out, talk = kept("trace", name)
    assert (code, out) == (2, "")
    assert says in talk
    assert "Traceback" not in talk


def test_the_name_of_a_bundle_leads_to_its_inputs(kept: Stook) -> None:
    """Who names a bundle where a file is wanted is told of the command that begins at bundles."""
    code, out, talk = kept("trace", "raw")
    assert (code, out) == (2, "")
    assert "there is a bundle of that name" in talk
    assert talk.endswith("try: stook lineage raw\n")
