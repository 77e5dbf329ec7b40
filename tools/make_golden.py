"""Write a small store with every kind of data, the same bytes each time, for later releases to read.

    python -m tools.make_golden FOLDER

FOLDER gets `store/` and `expected.json`. What is committed under `tests/golden/stores/` is never written anew: a
release that changes what is stored adds a folder of its own.
"""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import json
import random
import sys
import tempfile
import uuid
import zoneinfo
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pyarrow as pa
from blake3 import blake3

from stook.format import repository as identity
from stook.format import values
from stook.model.clock import Clock
from stook.model.lineage import Environment, Input, Lineage
from stook.storage import open_storage
from stook.store import Bundle, Store
from stook.store.repository import open_repository

BOOSTER = Path(__file__).resolve().parent.parent / "tests" / "golden" / "booster.txt"
CONTEXT = "golden"
_START = 1_767_225_600.0  # 2026-01-01, UTC
_ID, _WRITER = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"
PLAIN: dict[str, Any] = {
    "nothing": None,
    "truth": [True, False],
    "whole": [0, -1, 2**53, -(2**70)],
    "floats": [0.1, -0.0, float("nan"), float("inf"), float("-inf"), 1e300],
    "text": ["", "é", "e\u0301", "\U0001f33e", "$"],
    "bytes": b"\x00\xff",
    "decimal": decimal.Decimal("1.20"),
    "moments": [
        dt.datetime(2026, 1, 2, 3, 4, 5, 6),
        dt.datetime(2026, 10, 25, 2, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"), fold=1),
        dt.datetime(2026, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=45))),
    ],
    "date": dt.date(2026, 1, 2),
    "time": dt.time(23, 59, 59, 999_999),
    "span": dt.timedelta(days=-1, microseconds=1),
    "uuid": uuid.UUID(int=7),
    "complex": complex(1, -0.0),
    "shapes": ((), [], {}, {1, 2}, frozenset({"a"})),
    "keys": {1: "one", ("a", 2): "pair"},
    "$dollar": {"$": "not a tag"},
}


def main(arguments: list[str]) -> int:
    """Write the store and what to expect of it."""
    if len(arguments) != 1:
        sys.exit(__doc__)
    folder = Path(arguments[0])
    folder.mkdir(parents=True)
    expected = make(folder / "store")
    text = json.dumps(expected, indent=1, ensure_ascii=False)
    (folder / "expected.json").write_text(text + "\n", encoding="utf-8")
    return 0


def make(root: Path) -> dict[str, Any]:
    """Write the store into a new folder and return what to expect of it."""
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        store = new_store(root, work / "cache")
        fill(store, work)
        bundles = [bundle for newest in store.ls() for bundle in store.versions(newest.name)]
        expected = {bundle.id: expect(bundle) for bundle in sorted(bundles, key=lambda bundle: bundle.id)}
        store.close()
    settle(root)
    return expected


def settle(root: Path) -> None:
    """Give the writer the same id each time."""
    [writer] = (path for path in (root / "log").iterdir() if path.is_dir())
    (writer / ".lock").unlink(missing_ok=True)
    writer.rename(root / "log" / _WRITER)


def new_store(root: Path, cache: Path) -> Store:
    """Return an empty store, in which ids and times are not left to chance."""
    seconds, numbers = itertools.count(), itertools.count(1)
    clock = Clock(lambda: _START + next(seconds), lambda size: next(numbers).to_bytes(size, "big"))
    open_storage(str(root)).put_new(identity.KEY, identity.dump(identity.new(_ID)))
    return Store(open_repository(str(root), cache=cache, owner="Golda", clock=clock), CONTEXT)


def fill(store: Store, work: Path) -> None:
    """Add a bundle of every kind."""
    import lightgbm

    store.add("values", {"first": "version"})
    plain = store.add("values", PLAIN, params={"n": 1, "day": dt.date(2026, 1, 2)}, tags={"kind": "plain"})
    (work / "one.txt").write_text("one file\n" * 2_000)
    store.add("file", work / "one.txt")
    (work / "noise.bin").write_bytes(random.Random(1).randbytes(30_000))  # noqa: S311 - the same each time
    store.add("noise", work / "noise.bin")
    store.add("folder", _folder(work / "folder"))
    store.add("many", _many(work / "many"))
    frame = store.add("frame", _frame())
    store.add("numbered", pd.DataFrame({7: [1, 2], 8: [True, False]}))
    store.add("table", pa.table({"n": pa.array([1, None], pa.int16()), "deep": [[["a"], []], None]}))
    store.add("array", np.arange(12, dtype=">f4").reshape(3, 4))
    store.add("model", lightgbm.Booster(model_str=BOOSTER.read_text(encoding="utf-8")))
    inputs = (
        Input("plain", "values", plain.id, plain.digest),
        Input("frame", "frame", frame.id, frame.digest),
    )
    with store.draft("mixed", params={"depth": 3}, tags={"season": "été"}, lineage=_lineage(inputs)) as draft:
        draft["notes"] = ["a", {"b": (1, 2.5)}]
        draft["parts"] = [np.float32(0.5), {"frame": _frame().head(1)}]
        draft.path("sub/page.html").write_text("<p>" + "é" * 3_000, encoding="utf-8")


def expect(bundle: Bundle) -> dict[str, Any]:
    """Return what is to be read from a bundle, as plain JSON."""
    return {
        "name": bundle.name,
        "digest": bundle.digest,
        "size": bundle.size,
        "time": bundle.time.isoformat(),
        "owner": bundle.owner,
        "task": bundle.task,
        "fingerprint": bundle.fingerprint,
        "tags": bundle.tags,
        "params": values.to_json(bundle.params),
        "code": bundle.lineage.code,
        "packages": bundle.lineage.environment.packages,
        "inputs": [[i.role, i.name, i.id, i.digest] for i in bundle.inputs],
        "items": [
            [unquote(path), leaf.kind if hasattr(leaf, "kind") else type(leaf).__name__]
            for path, leaf in bundle.items()
        ],
        "data": describe(bundle.data),
    }


def describe(data: Any) -> Any:
    """Return data as plain JSON that tells it from any other."""
    if values.is_plain(data):
        return {"value": values.to_json(data)}
    if isinstance(data, Path):
        inside = [data] if data.is_file() else sorted(path for path in data.rglob("*") if path.is_file())
        files = {p.relative_to(data.parent).as_posix(): blake3(p.read_bytes()).hexdigest() for p in inside}
        return {"name": data.name, "files": files}
    if isinstance(data, pd.DataFrame):
        cells = [[values.to_json(_cell(cell)) for cell in data[column].tolist()] for column in data.columns]
        types = [str(data[column].dtype) for column in data.columns]
        index = [values.to_json(_cell(label)) for label in data.index.tolist()]
        return {
            "columns": values.to_json(data.columns.tolist()),
            "types": types,
            "cells": cells,
            "index": index,
        }
    if isinstance(data, pa.Table):
        return {"schema": str(data.schema), "rows": data.to_pylist()}
    if isinstance(data, np.ndarray | np.generic):
        return {"dtype": data.dtype.str, "shape": list(data.shape), "cells": np.asarray(data).tolist()}
    if isinstance(data, dict):
        return {key: describe(part) for key, part in data.items()}
    if isinstance(data, list):
        return [describe(part) for part in data]
    return {"predicts": np.asarray(data.predict(np.array([[0.1, 0.9], [0.9, 0.1]]))).tolist()}


def _folder(root: Path) -> Path:
    for path, text in {"a/same.txt": "in a", "b/same.txt": "in b", "run.sh": "#!/bin/sh\n"}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "run.sh").chmod(0o755)
    (root / "empty").mkdir()
    return root


def _many(root: Path) -> Path:
    """Write so many files that the manifest has a blob of its own."""
    root.mkdir()
    for number in range(150):
        (root / f"{number}.txt").write_text(f"file {number}")
    return root


def _frame() -> pd.DataFrame:
    zoned = pd.DatetimeIndex(["2026-03-29 00:30", "2026-07-01"], tz="UTC").tz_convert("Europe/Berlin")
    columns = {
        "category": pd.Categorical(["b", None], categories=["b", "a"], ordered=True),
        "count": pd.array([2**60, None], dtype="Int64"),
        "zoned": zoned,
        "lists": [[1, 2], None],
        "floats": [0.5, float("nan")],
    }
    return pd.DataFrame(columns, index=pd.Index(["x", "y"], name="row"))


def _lineage(inputs: tuple[Input, ...]) -> Lineage:
    return Lineage(
        task="pipeline:Mixed",
        fingerprint="ab" * 32,
        algorithm=1,
        code={"pipeline:Mixed": "cd" * 32},
        params={"depth": 3},
        inputs=inputs,
        environment=Environment(
            python="3.11.7", packages={"numpy": "2.0.0"}, git_commit="ef" * 20, git_dirty=True
        ),
        started=1,
        ended=2,
    )


def _cell(cell: Any) -> Any:
    if isinstance(cell, pd.Timestamp):
        return cell.isoformat()
    return None if cell is pd.NA else cell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
