"""The store: every verb on bundles, each done by the module of its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from stook import registry
from stook.model.refs import check_name
from stook.store.bundle import Bundle
from stook.store.sharing import SharedView

if TYPE_CHECKING:
    from stook.catalog import Order
    from stook.model.lineage import Lineage
    from stook.store.ancestry import Ancestry, Direction
    from stook.store.checkout import Checkout, Status
    from stook.store.diffing import Difference
    from stook.store.draft import Draft
    from stook.store.gc import Collected
    from stook.store.rebuild import Rebuilt
    from stook.store.trace import Trace
    from stook.store.usage import Usage
    from stook.store.verify import Verified
    from stook.store.words.alias import Alias
    from stook.store.words.contexts import Context
    from stook.store.words.history import Happening

__all__ = ["Store"]


class Store(SharedView):
    """Bundles of one context. Safe to share between threads. Made by `stook.open`.

    Args:
        repository: Where they are.
        context: Name of the context; made when the first bundle is added.
    """

    def __reduce__(self) -> tuple[object, ...]:
        from stook.store.open import reopen

        return reopen, (
            self.repository.url,
            self.context,
            str(self.repository.cache.parent),
            self.repository.owner,
            dict(self.repository.options),
        )

    def add(  # noqa: PLR0913 - each is one thing to say of a bundle, and by name
        self,
        name: str,
        data: object,
        *,
        params: Mapping[str, object] | None = None,
        tags: Mapping[str, str] | None = None,
        inputs: Mapping[str, Bundle] | Iterable[Bundle] = (),
        lineage: Lineage | None = None,
        links: str | Sequence[str] = (),
        if_changed: bool = False,
    ) -> Bundle:
        """Keep data as the newest version of a name.

        Args:
            name: The bundle's name.
            data: A path of a file or folder (`str` or `Path`); or plain values, a frame, an array, a model; or dicts
                and lists of those, in which files are `Path`s and a `str` is a value.
            params: What it was made with; plain values.
            tags: Words about it.
            inputs: The bundles it was made from.
            lineage: How it was made, where more is known than its inputs.
            links: Columns of a table whose cells name files, which are kept with it. Then data is the table, whose
                relative paths start from the current folder, or a file of one, from whose folder they start.
            if_changed: Where the latest version has equal content, return that one and make none.

        Raises:
            InputError: Something cannot be kept; the message says what.
            StorageError: The storage refused. Either way nothing is visible.
        """
        from stook.store.add import add
        from stook.store.publish import Description

        description = Description.of(name, params=params, tags=tags, inputs=inputs, lineage=lineage)
        if links:
            data = registry.codec("frame").with_links(data, links)
        return add(self, description, data, if_changed=if_changed).bundle

    def draft(
        self,
        name: str,
        *,
        params: Mapping[str, object] | None = None,
        tags: Mapping[str, str] | None = None,
        inputs: Mapping[str, Bundle] | Iterable[Bundle] = (),
        lineage: Lineage | None = None,
        code: bytes | None = None,
    ) -> Draft:
        """Begin a bundle that is published when its `with` block ends well.

        The arguments are those of `add`, and `code`, the source text that makes it, as `format.code_texts` dumps it.
        """
        from stook.store.draft import Draft
        from stook.store.publish import Description

        described = Description.of(name, params=params, tags=tags, inputs=inputs, lineage=lineage, code=code)
        return Draft(self, described)

    def search(  # noqa: PLR0913 - each is one thing to look for, and by name
        self,
        name: str = "",
        *,
        tags: Mapping[str, str] | None = None,
        params: Mapping[str, object] | None = None,
        task: str = "",
        owner: str = "",
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        kind: str = "",
        column: str = "",
        committed: bool | None = None,
        latest: bool = False,
        order: Order = "newest",
        limit: int | None = None,
    ) -> list[Bundle]:
        """Return the bundles that fit, newest first. What is not given does not count.

        In `name`, `task`, the values of `tags`, `kind` and `column`, `*`, `?` and `[ab]` match; `since` and `until` may
        be text: `2026-01-31` or `2026-01-31T12:00`, local where no zone is given.

        Args:
            name: The bundle's name.
            tags: Tags that it bears.
            params: Parameters that it was made with.
            task: What made it.
            owner: Who made it.
            since: Not before this.
            until: Before this.
            kind: Kind of one of its items: `value`, `file`, `folder`, `frame`, `array`, …
            column: Column of one of its tables.
            committed: Whether it is committed.
            latest: Only the newest version of each name.
            order: `newest`, `oldest`, `name` or `largest` first.
            limit: How many at the most.

        Raises:
            InputError: A time cannot be read.
        """
        from stook.store.search import Query, moment, search

        query = Query(
            name=name,
            tags=tags or {},
            params=params or {},
            task=task,
            owner=owner,
            since=moment(since),
            until=moment(until),
            kind=kind,
            column=column,
            committed=committed,
            latest=latest,
            order=order,
            limit=limit,
        )
        return search(self, query)

    def tag(self, bundle: Bundle | str, tags: Mapping[str, str] | None = None, /, **named: str) -> Bundle:
        """Give a bundle tags, as `store.tag("raw", stage="ok")` or `store.tag(b, {"a b": "c"})`; return it with them.

        Of two who give one key, the later one holds.

        Raises:
            NotFoundError: There is no such bundle.
            InputError: A tag is no pair of strings.
        """
        from stook.store.words.tag import tag

        return tag(self, self._bundle(bundle), {**(tags or {}), **named})

    def untag(self, bundle: Bundle | str, *keys: str) -> Bundle:
        """Take tags away from a bundle and return it without them.

        Raises:
            NotFoundError: There is no such bundle, or it has no such tag.
        """
        from stook.store.words.tag import untag

        return untag(self, self._bundle(bundle), keys)

    def commit(self, bundle: Bundle | str, message: str) -> Bundle:
        """Mark a bundle as one to keep, saying why. What is not committed is scratch, and may be pruned.

        Raises:
            NotFoundError: There is no such bundle.
            InputError: The message is empty or too long.
        """
        from stook.store.words.tag import commit

        return commit(self, self._bundle(bundle), message)

    def alias(
        self, alias: str, bundle: Bundle | str, *, why: str = "", expect: Bundle | str | None = None
    ) -> Alias:
        """Let an alias, as `prod`, stand for a bundle: `name@prod` gets it. Moved by compare-and-swap, with a history.

        Where it stands for that bundle already, nothing is written: that is no move.

        Args:
            alias: The alias; one of the bundle's name.
            bundle: The version that it shall stand for.
            why: For the history.
            expect: Only if it stands for this version now; `""`: only if there is none yet.

        Raises:
            ConflictError: It stands for another version than expected, or someone moved it at the same time.
            NotFoundError: There is no such bundle.
            InputError: This is no name for an alias.
        """
        from stook.store.words.alias import move_alias

        expected = None if expect is None else ("" if expect == "" else self._bundle(expect).id)
        return move_alias(self, alias, self._bundle(bundle), why=why, expect=expected)

    def unalias(self, alias: str, name: str, *, why: str = "") -> Alias:
        """Take an alias of a name away; its history stays.

        Raises:
            NotFoundError: There is none.
        """
        from stook.store.words.alias import drop_alias

        return drop_alias(self, alias, name, why=why)

    def aliases(self, name: str = "", *, dropped: bool = False) -> list[Alias]:
        """Return the aliases of a name, or of all names; with `dropped` also those that were taken away.

        Raises:
            InputError: This is no name.
        """
        from stook.store.words.alias import list_aliases

        context = self.find_context_id()
        name = check_name(name) if name else ""
        return list_aliases(self.repository, context, name, dropped=dropped) if context else []

    def log(self, name: str) -> list[Happening]:
        """Return what happened to a name: versions, tags, commits, removals, moves of aliases; newest first."""
        from stook.store.words.history import history

        return history(self, name)

    def rm(self, *bundles: Bundle | str, force: bool = False) -> list[Bundle]:
        """Take versions away, all or none, and return them; `restore` brings them back until garbage is collected.

        Args:
            bundles: Bundles, references to versions, or names, which stand for all their versions.
            force: Also where others were made from one of them, or an alias stands for it.

        Raises:
            ConflictError: One of them is in use, and `force` is not given.
            NotFoundError: There is no such bundle.
        """
        from stook.store.words.remove import get_versions, remove

        going = {version.id: version for bundle in bundles for version in get_versions(self, bundle)}
        remove(self, list(going.values()), force=force)
        return list(going.values())

    def removed(self, name: str = "") -> list[Bundle]:
        """Return the versions that were removed, of one name or of all, newest first; collected ones too.

        Raises:
            InputError: This is no name.
        """
        self.refresh()
        context, name = self.find_context_id(), check_name(name) if name else ""
        rows = self.repository.catalog.removed(context, name) if context else []
        return [self.bundle_of(row) for row in rows]

    def restore(self, *bundles: Bundle | str) -> list[Bundle]:
        """Bring back versions that were removed, all or none: by reference, or as `removed` gives them.

        Raises:
            NotFoundError: There is no such version, or its content has been collected.
        """
        from stook.store.words.remove import get_removed, restore

        self.refresh()
        return restore(self, [get_removed(self, bundle) for bundle in bundles])

    def create_context(self, name: str) -> Context:
        """Make a context. Raises ConflictError where there is one of that name."""
        from stook.store.words.contexts import make_context

        return make_context(self.repository, name)

    def rename_context(self, name: str, new_name: str) -> Context:
        """Give a context another name; its bundles, tags and aliases stay.

        Raises:
            NotFoundError: There is no such context.
            ConflictError: Another has the new name.
        """
        from stook.store.words.contexts import get_context, name_context

        return name_context(self.repository, get_context(self.repository, name), new_name)

    def delete_context(self, name: str, *, force: bool = False) -> list[Bundle]:
        """Take a context away with all its bundles, and return these; `restore` brings them back one by one.

        Raises:
            NotFoundError: There is no such context.
            ConflictError: Bundles of others were made from some of them, or aliases stand for some, without `force`.
        """
        from stook.store.words.contexts import get_context
        from stook.store.words.remove import remove_context

        return remove_context(self, get_context(self.repository, name), force=force)

    def diff(self, old: Bundle | str, new: Bundle | str) -> Difference:
        """Compare two bundles: parameters, tags, values, files, and the columns and rows of tables.

        Raises:
            NotFoundError: There is no such bundle.
            IntegrityError: Something that had to be read is damaged.
        """
        from stook.store.diffing import diff

        return diff(self._bundle(old), self._bundle(new))

    def checkout(
        self,
        bundle: Bundle | str,
        folder: str | Path | None = None,
        *,
        format: str = "parquet",  # noqa: A002 - what the option is called
        force: bool = False,
    ) -> Checkout:
        """Write a bundle's content as plain files into a folder, which has either all of them or is as it was.

        Args:
            bundle: The bundle.
            folder: A new folder, an empty one, or one that is a checkout; `./NAME` where not given.
            format: What tables are written as: `parquet`, `csv` or `feather`.
            force: Replace a checkout though it was changed; edited files are kept aside.

        Raises:
            NotFoundError: There is no such bundle.
            ConflictError: The folder is a checkout in which something was changed.
            InputError: The folder is something else.
            IntegrityError: The content is damaged.
            StorageError: The disk refused.
        """
        from stook.store.checkout import checkout

        return checkout(self, self._bundle(bundle), folder, format=format, force=force)

    def status(self, folder: str | Path = ".") -> Status:
        """Compare a folder with what was checked out into it, be it from this store or another.

        Raises:
            NotFoundError: The folder is no checkout.
            InputError: The note in it cannot be read.
            StorageError: Something in it cannot be read.
        """
        from stook.store.checkout import status

        return status(folder)

    def lineage(
        self,
        bundle: Bundle | str,
        direction: Direction = "up",
        *,
        depth: int | None = None,
        limit: int = 1_000,
    ) -> Ancestry:
        """Return what a bundle was made from, or what was made from it, through names and contexts.

        Args:
            bundle: The bundle.
            direction: `up`: what it was made from, to the first inputs; `down`: what was made from it.
            depth: How many steps at the most; as many as there are where not given.
            limit: How many bundles at the most.

        Raises:
            NotFoundError: There is no such bundle.
        """
        from stook.store.ancestry import find_ancestry

        return find_ancestry(self, self._bundle(bundle), direction=direction, depth=depth, limit=limit)

    def trace(self, path: str | Path, *, limit: int | None = None) -> Trace:
        """Say in which bundles a file on disk is, in every context, removed ones too, and what made them.

        Args:
            path: The file.
            limit: How many bundles at the most.

        Raises:
            InputError: It is no file, or cannot be read.
        """
        from stook.store.trace import trace

        return trace(self, path, limit=limit)

    def gc(self, *, dry_run: bool = False, grace: timedelta = timedelta(hours=24)) -> Collected:
        """Free the space of what was removed and of what crashes left behind; safe beside writers.

        Args:
            dry_run: Change nothing; say what would be done.
            grace: How long content stays condemned where others may be writing; an hour or more.

        Raises:
            InputError: The grace is too short.
            ConflictError: Another process collects.
            IntegrityError: Something is damaged, so that what is needed is not known.
        """
        from stook.store.gc import collect

        return collect(self.repository, dry_run=dry_run, grace=grace)

    def du(self, *names: str) -> Usage:
        """Say what takes how much room, of all names or of some.

        Raises:
            NotFoundError: There is no bundle of one of the names.
            IntegrityError: The description of a bundle is damaged.
        """
        from stook.store.usage import measure

        return measure(self, names)

    def verify(self, *names: str, deep: bool = False, quarantine: bool = True) -> Verified:
        """Check that everything is there; with `deep`, that every byte is what it was.

        Args:
            names: Only these bundles, all their versions or `name@version`; every bundle of every context where none.
            deep: Read all content.
            quarantine: Repair damaged packs, or move them aside, so that adding the same data again mends bundles.

        Raises:
            NotFoundError: There is no such bundle.
            StorageError: The storage cannot be reached.
        """
        from stook.store.verify import verify

        return verify(self, deep=deep, names=names, quarantine=quarantine)

    def rebuild(self) -> Rebuilt:
        """Make the catalog of this machine anew, from the log and the packs alone.

        Raises:
            StorageError: The storage cannot be reached, or the cache folder refuses.
        """
        from stook.store.rebuild import rebuild

        return rebuild(self)

    def _bundle(self, bundle: Bundle | str) -> Bundle:
        return bundle if isinstance(bundle, Bundle) else self.get(bundle)
