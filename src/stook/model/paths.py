"""Paths of files within a bundle: relative, normalised, and harmless wherever they are written."""

from __future__ import annotations

import re

__all__ = ["find_path_problem"]

_PLAIN = re.compile(r"(?:(?!\.\.?(?:/|\Z))[ -.0-\[\]-~]{1,255}(?:/(?=.)|\Z)){1,2048}", re.ASCII)
_MAX_PATH_BYTES = 4096
_MAX_PART_BYTES = 255


def find_path_problem(path: str) -> str:
    """Return why a stored path must not be written below a folder; empty where it may.

    A path is `/`-separated and relative; none of its parts is empty, `.` or `..`, or holds NUL, a control character or
    a backslash.
    """
    if len(path) <= _MAX_PATH_BYTES and _PLAIN.fullmatch(path):
        return ""  # as most are, and a folder may have a million
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if len(encoded) > _MAX_PATH_BYTES:
        return f"it is longer than {_MAX_PATH_BYTES} bytes"
    for part in path.split("/"):
        if part in {"", ".", ".."}:
            return "it is not a plain relative path"
        if len(part.encode()) > _MAX_PART_BYTES:
            return f"a part of it is longer than {_MAX_PART_BYTES} bytes"
        if "\\" in part or any(ord(letter) < 32 or ord(letter) == 127 for letter in part):
            return "it holds a backslash or a control character"
    return ""
