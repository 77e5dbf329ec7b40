"""`stook export` and `stook import`."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.docs.examples import PageRunner, read_blocks
from tests.servers.moto_s3 import S3Bucket
from tests.unit.cli.conftest import Stook

_ARCHIVE = Path(__file__).parent.parent / "app" / "disdat-1.2.0.zip"


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A context that Disdat made."""
    zipfile.ZipFile(_ARCHIVE).extractall(tmp_path / "disdat")
    return tmp_path / "disdat" / "old"


@pytest.fixture
def prices(stook: Stook, tmp_path: Path) -> str:
    """A bundle of a table; its name."""
    (tmp_path / "prices.csv").write_text("id,price\n1,10\n2,20\n")
    assert stook("add", "--frame", "prices", "prices.csv")[0] == 0
    return "prices"


def test_export_prints_the_place(stook: Stook, prices: str, tmp_path: Path) -> None:
    """The place is the data on stdout; what is there is talk; a second time nothing is done, and said so."""
    code, printed, talk = stook("export", prices, "out")
    assert (code, printed) == (0, "out\n")
    assert "table in data/: 2 rows, 2 columns" in talk
    assert "unchanged" in stook("export", prices, "out")[2]
    assert (tmp_path / "out/data/data.parquet").exists()


def test_export_over_another(stook: Stook, prices: str, tmp_path: Path) -> None:
    """Another export is a conflict, with what to do; what is no export is wrong input, force or not."""
    stook("export", prices, "out")
    code, printed, talk = stook("export", prices, "out", "--format", "csv")
    assert (code, printed, "--force" in talk) == (7, "", True)
    assert stook("export", prices, "out", "--format", "csv", "--force")[0] == 0
    assert (tmp_path / "out/data/data.csv").read_text() == "id,price\n1,10\n2,20\n"
    (tmp_path / "out/mine.txt").write_text("mine")
    assert stook("export", prices, "out", "--force")[0] == 2
    assert stook("export", "nothing", "other")[0] == 4


def test_export_as_json(
    stook: Stook, prices: str, s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As JSON there is all that a program wants to know; a bucket takes its credentials from the environment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_bucket.endpoint)
    monkeypatch.setenv("AWS_REGION", s3_bucket.options["region"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_bucket.options["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_bucket.options["secret_access_key"])
    code, printed, talk = stook("export", prices, f"{s3_bucket.url}/out", "--json")
    found = json.loads(printed)
    assert (code, found["url"], found["is_new"]) == (0, f"{s3_bucket.url}/out", True)
    assert (found["tables"][0]["folder"], found["files"][0]["path"]) == ("data", "data/data.parquet")
    assert s3_bucket.options["secret_access_key"] not in printed + talk


def test_export_to_a_server_of_ones_own(
    stook: Stook, prices: str, s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket takes the options that a remote takes; a folder takes none, and is then not made."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_bucket.options["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_bucket.options["secret_access_key"])
    options = ("--endpoint", s3_bucket.endpoint, "--region", s3_bucket.options["region"])
    assert stook("export", prices, f"{s3_bucket.url}/out", *options)[:2] == (0, f"{s3_bucket.url}/out\n")
    assert "unchanged" in stook("export", prices, f"{s3_bucket.url}/out", *options)[2]
    assert stook("export", prices, "out", *options)[0] == 2
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("https://s3.console.aws.amazon.com/s3/buckets/data?prefix=x/", "stook export prices s3://data/x"),
        ("nas:/share/x", "/mnt/FOLDER"),
        ("gdrive://x", "s3://BUCKET/PREFIX"),
        ("s3:/data/x", "s3://data/x"),
    ],
)
def test_export_to_what_is_no_place(stook: Stook, prices: str, typed: str, hint: str) -> None:
    """An address, a host's folder or another tool's scheme is refused as a remote is; no folder is made of its name."""
    before = sorted(Path().iterdir())
    code, printed, talk = stook("export", prices, typed)
    assert (code, printed, hint in talk) == (2, "", True)
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        (
            "https://s3.console.aws.amazon.com/s3/buckets/data?prefix=context/x/",
            "stook import s3://data/context/x",
        ),
        ("https://data.s3.eu-west-1.amazonaws.com/context/x", "stook import s3://data/context/x"),
        ("gs://data/context/x", "stook import s3://BUCKET/PREFIX/context/NAME"),
        ("s3:/data/context/x", "stook import s3://BUCKET/PREFIX/context/NAME"),
    ],
)
def test_import_from_what_is_no_place(stook: Stook, typed: str, hint: str) -> None:
    """What is typed in its place is said; options that `import` has not are not suggested."""
    code, _, talk = stook("import", typed)
    assert (code, talk.splitlines()[-1]) == (2, f"  try: {hint}")


def test_import_prints_what_it_made(stook: Stook, context: Path) -> None:
    """Each new bundle is a line on stdout; other names and the count are talk; a second time nothing is made."""
    code, printed, talk = stook("import", str(context))
    assert (code, len(printed.splitlines())) == (0, 19)
    assert "called a_b model_v1: what is 'a/b model@v1' there" in talk
    assert "imported 19 bundles from disdat/old" in talk
    assert json.loads(stook("show", "frame", "--json")[1])["owner"] == "ann"
    code, printed, talk = stook("import", str(context))
    assert (code, printed) == (0, "")
    assert "19 imported before" in talk


def test_import_into_another_context(stook: Stook, context: Path) -> None:
    """`--context` says where to, and what is suggested keeps it."""
    talk = stook("import", str(context), "--context", "old")[2]
    assert "stook ls --context old" in talk
    assert json.loads(stook("ls", "--json")[1]) == []


def test_import_dry_run(stook: Stook, context: Path) -> None:
    """It lists what would be imported, and imports nothing."""
    code, printed, talk = stook("import", "-n", str(context))
    assert (code, len(printed.splitlines())) == (0, 20)
    assert "would import 19 bundles" in talk
    assert json.loads(stook("import", "-n", str(context), "--json")[1])["bundles"][0]["is_new"] is True
    assert json.loads(stook("ls", "--json")[1]) == []


def test_import_that_is_not_complete(stook: Stook, context: Path) -> None:
    """What was not imported is named, all else is there, and the exit code says that something is missing."""
    next(context.glob("objects/*/sub/b.txt")).unlink()
    code, printed, talk = stook("import", str(context))
    assert (code, len(printed.splitlines())) == (5, 18)
    assert "not imported: folder (" in talk
    assert "files of it are missing: sub/b.txt" in talk
    assert "again: stook import disdat/old" in talk


def test_import_of_plain_files(stook: Stook, tmp_path: Path) -> None:
    """Who means `stook add` is told so."""
    (tmp_path / "raw").mkdir()
    code, _, talk = stook("import", "raw")
    assert (code, "stook add NAME" in talk) == (2, True)


@pytest.fixture
def page_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and a home in which Disdat has a context."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with zipfile.ZipFile(_ARCHIVE) as archive:
        members = [name for name in archive.namelist() if name.startswith("old/")]
        archive.extractall(tmp_path / "home/.disdat/context", members)
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def test_the_page_on_disdat(page_folder: Path, project_root: Path) -> None:
    """The examples of the page, which elsewhere has no context of Disdat, do what it says where there is one."""
    page = (project_root / "docs/how-to/come-from-disdat.md").read_text(encoding="utf-8")
    blocks = list(read_blocks(page.replace("<!-- not run: it takes a context of Disdat -->\n", "")))
    runner = PageRunner(page_folder)
    for block in blocks:
        runner.run(block)
    assert len(blocks) > 3
