"""What is given to `stook add`, as data: paths, URLs and standard input, as files or as tables."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from stook.errors import InputError, NotFoundError
from stook.frames.table_names import find_format, table_stem
from stook.model.naming import short_names
from stook.model.paths import find_path_problem
from stook.storage.disk_errors import translate_os_errors
from stook.storage.fetch import list_folder, open_url
from stook.storage.urls import find_scheme, folder_of, local_path, redact, url_parts
from stook.store.intake.content import Files, Stream

if TYPE_CHECKING:
    from stook.frames.files import TableOptions

__all__ = ["Source", "TableReading", "find_sources", "gather", "is_table"]

_NOTHING = Stream("", lambda: nullcontext(io.BytesIO()))
_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to add.

    Attributes:
        given: How it was given, without secrets.
        place: The parts of its path from the root, or of its URL from the host.
        content: The file or folder.
        base: The folder, or URL, that links in it start from.
    """

    given: str
    place: tuple[str, ...]
    content: Path | Stream | Files
    base: str

    @property
    def name(self) -> str:
        """Its own name."""
        return self.place[-1] if self.place else ""


@dataclass(frozen=True, slots=True)
class TableReading:
    """How to make tables of files.

    Attributes:
        options: How to read them.
        link_columns: Columns whose cells name files to keep too.
        find_links: Whether to look for such columns.
    """

    options: TableOptions
    link_columns: tuple[str, ...] = ()
    find_links: bool = False


def find_sources(
    given: Sequence[str], *, stdin: BinaryIO | None = None, stdin_name: str = "stdin"
) -> list[Source]:
    """Look at what was given.

    Args:
        given: Paths and URLs; `-` is standard input.
        stdin: Standard input.
        stdin_name: The file name that it shall have.

    Raises:
        InputError: One makes no sense, or one is given twice.
        NotFoundError: There is nothing below a prefix of a bucket.
    """
    sources = [_source(text, stdin, stdin_name) for text in given]
    seen: dict[tuple[str, tuple[str, ...]], str] = {}
    for text, source in zip(given, sources, strict=True):
        key = (_identity(text), source.place)
        if key in seen:
            raise InputError(
                f"{source.given} is given twice"
                + (f", also as {seen[key]}" if seen[key] != source.given else ""),
                kind="same-path",
                hint="name each path once",
            )
        seen[key] = source.given
    return sources


def gather(sources: Sequence[Source], folder: Path, reading: TableReading | None = None) -> object:
    """Return the data for `Store.add`: of one source its content, of several a dict by their names.

    Same-named ones are in dicts by their folders: `{"north": {"x.csv": …}, "south": {"x.csv": …}}`.

    Args:
        sources: What to add.
        folder: An empty folder, for what must be on disk to be read as a table.
        reading: How to make tables of those that are tables by their names; with none all stay files.

    Raises:
        InputError: None is a table, or one cannot be read as one.
    """
    tables = [source for source in sources if reading is not None and is_table(source, reading)]
    if reading is not None and not tables:
        raise InputError(
            f"{sources[0].given} is no table by its name",
            kind="unknown-format",
            hint="say what it is by --format csv, tsv, json, jsonl, parquet, arrow or xlsx",
        )
    data = [
        _table(source, folder / str(number), reading)
        if reading is not None and source in tables
        else source.content
        for number, source in enumerate(sources)
    ]
    return data[0] if len(data) == 1 else _nested(_names(sources, tables), data)


def _source(text: str, stdin: BinaryIO | None, stdin_name: str) -> Source:
    if text == "-":
        return _standard_input(stdin, stdin_name)
    scheme = find_scheme(text)
    if scheme and scheme != "file":
        return _remote(text, scheme)
    if not text:
        raise InputError("a path is empty", kind="no-such-file", hint="name a file or folder")
    path = local_path(text) if scheme else Path(text)
    real = path.resolve() if path.name in {"", ".."} else path.parent.resolve() / path.name
    return Source(redact(text), real.parts[1:], path, str(path.parent))


def _standard_input(stdin: BinaryIO | None, name: str) -> Source:
    if problem := find_path_problem(name) or ("it has a slash in it" if "/" in name else ""):
        raise InputError(
            f"{name!r} is no name of a file: {problem}", kind="bad-path", hint="--stdin-name data.csv"
        )
    if stdin is None:
        raise InputError("there is no standard input", kind="no-stdin", hint="name a file")
    return Source("-", (name,), Stream(name, lambda: nullcontext(stdin)), ".")


def _remote(url: str, scheme: str) -> Source:
    place = url_parts(url)
    base = folder_of(url)
    if scheme == "s3" and (url.endswith("/") or len(place) == 1):
        url = url if url.endswith("/") else f"{url}/"
        # What is empty is not asked for: it may be there under a name that ends with a slash only.
        files = {below.path: _stream(below.url) if below.size else _NOTHING for below in list_folder(url)}
        if not files:
            raise NotFoundError(
                f"there is nothing below {url}", kind="url-not-found", hint="check the bucket and the prefix"
            )
        return Source(redact(url), place, Files(place[-1], files), base)
    return Source(redact(url), place, _stream(url), base)


def _stream(url: str) -> Stream:
    return Stream(url_parts(url)[-1], partial(open_url, url))


def _identity(text: str) -> str:
    """Return what tells two sources of one place apart: a URL by its query too."""
    scheme = find_scheme(text)
    return "" if not scheme or scheme == "file" else text


def is_table(source: Source, reading: TableReading) -> bool:
    """Tell whether a source is made a table of: what has the name of one, or every file where a format is given."""
    if isinstance(source.content, Files) or (isinstance(source.content, Path) and source.content.is_dir()):
        return False
    return bool(reading.options.format or find_format(source.name))


def _table(source: Source, folder: Path, reading: TableReading) -> object:
    from stook.frames.files import read_table
    from stook.frames.links import find_link_columns, linked

    table = read_table(
        _on_disk(source, folder), reading.options, name=source.given if source.given != "-" else source.name
    )
    if not (reading.find_links or reading.link_columns):
        return table
    table = table.read_all() if hasattr(table, "read_all") else table
    columns = list(reading.link_columns)
    if reading.find_links:
        columns += find_link_columns(table, base=source.base)
        if not columns:
            raise InputError(
                f"no column of {source.given} holds only paths of files, or URLs",
                kind="no-links",
                hint=f"name one by --link, of {', '.join(table.column_names):.200}",
            )
    return linked(table, columns, base=source.base)


def _on_disk(source: Source, folder: Path) -> Path:
    """Return the path of a file with the source's content; a table is read more than once."""
    if isinstance(source.content, Path):
        _check_file(source.content)
        return source.content
    assert isinstance(source.content, Stream)  # noqa: S101 - a folder is no table
    with translate_os_errors(folder):
        folder.mkdir()
        path = folder / source.name
        with source.content.open() as reader, path.open("xb") as file:
            shutil.copyfileobj(reader, file, _PIECE_BYTES)
    return path


def _check_file(path: Path) -> None:
    if not path.exists():
        raise InputError(
            f"there is no file {path}", kind="no-such-file", hint="check the path", path=str(path)
        )
    if not path.is_file():
        raise InputError(
            f"{path} is no regular file, and so cannot be read as a table",
            kind="not-a-file",
            hint="a pipe is read from standard input: stook add NAME - --frame --format csv",
        )


def _names(sources: Sequence[Source], tables: Sequence[Source]) -> list[str]:
    """Return the name of each source in the bundle; a table's is without `.csv` where that tells it from the others."""
    places = [source.place for source in sources]
    bare = [
        (*source.place[:-1], table_stem(source.name)) if source in tables else source.place
        for source in sources
    ]
    return short_names(bare if len(set(bare)) == len(bare) else places)


def _nested(names: Sequence[str], data: Sequence[object]) -> dict[str, object]:
    """Return data by name; a name with `/` is in a dict of its folder."""
    folders = {"/".join(above) for name in names for above in _above(name)}
    if mixed := folders.intersection(names):
        raise InputError(
            f"{min(mixed)} would be both something and a folder of others",
            kind="same-path",
            hint="add it under a name of its own",
        )
    top: dict[str, object] = {}
    for name, item in zip(names, data, strict=True):
        inside = top
        *above, last = name.split("/")
        for folder in above:
            inside = cast(dict[str, object], inside.setdefault(folder, {}))
        inside[last] = item
    return top


def _above(name: str) -> list[list[str]]:
    """Return the folders above a name, each as its parts."""
    parts = name.split("/")
    return [parts[:end] for end in range(1, len(parts))]
