"""What authors add to a closure, and take out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stook.errors import InputError
from stook.pipeline.closure import Closure, Codebase, Entry, Rules, close

FILES = {
    "main.py": "import lib.a\nfrom lib import b\ndef T(): return lib.a.f(), b.g()\n",
    "lib/__init__.py": "",
    "lib/a.py": "import extra\nK = 1\ndef f(): return K, extra.e()\n",
    "lib/b.py": "T = {}\nT[1] = 2\ndef g(): return T\n",
    "extra.py": "def e(): return 1\n",
    "hidden.py": "import extra\ndef h(): return 2\n",
    "sql/one.sql": "select 1",
    "sql/deep/two.sql": "select 2",
    "queries.sql": "select 3",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of several modules and files."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def closure(project: Path, **rules: tuple[str, ...]) -> Closure:
    """Return the closure of `main:T` under some rules."""
    return close([Entry("main", "T")], Codebase((project,), ()), Rules(**rules))  # type: ignore[arg-type]


def left_out(project: Path, *ignore: str) -> set[str]:
    """Return what does not count when something is ignored."""
    return set(closure(project).code) - set(closure(project, ignore=ignore).code)


@pytest.mark.parametrize(
    ("ignore", "expected"),
    [
        ("lib.a:K", {"lib.a:K"}),
        ("lib.a:f", {"lib.a:f", "lib.a:K", "extra:e"}),
        ("lib.a", {"lib.a:f", "lib.a:K", "extra:e"}),
        ("lib.b", {"lib.b:g", "lib.b:T", "lib.b:(body)"}),
        ("lib.*", {"lib.a:f", "lib.a:K", "extra:e", "lib.b:g", "lib.b:T", "lib.b:(body)"}),
        ("extra", {"extra:e"}),
    ],
)
def test_ignored_code_does_not_count(ignore: str, expected: set[str], project: Path) -> None:
    """What is ignored is not followed either."""
    assert left_out(project, ignore) == expected


@pytest.mark.parametrize(
    ("includes", "expected"),
    [
        ("hidden:h", {"hidden:h"}),
        ("hidden", {"hidden:*"}),
        ("lib.*", {"lib.a:*", "lib.b:*"}),
        ("sql/*.sql", {"sql/one.sql:*"}),
        ("sql/**/*.sql", {"sql/one.sql:*", "sql/deep/two.sql:*"}),
        ("./sql/one.sql", {"sql/one.sql:*"}),
        ("queries.sql", {"queries.sql:*"}),
        ("*.sql", {"queries.sql:*"}),
    ],
)
def test_included_code_counts(includes: str, expected: set[str], project: Path) -> None:
    """Modules, definitions and files count because the author says so."""
    assert expected <= set(closure(project, includes=(includes,)).code) - set(closure(project).code)


def test_content_of_included_files_counts(project: Path) -> None:
    """An edit of a data file changes the closure, and so does a new one that matches."""
    made = [closure(project, includes=("sql/*.sql",)).digest]
    (project / "sql" / "one.sql").write_text("select 9")
    made.append(closure(project, includes=("sql/*.sql",)).digest)
    (project / "sql" / "new.sql").write_text("")
    made.append(closure(project, includes=("sql/*.sql",)).digest)
    assert len(set(made)) == 3


@pytest.mark.parametrize(
    ("rule", "name", "message"),
    [
        ("ignore", "lib.aa", r"there is no module lib\.aa; did you mean lib\.a\?"),
        ("ignore", "lib.a:ff", r"lib\.a defines no ff; did you mean lib\.a:f\?"),
        ("ignore", "nowhere.*", "there is no module nowhere"),
        ("includes", "hiden", r"did you mean hidden\?"),
        ("includes", "sql/*.txt", "no file below the workspace matches it"),
        ("includes", "sql:x", "sql is no code of the project"),
        ("includes", "", "there is no module"),
    ],
)
def test_name_that_leads_nowhere(rule: str, name: str, message: str, project: Path) -> None:
    """A rule that does nothing is an error that says which, and what may be meant."""
    with pytest.raises(InputError, match=message) as caught:
        closure(project, **{rule: (name,)})
    assert caught.value.kind == "unknown-code"
    assert repr(name) in str(caught.value)


def test_version_counts_by_value(project: Path) -> None:
    """The key by hand is part of the closure."""
    made = [close([Entry("main", "T")], Codebase((project,), ()), Rules(version=v)) for v in ("", "1", "2")]
    assert [one.code.get("version:task") for one in made] == [None, "1", "2"]
    assert len({one.digest for one in made}) == 3


@pytest.mark.parametrize("name", ["x" * 5000, f"{'x' * 5000}:f", f"{'x' * 5000}/*.sql", f"{'a.' * 5000}b"])
@pytest.mark.parametrize("rule", ["includes", "ignore"])
def test_a_name_that_no_file_can_have_leads_nowhere(rule: str, name: str, project: Path) -> None:
    """It is told like others, and shortened."""
    with pytest.raises(InputError, match="leads nowhere") as caught:
        closure(project, **{rule: (name,)})
    assert len(caught.value.message) < 600


def test_a_pattern_of_many_folders_is_told_at_once(project: Path) -> None:
    """Several in a row mean what one does."""
    once, often = (closure(project, includes=(f"{folders}*.sql",)) for folders in ("**/", "**/" * 300))
    assert often.digest == once.digest != closure(project).digest
    with pytest.raises(InputError, match="no file below the workspace matches it"):
        closure(project, includes=(f"{'**/' * 300}x/nothing",))
