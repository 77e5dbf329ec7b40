"""Values of ours as the JSON that is written."""

from __future__ import annotations

import msgspec

from stook.errors import InputError

__all__ = ["to_json"]

_encoder = msgspec.json.Encoder()


def to_json(value: object) -> bytes:
    """Return a value as JSON.

    Raises:
        InputError: There is text in it that is not Unicode, such as half of a surrogate pair.
    """
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError as error:
        raise InputError(
            f"the text {error.object!r:.80} is not valid Unicode",
            kind="bad-text",
            hint="give names, keys, tags, params, messages and the owner as text that can be encoded",
        ) from error
