"""Tables with links as people check them out, edit them, and add them again."""

from __future__ import annotations

import csv
import io
import json
import shlex
from pathlib import Path

import pandas as pd
import pytest

import stook as package
from stook.store import Bundle
from tests.unit.cli.conftest import Stook


@pytest.fixture
def labels(stook: Stook, tmp_path: Path) -> Path:
    """A bundle `labels` of a table that names `red.txt` and `blue.txt`, and a checkout of it as CSV."""
    (tmp_path / "img").mkdir()
    for word in ("red", "blue"):
        (tmp_path / "img" / f"{word}.txt").write_text(word)
    (tmp_path / "in.csv").write_text("file,n\nimg/red.txt,1\n,2\nimg/blue.txt,3\n")
    assert stook("add", "-i", "labels", "in.csv")[0] == 0
    assert stook("checkout", "labels", "out", "--format", "csv")[0] == 0
    return tmp_path / "out"


def read(bundle: Bundle) -> list[str | None]:
    """Return what is in the files that a bundle's table links to."""
    return [cell and Path(cell).read_text() for cell in bundle.to_arrow("table")["file"].to_pylist()]


def latest() -> Bundle:
    """Return the newest version."""
    return package.open().get("labels")


def test_a_checkout_names_its_own_files(stook: Stook, labels: Path) -> None:
    """The cells are paths from the table's folder, missing ones empty; nothing counts as changed."""
    assert (labels / "table.csv").read_text() == "file,n\nfiles/red.txt,1\n,2\nfiles/blue.txt,3\n"
    assert (labels / "files/red.txt").read_text() == "red"
    assert "nothing was changed" in stook("status", "out")[1]
    for again in (("labels", "out"), ("labels", "out", "-i"), ("labels", "out/table.csv", "-i")):
        assert "unchanged" in stook("add", *again)[2]
    assert len(package.open().versions("labels")) == 1


def test_an_edited_file_makes_a_version_with_links(stook: Stook, labels: Path) -> None:
    """By the command that `status` names; then the folder is a checkout of it, and `diff` names the file."""
    (labels / "files/red.txt").write_text("dark red")
    talk = stook("status", "out")[2]
    command = next(line for line in talk.splitlines() if "stook add" in line)
    words = shlex.split(command.partition("stook ")[2].partition(" keeps this")[0])
    assert words == ["add", "labels", "out"]
    code, _, err = stook(*words)
    assert (code, "left out" in err) == (0, False)
    assert read(latest()) == ["dark red", None, "blue"]
    assert "nothing was changed" in stook("status", "out")[1]
    lines = stook("diff", "labels")[1].splitlines()
    assert any("red.txt" in line for line in lines), lines
    assert not any("blue" in line for line in lines)


def test_a_new_row_fetches_its_file(stook: Stook, labels: Path) -> None:
    """A row that names one more file brings it in, and a dry run says so; that one is named by no row is said."""
    (labels / "files/green.txt").write_text("green")
    (labels / "notes.txt").write_text("mine")
    with (labels / "table.csv").open("a") as file:
        file.write("files/green.txt,4\n")
    assert "files/green.txt" in stook("add", "labels", "out", "-n")[1]
    err = stook("add", "labels", "out")[2]
    assert "left out, for no row names it: notes.txt" in err
    assert read(latest()) == ["red", None, "blue", "green"]
    (labels / "notes.txt").unlink()
    assert "unchanged" in stook("add", "labels", "out")[2]
    assert "nothing was changed" in stook("status", "out")[1]


def test_a_row_less_leaves_its_file_out(stook: Stook, labels: Path) -> None:
    """The file of a row that was taken away stays in the folder, and is in the new version no more."""
    (labels / "table.csv").write_text("file,n\n,2\nfiles/blue.txt,3\n")
    assert "left out, for no row names it: files/red.txt" in stook("add", "labels", "out")[2]
    assert read(latest()) == [None, "blue"]
    assert [path for path, _ in latest().items()] == ["table", "files"]


def test_another_name_or_context_is_another_bundle(stook: Stook, labels: Path) -> None:
    """A checkout that is added under another name is a folder of files, as any other."""
    assert stook("add", "copy", "out")[0] == 0
    assert package.open().get("copy").items()[0][0] == ""


def test_rows_as_csv_and_json_have_paths_that_can_be_opened(stook: Stook, labels: Path) -> None:
    """Programs get paths of read-only files on this machine; the eye gets what `stook get` takes."""
    rows = list(csv.DictReader(io.StringIO(stook("cat", "labels", "table", "--csv")[1])))
    assert [row["file"] and Path(row["file"]).read_text() for row in rows] == ["red", "", "blue"]
    cells = [row["file"] for row in json.loads(stook("cat", "labels", "table", "--json")[1])]
    assert [cell and Path(cell).read_text() for cell in cells] == ["red", None, "blue"]
    shown = stook("cat", "labels", "table")[1].split()
    assert "files/red.txt" in shown
    assert Path(stook("get", "labels", "files/red.txt")[1].strip()).read_text() == "red"


def test_a_linked_table_within_more(stook: Stook, tmp_path: Path, labels: Path) -> None:
    """Deeper in a bundle the paths are from the table's folder too, and for the eye from the bundle's top."""
    from stook.frames import linked, read_table

    table = read_table(labels / "table.csv")
    package.open().add("more", {"a b": {"c": linked(table, "file", base=labels)}, "n": 1})
    assert stook("checkout", "more")[0] == 0
    assert (tmp_path / "more/a b/c/files/red.txt").read_text() == "red"
    assert (tmp_path / "more/a b/c/table.parquet").exists()
    rows = read_table(tmp_path / "more/a b/c/table.parquet").read_all()
    assert rows["file"].to_pylist() == ["files/red.txt", None, "files/blue.txt"]
    shown = stook("cat", "more", "a b/c/table")[1]
    assert "a b/c/files/red.txt" in shown
    assert stook("get", "more", "a b/c/files/red.txt")[0] == 0


@pytest.mark.parametrize("form", ["csv", "parquet", "feather"])
def test_a_table_that_was_not_edited_stays_what_it_was(stook: Stook, labels: Path, form: str) -> None:
    """Where only a file was edited, the table has its library, index and types, whatever it was checked out as."""
    frame = pd.DataFrame(
        {"file": [str(labels / "files/red.txt"), None], "kind": pd.Categorical(["7", "8"])},
        index=pd.Index(["p", "q"], name="key"),
    )
    before = package.open().add("typed", frame, links="file")
    assert stook("checkout", "typed", "typed", "--format", form)[0] == 0
    Path("typed/files/red.txt").write_text("dark red")
    assert stook("add", "typed", "typed", "-i")[0] == 0
    after = package.open().get("typed")
    assert after.id != before.id
    assert dict(after.tree.entries)["table"] == dict(before.tree.entries)["table"]
    assert Path(after.to_pandas("table")["file"]["p"]).read_text() == "dark red"
    assert "nothing was changed" in stook("status", "typed")[1]


def test_what_is_said_of_the_table_counts(stook: Stook, labels: Path) -> None:
    """A table that came back from another program with semicolons is read with `--delimiter`."""
    table = labels / "table.csv"
    table.write_text(table.read_text().replace(",", ";").replace(";3", ";4"))
    assert stook("add", "labels", "out", "--delimiter", ";")[0] == 0
    assert latest().to_arrow("table").to_pydict()["n"] == [1, 2, 4]
    assert read(latest()) == ["red", None, "blue"]


def test_a_column_that_is_new_or_has_another_name(stook: Stook, labels: Path) -> None:
    """One more is found by `-i`; a new name has to be said, for a table without its links is not what is meant."""
    table = labels / "table.csv"
    table.write_text("file,mask\nfiles/red.txt,files/blue.txt\n")
    assert stook("add", "labels", "out", "-i")[0] == 0
    assert Path(latest().to_arrow("table")["mask"][0].as_py()).read_text() == "blue"
    table.write_text("image\nfiles/red.txt\n")
    code, _, err = stook("add", "labels", "out")
    assert (code, "--link COLUMN" in err) == (2, True)
    assert stook("add", "labels", "out", "--link", "image")[0] == 0
    assert Path(latest().to_arrow("table")["image"][0].as_py()).read_text() == "red"


def test_a_table_that_is_gone_is_asked_for(stook: Stook, labels: Path) -> None:
    """Without its table the folder is not added as files, and the command that keeps another table is named."""
    (labels / "table.csv").rename(labels / "other.csv")
    code, _, err = stook("add", "labels", "out")
    assert (code, "stook add --links NAME TABLE" in err) == (2, True)
    assert stook("add", "--links", "labels", "out/other.csv")[0] == 0
    assert read(latest()) == ["red", None, "blue"]


def test_links_outlive_the_version_that_was_checked_out(stook: Stook, labels: Path) -> None:
    """A checkout of a version that was removed since is known by the newest one, and nothing is taken from that."""
    (labels / "files/red.txt").write_text("dark red")
    second = latest()
    Path("in.csv").write_text("file,n\nimg/red.txt,9\n")
    assert stook("add", "-i", "labels", "in.csv")[0] == 0
    assert stook("rm", "--yes", f"labels@{second.id}")[0] == 0
    assert stook("add", "labels", "out")[0] == 0
    assert read(latest()) == ["dark red", None, "blue"]


def test_the_table_keeps_its_key(stook: Stook, labels: Path) -> None:
    """One that has another key than `table` has it in the new version too, edited or not."""
    from stook.frames import linked

    parts = linked(pd.DataFrame({"file": ["files/red.txt"]}), "file", base=labels)
    package.open().add("own", {"my labels": parts["table"], "files": parts["files"]})
    assert stook("checkout", "own", "--format", "csv")[0] == 0
    for path, text in (("own/files/red.txt", "dark red"), ("own/my labels.csv", "file,n\nfiles/red.txt,2\n")):
        Path(path).write_text(text)
        assert stook("add", "own", "own")[0] == 0
        assert [key for key, _ in package.open().get("own").items()] == ["my labels", "files"]
        assert "nothing was changed" in stook("status", "own")[1]
