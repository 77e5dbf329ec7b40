"""Verbs that look on a remote: trace, checkout, export; and what those say that do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import stook as library
from stook.store.remotes.adding import add_remote
from tests.unit.cli.conftest import Stook


@pytest.fixture
def ben(stook: Stook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stook:
    """Ben, whose remote has two versions of Ann's `prices`, the first one `prod`, made from `raw`; he has none."""
    monkeypatch.setenv("STOOK_HOME", str(tmp_path / "ann.store"))
    Path("prices.csv").write_text("sku\n1\n")
    ann = library.open(context="shop")
    raw = ann.add("raw", 1)
    ann.alias("prod", ann.add("prices", {"prices.csv": Path("prices.csv")}, inputs=[raw]))
    Path("newer.csv").write_text("sku\n2\n")
    ann.add("prices", {"prices.csv": Path("newer.csv")})
    add_remote(ann, "origin", str(tmp_path / "team"))
    ann.push(every=True)
    monkeypatch.setenv("STOOK_HOME", str(tmp_path / "ben.store"))
    stook("init", "--context", "shop")
    stook("remote", "add", "./team")
    return stook


def test_a_file_is_traced_through_a_remote(ben: Stook) -> None:
    """The bundle there is named, with what made it; nothing is pulled for it; without --remote the hint names that."""
    code, out, talk = ben("trace", "--remote", "prices.csv")
    assert (code, "is in the store at" in talk) == (0, True)
    assert out.splitlines()[1].startswith("prices ")
    assert "└─ raw@" in out
    code, _, talk = ben("trace", "prices.csv")
    assert (code, talk.splitlines()[-1].split("; ")[1]) == (
        4,
        "stook trace --remote prices.csv looks on the remote",
    )
    Path("other").write_text("other")
    code, out, talk = ben("trace", "--remote", "origin", "other", "--json")
    assert (code, json.loads(out)["bundles"]) == (4, [])
    assert "looks on the remote" not in ben("trace", "--remote", "other")[2]


def test_a_checkout_pulls_first(ben: Stook) -> None:
    """The version that the remote means is pulled, that one alone, and checked out; it is the store's then."""
    code, out, _ = ben("checkout", "--remote", "prices@prod", "work")
    assert (code, out) == (0, "work\n")
    assert Path("work/prices.csv").read_text() == "sku\n1\n"
    assert len(library.open().versions("prices")) == 1
    Path("work/prices.csv").write_text("mine")
    assert "edited" in ben("status", "work")[1]
    assert ben("add", "prices", "work/prices.csv")[0] == 0
    newest = json.loads(ben("checkout", "--remote", "prices", "new", "--json")[1])
    assert (newest["files"], newest["is_new"], Path(newest["folder"]).name) == (1, True, "new")
    assert [file.read_text() for file in Path("new").glob("[!.]*")] == ["sku\n2\n"]


def test_an_alias_that_differs_does_not_keep_a_checkout_back(ben: Stook) -> None:
    """It stays as it is on each side."""
    ours = library.open().add("prices", 3)
    library.open().alias("prod", ours)
    assert ben("checkout", "--remote", "prices@prod", "work")[0] == 0
    assert library.open().get("prices@prod").id == ours.id


def test_an_export_needs_no_pull(ben: Stook) -> None:
    """It is written from the remote, and the store here stays as it is."""
    assert ben("export", "--remote", "prices@prod", "out")[0] == 0
    assert Path("out/prices.csv").read_text() == "sku\n1\n"
    assert ben("ls")[1] == ""


def test_names_that_a_remote_does_not_have(ben: Stook) -> None:
    """The hint looks there too."""
    for verb in (("checkout",), ("export",)):
        code, _, talk = ben(*verb, "--remote", "nothing", "out")
        assert (code, talk.splitlines()[-1]) == (4, "  try: stook ls --remote shows what there is")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("add", "--remote", "prices", "prices.csv"), "stook add NAME PATH, and then stook push NAME"),
        (("add", "prices", "prices.csv", "--remote=origin"), "stook add NAME PATH, and then stook push NAME"),
        (("why", "--remote", "pipeline.py:Task"), "stook pull first, and then the same without --remote"),
        (
            ("predict", "-i", "x.csv", "--remote"),
            "stook pull --data first, and then the same without --remote",
        ),
        (("fetch", "--remote", "origin"), "stook fetch NAME"),
        (("doctor", "--remote"), "stook doctor --help"),
    ],
)
def test_what_does_not_work_on_a_remote_says_what_does(ben: Stook, words: tuple[str, ...], hint: str) -> None:
    """The command to type in its place is named, and nothing is done."""
    code, out, talk = ben(*words)
    assert (code, out) == (2, "")
    assert talk == f"stook: stook {words[0]} takes no --remote\n  try: {hint}\n"


def test_a_task_may_have_a_parameter_of_that_name(ben: Stook) -> None:
    """`--remote` is the run's, which says how the task's is given."""
    Path("pipeline.py").write_text(
        "import stook\n\n\n@stook.task\ndef Where(*, remote: str) -> str:\n    return remote\n"
    )
    code, _, talk = ben("run", "pipeline.py:Where", "--remote", "there")
    assert (code, talk.splitlines()[0]) == (
        2,
        "--remote is an option of stook run; the task's parameter is given by -p remote=…",
    )
    code, out, talk = ben("run", "pipeline.py:Where", "-p", "remote=there")
    assert code == 0, talk
    assert library.open().get(out.strip()).data == "there"


@pytest.mark.parametrize("verb", ["push", "pull"])
def test_a_url_where_a_name_is_expected(ben: Stook, tmp_path: Path, verb: str) -> None:
    """The URL of a remote leads to the remote, another to adding one; neither is repeated with what it hides."""
    known = str(tmp_path / "team")
    assert f"try: stook {verb} --remote origin prices" in ben(verb, known, "prices")[2]
    code, _, talk = ben(verb, "s3://ann:secret@bucket/prefix")
    assert (code, talk) == (
        2,
        "stook: s3://bucket/prefix is a URL, and no name of a bundle\n"
        f"  try: stook remote add s3://bucket/prefix, and then stook {verb}\n",
    )
    code, _, talk = ben(verb, "--remote", "s3://ann:secret@bucket/prefix")
    assert (code, "secret" in talk, "stook remote add s3://bucket/prefix" in talk) == (4, False, True)


def test_who_looks_after_a_remote_needs_nothing_of_ones_own_there(ben: Stook, tmp_path: Path) -> None:
    """`verify` and `gc` are about all of it: also where a context has pushed nothing, or a forger hides all it has."""
    ben("remote", "add", "./team", "--context", "mine")
    assert ben("ls", "--remote", "--context", "mine")[0] == 4
    code, _, talk = ben("verify", "--remote", "--context", "mine")
    assert (code, talk.startswith("3 bundles, "), talk.endswith("all is well\n")) == (0, True, True)
    assert ben("gc", "--remote", "--yes", "--context", "mine")[::2] == (0, "nothing to free\n")
