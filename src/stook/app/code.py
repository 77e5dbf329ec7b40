"""The source text that made a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from stook.format import code_texts
from stook.model.code import CodeTexts
from stook.model.lineage import Environment
from stook.store.reading.whose import in_bundle

if TYPE_CHECKING:
    from stook.store import Bundle

__all__ = ["CodeOf", "describe_code", "find_texts"]

_PACKAGE = "package:"


@dataclass(frozen=True, slots=True)
class CodeOf:
    """What is known of the code that made a bundle.

    Attributes:
        ref: The bundle, as `name@id`.
        task: What made it.
        state: `kept`; `not kept`: its digests are known, and its text is not; `none`: no code made it.
        commit: The Git commit that was checked out; empty where there was none.
        is_dirty: Whether files differed from it; None where there was none.
        texts: The text; None where it was not kept.
        digests: `module:name` to the digest of a definition.
        packages: Versions of the packages that were used, by name.
    """

    ref: str
    task: str
    state: Literal["kept", "not kept", "none"]
    commit: str
    is_dirty: bool | None
    texts: CodeTexts | None
    digests: Mapping[str, str]
    packages: Mapping[str, str]


def describe_code(bundle: Bundle) -> CodeOf:
    """Return the code that made a bundle.

    Raises:
        IntegrityError: It was kept, and is lost or damaged.
    """
    lineage = bundle.lineage
    environment: Environment = lineage.environment
    texts = find_texts(bundle)
    packages = {
        key.removeprefix(_PACKAGE): version
        for key, version in lineage.code.items()
        if key.startswith(_PACKAGE)
    }
    return CodeOf(
        ref=bundle.ref,
        task=bundle.task,
        state="kept" if texts is not None else "not kept" if lineage.code else "none",
        commit=environment.git_commit,
        is_dirty=environment.git_dirty,
        texts=texts,
        digests={key: digest for key, digest in lineage.code.items() if not key.startswith(_PACKAGE)},
        packages={**packages, **environment.packages},
    )


def find_texts(bundle: Bundle) -> CodeTexts | None:
    """Return the source text that made a bundle, or None where it was not kept. Raises as `describe_code` does."""
    blob = bundle.manifest.lineage.code_blob
    if blob is None:
        return None
    with in_bundle(bundle.ref, bundle.repository):
        return code_texts.load(bundle.repository.reader().read(blob))
