"""Folders with code as it was recorded: a commit checked out beside the user's own, and what was in no commit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Final, Self

from stook.errors import InputError, NotFoundError
from stook.model.code import CodeTexts
from stook.pipeline.source_code.asking_git import ask_git

__all__ = ["Recorded", "RecordedCode"]

_SECONDS: Final = 600.0
_EACH_FILE = re.compile(r"^(?=diff --git )", re.MULTILINE)
_HEAD: Final = "diff --git a/"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where the code of a task was, and what of it was kept.

    Attributes:
        commit: The commit that was checked out; empty where there was none.
        folder: The workspace's folder from that of the Git repository; empty where they are the same.
        texts: The text that was kept, if any.
    """

    commit: str
    folder: str
    texts: CodeTexts | None

    @property
    def has_changes(self) -> bool:
        """Whether some of it is in no commit."""
        return self.texts is not None and bool(self.texts.diff or self.texts.files)


@dataclass(slots=True)
class _Checkout:
    """A folder, and what of it is settled: by path what was laid over, and the paths that are as in the commit."""

    recorded: Recorded
    top: Path
    laid: dict[str, str] = field(default_factory=dict)
    clean: set[str] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        return self.top / self.recorded.folder

    def fits(self, recorded: Recorded, laid: dict[str, str], clean: set[str]) -> bool:
        if (recorded.commit, recorded.folder) != (self.recorded.commit, self.recorded.folder):
            return False
        agree = all(self.laid.get(path, text) == text for path, text in laid.items())
        return agree and self.clean.isdisjoint(laid) and clean.isdisjoint(self.laid)


class RecordedCode:
    """Makes such folders below another one. To be used with `with`: afterwards Git knows of none of them.

    Args:
        repository: A folder of the Git repository that has the commits; None where there is none.
        place: An empty folder.
        keep: Leave the folders as they are at the end.
    """

    def __init__(self, repository: Path | None, place: Path, *, keep: bool = False) -> None:
        self._repository = repository
        self._place = place
        self._keep = keep
        self._checkouts: list[_Checkout] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._repository is None or self._keep:
            return
        for checkout in self._checkouts:
            if checkout.recorded.commit:
                ask_git(
                    self._repository, "worktree", "remove", "--force", str(checkout.top), seconds=_SECONDS
                )

    def find_problem(self, recorded: Recorded) -> str:
        """Return why there is no folder to be had for what was recorded; empty where there is one."""
        if not recorded.commit:
            has_files = recorded.texts is not None and recorded.texts.files
            return "" if has_files else "neither its source nor a Git commit was recorded"
        if not _COMMIT.fullmatch(recorded.commit):  # to Git it might be an option, or something that moves
            return f"{recorded.commit!r:.100} is no commit"
        if self._repository is None:
            return f"the commit {recorded.commit[:12]} is in no repository here"
        asked = ask_git(self._repository, "cat-file", "-e", f"{recorded.commit}^{{commit}}")
        return f"the commit {recorded.commit[:12]} is not in {self._repository}" if asked is None else ""

    def folder_for(self, recorded: Recorded) -> Path:
        """Return the workspace's folder with code as it was recorded; one that has it already, or a new one.

        Raises:
            NotFoundError: The commit cannot be checked out, or what was changed since does not fit it.
            InputError: A file that was recorded would be written outside of the folder.
        """
        laid = {**dict(_each_diff(recorded.texts)), **(recorded.texts.files if recorded.texts else {})}
        known = {one.path for one in recorded.texts.definitions} if recorded.texts else set()
        clean = known.difference(laid)
        checkout = next((one for one in self._checkouts if one.fits(recorded, laid, clean)), None)
        if checkout is None:
            checkout = _Checkout(recorded, self._make(recorded))
            self._checkouts.append(checkout)
        new = {path: text for path, text in laid.items() if path not in checkout.laid}
        files = recorded.texts.files if recorded.texts else {}
        self._apply(checkout, "".join(text for path, text in new.items() if path not in files))
        for path in new:
            if path in files:
                _write(checkout.folder, path, files[path])
        checkout.laid |= new
        checkout.clean |= clean
        return checkout.folder

    def _make(self, recorded: Recorded) -> Path:
        top = self._place / f"code-{len(self._checkouts) + 1}"
        if not recorded.commit or self._repository is None:
            (top / recorded.folder).mkdir(parents=True)
            return top
        made = ask_git(
            self._repository,
            *("worktree", "add", "--quiet", "--force", "--detach", str(top), recorded.commit),
            seconds=_SECONDS,
            may_run=True,
        )
        if made is None or not (top / recorded.folder).is_dir():
            raise NotFoundError(
                f"the commit {recorded.commit[:12]} cannot be checked out",
                kind="no-code",
                hint=f"git worktree add /tmp/there {recorded.commit[:12]} says why",
            )
        if not (top / recorded.folder).resolve().is_relative_to(top.resolve()):
            raise _outside(recorded.folder)
        return top

    def _apply(self, checkout: _Checkout, diff: str) -> None:
        if not diff:
            return
        directory = [f"--directory={checkout.recorded.folder}"] if checkout.recorded.folder else []
        words = ("apply", "--whitespace=nowarn", *directory, "-")
        if ask_git(checkout.top, *words, given=diff, seconds=_SECONDS, may_run=True) is None:
            raise NotFoundError(
                f"what was changed since the commit {checkout.recorded.commit[:12]} does not fit it",
                kind="no-code",
                hint="stook show NAME --code shows it",
            )


def _each_diff(texts: CodeTexts | None) -> Iterator[tuple[str, str]]:
    """Yield the path of each file that a diff is about, and the diff of it."""
    for part in _EACH_FILE.split(texts.diff) if texts else ():
        if part.startswith(_HEAD):
            both = part.partition("\n")[0].removeprefix(_HEAD)
            yield both[: (len(both) - 3) // 2], part


def _write(folder: Path, path: str, text: str) -> None:
    target = folder / path
    inside = target.parent.resolve()
    if (
        not inside.is_relative_to(folder.resolve())
        or ".git" in PurePosixPath(path).parts
        or target.is_symlink()
    ):
        raise _outside(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode())


def _outside(path: str) -> InputError:
    return InputError(
        f"the recorded file {path} would be written outside of the checkout",
        kind="bad-path",
        hint="stook show NAME --code shows what was recorded",
    )
