"""Words about a bundle, and the word that it is to be kept."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stook.errors import InputError, NotFoundError
from stook.format.limits import MAX_MESSAGE
from stook.model.record import CommitRecord, TagRecord
from stook.store.publish import check_tags
from stook.store.stamp import append, stamp

if TYPE_CHECKING:
    from stook.store.bundle import Bundle
    from stook.store.store import Store

__all__ = ["commit", "tag", "untag"]


def tag(store: Store, bundle: Bundle, tags: Mapping[str, str]) -> Bundle:
    """Give a bundle tags, of which the last said of each key holds, and return it with them.

    Raises:
        InputError: There is none to give, or one is no pair of strings.
    """
    if not tags:
        raise InputError(
            "no tag was given", kind="bad-tag", hint=f"stook tag {shlex.quote(bundle.name)} key:value"
        )
    return _say(store, bundle, dict(check_tags(tags)))


def untag(store: Store, bundle: Bundle, keys: tuple[str, ...]) -> Bundle:
    """Take tags away from a bundle and return it without them.

    Raises:
        NotFoundError: It has no such tag.
    """
    today = store.get(bundle.id)
    missing = [key for key in keys if key not in today.tags]
    if missing or not keys:
        raise NotFoundError(
            f"{bundle.ref} has no tag {', '.join(missing)}; it has {', '.join(today.tags) or 'none'}",
            kind="tag-not-found",
            hint=f"stook show {shlex.quote(bundle.ref)}",
        )
    return _say(store, bundle, dict.fromkeys(keys))


def commit(store: Store, bundle: Bundle, message: str) -> Bundle:
    """Mark a bundle as one to keep, and say why; said again, the last message holds.

    Raises:
        InputError: The message is empty or too long.
    """
    message = message.strip()
    if not message or len(message) > MAX_MESSAGE:
        problem = "longer than 10,000 characters" if message else "empty"
        raise InputError(
            f"the message is {problem}",
            kind="bad-message",
            hint=f'stook commit {shlex.quote(bundle.name)} -m "why it is kept"',
        )
    store.get(bundle.id)
    mark = stamp(store.repository)
    append(
        store.repository,
        CommitRecord(mark.id, bundle.record.context, bundle.id, message, mark.time, mark.owner),
    )
    return store.get(bundle.id)


def _say(store: Store, bundle: Bundle, tags: dict[str, str | None]) -> Bundle:
    store.get(bundle.id)  # what is known of it by now has smaller ids than what is said next
    mark = stamp(store.repository)
    append(
        store.repository, TagRecord(mark.id, bundle.record.context, bundle.id, tags, mark.time, mark.owner)
    )
    return store.get(bundle.id)
