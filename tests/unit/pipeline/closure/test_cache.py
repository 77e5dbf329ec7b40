"""The cache of code makes closures fast, and never changes one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stook.errors import InputError
from stook.pipeline.closure import Closure, Codebase, Entry, Rules, close
from stook.pipeline.closure.kept import Kept

MAIN = "import lib\nfrom lib import *\nimport plain\ndef T(): return lib.f(), plain.X\n"
LIB = "N = 1\ndef f(): return N\n"


def closure(folder: Path, cache: Path | None, rules: Rules | None = None, *, later: int = 0) -> Closure:
    """Return the closure of `main:T`, as a new process would find it, some seconds later."""
    site = folder / "env" / "site-packages"
    codebase = Codebase((folder,), (str(site),), cache, lambda: time.time_ns() + later * 1_000_000_000)
    return close([Entry("main", "T")], codebase, rules or Rules())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with an installed package; all of it is old enough to be trusted."""
    folder = tmp_path / "project"
    metadata = folder / "env" / "site-packages" / "plain-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Version: 1.0\n")
    (metadata.parent / "plain.py").write_text("X = 1\n")
    (folder / "main.py").write_text(MAIN)
    (folder / "lib.py").write_text(LIB)
    return folder


def files_in(cache: Path) -> list[Path]:
    """Return the files that a cache holds."""
    return sorted(path for path in cache.rglob("*") if path.is_file())


def test_same_with_and_without(project: Path, tmp_path: Path) -> None:
    """A closure that is remembered is the one that was found."""
    cold = closure(project, None)
    assert closure(project, tmp_path / "cache") == cold
    assert closure(project, tmp_path / "cache") == cold
    assert "lib:N" in cold.code


def change_same_size_and_time(project: Path) -> None:
    """Change a file so that neither its size nor its time tells."""
    before = (project / "lib.py").stat()
    (project / "lib.py").write_text(LIB.replace("1", "2"))
    os.utime(project / "lib.py", ns=(before.st_atime_ns, before.st_mtime_ns))


def add_file_that_hides_package(project: Path) -> None:
    """Put a module where a package was found before."""
    (project / "plain.py").write_text("X = 5\n")


def change_version(project: Path) -> None:
    """Upgrade a package in place."""
    (project / "env" / "site-packages" / "plain-1.0.dist-info" / "METADATA").write_text("Version: 1.1\n")


def remove_package(project: Path) -> None:
    """Remove a package."""
    shutil.rmtree(project / "env")


def turn_module_into_package(project: Path) -> None:
    """Give a folder the name of a module: it wins."""
    (project / "lib").mkdir()
    (project / "lib" / "__init__.py").write_text("N = 7\ndef f(): return N\n")


def add_name_to_star(project: Path) -> None:
    """Add a definition that a star import brings in."""
    (project / "lib.py").write_text(LIB + "def plain(): pass\n")


@pytest.mark.parametrize("later", [0, 10])
@pytest.mark.parametrize(
    "change",
    [
        change_same_size_and_time,
        add_file_that_hides_package,
        change_version,
        remove_package,
        turn_module_into_package,
        add_name_to_star,
    ],
)
def test_change_is_seen(change: Callable[[Path], None], later: int, project: Path, tmp_path: Path) -> None:
    """Whatever a closure was found from, a change of it is seen, of files just written and of old ones."""
    before = closure(project, tmp_path / "cache", later=later)
    change(project)
    after = closure(project, tmp_path / "cache", later=later)
    assert after == closure(project, None)
    assert after != before


def test_a_file_whose_facts_are_remembered_is_looked_at(project: Path, tmp_path: Path) -> None:
    """A closure that was found anew counts on all its files, also on those of which all was known already."""
    closure(project, tmp_path / "cache", later=10)
    (project / "main.py").write_text(MAIN + "# another size\n")
    before = closure(project, tmp_path / "cache", later=10)
    (project / "lib.py").write_text(LIB.replace("1", "12"))
    after = closure(project, tmp_path / "cache", later=10)
    assert after == closure(project, None)
    assert after != before


def test_error_is_no_answer_to_remember(project: Path, tmp_path: Path) -> None:
    """A file that is no Python is an error each time, until it is mended."""
    (project / "lib.py").write_text("def (:\n")
    for _ in range(2):
        with pytest.raises(InputError, match=r"lib\.py, line 1"):
            closure(project, tmp_path / "cache")
    (project / "lib.py").write_text(LIB)
    assert "lib:N" in closure(project, tmp_path / "cache").code


@pytest.mark.parametrize("damage", [b"", b"stook code 0\n", b"x" * 500])
def test_damage_is_passed_over(damage: bytes, project: Path, tmp_path: Path) -> None:
    """Files of the cache that are damaged, cut short, or of another version are ignored and replaced."""
    cache = tmp_path / "cache"
    cold = closure(project, cache)
    sound = {path: path.read_bytes() for path in files_in(cache)}
    for path, data in sound.items():
        path.write_bytes(damage or data[: len(data) // 2])
    assert closure(project, cache) == cold
    assert {path.stat().st_size for path in files_in(cache)} == {len(data) for data in sound.values()}


def test_flipped_byte_is_passed_over(project: Path, tmp_path: Path) -> None:
    """A byte that is not what was written makes an entry count for nothing, wherever it is."""
    cache = tmp_path / "cache"
    cold = closure(project, cache)
    for path in files_in(cache):
        sound = path.read_bytes()
        for position in range(0, len(sound), 17):
            path.write_bytes(sound[:position] + bytes([sound[position] ^ 1]) + sound[position + 1 :])
            assert closure(project, cache) == cold


def test_entry_of_another_is_passed_over(project: Path, tmp_path: Path) -> None:
    """An entry under the name of another is none, as after a folder was put together from two."""
    cache = tmp_path / "cache"
    cold = closure(project, cache)
    files = files_in(cache)
    for path, other in zip(files, [path.read_bytes() for path in files[1:]], strict=False):
        path.write_bytes(other)
    assert closure(project, cache) == cold


def test_what_other_code_has_kept_is_passed_over(project_root: Path, tmp_path: Path) -> None:
    """In a checkout of Stook, an edit of what finds closures puts aside all that it had kept before."""
    package = tmp_path / "stook"
    shutil.copytree(project_root / "src" / "stook", package, ignore=shutil.ignore_patterns("__pycache__"))
    ask = "from stook.pipeline.closure.stook_code import finder_version; print(finder_version())"

    def version() -> str:
        return subprocess.run(
            [sys.executable, "-c", ask],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    before = version()
    with (package / "pipeline" / "closure" / "names.py").open("a") as file:
        file.write("# edited\n")
    after = version()
    assert before != after == version()
    Kept(tmp_path, before).put("files", "key", b"facts")
    assert Kept(tmp_path, before).find("files", "key") == b"facts"
    assert Kept(tmp_path, after).find("files", "key") is None


def test_cache_that_cannot_be_written(project: Path, tmp_path: Path) -> None:
    """Where nothing can be kept, closures are found all the same."""
    (tmp_path / "file").write_text("")
    assert closure(project, tmp_path / "file") == closure(project, None)


def test_rules_are_part_of_the_question(project: Path, tmp_path: Path) -> None:
    """Other rules get another answer, from the same cache."""
    cache = tmp_path / "cache"
    plain = closure(project, cache)
    ignoring = closure(project, cache, Rules(ignore=("lib:f",)))
    assert "lib:f" in plain.code
    assert "lib:f" not in ignoring.code


NAMES = ("a", "b", "c")
VALUES = st.sampled_from(["1", "2", "a", "b.c", "a()", "[b]", "c.a", "getattr(a, 'b')"])
LINES = st.one_of(
    st.builds("{} = {}".format, st.sampled_from(NAMES), VALUES),
    st.builds("def {}(x={}):\n    return {}".format, st.sampled_from(NAMES), VALUES, VALUES),
    st.builds("class {}:\n    x = {}".format, st.sampled_from(NAMES), VALUES),
    st.builds("import {}".format, st.sampled_from(NAMES)),
    st.builds("from {} import {}".format, st.sampled_from(NAMES), st.sampled_from([*NAMES, "*"])),
    st.builds("{}.append({})".format, st.sampled_from(NAMES), VALUES),
)
FILES = st.sampled_from(["a.py", "b.py", "c.py", "a/__init__.py", "a/b.py", "main.py"])
EDITS = st.lists(st.tuples(FILES, st.one_of(st.none(), st.lists(LINES, max_size=4))), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    """A folder for many projects."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("later", [0, 10])
@given(edits=EDITS)
def test_never_changes_an_answer(
    scratch: Path, later: int, edits: list[tuple[str, list[str] | None]]
) -> None:
    """After each of any edits, the closure is the same with the cache as without, of new files and of old ones."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    (folder / "main.py").write_text("import a, b, c\ndef T(): return a.b, b.c, c.a\n")
    for number, (file, lines) in enumerate(edits):
        path = folder / file
        path.parent.mkdir(exist_ok=True)
        if lines is None:
            path.unlink(missing_ok=True)
        else:
            tail = "def T(): return a.b, b.c, c.a" if file == "main.py" else ""
            path.write_text("\n".join([*lines, tail]))
        for changed in {folder, path.parent, path} if lines is not None else {folder, path.parent}:
            os.utime(changed, ns=(number, number))
        if (folder / "main.py").is_file():
            assert closure(folder, scratch / "cache", later=later) == closure(folder, None)
