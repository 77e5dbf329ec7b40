"""What goes between a run and the processes of its tasks: frames on a socket, and tasks packed so that they fit in.

It is pickled, for both ends are processes of one run, of one user, on one machine.
"""

from __future__ import annotations

import importlib
import io
import pickle
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from stook.format import records
from stook.pipeline.finding.locate import roots_of, script_name
from stook.store.bundle import Bundle
from stook.store.view import View

if TYPE_CHECKING:
    from stook.store import Store

__all__ = ["Channel", "Packer", "Script", "pack", "running_script", "unpack"]

_LENGTH = struct.Struct("!Q")
_ONE_READ = 1 << 18

Script = tuple[str, str]
"""Name as a module, and file, of what runs as `__main__`."""


class Channel:
    """Whole messages over a stream socket.

    Args:
        connection: The socket; it is closed with the channel.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = bytearray()
        self.is_over = False

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._socket.fileno()

    def send(self, message: object) -> None:
        """Send a message. Raises OSError where nobody is there to take it."""
        data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        self._socket.sendall(_LENGTH.pack(len(data)) + data)

    def receive(self) -> Any:
        """Wait for a message and return it; None when the other end is gone."""
        while (data := self._take()) is None:
            if not self._fill(0):
                return None
        return pickle.loads(data)  # noqa: S301 - from a process of this very run

    def iter_received(self) -> Iterator[Any]:
        """Yield the messages that have come so far, without waiting."""
        while self._fill(socket.MSG_DONTWAIT):
            pass
        while (data := self._take()) is not None:
            yield pickle.loads(data)  # noqa: S301 - from a process of this very run

    def shut(self) -> None:
        """Send nothing more, which the other end sees; what it still says is heard."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the socket, which the other end sees."""
        self._socket.close()

    def _fill(self, flags: int) -> bool:
        """Read once; False where there is nothing to read now, or nothing more will come."""
        if self.is_over:
            return False
        try:
            data = self._socket.recv(_ONE_READ, flags)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        self._buffer += data
        self.is_over = not data
        return bool(data)

    def _take(self) -> bytes | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        end = _LENGTH.size + _LENGTH.unpack_from(self._buffer)[0]
        if len(self._buffer) < end:
            return None
        data = bytes(memoryview(self._buffer)[_LENGTH.size : end])
        del self._buffer[:end]
        return data


def running_script() -> Script | None:
    """Return what a script that runs as `__main__` would be called when imported; None where there is none."""
    file = getattr(sys.modules["__main__"], "__file__", None)
    if file is None:
        return None
    path = Path(file).resolve()
    return script_name(path, roots_of(path)[0]), str(path)


def pack(value: object, store: Store) -> bytes:
    """Return a value as bytes, as `Packer` does."""
    return Packer(store).pack(value)


def unpack(data: bytes, store: Store, script: Script | None = None) -> Any:
    """Return a value from its bytes.

    Args:
        data: As `Packer` made them.
        store: The store of the run.
        script: What runs as `__main__` here, so that it is not imported a second time.
    """
    return _Unpickler(io.BytesIO(data), store, script).load()


class Packer:
    """Turns values into bytes: stores are left out, bundles are their records, what `__main__` has is under its name.

    Args:
        store: The store of the run; the other end has its own.
        script: What runs as `__main__` here.

    Attributes:
        met_script: Whether something of the last value is in `__main__`.
    """

    def __init__(self, store: Store, script: Script | None = None) -> None:
        self.repository = store.repository
        self.script = script
        self.met_script = False

    def pack(self, value: object) -> bytes:
        """Return a value as bytes."""
        self.met_script = False
        file = io.BytesIO()
        _Pickler(file, self).dump(value)
        return file.getvalue()


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, packer: Packer) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._packer = packer

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, View) and value.repository is self._packer.repository:
            return _own_store, ()
        if type(value) is Bundle:
            parts: Any = value.__reduce__()[1]
            return _bundle, (records.dump(value.record), *parts[1:])
        is_definition = isinstance(value, type | FunctionType)
        if is_definition and value.__module__ == "__main__" and self._packer.script is not None:
            self._packer.met_script = True
            return _definition, (self._packer.script[0], value.__qualname__)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, store: Store, script: Script | None) -> None:
        super().__init__(file)
        self._store = store
        self._script = script

    def find_class(self, module: str, name: str) -> Any:
        if name == _own_store.__name__ and module == __name__:
            return lambda: self._store
        is_script = self._script is not None and module == self._script[0]
        return super().find_class("__main__" if is_script else module, name)


def _own_store() -> Store:
    """Stand for the store of whoever reads this."""
    raise NotImplementedError


def _bundle(record: bytes, tags: dict[str, str], store: View, commit: Any) -> Bundle:
    return Bundle(records.load_bundle(record), tags, store, commit)


def _definition(module: str, name: str) -> Any:
    return attrgetter(name)(importlib.import_module(module))
