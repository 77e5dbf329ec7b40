"""The source text that made a bundle: definitions, and what of it is in no commit."""

from __future__ import annotations

import msgspec

__all__ = ["CodeTexts", "Definition"]


class Definition(msgspec.Struct, frozen=True):
    """One definition of a task's closure, as it was written.

    Attributes:
        key: `module:name`, as the closure names it.
        path: Its file, from the workspace, with `/`.
        line: Its first line in the file, from 1.
        text: Its source.
    """

    key: str
    path: str
    line: int
    text: str


class CodeTexts(msgspec.Struct, frozen=True, omit_defaults=True):
    """The code of a task when it ran. It has no times, so tasks of the same code have the same bytes.

    Attributes:
        definitions: The entry first, then by path and line.
        folder: The workspace's folder from that of its Git repository, with `/`; empty where they are the same.
        commit: The commit that `diff` starts from; empty where no file differed from it.
        diff: What had changed in files of the closure since that commit, as `git diff` prints it, from the workspace.
        files: By path, whole files of the closure that no commit has.
        cut: Paths of files that were left out, because they are too long together.
    """

    definitions: tuple[Definition, ...]
    folder: str = ""
    commit: str = ""
    diff: str = ""
    files: dict[str, str] = {}
    cut: tuple[str, ...] = ()
