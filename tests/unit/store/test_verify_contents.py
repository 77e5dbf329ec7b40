"""What `verify` finds where a bundle claims to be what it is not, though all bytes are as they were written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import lightgbm
import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LinearRegression

import stook
from stook import registry
from stook.errors import MissingExtraError
from stook.format import records, trees
from stook.frames.links import linked
from stook.model.record import Manifest
from stook.model.tree import Dict, Node, Object, Sequence, Value
from stook.store import Store
from stook.store.reading.decode import BlobSource
from stook.store.verify import Problem, Progress, Verified, verify

X = np.random.default_rng(1).random((60, 2))


def booster(scale: float) -> lightgbm.Booster:
    """A small model."""
    data = lightgbm.Dataset(X, X[:, 0] * scale)
    return lightgbm.train({"verbose": -1, "num_threads": 1}, data, 2)


# Of each kind two, which differ a little.
PAIRS: dict[str, tuple[Any, Any]] = {
    "value": ({"a": 1}, {"a": 2}),
    "pandas": (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 3]})),
    "pandas index": (pd.DataFrame({"a": [1]}, index=["x"]), pd.DataFrame({"a": [1]}, index=["y"])),
    "pandas labels": (pd.DataFrame([[1, 2]]), pd.DataFrame([[1, 2]], columns=["0", "1"])),
    "pandas attrs": (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1]}).assign(a=1)),
    "pandas category": (
        pd.DataFrame({"a": pd.Categorical(["x"], ["x", "y"], ordered=True)}),
        pd.DataFrame({"a": pd.Categorical(["x"], ["y", "x"], ordered=True)}),
    ),
    "polars": (pl.DataFrame({"a": ["x", None]}), pl.DataFrame({"a": ["x", ""]})),
    "polars series": (pl.Series("a", [1]), pl.DataFrame({"a": [1]})),
    "arrow": (pa.table({"a": [1.5, 2.5]}), pa.table({"a": [1.5, 2.5000000000000004]})),
    "arrow types": (pa.table({"a": pa.array([1], pa.int8())}), pa.table({"a": pa.array([1], pa.int16())})),
    "array": (np.arange(6.0), np.arange(6.0) + 1),
    "array shape": (np.arange(6).reshape(2, 3), np.arange(6).reshape(3, 2)),
    "array by columns": (np.asfortranarray(X), np.asfortranarray(X[::-1])),
    "scalar": (np.float64(1), np.asarray(1.0)),
    "lightgbm": (booster(1), booster(2)),
    "sklearn": (LinearRegression().fit(X, X[:, 0]), LinearRegression().fit(X, X[:, 1])),
}
PAIRS["pandas attrs"][0].attrs = {"unit": "m"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store."""
    return stook.open(tmp_path / "store", context="test")


def plant(store: Store, tree: Node, *, digest: str = "") -> None:
    """Write the record of a bundle `bad` that says that it has a tree, as only a forger or a mistake does."""
    record = msgspec.structs.replace(
        store.add("good", 1).record,
        id=store.repository.clock.new_id(),
        name="bad",
        digest=digest or trees.digest_tree(tree),
        size=sum(blob.size for _, blob in _parts(tree)),
        manifest=Manifest(tree),
    )
    store.repository.log.append([records.dump(record)])


def _parts(tree: Node) -> list[tuple[str, Any]]:
    from stook.store.packs.reach import iter_parts

    return list(iter_parts(tree))


def only(found: Verified) -> Problem:
    """Return the sole problem."""
    assert len(found.problems) == 1, found.problems
    return found.problems[0]


def claim(honest: Node, claimed: str) -> Value | Object:
    """Return an item that claims another digest."""
    assert isinstance(honest, Value | Object)
    return msgspec.structs.replace(honest, digest=claimed)


@pytest.mark.parametrize("kind", PAIRS)
def test_an_item_that_claims_the_digest_of_another_is_found(store: Store, kind: str) -> None:
    """Found by `deep` alone, which names bundle and item; honest bundles with the same bytes stay sound."""
    one, other = (store.add("honest", data) for data in PAIRS[kind])
    assert verify(store, deep=True).is_clean
    tree = Dict((("fine", other.tree), ("forged", claim(one.tree, other.tree.digest))))  # type: ignore[union-attr]
    plant(store, tree)
    assert verify(store).is_clean
    problem = only(verify(store, deep=True))
    assert problem.kind == "wrong-digest"
    assert [affected.bundle.partition("@")[0] for affected in problem.bundles] == ["bad"]
    assert problem.bundles[0].items == ("forged",)
    assert "forged: " in problem.message
    assert "stook rm 'bad@" in problem.hint or "stook rm bad@" in problem.hint
    assert only(verify(store, deep=True, names=["bad"])).kind == "wrong-digest"
    assert verify(store, deep=True, names=["honest"]).is_clean


def test_a_tree_of_another_digest_is_found_at_once(store: Store) -> None:
    """Whether a bundle's digest is that of its tree needs no content, and so is told without `deep`."""
    plant(store, store.add("honest", {"a": 1}).tree, digest="0" * 64)
    problem = only(verify(store))
    assert problem.kind == "damaged-bundle"
    assert "is not the one that its record names" in problem.message


def test_columns_that_are_said_to_link_are_found(store: Store, tmp_path: Path) -> None:
    """A table whose description says that it links, and whose digest does not, is not what it says."""
    (tmp_path / "x.txt").write_text("x")
    honest = store.add("honest", linked(pa.table({"file": ["x.txt"]}), "file", base=tmp_path)).tree
    assert isinstance(honest, Dict)
    (key, table), files = honest.entries
    assert isinstance(table, Object)
    plain = msgspec.structs.replace(table, meta={k: v for k, v in table.meta.items() if k != "links"})
    plant(store, Dict(((key, plain), files)))
    assert only(verify(store, deep=True)).bundles[0].items == ("table",)


def test_bytes_of_another_digest_are_found(store: Store) -> None:
    """An item whose content is right, but whose bytes claim a digest that they have not, could not be read."""
    item = store.add("honest", np.frombuffer(os.urandom(400_000), np.uint8)).tree
    assert isinstance(item, Object)
    assert item.blob.chunks
    plant(store, msgspec.structs.replace(item, blob=msgspec.structs.replace(item.blob, digest="0" * 64)))
    assert "another digest" in only(verify(store, deep=True)).message


def test_bytes_of_another_kind_are_found(store: Store) -> None:
    """What its codec cannot read at all is wrong, and nothing else is raised."""
    blob = store.add("honest", ["some text"]).tree.blob  # type: ignore[union-attr]
    items = [Object(kind, "0" * 64, blob) for kind in ("frame", "array", "lightgbm", "sklearn")]
    plant(store, Sequence(tuple(items)))
    assert only(verify(store, deep=True)).bundles[0].items == ("0", "1", "2", "3")


def test_what_cannot_be_checked_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a kind that nothing here knows nor a library that is not there makes a store unsound."""
    blob = store.add("honest", ["some text"]).tree.blob  # type: ignore[union-attr]
    plant(store, Dict((("a", Object("hologram", "0" * 64, blob)), ("b", Object("needy", "1" * 64, blob)))))
    codec = registry.codec
    monkeypatch.setattr(registry, "codec", lambda kind: _Needy() if kind == "needy" else codec(kind))
    found = verify(store, deep=True)
    assert found.is_clean
    assert [sentence.partition(":")[0] for sentence in found.unchecked] == [
        "the content of 1 item was not held against the digest"
    ] * 2
    assert "hologram" in found.unchecked[1]
    assert "needy is not installed" in found.unchecked[0]
    assert not verify(store).unchecked


class _Needy:
    """A plug-in's codec whose library is not installed."""

    kind = "needy"
    suffix = ".needy"

    def digest(self, source: BlobSource, meta: dict[str, object]) -> str:
        raise MissingExtraError("needy is not installed", kind="missing-extra")


def test_a_content_is_checked_once(store: Store) -> None:
    """However many bundles share a table, it is read once."""
    for number in range(5):
        store.add("same", pa.table({"a": list(range(1000))}), params={"n": number})
    told: list[Progress] = []
    verify(store, deep=True, observer=told.append)
    assert [progress.done for progress in told if progress.what == "values and tables"] == [1]


CHECK = """
import sys, stook
from stook.store.verify import verify

assert verify(stook.open(sys.argv[1], context="test"), deep=True).is_clean
lines = open("/proc/self/status").read().splitlines()
print(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")))
"""


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_a_large_table_needs_little_memory(tmp_path: Path) -> None:
    """A table of 800 MB is checked in a process that never takes 500 MB."""
    store = stook.open(tmp_path / "store", context="test")
    random = np.random.default_rng(1)
    schema = pa.schema([(f"c{column}", pa.float64()) for column in range(8)])
    batches = (pa.record_batch([random.random(1 << 20) for _ in schema], schema=schema) for _ in range(12))
    store.add("large", pa.RecordBatchReader.from_batches(schema, batches))
    command = [sys.executable, "-c", CHECK, str(tmp_path / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 500_000
