"""Customers in groups: deciles by prediction, and the bins of a distribution."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from stook.errors import InputError
from stook.scoring.evaluation.model import Bin, Decile

__all__ = ["deciles", "distribution", "nice_edges"]


def deciles(actual: npt.ArrayLike, predicted: npt.ArrayLike, groups: int = 10) -> tuple[Decile, ...]:
    """Rank customers by prediction, cut them into equal groups, and sum both sides of each.

    Customers with equal predictions share their actual values evenly, so input order changes nothing.

    Returns:
        The groups, highest predictions first; fewer than `groups` where there are fewer customers.
    """
    y, p = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if y.shape != p.shape:
        raise InputError(f"{p.shape} predictions for {y.shape} actual values", kind="bad-scores")
    _, place, counts = np.unique(p, return_inverse=True, return_counts=True)
    shared = (np.bincount(place, weights=y) / counts)[place] if len(y) else y
    parts = np.array_split(np.argsort(-p, kind="stable"), groups)
    return tuple(
        Decile(rank, len(part), float(p[part].sum()), float(shared[part].sum()))
        for rank, part in enumerate(parts, start=1)
        if len(part)
    )


def distribution(predicted: npt.ArrayLike, reference: npt.ArrayLike | None = None) -> tuple[Bin, ...]:
    """Count predictions in bins of 1-2-5 steps, the same bins for the reference.

    The number of bins depends on the range of the values only, never on how many there are.

    Args:
        predicted: Expected value of each customer.
        reference: Predictions to compare with, such as those of the newest closed period.
    """
    values = np.asarray(predicted, dtype=np.float64)
    if not len(values):
        return ()
    if not np.isfinite(values).all():
        raise InputError("cannot count predictions that are missing or infinite", kind="bad-scores")
    edges = nice_edges(values)
    place = np.searchsorted(edges, values, side="right")
    customers = np.bincount(place, minlength=len(edges) + 1)
    totals = np.bincount(place, weights=values, minlength=len(edges) + 1)
    compared = None if reference is None else _count(edges, reference)
    bounds = pairwise([None, *edges, None])
    return tuple(
        Bin(low, high, int(customers[i]), float(totals[i]), None if compared is None else int(compared[i]))
        for i, (low, high) in enumerate(bounds)
    )


def nice_edges(values: npt.ArrayLike) -> list[float]:
    """Edges in steps of 1, 2, 5, 10, … around the central 99% of the positive values.

    At most a dozen: where they span more decades than that, the upper ones are kept.
    """
    positive = np.asarray(values, dtype=np.float64)
    positive = positive[positive > 0]
    if not len(positive):
        return [0.0, 1.0]
    low, high = (float(edge) for edge in np.quantile(positive, [0.005, 0.995]))
    steps = [float(f"{digit}e{power}") for power in range(-12, 310) for digit in (1, 2, 5) if power < 308]
    first, last = bisect_left(steps, low), bisect_left(steps, high)
    edges = steps[max(first, last - 11) : last + 1]
    return edges or [steps[-1]]


def _count(edges: list[float], values: npt.ArrayLike) -> npt.NDArray[np.intp]:
    place = np.searchsorted(edges, np.asarray(values, dtype=np.float64), side="right")
    return np.bincount(place, minlength=len(edges) + 1)
