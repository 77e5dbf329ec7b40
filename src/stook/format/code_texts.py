"""The source text of a task as JSON: the same bytes for the same code."""

from __future__ import annotations

from typing import Final, NoReturn

import msgspec

from stook.errors import FormatError
from stook.format.limits import MAX_CODE
from stook.model.code import CodeTexts
from stook.model.paths import find_path_problem

__all__ = ["dump", "load"]

_MOST_DEFINITIONS: Final = 200_000

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(CodeTexts)


def dump(code: CodeTexts) -> bytes:
    """Return it as JSON. What is no Unicode in it, as half of a surrogate pair, becomes `?`."""
    try:
        return _encoder.encode(code)
    except UnicodeEncodeError:
        return _encoder.encode(_readable(msgspec.to_builtins(code)))


def load(data: bytes) -> CodeTexts:
    """Read it and check all that is in it. Fields that this version does not know are passed over.

    Raises:
        FormatError: It is none, or not sound: too long, or with a path that leads out of a folder.
    """
    if len(data) > MAX_CODE or data.count(b'"key"') > _MOST_DEFINITIONS:
        _refuse("it is too long")
    try:
        code = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _refuse(str(error)[:300])
    for path in code.files:
        if problem := find_path_problem(path):
            _refuse(f"the path {path!r:.100} is not safe: {problem}")
    if code.folder and (problem := find_path_problem(code.folder)):
        _refuse(f"the path {code.folder!r:.100} is not safe: {problem}")
    if code.commit and not (code.commit.isascii() and code.commit.isalnum()):
        _refuse(f"{code.commit!r:.100} is no commit")
    return code


def _readable(value: object) -> object:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_readable(key): _readable(one) for key, one in value.items()}
    return [_readable(one) for one in value] if isinstance(value, list | tuple) else value


def _refuse(problem: str) -> NoReturn:
    raise FormatError(
        f"the code that made a bundle cannot be read: {problem}", kind="bad-code", hint="stook verify --deep"
    )
