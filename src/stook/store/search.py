"""Find bundles by what is said of them and by what is in them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING, cast

import msgspec

from stook import registry
from stook.catalog import ORDERS, BundleLine, Filter, Order
from stook.errors import InputError, IntegrityError, NotFoundError
from stook.model.record import Manifest
from stook.model.tree import Object, iter_items

if TYPE_CHECKING:
    from stook.store.bundle import Bundle
    from stook.store.codec import FrameCodec
    from stook.store.store import Store

__all__ = ["Query", "count_versions", "iter_lines", "moment", "search"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Query(msgspec.Struct, frozen=True):
    """What is looked for; empty fields do not count.

    In names, tags, tasks, kinds and columns `*`, `?` and `[ab]` match.

    Attributes:
        name: The bundle's name.
        tags: Tags that it bears.
        params: Parameters that it was made with, equal to these or written like them.
        task: What made it.
        owner: Who made it.
        since: Not before this; a time without a zone is local.
        until: Before this.
        kind: Kind of one of its items: `value`, `file`, `folder`, `frame`, `array`, …
        column: Column of one of its tables.
        committed: Whether it is committed.
        latest: Only the newest version of each name.
        order: Which come first.
        limit: How many at the most.
    """

    name: str = ""
    tags: Mapping[str, str] = {}
    params: Mapping[str, object] = {}
    task: str = ""
    owner: str = ""
    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""
    column: str = ""
    committed: bool | None = None
    latest: bool = False
    order: Order = "newest"
    limit: int | None = None

    @property
    def is_deep(self) -> bool:
        """Whether descriptions must be read to answer it."""
        return bool(self.params or self.kind or self.column)


def search(store: Store, query: Query) -> list[Bundle]:
    """Return the bundles of a store's context that a query asks for, in its order.

    Raises:
        InputError: Something in the query cannot be looked for.
    """
    return list(_iter_bundles(store, query))


def iter_lines(store: Store, query: Query) -> Iterator[BundleLine]:
    """Yield what a listing says of the bundles that a query asks for, as they are when the first is taken.

    Where the query asks for nothing that only descriptions hold, they are not read: a hundred thousand lines are quick.

    Raises:
        InputError: Something in the query cannot be looked for.
    """
    if query.is_deep:
        yield from (_line_of(bundle) for bundle in _iter_bundles(store, query))
        return
    wanted = _refreshed_filter(store, query)
    if wanted is not None:
        yield from store.repository.catalog.bundles.iter_lines(wanted, limit=query.limit)


def count_versions(store: Store, query: Query) -> list[tuple[str, int]]:
    """Return the names of the bundles that a query asks for, sorted, and how many versions each has of them.

    Raises:
        InputError: Something in the query cannot be looked for.
    """
    if query.is_deep or query.limit is not None:
        return sorted(Counter(line.name for line in iter_lines(store, query)).items())
    wanted = _refreshed_filter(store, query)
    return store.repository.catalog.bundles.count_versions(wanted) if wanted else []


def moment(given: datetime | str | None) -> datetime | None:
    """Read a time: `2026-01-31`, `2026-01-31T12:00`, with or without a zone.

    Raises:
        InputError: It is none.
    """
    if not isinstance(given, str):
        return given
    try:
        return datetime.fromisoformat(given)
    except ValueError as error:
        raise _no_time(given) from error


def _iter_bundles(store: Store, query: Query) -> Iterator[Bundle]:
    wanted = _refreshed_filter(store, query)
    if wanted is None:
        return
    found = store.repository.catalog.bundles.iter_found(wanted, limit=None if query.is_deep else query.limit)
    bundles = (store.bundle_of(row) for row in found)
    if query.is_deep:
        bundles = (bundle for bundle in bundles if _has(bundle, query))
    yield from islice(bundles, query.limit)


def _refreshed_filter(store: Store, query: Query) -> Filter | None:
    """Return what the catalog shall look for, having brought it up to date; None where there is no such context."""
    _check(query)
    wanted = Filter(
        "",
        name=unicodedata.normalize("NFC", query.name),
        tags=query.tags,
        task=query.task,
        owner=query.owner,
        since=_micros(query.since),
        until=_micros(query.until),
        committed=query.committed,
        latest=query.latest,
        order=query.order,
    )
    store.refresh()
    context = store.find_context_id()
    return msgspec.structs.replace(wanted, context=context) if context else None


def _check(query: Query) -> None:
    words = (query.name, query.task, query.owner, query.kind, query.column, *query.tags, *query.tags.values())
    for word in words:
        if not isinstance(word, str) or not _is_unicode(word):
            raise InputError(
                f"{word!r} cannot be looked for: it is no text",
                kind="bad-search",
                hint="stook search --help says what can",
            )
    if query.order not in ORDERS:
        raise InputError(
            f"there is no order {query.order!r}", kind="bad-search", hint=f"one of {', '.join(ORDERS)}"
        )
    if query.limit is not None and query.limit < 0:
        raise InputError(
            f"no search finds {query.limit} bundles", kind="bad-search", hint="a limit is 0 or more"
        )


def _line_of(bundle: Bundle) -> BundleLine:
    record = bundle.record
    return BundleLine(
        id=record.id,
        context=record.context,
        name=record.name,
        digest=record.digest,
        task=record.task,
        owner=record.owner,
        micros=record.time,
        size=record.size,
        tags=bundle.tags,
        commit=bundle.committed,
    )


def _has(bundle: Bundle, query: Query) -> bool:
    try:
        manifest = bundle.manifest
        return (
            all(_has_param(manifest, name, value) for name, value in query.params.items())
            and (not query.kind or any(fnmatchcase(kind, query.kind) for kind in _kinds(manifest)))
            and (not query.column or any(fnmatchcase(name, query.column) for name in _columns(bundle)))
        )
    except (IntegrityError, NotFoundError):  # damaged, or collected in this moment
        return False  # `verify` tells of it; whoever looks for another bundle is not held up


def _has_param(manifest: Manifest, name: str, wanted: object) -> bool:
    if name not in manifest.params:
        return False
    import json

    from stook.format import values

    kept = manifest.params[name]
    value = values.from_json(kept)
    return value == wanted or str(wanted) in {str(value), json.dumps(kept)}  # both True and true


def _kinds(manifest: Manifest) -> Iterator[str]:
    for _, leaf in iter_items(manifest.tree):
        yield leaf.kind if isinstance(leaf, Object) else type(leaf).__name__.lower()


def _columns(bundle: Bundle) -> Iterator[str]:
    from stook.store.reading.decode import BlobSource

    for _, leaf in iter_items(bundle.tree):
        if isinstance(leaf, Object) and leaf.kind == "frame":
            codec = cast("FrameCodec", registry.codec(leaf.kind))
            source = BlobSource(bundle.repository, leaf.blob, codec.suffix)
            yield from (name for name, _ in codec.describe(source, leaf.meta).columns)


def _micros(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    try:
        return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError) as error:
        raise _no_time(str(moment)) from error


def _no_time(given: str) -> InputError:
    return InputError(
        f"{given!r} is no time", kind="bad-time", hint="write it as 2026-01-31 or 2026-01-31T12:00"
    )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
