"""What is said of results on their way to or from a remote."""

from __future__ import annotations

from stook.cli.output import counted
from stook.model.events import Exchanged, ExchangeFailed, ExchangeWaiting

__all__ = ["exchange_line"]

_FAILED = {
    "take": "could not take results from",
    "get": "could not get data of results from",
    "send": "could not send results to",
}


def exchange_line(event: ExchangeFailed | ExchangeWaiting | Exchanged) -> str:
    """Return in a line what became of results on their way to or from a remote."""
    match event:
        case ExchangeFailed():
            what = _FAILED.get(event.what, "exchange with")
            hint = f"; try: {event.hint}" if event.hint else ""
            return f"{what} {event.remote}, and the run goes on without: {event.message}{hint}"
        case ExchangeWaiting():
            return f"waiting for {counted(event.results, 'result')} on the way; Ctrl-C leaves what is not there yet"
    remote = event.remote
    parts = [f"{counted(len(event.taken), 'result')} taken from {remote}"] if event.taken else []
    parts += [f"data of {counted(event.got, 'result')} got from {remote}"] if event.got else []
    parts += [f"{counted(len(event.sent), 'result')} sent to {remote}"] if event.sent else []
    if event.unsent:
        unsent = counted(len(event.unsent), "result")
        parts.append(f"{unsent} not on {remote} yet, to be sent by the next run with --push")
    return "; ".join(parts)
