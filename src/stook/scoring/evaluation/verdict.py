"""May one use these predictions? Findings held against thresholds, and the word that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stook.scoring.evaluation.average import average
from stook.scoring.evaluation.model import Evaluation, Level, MethodScores, Reason, Verdict

__all__ = ["DEFAULT_THRESHOLDS", "Thresholds", "verdict"]

_TWO_YEARS = 730
_LEVELS: tuple[Level, Level, Level] = ("good", "fair", "poor")


@dataclass(frozen=True)
class Thresholds:
    """Where a finding turns from good to fair, and from fair to poor.

    Attributes:
        origins: Closed periods that a judgement needs.
        gini: Normalised Gini at least, for good and for fair.
        coverage: Distance of the upper quantile's coverage from its level at most, for good and for fair.
        bias: Relative bias of the sum at most, for good and for fair.
    """

    origins: int = 3
    gini: tuple[float, float] = (0.7, 0.5)
    coverage: tuple[float, float] = (0.06, 0.15)
    bias: tuple[float, float] = (0.20, 0.50)


DEFAULT_THRESHOLDS = Thresholds()


def verdict(
    evaluations: Sequence[Evaluation],
    *,
    history_days: int | None = None,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Verdict:
    """Judge the predictions by how the model did on closed periods.

    Each measure is averaged over the periods (`average`) and held against its threshold; RMSE and Gini are held
    against the best baseline's. The verdict is as bad as the worst finding. To lose to a baseline on one of RMSE
    and Gini is fair, on both poor.

    Args:
        evaluations: The closed periods; with none of them the verdict is poor.
        history_days: Days of transactions that the model saw; under two years explains a missed season.
        thresholds: What counts as good and as fair.
    """
    if not evaluations:
        text = "No closed period was long enough to check a prediction against what then happened."
        return Verdict(
            "poor", "Untested: treat these numbers as a guess.", (Reason("poor", "untested", text),)
        )
    model, *baselines = average(evaluations)
    found = [
        _duel(model, baselines),
        _ranking(model.scores.gini, thresholds),
        _interval(model, evaluations, tolerance=thresholds.coverage, history_days=history_days),
        _total(model.scores.bias_of_sum, evaluations, thresholds),
        _evidence(len(evaluations), thresholds),
    ]
    reasons = tuple(reason for reason in found if reason is not None)
    level = max((reason.level for reason in reasons), key=_LEVELS.index)
    return Verdict(level, _sentence(level, reasons), reasons)


def _sentence(level: Level, reasons: Sequence[Reason]) -> str:
    lead = {"good": "Fit to use", "fair": "Use with care", "poor": "Do not rely on these numbers"}[level]
    strong = [reason.gist for reason in reasons if reason.gist and reason.level == "good"]
    weak = [reason.gist for reason in reasons if reason.level != "good"]
    if level == "fair" and strong:
        return f"{lead}: {strong[0]}, but {_join(weak)}."
    return f"{lead}: {_join(weak or strong)}." if weak or strong else f"{lead}."


def _duel(model: MethodScores, baselines: Sequence[MethodScores]) -> Reason | None:
    if not baselines:
        return None
    nearest = min(baselines, key=lambda method: method.scores.rmse)
    lost = ["error"] if model.scores.rmse > nearest.scores.rmse else []
    text = f"RMSE averages {model.scores.rmse:,.0f}; the best baseline, {nearest.label}, {nearest.scores.rmse:,.0f}."
    ranked = [(method.scores.gini, method.label) for method in baselines if method.scores.gini is not None]
    if ranked and model.scores.gini is not None:
        gini, label = max(ranked)
        lost += ["ranking"] if model.scores.gini < gini else []
        text += f" Gini averages {model.scores.gini:.3f}; the best baseline, {label}, {gini:.3f}."
    gist = (
        f"a baseline does better on {_join(lost)}"
        if lost
        else "the model beats every baseline on error and ranking"
    )
    return Reason(_LEVELS[len(lost)], gist, text)


def _ranking(gini: float | None, thresholds: Thresholds) -> Reason | None:
    if gini is None:
        return None
    good, fair = thresholds.gini
    reached = _steady(gini)
    level: Level = "good" if reached >= good else "fair" if reached >= fair else "poor"
    gist = {
        "good": "its ranking is good",
        "fair": "its ranking is middling",
        "poor": "its ranking is weak",
    }
    return Reason(
        level, gist[level], f"The ranking has a Gini of {gini:.2f} (good from {good:g}, fair from {fair:g})."
    )


def _interval(
    model: MethodScores,
    evaluations: Sequence[Evaluation],
    *,
    tolerance: tuple[float, float],
    history_days: int | None,
) -> Reason | None:
    upper = [quantile for quantile in model.scores.quantiles if quantile.quantile > 0.5]
    if not upper:
        return None
    top = upper[-1]
    level = _grade(top.gap, tolerance)
    only = "only " if level != "good" and top.gap < 0 else ""
    gist = f"the {_percent(top.quantile)} limit holds for {only}{_percent(top.coverage)} of customers"
    off = (
        f"{abs(top.gap) * 100:.1f} points {'short' if top.gap < 0 else 'over'}" if top.gap else "as it should"
    )
    text = f"{gist[0].upper()}{gist[1:]} on average, {off} (tolerance {tolerance[0] * 100:g} points)."
    if weakest := _weakest(top.quantile, evaluations, tolerance[0]):
        text += f" {weakest}"
        if history_days is not None and history_days < _TWO_YEARS:
            text += f" {history_days} days of history are less than two years, so a seasonal peak cannot be foreseen."
    return Reason(level, gist, text)


def _weakest(level: float, evaluations: Sequence[Evaluation], tolerance: float) -> str:
    """Name the period where the upper limit held least, if it was too low there."""
    found = [(score, e.origin) for e in evaluations if (score := e.model.scores.find_quantile(level))]
    score, origin = min(found, key=lambda pair: pair[0].coverage)
    if _grade(min(score.gap, 0), (tolerance, tolerance)) == "good":
        return ""
    return f"It held least in the period from {origin.day} {origin:%B %Y}: {_percent(score.coverage)}."


def _total(bias: float | None, evaluations: Sequence[Evaluation], thresholds: Thresholds) -> Reason | None:
    if bias is None:
        return None
    values = [e.model.scores.bias_of_sum for e in evaluations if e.model.scores.bias_of_sum is not None]
    level = _grade(bias, thresholds.bias)
    side = f"{_percent(abs(bias))} too {'low' if bias < 0 else 'high'}"
    spread = f"{min(values):+.0%} to {max(values):+.0%}".replace("-", "−")
    limit = f"{thresholds.bias[0]:.0%}"
    return Reason(
        level,
        f"its total runs {side}",
        f"The total came out {side} on average, from {spread} (tolerance {limit}).",
    )


def _evidence(count: int, thresholds: Thresholds) -> Reason:
    periods = f"{count} closed period{'s' if count > 1 else ''}"
    if count >= thresholds.origins:
        return Reason("good", "", f"Judged on {periods}, each predicted from what was known before it.")
    return Reason(
        "fair", f"it was tested on only {periods}", f"Judged on {periods}, fewer than {thresholds.origins}."
    )


def _grade(distance: float, limits: tuple[float, float]) -> Level:
    gap = _steady(abs(distance))
    return "good" if gap <= limits[0] else "fair" if gap <= limits[1] else "poor"


def _steady(value: float) -> float:
    """Round what binary fractions add, so that a coverage of 0.84 is within 6 points of 0.90."""
    return round(value, 9)


def _percent(share: float) -> str:
    return f"{share * 100:.1f}".removesuffix(".0") + "%"


def _join(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
