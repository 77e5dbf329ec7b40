"""scikit-learn estimators by skops: types by an allow-list, nothing unpickled."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from typing import Any, BinaryIO

from stook.errors import InputError, IntegrityError, MissingExtraError
from stook.format import canonical
from stook.store.codec import Encoded, Source

__all__ = ["CODEC", "SklearnCodec"]

_CONTEXT = "stook v1 object"
_TREE = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
_TRUSTED = [_TREE]  # with its indices checked by `_check_trees`; all else is what skops itself trusts
_EPOCH = (1980, 1, 1, 0, 0, 0)
_SCHEMA = "schema.json"
_BLOCK_BYTES = 1 << 20
_MAX_SCHEMA_BYTES = 256 << 20


class SklearnCodec:
    """Keeps estimators and pipelines of scikit-learn's own types."""

    kind = "sklearn"
    suffix = ".skops"

    def dump(self, value: object, out: BinaryIO) -> Encoded:
        """Write an estimator to `out`.

        Raises:
            InputError: It holds a type that cannot be loaded safely again; the error names it.
            MissingExtraError: skops is not installed.
        """
        skops = _import_skops()
        try:
            raw = skops.dumps(value, compression=zipfile.ZIP_DEFLATED)
        except (TypeError, AttributeError, ValueError, NotImplementedError) as error:
            raise InputError(
                f"the model cannot be kept without pickle: {error}",
                kind="bad-model",
                hint="store its parts as values",
            ) from error
        untrusted = sorted(set(skops.get_untrusted_types(data=raw)) - set(_TRUSTED))
        if untrusted:
            raise InputError(
                f"the model holds types that Stook does not load again: {', '.join(untrusted)}",
                kind="untrusted-types",
                hint="use scikit-learn's own types, or store the parts as values and arrays",
            )
        members = _normalised(raw)
        out.write(_zipped(members))
        parts = [part for name, content in members for part in (name.encode(), _content(name, content))]
        return Encoded(canonical.digest(_CONTEXT, b"sklearn", *parts))

    def load(self, source: Source, meta: dict[str, object]) -> object:
        """Return the estimator.

        Raises:
            IntegrityError: The bytes are damaged, or hold types that are not trusted; the error names them.
            MissingExtraError: skops is not installed.
        """
        skops = _import_skops()
        data = source.read()
        try:
            untrusted = sorted(set(skops.get_untrusted_types(data=data)) - set(_TRUSTED))
            if untrusted:
                raise _damaged(f"it holds types that are not trusted: {', '.join(untrusted)}")
            value = skops.loads(data, trusted=_TRUSTED)
            _check_trees(value, set())
        except _BROKEN as error:
            raise _damaged(f"{type(error).__name__}: {error}") from error
        return value

    def digest(self, source: Source, meta: dict[str, object]) -> str:
        """Return what `dump` would say is the digest of a stored model. Neither skops nor scikit-learn is needed.

        Raises:
            IntegrityError: The bytes are damaged.
        """
        digest = canonical.Digest(_CONTEXT)
        digest.add(b"sklearn")
        try:
            with source.open() as file, zipfile.ZipFile(file) as archive:
                for info in archive.infolist():
                    _add_member(digest, archive, info)
        except _BROKEN as error:
            raise _damaged(f"{type(error).__name__}: {error}") from error
        return digest.hexdigest()


CODEC = SklearnCodec()
_BROKEN = (
    zipfile.BadZipFile, zlib.error, ValueError, TypeError, KeyError, AttributeError, IndexError, ImportError, EOFError,
    OverflowError, RuntimeError, OSError,
)  # fmt: skip


def _import_skops() -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise MissingExtraError(
            "skops is not installed, which keeps scikit-learn models", kind="missing-extra",
            hint="pip install 'stook[learn]'",
        ) from error  # fmt: skip
    return skops.io


def _normalised(raw: bytes) -> list[tuple[str, bytes]]:
    """Return the members of a skops file with object ids and names that do not change from run to run."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        schema = json.loads(archive.read(_SCHEMA))
        names: dict[str, str] = {}
        _renumber(schema, {}, names)
        members = [(new, archive.read(old)) for old, new in names.items()]
    return [(_SCHEMA, json.dumps(schema, separators=(",", ":")).encode()), *members]


def _renumber(node: Any, ids: dict[int, int], names: dict[str, str]) -> None:
    if isinstance(node, list):
        for child in node:
            _renumber(child, ids, names)
    elif isinstance(node, dict):
        if isinstance(node.get("__id__"), int):
            node["__id__"] = ids.setdefault(node["__id__"], len(ids) + 1)
        if "__loader__" in node and isinstance(node.get("file"), str):
            old = node["file"]
            node["file"] = names.setdefault(old, f"{len(names)}.{old.rpartition('.')[2]}")
        for child in node.values():
            _renumber(child, ids, names)


def _content(name: str, member: bytes) -> bytes:
    """Return what counts of a member: not which equal texts and numbers were one object in memory."""
    return re.sub(rb'"__id__":\d+,?', b"", member) if name == _SCHEMA else member


def _add_member(digest: canonical.Digest, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Take one member of a stored model into its digest."""
    digest.add(info.filename.encode())
    with archive.open(info) as member:
        if info.filename == _SCHEMA:
            if info.file_size > _MAX_SCHEMA_BYTES:
                raise ValueError(f"its {_SCHEMA} would be {info.file_size} bytes")
            digest.add(_content(_SCHEMA, member.read()))
        else:
            digest.add_pieces(info.file_size, iter(lambda: member.read(_BLOCK_BYTES), b""))


def _zipped(members: list[tuple[str, bytes]]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return sink.getvalue()


def _check_trees(value: Any, seen: set[int], features: int = 0) -> None:
    """Refuse trees whose indices lead out of their arrays: scikit-learn follows them without looking."""
    if id(value) in seen or isinstance(value, str | bytes | int | float):
        return
    seen.add(id(value))
    if isinstance(value, list | tuple | set):
        for child in value:
            _check_trees(child, seen, features)
    elif isinstance(value, dict):
        for child in value.values():
            _check_trees(child, seen, features)
    elif type(value).__name__ == "TreePredictor":
        _check_tree(value, features)
    elif type(value).__module__.startswith("sklearn.") and hasattr(value, "__dict__"):
        _check_trees(vars(value), seen, getattr(value, "n_features_in_", 0))


def _check_tree(tree: Any, features: int) -> None:
    nodes = tree.nodes
    inner = nodes[nodes["is_leaf"] == 0]
    own = (nodes["is_leaf"] == 0).nonzero()[0]
    for side in ("left", "right"):
        if (inner[side] <= own).any() or (inner[side] >= len(nodes)).any():
            raise _damaged("a branch of a tree leads nowhere")
    if (inner["feature_idx"] < 0).any() or (inner["feature_idx"] >= features).any() or not len(nodes):
        raise _damaged("a tree asks for a feature that there is not")
    categorical = inner[inner["is_categorical"] != 0]["bitset_idx"]
    if (categorical >= min(len(tree.binned_left_cat_bitsets), len(tree.raw_left_cat_bitsets))).any():
        raise _damaged("a tree asks for categories that there are not")


def _damaged(reason: str) -> IntegrityError:
    return IntegrityError(
        f"the stored scikit-learn model is not to be loaded: {reason}",
        kind="bad-model",
        hint="stook verify --deep",
    )
