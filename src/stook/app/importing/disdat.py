"""Import a Disdat context: each of its bundles as a version of its name, oldest first."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from stook.app.importing.catalog import list_bundles
from stook.app.importing.content import read_content
from stook.app.importing.names import name_all
from stook.app.importing.outcome import Imported, ImportedBundle, NotImported, Observer, ignore
from stook.app.importing.places import Place, find_place
from stook.app.importing.records import Dependency, HyperFrame
from stook.errors import InputError, IntegrityError, NotFoundError
from stook.model.lineage import Environment, Input, Lineage
from stook.store.store import Store

if TYPE_CHECKING:
    from stook.store.bundle import Bundle

__all__ = ["UUID_TAG", "import_disdat"]

UUID_TAG: Final = "disdat.uuid"
"""The tag by which a bundle is known to be imported."""

_PARAM = "__param."
_COMMITTED = "committed"
_MICROS = 1e6
_MAX_OWNER = 255


def import_disdat(
    store: Store, source: str, *, dry_run: bool = False, observer: Observer = ignore
) -> Imported:
    """Import what a store has not yet of a Disdat context: names, tags, parameters, commits, lineage and content.

    A bundle that cannot be imported is left out and named; all others are imported. What was imported before is known
    by the tag `disdat.uuid`.

    Args:
        store: Where to.
        source: The context: a folder, such as `~/.disdat/context/NAME`, or `s3://bucket/prefix/context/NAME`.
        dry_run: Only say what would be imported; contents are not read.
        observer: Is told of each bundle.

    Raises:
        InputError: There is no context.
        MissingExtraError: There are tables in it, and pandas is not installed.
        StorageError: It, or the store, cannot be reached. What was imported by then stays, and the same call goes on.
    """
    place = find_place(source)
    listing = list_bundles(place)
    for failure in listing.failed:
        observer(failure)
    importer = _Importer(store, place, name_all(_name(bundle) for bundle in listing.bundles), dry_run=dry_run)
    done: list[ImportedBundle] = []
    failed = list(listing.failed)
    for bundle in listing.bundles:
        outcome = importer.take(bundle)
        observer(outcome)
        if isinstance(outcome, NotImported):
            failed.append(outcome)
        else:
            done.append(outcome)
    return Imported(place.url, tuple(done), tuple(failed))


class _Importer:
    """Imports bundles one by one, and knows those that are imported.

    Args:
        store: Where to.
        place: Where from.
        names: What each name becomes.
        dry_run: Write nothing.
    """

    def __init__(self, store: Store, place: Place, names: dict[str, str], *, dry_run: bool) -> None:
        self._store = store
        self._place = place
        self._names = names
        self._dry_run = dry_run
        found = store.search(tags={UUID_TAG: "*"}, order="oldest")
        self._known = {bundle.tags[UUID_TAG]: bundle for bundle in found}

    def take(self, bundle: HyperFrame) -> ImportedBundle | NotImported:
        """Import a bundle, unless it is imported already."""
        known = self._known.get(bundle.uuid)
        try:
            here = known or (None if self._dry_run else self._add(bundle))
            if here and _is_committed(bundle) and not here.committed and not self._dry_run:
                self._store.commit(here, "committed in Disdat")
        except (InputError, IntegrityError, NotFoundError) as error:
            return NotImported(bundle.uuid, _name(bundle), error.message)
        return ImportedBundle(
            uuid=bundle.uuid,
            given=_name(bundle),
            name=here.name if here else self._names[_name(bundle)],
            created=_time(bundle),
            owner=bundle.owner,
            ref=here.ref if here else "",
            is_new=known is None,
        )

    def _add(self, bundle: HyperFrame) -> Bundle:
        data = read_content(self._place, bundle)
        draft = _in_name_of(bundle.owner, self._store).draft(
            self._names[_name(bundle)],
            params=_params(bundle),
            tags=self._tags(bundle),
            lineage=self._lineage(bundle),
        )
        with draft:
            draft.set(data)
        self._known[bundle.uuid] = draft.bundle
        return draft.bundle

    def _tags(self, bundle: HyperFrame) -> dict[str, str]:
        tags = {key: text for key, text in bundle.tags.items() if key and not key.startswith(_PARAM)}
        if _is_committed(bundle):
            del tags[_COMMITTED]
        name = _name(bundle)
        if self._names[name] != name:
            tags["disdat.name"] = name
        if bundle.processing_name and bundle.processing_name != name:
            tags["disdat.processing_name"] = bundle.processing_name
        return tags | {
            UUID_TAG: bundle.uuid,
            "disdat.created": _time(bundle).isoformat(timespec="microseconds"),
        }

    def _lineage(self, bundle: HyperFrame) -> Lineage:
        made = bundle.made
        known = [(each, self._known.get(each.uuid)) for each in made.dependencies]
        created = int(made.created * _MICROS)
        return Lineage(
            task=made.code.get("method", "import"),
            code=made.code,
            inputs=tuple(_input(each, found) for each, found in known if found),
            sources=(
                f"{self._place.url}/objects/{bundle.uuid}",
                *(f"disdat:{each.uuid}" for each, found in known if not found),
            ),
            environment=Environment(git_commit=made.code.get("commit", "")),
            started=_micros(made.started) or created,
            ended=_micros(made.ended) or created,
        )


def _input(dependency: Dependency, bundle: Bundle) -> Input:
    return Input(dependency.argument or bundle.name, bundle.name, bundle.id, bundle.digest)


def _in_name_of(owner: str, store: Store) -> Store:
    """Return the store as one in which someone else makes bundles."""
    if not owner or not owner.isprintable() or len(owner) > _MAX_OWNER:
        return store
    repository = copy.copy(store.repository)
    repository.owner = owner
    return Store(repository, store.context)


def _params(bundle: HyperFrame) -> dict[str, object]:
    return {key.removeprefix(_PARAM): text for key, text in bundle.tags.items() if key.startswith(_PARAM)}


def _is_committed(bundle: HyperFrame) -> bool:
    return bundle.tags.get(_COMMITTED) == "True"


def _name(bundle: HyperFrame) -> str:
    return bundle.name or bundle.processing_name


def _time(bundle: HyperFrame) -> datetime:
    return datetime.fromtimestamp(bundle.made.created, tz=UTC)


def _micros(seconds: float) -> int:
    """Return a time in microseconds; 0 where it is not known, or none."""
    return int(seconds * _MICROS) if 0 < seconds < 1e11 else 0
