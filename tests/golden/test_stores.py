"""Stores that releases wrote are read by all later ones, and by the reader beside the specification."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

import stook
from stook.errors import NotFoundError
from stook.store import Bundle, Store
from stook.store.verify import verify
from tools import make_golden, make_golden_care, make_golden_code

STORES = Path(__file__).parent / "stores"


@pytest.fixture(params=sorted(path.name for path in STORES.iterdir()))
def release(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of what a release wrote: `store/` and `expected.json`."""
    return shutil.copytree(STORES / request.param, tmp_path / request.param)


@pytest.fixture(params=sorted(path.parent.name for path in STORES.glob("*/care.json")))
def care(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same of those to which everything was done that can be; `care.json` says what."""
    return shutil.copytree(STORES / request.param, tmp_path / request.param)


def everything(store: Store) -> list[Bundle]:
    """Return all bundles of all contexts."""
    here = [store.in_context(context.name) for context in store.contexts()]
    return [bundle for seen in here for newest in seen.ls() for bundle in seen.versions(newest.name)]


def expectation(release: Path) -> dict[str, Any]:
    """Return what to expect, by id of the bundle."""
    expected: dict[str, Any] = json.loads((release / "expected.json").read_text(encoding="utf-8"))
    return expected


def test_everything_reads_back(release: Path) -> None:
    """Each bundle has its id, digest, lineage and data."""
    store = stook.open(release / "store", context=make_golden.CONTEXT)
    found = everything(store)
    expected = expectation(release)
    assert {bundle.id for bundle in found} == expected.keys()
    for bundle in found:
        assert as_json(make_golden.expect(bundle)) == expected[bundle.id], bundle.ref


def test_what_was_read_has_its_digest(release: Path) -> None:
    """Data of an old store that is added again is known to be the same, and the store takes new bundles."""
    store = stook.open(release / "store", context=make_golden.CONTEXT)
    for bundle in store.ls():
        again = store.add(bundle.name, bundle.data)
        assert again.digest == bundle.digest, bundle.ref
        assert again.id > bundle.id


def test_what_was_said_and_done_is_known(care: Path) -> None:
    """Contexts, versions, removals, commits, aliases and condemned lists are as the release had them."""
    store = stook.open(care / "store", context=make_golden.CONTEXT)
    expected = json.loads((care / "care.json").read_text(encoding="utf-8"))
    collected = expected.pop("collected")
    assert as_json(make_golden_care.describe(store)) == expected
    assert verify(store, deep=True).is_clean
    for context, removed in expected["removed"].items():
        for identifier in removed:
            if identifier not in collected:
                store.in_context(context).restore(identifier)
                assert store.get(identifier).data is not None
    for identifier in collected:
        with pytest.raises(NotFoundError, match="has been collected"):
            store.restore(identifier)


def test_care_can_be_made_again(tmp_path: Path, project_root: Path) -> None:
    """What writes such a store works, and does the same; ids and times depend on how often a clock is looked at."""
    expected, care = make_golden_care.make(tmp_path / "store")
    old = STORES / "0.1.0-care"
    assert digests(expected) == digests(expectation(old))
    before = json.loads((old / "care.json").read_text(encoding="utf-8"))
    assert {name: len(ids) for name, ids in care["removed"].items()} == {
        "bare": 0,
        "doomed": 1,
        "golden": 4,
        "renamed": 0,
    }
    assert care["versions"].keys() == before["versions"].keys()
    assert _whys(care) == _whys(before)


def _whys(care: dict[str, Any]) -> list[tuple[str, int, list[str]]]:
    """Return why each alias was moved, newest first, and how often."""
    aliases = [alias for here in care["aliases"].values() for alias in here.items()]
    return [(ref, number, [move[3] for move in moves]) for ref, (number, moves) in aliases]


@pytest.mark.parametrize("name", sorted(path.parent.name for path in STORES.glob("*/code.json")))
def test_code_reads_back(name: str, tmp_path: Path) -> None:
    """The source that made a bundle, and what its task met, is as the release kept it; nothing of it is damaged."""
    release = shutil.copytree(STORES / name, tmp_path / name)
    store = stook.open(release / "store", context=make_golden.CONTEXT)
    expected = json.loads((release / "code.json").read_text(encoding="utf-8"))
    assert {one.id: as_json(make_golden_code.describe(one)) for one in everything(store)} == expected
    assert verify(store, deep=True).is_clean


@pytest.mark.parametrize(("release", "definitions"), [("0.1.0-code", 1), ("0.1.0-digests", 100)])
def test_the_same_code_is_kept_the_same_way(tmp_path: Path, release: str, definitions: int) -> None:
    """What is given the same code and lineage writes the same records today."""
    expected, code = make_golden_code.make(tmp_path / "store", definitions)
    old = STORES / release
    assert as_json(code) == json.loads((old / "code.json").read_text(encoding="utf-8"))
    assert digests(expected) == digests(expectation(old))


def test_digests_stay(tmp_path: Path) -> None:
    """What the first release was given has the same digests today; a changed one would run every task again."""
    written = make_golden.make(tmp_path / "store")
    assert digests(written) == digests(expectation(STORES / "0.1.0"))


def test_reader_of_the_specification(release: Path, project_root: Path, tmp_path: Path) -> None:
    """The stand-alone reader lists each bundle, and writes files and values as they were added."""
    program = project_root / "docs/reference/format/reader.py"

    def read(*words: str | Path) -> str:
        command = [sys.executable, str(program), str(release / "store"), *map(str, words)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    expected = expectation(release)
    assert read().splitlines() == [f"{i} {bundle['size']} {bundle['name']}" for i, bundle in expected.items()]
    for identifier, bundle in expected.items():
        if bundle["name"] not in {"values", "file", "noise", "folder", "many", "back", "again", "notes"}:
            continue
        target = tmp_path / identifier
        read(identifier, target)
        data = bundle["data"]
        if "value" in data:
            assert json.loads(target.with_name(f"{identifier}.value.json").read_bytes()) == data["value"]
        else:
            names = {
                path.removeprefix(f"{bundle['name']}/"): digest for path, digest in data["files"].items()
            }
            found = {
                p.relative_to(target).as_posix(): blake3(p.read_bytes()).hexdigest() for p in files_in(target)
            }
            assert found == names


def as_json(value: Any) -> Any:
    """Return a value as it looks when it has been through a JSON file."""
    return json.loads(json.dumps(value))


def digests(expected: dict[str, Any]) -> list[tuple[str, str]]:
    """Return name and digest of each bundle, oldest first."""
    return [(bundle["name"], bundle["digest"]) for bundle in expected.values()]


def files_in(folder: Path) -> list[Path]:
    """Return the files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]
