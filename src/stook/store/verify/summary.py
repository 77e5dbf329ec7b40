"""From what is damaged to what is reported: each pack with the bundles that it concerns, then what no pack explains."""

from __future__ import annotations

import dataclasses
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from stook.model.record import BundleRecord
from stook.store.verify.bundles import DamagedBundle
from stook.store.verify.damage import DamagedPack
from stook.store.verify.report import Affected, Elsewhere, Problem

__all__ = ["Absent", "count_elsewhere", "sum_up"]


@dataclasses.dataclass(frozen=True, slots=True)
class Absent:
    """A bundle of which something is missing here, and the remote that has it."""

    bundle: DamagedBundle
    remote: str


def count_elsewhere(absent: Iterable[Absent]) -> tuple[Elsewhere, ...]:
    """Return how many bundles each remote has for us."""
    counted = Counter(one.remote for one in absent)
    return tuple(Elsewhere(remote, counted[remote]) for remote in sorted(counted))


def sum_up(
    packs: Sequence[DamagedPack],
    bundles: Sequence[DamagedBundle],
    unlogged: Sequence[BundleRecord],
    absent: Sequence[Absent] = (),
) -> tuple[Problem, ...]:
    """Return the problems of packs, of bundles, and of records that the log lost.

    Args:
        packs: Packs that are damaged.
        bundles: Bundles that cannot be read whole.
        unlogged: Records that the log lost.
        absent: Bundles that can, since what is missing of them is on a remote.
    """
    explained = frozenset[bytes]().union(*(pack.lost for pack in packs))
    by_pack = (_with_bundles(pack, bundles, absent) for pack in packs)
    others = (_problem(bundle) for bundle in bundles if not bundle.chunks or bundle.chunks - explained)
    return (*by_pack, *others, *_iter_unlogged(unlogged))


def _with_bundles(pack: DamagedPack, bundles: Sequence[DamagedBundle], absent: Sequence[Absent]) -> Problem:
    concerned = tuple(bundle.affected for bundle in bundles if bundle.chunks & pack.lost)
    if concerned or pack.problem.kind != "damaged-pack" or not pack.lost:
        return dataclasses.replace(pack.problem, bundles=concerned)
    remotes = sorted({one.remote for one in absent if one.bundle.chunks & pack.lost})
    reason = f"it comes from {' and '.join(remotes)}" if remotes else "no bundle needs what was lost"
    hint = f"nothing: {reason}" if pack.quarantined else pack.problem.hint
    return dataclasses.replace(pack.problem, hint=hint)


def _problem(bundle: DamagedBundle) -> Problem:
    reference = bundle.affected.bundle
    if bundle.is_forged and not bundle.chunks:
        return _forged(bundle)
    kind = "missing-chunk" if bundle.chunks else "damaged-bundle"
    hint = "add the same data again, or copy packs/ from another copy of the store and run stook verify"
    if not bundle.chunks:
        hint = "copy log/ and packs/ from another copy of the store, then stook rebuild"
    return Problem(
        kind, reference, f"{reference} cannot be read whole: {bundle.message}", hint, (bundle.affected,)
    )


def _forged(bundle: DamagedBundle) -> Problem:
    reference = bundle.affected.bundle
    message = f"{reference} is not what it says it is: {bundle.message}"
    hint = f"ask who wrote it; stook rm {shlex.quote(reference)} keeps it from being reused"
    return Problem("wrong-digest", reference, message, hint, (bundle.affected,))


def _iter_unlogged(records: Sequence[BundleRecord]) -> Iterator[Problem]:
    for record in records:
        reference = f"{record.name}@{record.id}"
        message = f"the log has lost the record of {reference}; only the catalog of this machine still has it"
        yield Problem("lost-record", reference, message, "stook rebuild", (Affected(reference),))
