"""The audit hook, by which Python tells of each file before it opens it, and who is told: tasks and bystanders."""

from __future__ import annotations

import sys
import threading
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from typing import Any, Final

from stook.pipeline.meeting.audit_events import EVENTS, Observer, is_of_python
from stook.pipeline.meeting.blocks import is_observed, unobserved
from stook.pipeline.meeting.bystander import Bystander
from stook.pipeline.meeting.observation import Observation

__all__ = ["attending", "find_observation", "watching"]

_current: Final[ContextVar[Observation | None]] = ContextVar("stook_observation", default=None)
_active: Final[list[Observation]] = []
_bystanders: Final[list[Bystander]] = []
_lock: Final = threading.Lock()
_hooked: Final[list[bool]] = []  # a hook cannot be taken away, so there is one for the process


def watching(observation: Observation) -> AbstractContextManager[None]:
    """Note what is opened within the block, in this thread and in those that have no observation of their own."""
    return _Watching(observation)


def attending(bystander: Bystander) -> AbstractContextManager[None]:
    """Tell somebody of all that is read within the block."""
    return _Attending(bystander)


def find_observation() -> Observation | None:
    """Return that of the task that runs in this thread, or of the only one that runs in the process."""
    mine = _current.get()
    return mine or (_active[0] if len(_active) == 1 else None)


class _Watching:
    __slots__ = ("_observation", "_token")

    def __init__(self, observation: Observation) -> None:
        self._observation = observation

    def __enter__(self) -> None:
        _install()
        self._token: Token[Observation | None] = _current.set(self._observation)
        with _lock:
            _active.append(self._observation)

    def __exit__(self, *raised: object) -> None:
        with _lock:
            _active.remove(self._observation)
        _current.reset(self._token)


class _Attending:
    __slots__ = ("_bystander",)

    def __init__(self, bystander: Bystander) -> None:
        self._bystander = bystander

    def __enter__(self) -> None:
        _install()
        with _lock:
            _bystanders.append(self._bystander)

    def __exit__(self, *raised: object) -> None:
        with _lock:
            _bystanders.remove(self._bystander)


def _install() -> None:
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    """Be told of everything that Python does; most of it is nothing to us."""
    if event not in EVENTS or not (_active or _bystanders) or not is_observed():
        return
    with unobserved():
        try:
            if is_of_python(sys._getframe(1), event, args):
                return
            mine = _current.get()
            observers: list[Observer] = [mine] if mine is not None else [*_active]
            for observer in (*observers, *_bystanders[-1:]):
                EVENTS[event](observer, args)
        except (OSError, ValueError, TypeError):
            return  # the operation itself will say so
