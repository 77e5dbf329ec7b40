"""A Disdat context that Disdat made, as bundles. How it was made is in the archive: `make.py`."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import stook
from stook.app.importing import Imported, import_disdat
from stook.errors import InputError
from stook.store import Bundle, Store

_ARCHIVE = Path(__file__).with_name("disdat-1.2.0.zip")
Read = Callable[[str], Bundle]


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """The context, where Disdat keeps it."""
    folder = tmp_path / ".disdat" / "context"
    zipfile.ZipFile(_ARCHIVE).extractall(folder)
    return folder / "old"


@pytest.fixture
def store() -> Store:
    """The home store."""
    return stook.open()


@pytest.fixture
def imported(store: Store, context: Path) -> Imported:
    """The whole context, imported."""
    return import_disdat(store, str(context))


def test_every_bundle_becomes_a_version(store: Store, imported: Imported) -> None:
    """All bundles are imported, in the order in which they were made, which that of their ids is."""
    assert imported.failed == ()
    assert len(imported.new) == len(store.search()) == 19
    made = [bundle.created for bundle in imported.new]
    refs = [bundle.ref.partition("@")[2] for bundle in imported.new]
    assert (made, refs) == (sorted(made), sorted(refs))
    assert [bundle.data for bundle in store.versions("scalar")] == [4.5, 3]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("none.too", None),
        ("text", "hi"),
        ("flag", True),
        ("names", ["a", "b"]),
        ("tuple", (1, 2, 3)),
    ],
)
def test_plain_values(store: Store, imported: Imported, name: str, value: object) -> None:
    """Scalars, lists of texts and tuples are plain values."""
    found = store.get(name).data
    assert (found, type(found)) == (value, type(value))


def test_arrays(store: Store, imported: Imported) -> None:
    """Numbers in lists are arrays of their type and shape, whatever machine wrote them."""
    matrix, big = store.get("matrix").data, store.get("bigendian").data
    assert (matrix.tolist(), matrix.dtype) == ([[0, 1, 2], [3, 4, 5]], np.float32)
    assert (big.tolist(), big.dtype) == ([0, 1, 2, 3], np.dtype("<i4"))
    assert store.get("list").data.tolist() == [1, 2, 3]


def test_a_dict(store: Store, imported: Imported) -> None:
    """A dict has what Disdat hands out: lists of one, arrays of numbers, lists of texts."""
    data = store.get("dict").data
    assert data.pop("b").tolist() == [1, 2]
    assert data == {"a": [1], "c": ["x"], "d": ["p", "q"]}


def test_a_table(store: Store, imported: Imported) -> None:
    """A frame of pandas comes back as one, each column with its type, tags and parameters with it."""
    bundle = store.get("frame")
    expected = pd.DataFrame(
        {
            "i": np.array([1, 2], dtype=np.int32),
            "f": [0.5, np.nan],
            "s": ["ä", ""],
            "b": [True, False],
            "mixed": ['"x"', "null"],  # so Disdat keeps what is not all text
        }
    )
    pd.testing.assert_frame_equal(bundle.data, expected)
    assert bundle.params == {"alpha": "1", "nested": "{}"}
    assert bundle.tags["k"] == "v"


def test_files(store: Store, imported: Imported) -> None:
    """What was added from disk is a file or a folder, with the names that it had."""
    assert store.get("one.file").path().read_text() == "hello\n"
    assert store.get("one.file").tags["stage"] == "raw"
    folder = store.get("folder").path()
    found = {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }
    assert found == {".hidden": "h\n", "a.txt": "hello\n", "sub/b.txt": "bye\n"}
    row = store.get("row.files")
    assert (row["n"], row["model"].read_text(), (row["both"] / "b.txt").read_text()) == (
        [2],
        "hello\n",
        "bye\n",
    )


def test_a_column_of_files_is_a_table_with_links(store: Store, imported: Imported) -> None:
    """Where cells of a table are files of the bundle, the files are kept and the cells lead to them."""
    table = store.get("linked")["table"]
    assert [Path(path).read_text() for path in table["path"]] == ["hello\n", "bye\n"]
    assert list(table["label"]) == ["x", "y"]


def test_lineage(store: Store, imported: Imported) -> None:
    """A bundle knows what it was made from, by what, when and by whom; who committed it did so here."""
    older = store.search("a_b model_v1", order="oldest")[0]
    lineage = older.lineage
    assert {used.role: (used.name, used.id) for used in older.inputs} == {
        "train": ("frame", store.get("frame").id),
        "files": ("one.file", store.get("one.file").id),
    }
    assert lineage.code == {
        "repository": "https://example.com/r.git",
        "commit": "0123abcd",
        "branch": "main",
        "method": "mod.sub.Train",
    }
    assert (older.task, lineage.environment.git_commit) == ("mod.sub.Train", "0123abcd")
    assert (lineage.started, lineage.ended) == (1_600_000_000_500_000, 1_600_000_009_250_000)
    assert (older.owner, bool(older.committed), "committed" in older.tags) == ("bob", True, False)
    assert store.get("a_b model_v1").committed is None


def test_names_that_cannot_be_kept(store: Store, imported: Imported) -> None:
    """A name that a bundle cannot have becomes a sound one, and what it was is a tag."""
    assert {bundle.name for bundle in imported.new if bundle.given != bundle.name} == {"a_b model_v1"}
    assert store.get("a_b model_v1").tags["disdat.name"] == "a/b model@v1"


def test_nothing_is_imported_twice(store: Store, context: Path, imported: Imported) -> None:
    """A second time there is nothing to do, also after tags were changed here; what was new since then comes."""
    store.tag(imported.bundles[0].ref, mine="1")
    again = import_disdat(store, str(context))
    assert (again.new, len(again.bundles), again.failed) == ((), 19, ())
    store.rm("scalar", force=True)
    assert [bundle.name for bundle in import_disdat(store, str(context)).new] == ["scalar", "scalar"]


def test_a_dry_run_changes_nothing(store: Store, context: Path) -> None:
    """It names what would be imported, and says so of nothing that is there."""
    seen: list[object] = []
    plan = import_disdat(store, str(context), dry_run=True, observer=seen.append)
    assert (len(plan.new), store.search(), len(seen)) == (19, [], 19)
    assert plan.new[0].ref == ""
    import_disdat(store, str(context))
    assert import_disdat(store, str(context), dry_run=True).new == ()


def test_missing_files_are_said_and_come_later(store: Store, context: Path) -> None:
    """A bundle whose file is missing is left out and named with where it may be; all others come, and it in the end."""
    home = next(path.parent for path in context.glob("objects/*/b.txt") if not (path.parent / "sub").exists())
    (home / "b.txt").rename(context / "b.txt")
    (context / "ctxt.json").write_text(
        '{"remote_ctxt": "shared", "local_ctxt": "old", "remote_ctxt_url": "s3://u:p@bucket/team/context"}'
    )
    first = import_disdat(store, str(context))
    assert [(each.uuid, each.problem) for each in first.failed] == [
        (home.name, "files of it are missing: b.txt; they may be in s3://bucket/team/context/shared")
    ]
    assert len(first.new) == 18
    (context / "b.txt").rename(home / "b.txt")
    second = import_disdat(store, str(context))
    assert ([each.uuid for each in second.new], second.failed) == ([home.name], ())


def test_places_that_are_no_context(store: Store, context: Path, tmp_path: Path) -> None:
    """Of several contexts, or something else, the error says what to type instead."""
    with pytest.raises(InputError, match="one is imported at a time") as several:
        import_disdat(store, str(context.parent.parent))
    assert several.value.hint == f"stook import {context}"
    (tmp_path / "data").mkdir()
    for place in ("data", "nothing", "https://example.invalid/x"):
        with pytest.raises(InputError) as refused:
            import_disdat(store, str(tmp_path / place) if ":" not in place else place)
        assert refused.value.hint.startswith("stook ")
    assert import_disdat(store, str(context / "objects"), dry_run=True).new
