"""What a task opens and lists while it runs, seen by an audit hook: Python tells of each file before it opens it."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import Any, Final

from stook.model.lineage import Read
from stook.pipeline.meeting.counting import Counted
from stook.pipeline.meeting.file_digests import FileDigests, State, is_young, state_of

__all__ = [
    "CHANGED",
    "WRITTEN",
    "Bystander",
    "Observation",
    "attending",
    "find_observation",
    "observed",
    "unobserved",
]

CHANGED: Final = "changed"
"""In place of a digest: the file changed while the task ran, so what it read cannot be told; equal to no digest."""

WRITTEN: Final = "written"
"""In place of a digest: the task itself made the file, so what is in it does not matter."""

_MOST_READS: Final = 20_000
_LOOKING: Final = ("/importlib/", "/importlib_metadata/", "/pkg_resources/", "/pkgutil.py")
_ABSENT: Final = ""
_current: Final[ContextVar[Observation | None]] = ContextVar("stook_observation", default=None)
_active: Final[list[Observation]] = []
_bystanders: Final[list[Bystander]] = []
_busy: Final = threading.local()
_lock: Final = threading.Lock()
_hooked: Final[list[bool]] = []  # a hook cannot be taken away, so there is one for the process


class Observation:
    """What one task meets while it runs.

    Args:
        counted: Tells which files count.
        digests: Tells what is in them.

    Attributes:
        env: Variables that it asked for by `stook.env`, and digests of their values.
    """

    def __init__(self, counted: Counted, digests: FileDigests) -> None:
        self.env: dict[str, str] = {}
        self._counted = counted
        self._digests = digests
        self._seen: dict[str, tuple[str, State | None, str]] = {}
        self._made: dict[str, State | None] = {}
        self._altered: dict[str, State | None] = {}
        self._made_folders: tuple[str, ...] = ()
        self._expected: set[str] = set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what is opened within the block, in this thread and in those that have no observation of their own."""
        _install()
        token = _current.set(self)
        with _lock:
            _active.append(self)
        try:
            yield
        finally:
            with _lock:
                _active.remove(self)
            _current.reset(token)

    def expect(self, path: str) -> None:
        """Take a file for one that the task may read unseen; where it changes meanwhile, the task has written it."""
        if path not in self._seen:
            self.note(path)
            self._expected.add(path)

    def note(self, path: str) -> None:
        """Take a file or folder for one that is read.

        Args:
            path: Absolute.
        """
        if path in self._seen:
            if path in self._expected and not self._is_made(path, state_of(path)):
                self._expected.discard(path)
            return
        state = state_of(path)
        if self._is_made(path, state):
            return
        name = self._counted.name_of(path)
        if name is None:
            return
        is_altered = path in self._altered and self._altered[path] != state
        self._seen[path] = name, state, CHANGED if is_altered else self._first_digest(path, state)

    def reads(self) -> tuple[Read, ...]:
        """Return what was read, sorted by name; what was changed since then has a digest that equals none."""
        with unobserved():
            if len(self._seen) > _MOST_READS:
                return (Read(f"more than {_MOST_READS:,} files", CHANGED),)
            found = [self._read(path) for path in self._seen if not self._is_own(path)]
            return tuple(sorted(found, key=lambda read: read.path))

    def _is_own(self, path: str) -> bool:
        """Tell whether a file that was only expected to be read was written instead."""
        return path in self._expected and state_of(path) != self._seen[path][1]

    def _read(self, path: str) -> Read:
        name, state, digest = self._seen[path]
        is_folder = state is not None and stat.S_ISDIR(state[0])
        if is_folder or state is None:
            return Read(name, digest, is_folder)
        if digest == CHANGED or state_of(path) != state:
            return Read(name, CHANGED)
        now = self._digests.of(path)
        return Read(name, now if digest in {_ABSENT, now} and state_of(path) == state else CHANGED)

    def _first_digest(self, path: str, state: State | None) -> str:
        """Return the digest of a folder, and of a file whose next change might not show in its times."""
        if state is None or not (stat.S_ISDIR(state[0]) or is_young(state)):
            return _ABSENT
        with unobserved():
            return self._digests.of(path)

    def _is_made(self, path: str, state: State | None) -> bool:
        if self._made_folders and f"{path}/".startswith(self._made_folders):
            return True
        return path in self._made and state is not None and self._made[path] != state

    def on_open(self, path: str, flags: int) -> None:
        """A file is about to be opened."""
        is_written = flags & os.O_ACCMODE != os.O_RDONLY
        state = state_of(path)
        if is_written and (state is None or flags & os.O_TRUNC):
            if not (state and stat.S_ISDIR(state[0])):
                self._made.setdefault(path, state)
            return
        if is_written:
            self.on_alter(path)
        if flags & os.O_ACCMODE == os.O_WRONLY or (state and not stat.S_ISREG(state[0])):
            return
        self.note(path)

    def on_alter(self, path: str) -> None:
        """A file is about to be changed, something of what it has being kept."""
        if path not in self._made:
            self._altered.setdefault(path, state_of(path))

    def on_make_folder(self, path: str) -> None:
        """A folder is about to be made; what is in it later on is the task's own."""
        if not os.path.lexists(path):
            self._made_folders += (f"{path}/",)

    def on_move(self, source: str, target: str) -> None:
        """Something gets another name."""
        if self._is_made(source, state_of(source)):
            self._made.setdefault(target, state_of(target))
        if f"{source}/" in self._made_folders:
            self._made_folders += (f"{target}/",)

    def on_connect(self, path: str) -> None:
        """A database in a file is about to be opened."""
        if os.path.exists(path):
            self.note(path)
            self.note(f"{path}-wal")  # where SQLite keeps what was written last
        else:
            self._made.setdefault(path, None)


class Bystander:
    """Is told of all that is read, by whomever; one that is interested overrides `note`."""

    def note(self, path: str) -> None:
        """A file or folder is about to be read.

        Args:
            path: Absolute.
        """

    def on_open(self, path: str, flags: int) -> None:
        """A file is about to be opened."""
        if flags & os.O_ACCMODE != os.O_WRONLY and not flags & os.O_TRUNC:
            self.note(path)

    def on_alter(self, path: str) -> None:
        """A file is about to be changed."""

    def on_make_folder(self, path: str) -> None:
        """A folder is about to be made."""

    def on_move(self, source: str, target: str) -> None:
        """Something gets another name."""

    def on_connect(self, path: str) -> None:
        """A database in a file is about to be opened."""
        self.note(path)


@contextmanager
def attending(bystander: Bystander) -> Iterator[None]:
    """Tell somebody of all that is read within the block."""
    _install()
    with _lock:
        _bystanders.append(bystander)
    try:
        yield
    finally:
        with _lock:
            _bystanders.remove(bystander)


def find_observation() -> Observation | None:
    """Return that of the task that runs in this thread, or of the only one that runs in the process."""
    mine = _current.get()
    return mine or (_active[0] if len(_active) == 1 else None)


class _Block:
    """A block in which it is said whether what is opened is our doing; written out, as there are many a task."""

    __slots__ = ("_before", "_is_on")

    def __init__(self, is_on: bool) -> None:
        self._is_on = is_on
        self._before = False

    def __enter__(self) -> None:
        self._before = getattr(_busy, "is_on", False)
        _busy.is_on = self._is_on

    def __exit__(self, *raised: object) -> None:
        _busy.is_on = self._before


def observed() -> AbstractContextManager[None]:
    """Let what is opened within the block count again, though it is within an unobserved one."""
    return _Block(False)


def unobserved() -> AbstractContextManager[None]:
    """Let what is opened within the block not count, since it is not the task that opens it."""
    return _Block(True)


def _install() -> None:
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    """Be told of everything that Python does; most of it is nothing to us."""
    if event not in _EVENTS or not (_active or _bystanders) or getattr(_busy, "is_on", False):
        return
    _busy.is_on = True
    try:
        if _is_of_python(sys._getframe(1), event, args):
            return
        mine = _current.get()
        observers: list[Observation | Bystander] = [mine] if mine is not None else [*_active]
        for observer in (*observers, *_bystanders[-1:]):
            _EVENTS[event](observer, args)
    except (OSError, ValueError, TypeError):
        return  # the operation itself will say so
    finally:
        _busy.is_on = False


def _is_of_python(frame: FrameType, event: str, args: tuple[Any, ...]) -> bool:
    """Tell whether it is Python that looks for a module, shows a line of source, or removes a folder with all in it."""
    file = frame.f_code.co_filename
    path = args[0]
    if file.startswith(("<frozen importlib", "<frozen zipimport")):
        # A loader also hands out files of a package that are no code.
        return (
            event != "open"
            or str(path).endswith((".py", ".pyc", ".zip", ".egg", ".whl"))
            or ".pyc." in str(path)
        )
    if any(part in file for part in _LOOKING):
        return True
    if file.endswith("shutil.py") and "rmtree" in frame.f_code.co_name:
        return True
    if event != "open" or not isinstance(path, str) or not path.endswith((".py", ".pyc")):
        return False
    above: FrameType | None = frame
    for _ in range(8):
        if above is None or above.f_code.co_name == "<module>":
            break  # a module that is being imported reads it, as it may any other file
        if above.f_code.co_filename.startswith("<frozen importlib"):
            return True
        if above.f_code.co_filename.endswith(("/linecache.py", "/inspect.py")):
            return True
        above = above.f_back
    return False


def _path(given: Any) -> str:
    """Return an absolute path. Raises TypeError where it is a number, of a file that is open already."""
    text = os.fsdecode(given)
    return os.path.normpath(text if text.startswith("/") else os.path.join(os.getcwd(), text))


def _folder(given: Any) -> str:
    if isinstance(given, int):
        return os.readlink(f"/proc/self/fd/{given}")
    return os.getcwd() if given is None else _path(given)


def _opened(observation: Observation | Bystander, args: tuple[Any, ...]) -> None:
    observation.on_open(_path(args[0]), args[2])


def _moved(observation: Observation | Bystander, args: tuple[Any, ...]) -> None:
    observation.on_move(_path(args[0]), _path(args[1]))


def _connected(observation: Observation | Bystander, args: tuple[Any, ...]) -> None:
    name = os.fsdecode(args[0])
    if name.startswith("file:"):
        name = name.removeprefix("file:").partition("?")[0]
    if name and name != ":memory:":
        observation.on_connect(_path(name))


_EVENTS: Final[dict[str, Callable[[Observation | Bystander, tuple[Any, ...]], None]]] = {
    "open": _opened,
    "os.listdir": lambda observation, args: observation.note(_folder(args[0])),
    "os.scandir": lambda observation, args: observation.note(_folder(args[0])),
    "os.mkdir": lambda observation, args: observation.on_make_folder(_path(args[0])),
    "os.rename": _moved,
    "os.truncate": lambda observation, args: observation.on_alter(_path(args[0])),
    "sqlite3.connect": _connected,
}
