"""The content of a Disdat bundle as data for a store: what Disdat hands out, and its files as files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from stook.app.importing.elements import BUNDLE, LINK, STRING, array, numbers, parsed, scalar
from stook.app.importing.places import Place
from stook.app.importing.records import Frame, HyperFrame, Presentation, load_frame
from stook.app.importing.wire import broken
from stook.errors import InputError, IntegrityError, NotFoundError
from stook.model.paths import find_path_problem
from stook.store.intake.content import Files, Stream

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_content"]

MAX_FRAME_BYTES: Final = 2**31
"""What a message of protocol buffers has at the most."""

_SCHEME = "bundle://"
_UNNAMED = "unnamed"
_SHOWN = 5


def read_content(place: Place, bundle: HyperFrame) -> object:
    """Return what a bundle has, for a draft.

    Raises:
        InputError: It is of a kind that cannot be imported.
        NotFoundError: Files of it are missing; some are named.
        IntegrityError: It is damaged, or hostile.
        MissingExtraError: It is a table, and pandas is not installed.
        StorageError: It cannot be reached.
    """
    frames = [
        load_frame(place.read(f"{bundle.uuid}/{uuid}_frame.pb", MAX_FRAME_BYTES)) for _, uuid in bundle.frames
    ]
    files = _Files(place, bundle)
    first = frames[0] if frames else None
    match bundle.presentation:
        case Presentation.TABLE:
            return _table(frames, files)
        case _ if first is None:
            return None
        case Presentation.BUNDLES:
            return list(first.bundles)
        case Presentation.SCALAR:
            return files.sole(first) if first.type == LINK else scalar(first)
        case Presentation.ARRAY:
            return files.folder(first) if first.type == LINK else array(first)
        case Presentation.ROW:
            return _row(frames, files)
        case Presentation.JSON:
            return parsed(first)
    raise InputError(
        f"it is of a kind that is not known here: {bundle.presentation}",
        kind="unknown-presentation",
        hint="write its data to a file, and add that: stook add NAME FILE",
    )


class _Files:
    """The files of a bundle that frames of it link to."""

    def __init__(self, place: Place, bundle: HyperFrame) -> None:
        self._place = place
        self._bundle = bundle

    def paths(self, frame: Frame) -> list[str]:
        """Return the paths of the files in the bundle."""
        return [_path(link) for link in frame.links]

    def sole(self, frame: Frame) -> Path | Stream:
        """Return the only file of a frame."""
        paths = self.paths(frame)
        if len(paths) != 1:
            raise broken("it has not one file")
        return self.found(paths)[paths[0]]

    def folder(self, frame: Frame) -> Files:
        """Return the files of a frame as a folder."""
        return Files("files", self.found(self.paths(frame)))

    def found(self, paths: Sequence[str]) -> dict[str, Path | Stream]:
        """Return files by their paths."""
        files: dict[str, Path | Stream] = {}
        missing = []
        for path in dict.fromkeys(paths):
            try:
                files[path] = self._place.file(f"{self._bundle.uuid}/{path}")
            except NotFoundError:
                missing.append(path)
        if missing:
            raise self._missing(missing)
        return files

    def _missing(self, paths: Sequence[str]) -> NotFoundError:
        more = f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else ""
        remote = self._place.remote
        return NotFoundError(
            f"files of it are missing: {', '.join(paths[:_SHOWN]):.500}{more}"
            + (f"; they may be in {remote}" if remote else ""),
            kind="missing-file",
            hint="import the context that has them, such as the remote one",
        )


def _path(link: str) -> str:
    path = link.removeprefix(_SCHEME)
    if path == link:
        raise InputError(
            f"it links to {link.partition('?')[0]!r:.100}, which is not in the bundle",
            kind="foreign-link",
            hint="add what it links to: stook add NAME PATH",
        )
    problem = find_path_problem(path)
    if problem:
        raise IntegrityError(
            f"it names the file {path!r:.200}: {problem}",
            kind="hostile-path",
            hint="do not trust where this context came from",
        )
    return path


def _table(frames: Sequence[Frame], files: _Files) -> object:
    names = [frame.name for frame in frames]
    if len(set(names)) < len(names):
        raise broken("two of its columns have one name")
    columns = {frame.name: _column(frame, files) for frame in frames}
    if len({len(column) for column in columns.values()}) > 1:
        raise broken("its columns are not of one length")
    links = [frame for frame in frames if frame.type == LINK]
    table = _data_frame(columns)
    if not links:
        return table
    from stook.frames.links import LinkedTable

    kept = files.found([path for frame in links for path in files.paths(frame)])
    return {"table": LinkedTable(table, tuple(frame.name for frame in links)), "files": Files("files", kept)}


def _data_frame(columns: dict[str, Any]) -> Any:
    try:
        import pandas
    except ImportError as error:
        from stook.errors import MissingExtraError

        raise MissingExtraError(
            "pandas is not installed, and tables of Disdat are its",
            kind="missing-extra",
            hint="pip install 'stook[pandas]'",
        ) from error
    return pandas.DataFrame(columns)


def _column(frame: Frame, files: _Files) -> Any:
    import numpy

    if frame.type == LINK:
        return numpy.array(files.paths(frame), dtype=object)
    if frame.type == BUNDLE:
        return numpy.array(frame.bundles, dtype=object)
    if frame.type == STRING:
        return numpy.array(frame.strings, dtype=object)
    column = numpy.atleast_1d(numbers(frame))
    if column.ndim != 1:
        raise broken("one of its columns is no column")
    return column


def _row(frames: Sequence[Frame], files: _Files) -> object:
    """Return what Disdat made of a dict, in which all values are lists; or of a tuple, which has no names."""
    if _UNNAMED in frames[0].name:
        first = frames[0]
        if first.type == LINK:
            return files.folder(first)
        return tuple(first.strings) if first.type == STRING else tuple(numbers(first).tolist())
    if len({frame.name for frame in frames}) < len(frames):
        raise broken("two of its values have one name")
    return {frame.name: _value(frame, files) for frame in frames}


def _value(frame: Frame, files: _Files) -> object:
    if frame.type == LINK:
        return files.sole(frame) if len(frame.links) == 1 else files.folder(frame)
    if frame.type != STRING and math.prod(frame.shape) == 1:
        return numbers(frame).reshape(-1).tolist()
    return array(frame)
