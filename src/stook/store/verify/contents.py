"""Values, tables, arrays and models: whether each is that of the digest which its bundle says it has.

The digests of packs and chunks tell that bytes are as they were written, not that whoever wrote them told the truth.
And it is by digests of content that a pipeline finds what it need not make again.
"""

from __future__ import annotations

from collections import Counter
from typing import cast

import msgspec
from blake3 import blake3

from stook import registry
from stook.errors import IntegrityError, MissingExtraError, NotFoundError
from stook.model.tree import Leaf, Object, Value
from stook.store.codec import Digesting
from stook.store.reading.decode import BlobSource, load_value
from stook.store.repository import Repository
from stook.store.verify.report import Observer, Progress

__all__ = ["Contents"]


class Contents:
    """Checks items, each content once however many bundles share it.

    Args:
        repository: Where their bytes are.
        observer: Is told how far it is.
    """

    def __init__(self, repository: Repository, observer: Observer) -> None:
        self._repository = repository
        self._observer = observer
        self._sound: set[bytes] = set()
        self._bytes = 0
        self._unchecked: Counter[str] = Counter()

    def find_problem(self, leaf: Leaf) -> str:
        """Return what is wrong with an item; empty where nothing, and where it cannot be checked on this machine.

        Of files nothing is read: whoever reads one compares the digest that its bundle says it has.
        """
        if not isinstance(leaf, Value | Object):
            return ""
        key = blake3(msgspec.json.encode(leaf)).digest()  # with its bytes: a digest may be claimed for any
        if key in self._sound:
            return ""
        try:
            self._check(leaf)
        except IntegrityError as error:
            return error.message
        self._sound.add(key)
        self._bytes += leaf.blob.size
        self._observer(Progress("values and tables", len(self._sound), 0, self._bytes))
        return ""

    def unchecked(self) -> tuple[str, ...]:
        """Return, as sentences, what could not be checked and why."""
        return tuple(
            f"the content of {count:,} item{'' if count == 1 else 's'} was not held against the digest: {why}"
            for why, count in sorted(self._unchecked.items())
        )

    def _check(self, leaf: Value | Object) -> None:
        if isinstance(leaf, Value):
            load_value(leaf, BlobSource(self._repository, leaf.blob, ".json"))
            return
        for _ in self._repository.reader().iter(leaf.blob):
            pass  # which compares the digest of the bytes
        try:
            self._check_object(leaf)
        except (MissingExtraError, NotFoundError) as error:
            self._unchecked[error.message] += 1

    def _check_object(self, item: Object) -> None:
        codec = registry.codec(item.kind)
        if not hasattr(codec, "digest"):
            self._unchecked[f"the codec of {item.kind} cannot tell the digest of what is stored"] += 1
            return
        source = BlobSource(self._repository, item.blob, codec.suffix)
        digest = cast(Digesting, codec).digest(source, item.meta)
        if digest != item.digest:
            raise IntegrityError(
                f"this {item.kind} has the digest {digest}, and not {item.digest}", kind="wrong-digest"
            )
