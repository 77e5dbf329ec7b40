"""What of all that a bundle was made from can be made again, and what is taken as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stook.app.code import find_texts
from stook.errors import IntegrityError
from stook.pipeline.rerunning import get_bundle
from stook.pipeline.source_code.asking_git import ask_git
from stook.pipeline.source_code.recorded_code import Recorded, RecordedCode
from stook.store.ancestry import Ancestor, Ancestry

if TYPE_CHECKING:
    from stook.store import Store

__all__ = ["Step", "iter_steps"]


@dataclass(frozen=True, slots=True)
class Step:
    """A task that will be run again, or a bundle that will be taken as it is.

    Attributes:
        bundle: What it made.
        recorded: Where its code was; None where it is taken as it is.
        why_not: Why it cannot be run again, where a task made it.
    """

    bundle: Ancestor
    recorded: Recorded | None
    why_not: str = ""


def iter_steps(store: Store, found: Ancestry, code: RecordedCode, folder: Path) -> Iterator[Step]:
    """Yield what a bundle was made from, each after what that was made from; nothing above what is taken as it is.

    Args:
        store: The store that has the bundle.
        found: The bundle and all that it was made from.
        code: Finds code as it was.
        folder: A folder of the workspace, as it is now.
    """
    prefix = _prefix(folder)
    bundles = {bundle.id: bundle for bundle in found.bundles}
    onward = found.next_to()
    steps = {key: _look_at(store, bundle, code, prefix) for key, bundle in bundles.items()}
    done: set[str] = set()
    todo = [(found.root.id, False)]
    while todo:
        identifier, is_ready = todo.pop()
        if is_ready:
            yield steps[identifier]
        elif identifier not in done:
            done.add(identifier)
            todo.append((identifier, True))
            if steps[identifier].recorded is not None:
                todo += [(use.used, False) for use in reversed(onward.get(identifier, []))]


def _look_at(store: Store, bundle: Ancestor, code: RecordedCode, prefix: str) -> Step:
    if bundle.state in {"unknown", "unreadable"}:
        return Step(bundle, None)
    made = get_bundle(store, bundle.id)
    lineage = made.manifest.lineage
    if not lineage.fingerprint:
        return Step(bundle, None)
    if not lineage.spec:
        return Step(bundle, None, "an older version recorded it without its parameters")
    if not lineage.spec.get("file"):
        return Step(bundle, None, "its code was typed into a notebook")
    try:
        texts = find_texts(made)
    except IntegrityError:
        texts = None
    folder = texts.folder if texts else prefix
    recorded = Recorded(lineage.environment.git_commit, folder, texts)
    problem = code.find_problem(recorded)
    return Step(bundle, None, problem) if problem else Step(bundle, recorded)


def _prefix(folder: Path) -> str:
    """Return the workspace's folder from that of the Git repository, as it is now."""
    from stook.config import find_workspace

    prefix = ask_git(find_workspace(folder) or folder, "rev-parse", "--show-prefix")
    return prefix.rstrip("\n").rstrip("/") if prefix else ""
