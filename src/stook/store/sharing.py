"""The verbs between a store and its remotes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from stook.store.view import View

if TYPE_CHECKING:
    from stook.store.bundle import Bundle
    from stook.store.remotes.adding import Added
    from stook.store.remotes.config import RemoteConfig
    from stook.store.remotes.fetch import Fetched
    from stook.store.remotes.pull import Pulled
    from stook.store.remotes.push import Pushed

__all__ = ["SharedView"]


class SharedView(View):
    """A repository seen through one context, and the remotes of that."""

    def add_remote(self, name: str, url: str, options: Mapping[str, str] | None = None) -> Added:
        """Add a remote to this context; it, and the store at the URL, are made where there are none.

        What a remote needs is tried there with two small objects, so that a server that does not keep to conditions is
        none, unless the options say that this is known.

        Args:
            name: What it shall be called, such as `origin`.
            url: A folder, or a URL such as `s3://bucket/prefix`.
            options: Settings of its storage, such as `endpoint`; none of them secret.

        Raises:
            ConflictError: There is another remote of that name; or it is this very store, or a copy of it.
            InputError: The URL or an option makes no sense or holds a secret, or something else is there.
            StorageError: It cannot be reached, or lacks what a remote needs (`unfit-remote`).
        """
        from stook.store.remotes.adding import add_remote

        return add_remote(self, name, url, options)

    def remove_remote(self, name: str) -> RemoteConfig:
        """Forget a remote of this context; what is there stays. Raises NotFoundError where there is none."""
        from stook.store.remotes.adding import remove_remote

        return remove_remote(self, name)

    def remotes(self) -> list[RemoteConfig]:
        """Return the remotes of this context, by name."""
        from stook.store.remotes.config import read_remotes

        context = self.find_context_id()
        return list(read_remotes(self.repository, context)) if context else []

    def at_remote(self, name: str = "") -> Self:
        """Return a remote as a store, in the context there that this one stands for. To be closed.

        Args:
            name: Name of the remote; the only one, or `origin` of several, where not given.

        Raises:
            NotFoundError: There is no remote of that name, or no store there any more.
            ConflictError: Another store is there now.
            StorageError: It cannot be reached.
        """
        from stook.store.remotes.remote import open_remote

        opened = open_remote(self, name)
        there = type(self)(opened.repository, self.context)
        known = there.repository.catalog.find_context_name(opened.config.remote_context)
        return there if known in {None, there.context} else there.in_context(str(known))

    def push(
        self,
        *bundles: Bundle | str,
        remote: str = "",
        every: bool = False,
        tags: Mapping[str, str] | None = None,
        with_inputs: bool = False,
        force: bool = False,
    ) -> Pushed:
        """Send bundles to a remote, where all of them appear at once, or none.

        Args:
            bundles: `NAME` for its newest version, `NAME@VERSION`, `NAME@ALIAS`; all that was committed where none.
            remote: Name of the remote; the only one, or `origin` of several, where not given.
            every: All versions of the names, or of all names, scratch too.
            tags: Only those that bear these tags.
            with_inputs: Also all that they were made from.
            force: Where an alias was moved on both sides, put ours on top.

        Raises:
            NotFoundError: There is no such remote or bundle.
            ConflictError: An alias was moved on both sides (`alias-diverged`); all else is done, as the fact `pushed`
                says. Or garbage was collected there meanwhile (`collected`), and nothing is visible.
            StorageError: The remote cannot be reached or refuses; nothing is visible.
        """
        from stook.store.remotes.choosing import Choice
        from stook.store.remotes.push import push

        return push(self, Choice(_refs(bundles), every, tags or {}, with_inputs), remote=remote, force=force)

    def pull(
        self,
        *bundles: Bundle | str,
        remote: str = "",
        version: str = "",
        data: bool = False,
        force: bool = False,
    ) -> Pulled:
        """Take bundles from a remote: what is said of them now, their data when it is used.

        A version that another context of this store has stays in that one; the result says which these are.

        Args:
            bundles: `NAME` for its newest version there, `NAME@VERSION`, `NAME@ALIAS`; all that is not here where none.
            remote: Name of the remote; the only one, or `origin` of several, where not given.
            version: The version, or an alias, of the only name.
            data: Take all data too.
            force: Where an alias was moved on both sides, take theirs.

        Raises:
            NotFoundError: There is no such remote, or no such bundle there.
            IntegrityError: What is there cannot be right: a version, a tag, the data of one. Where that is so of some
                versions alone, these were left and all else is done, as the fact `pulled` says; else nothing is.
            ConflictError: An alias was moved on both sides (`alias-diverged`); all else is done, as the fact `pulled`
                says.
            StorageError: The remote cannot be reached.
        """
        from stook.store.remotes.pull import pull

        return pull(self, _refs(bundles), remote=remote, version=version, data=data, force=force)

    def fetch(self, remote: str = "") -> Fetched:
        """Learn what a remote has, without taking any of it. Takes and raises what `at_remote` does."""
        from stook.store.remotes.fetch import fetch

        return fetch(self, remote)


def _refs(bundles: tuple[Bundle | str, ...]) -> tuple[str, ...]:
    return tuple(one if isinstance(one, str) else one.ref for one in bundles)
