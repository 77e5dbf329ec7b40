"""Processes that do to a store whatever can be done, and say so: `> step` before, `< step` after it is done.

Run as a program, it is told by lines on its standard input which to begin, as a folder, a cache, the prefix of their
names, a seed and a file to say it to, and answers with their process ids. They are forked, so that each begins at once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import traceback
from datetime import timedelta
from pathlib import Path

import numpy  # noqa: F401 - what collecting needs is there before anyone is forked

from stook.errors import ConflictError, NotFoundError
from stook.store import Bundle, Store
from stook.store.checkout import checkout
from stook.store.gc import collect
from stook.store.open import reopen
from stook.store.rebuild import rebuild

SIZES = (10, 300, 6_000, 200_000, 3_000_000)
CONTEXT = "torture"


def content(seed: int, size: int) -> bytes:
    """Return bytes that anyone who knows both numbers can make again: half of them compress."""
    return random.Random(seed).randbytes(size // 2) + bytes(size - size // 2)


class Tormentor:
    """Does random steps.

    Args:
        store: To what.
        prefix: Of the names that are its own.
        seed: Of all that is random.
    """

    def __init__(self, store: Store, prefix: str, seed: int) -> None:
        self._store = store
        self._prefix = prefix
        self._chance = random.Random(seed)

    def step(self) -> None:
        """Do one thing."""
        steps = {
            self.add: 10,
            self.tag: 4,
            self.untag: 2,
            self.commit: 2,
            self.move_alias: 4,
            self.drop_alias: 1,
            self.remove: 8,
            self.restore: 3,
            self.collect: 2,
            self.check_out: 1,
            self.rebuild: 1,
        }
        [act] = self._chance.choices([*steps], [*steps.values()])
        act()

    def add(self) -> None:
        """Add a bundle; few different contents, so that what was collected comes again."""
        name = f"{self._prefix}{self._chance.randrange(4)}"
        seed, size = self._chance.randrange(12), self._chance.choices(SIZES, [4, 4, 4, 3, 1])[0]
        self._say(">", "add", name=name, seed=seed, size=size)
        with tempfile.TemporaryDirectory() as folder:
            data: object = content(seed, size)
            if self._chance.random() < 0.4:
                data = Path(folder, "file")
                data.write_bytes(content(seed, size))
            bundle = self._store.add(name, {"seed": seed, "size": size, "content": data})
        self._say("<", "add", name=name, seed=seed, size=size, id=bundle.id)

    def tag(self) -> None:
        """Tag a bundle."""
        if (bundle := self._pick()) is not None:
            value = str(self._chance.randrange(100))
            self._say(">", "tag", id=bundle.id, value=value)
            self._store.tag(bundle, word=value)
            self._say("<", "tag", id=bundle.id, value=value)

    def untag(self) -> None:
        """Take a tag away."""
        if (bundle := self._pick()) is not None and "word" in bundle.tags:
            self._say(">", "tag", id=bundle.id, value=None)
            self._store.untag(bundle, "word")
            self._say("<", "tag", id=bundle.id, value=None)

    def commit(self) -> None:
        """Commit a bundle."""
        if (bundle := self._pick()) is not None:
            self._say(">", "commit", id=bundle.id)
            self._store.commit(bundle, "keep")
            self._say("<", "commit", id=bundle.id)

    def move_alias(self) -> None:
        """Let an alias stand for a bundle."""
        if (bundle := self._pick()) is not None:
            self._say(">", "alias", name=bundle.name, id=bundle.id)
            self._store.alias("prod", bundle)
            self._say("<", "alias", name=bundle.name, id=bundle.id)

    def drop_alias(self) -> None:
        """Take an alias away."""
        mine = [alias for alias in self._store.aliases() if alias.name.startswith(self._prefix)]
        if mine:
            name = self._chance.choice(mine).name
            self._say(">", "alias", name=name, id=None)
            self._store.unalias("prod", name)
            self._say("<", "alias", name=name, id=None)

    def remove(self) -> None:
        """Remove a bundle."""
        if (bundle := self._pick()) is not None:
            self._say(">", "rm", id=bundle.id)
            self._store.rm(bundle, force=True)
            self._say("<", "rm", id=bundle.id)

    def restore(self) -> None:
        """Bring a bundle back, unless its content has been collected."""
        mine = [bundle for bundle in self._store.removed()[:40] if bundle.name.startswith(self._prefix)]
        if mine:
            bundle = self._chance.choice(mine)
            self._say(">", "restore", id=bundle.id)
            try:
                self._store.restore(bundle)
            except NotFoundError:
                self._say("!", "restore", id=bundle.id)
                return
            self._say("<", "restore", id=bundle.id)

    def collect(self) -> None:
        """Collect garbage, unless another does."""
        self._say(">", "gc")
        try:
            collect(self._store.repository, grace=timedelta(hours=1), wait=0.1)
        except ConflictError:
            return
        self._say("<", "gc")

    def check_out(self) -> None:
        """Write the files of a bundle."""
        if (bundle := self._pick()) is not None:
            with tempfile.TemporaryDirectory() as folder:
                checkout(self._store, bundle, Path(folder, "out"))

    def rebuild(self) -> None:
        """Make the catalog again, under those who use it."""
        rebuild(self._store)

    def _pick(self) -> Bundle | None:
        mine = self._store.search(f"{self._prefix}*", limit=20)
        return self._chance.choice(mine) if mine else None

    def _say(self, mark: str, step: str, **facts: object) -> None:
        os.write(1, f"{mark} {json.dumps({'step': step, **facts})}\n".encode())


def work(folder: str, cache: str, prefix: str, seed: int) -> None:
    """Do steps for ever."""
    tormentor = Tormentor(reopen(folder, CONTEXT, cache, "tormentor"), prefix, seed)
    while True:
        tormentor.step()


def main() -> None:
    """Begin processes as told, until there is no more to be told."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        folder, cache, prefix, seed, says = json.loads(line)
        if pid := os.fork():
            print(pid, flush=True)  # noqa: T201 - it is a program
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        descriptor = os.open(says, os.O_WRONLY)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        try:
            work(folder, cache, prefix, seed)
        except BaseException:  # noqa: BLE001 - whatever it is, the test is to see it
            os.write(2, traceback.format_exc().encode())
        os._exit(1)


if __name__ == "__main__":
    main()
