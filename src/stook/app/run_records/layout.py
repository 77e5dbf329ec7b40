"""Where what of a run is kept, and how an event is one line of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stook.model import events
from stook.model.events import Event

if TYPE_CHECKING:
    from stook.model.run import RunHead
    from stook.store import Store

__all__ = ["EVENTS", "HEAD", "dump_event", "dump_head", "kept_label", "load_event", "log_of", "runs_folder"]

HEAD, EVENTS = "run.json", "events.jsonl"
_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        events.RunStarted,
        events.TaskAdded,
        events.TaskWaiting,
        events.TaskStarted,
        events.TaskFinished,
        events.TaskFailed,
        events.TaskSkipped,
        events.ExchangeFailed,
        events.Exchanged,
        events.RunEnded,
    )
}
_encoder = msgspec.json.Encoder()
# In a URL, user and password before the host, and a query, which may be signed.
_SECRETS = re.compile(rb"""(?<=://)(?:[^\s/'"@\\]*@)?([^\s/'"?#\\]*[^\s'"?#\\]*)(?:[?#][^\s'"\\]*)?""")


class _Kind(msgspec.Struct):
    event: str
    at: int


def runs_folder(store: Store) -> Path:
    """Return the folder that has a folder for each run of a store."""
    return store.repository.cache / "runs"


def log_of(folder: Path, number: int) -> Path:
    """Return the file with what a task of a run has printed."""
    return folder / "tasks" / f"{number}.log"


def dump_event(event: Event, at: int, counts: Mapping[str, int]) -> bytes:
    """Return the line that an event is written as; that of the end has the whole run in numbers.

    Args:
        event: The event.
        at: When it happened, microseconds since the epoch.
        counts: How many tasks there are, and what has come of how many.
    """
    head = b'{"event":"%s","at":%d,' % (type(event).__name__.encode(), at)
    if type(event) is events.RunEnded:
        head += b'"counts":%s,' % _encoder.encode(counts)
    return head + _encode(event)[1:] + b"\n"


def dump_head(head: RunHead) -> bytes:
    """Return what is known of a run when it begins, as it is written."""
    return msgspec.json.format(_encode(head), indent=2)


def kept_label(label: str) -> str:
    """Return the label of a task as it is read from what is kept."""
    return str(msgspec.json.decode(_encode(label)))


def load_event(line: bytes) -> tuple[Event, int] | None:
    """Return the event that a line is about and when it happened; None where it is torn, or of another kind."""
    try:
        kind = msgspec.json.decode(line, type=_Kind)
        known = _KINDS.get(kind.event)
        return (msgspec.json.decode(line, type=known), kind.at) if known else None
    except msgspec.MsgspecError:
        return None


def _encode(value: object) -> bytes:
    """Return JSON without secrets of URLs; what is no Unicode, such as half of a surrogate pair, is written out."""
    try:
        data = _encoder.encode(value)
    except UnicodeEncodeError:
        data = _encoder.encode(_readable(msgspec.to_builtins(value)))
    return _SECRETS.sub(rb"\1", data) if b"://" in data else data


def _readable(value: object) -> object:
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_readable(key): _readable(one) for key, one in value.items()}
    return [_readable(one) for one in value] if isinstance(value, list | tuple) else value
