"""The tables that say how good such predictions were."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stook.scoring.evaluation.average import average
from stook.scoring.evaluation.model import Decile, Evaluation, MethodScores, Scores
from stook.scoring.report import formats
from stook.scoring.report.table import MOST_ROWS, Cell, Column, Row, Table

__all__ = ["decile_table", "interval_table", "method_table", "period_table"]


def method_table(methods: Sequence[MethodScores], symbol: str, *, name: str, caption: str) -> Table:
    """Compare methods: one row each, the best figure of each column marked."""
    measures: list[
        tuple[str, Callable[[Scores], float | None], Callable[[float], str], Callable[[float], float]]
    ] = [
        ("RMSE", lambda s: s.rmse, lambda v: formats.amount(v, symbol), float),
        ("MAE", lambda s: s.mae, lambda v: formats.amount(v, symbol), float),
        ("Bias of sum", lambda s: s.bias_of_sum, formats.signed_percent, abs),
        ("Gini", lambda s: s.gini, lambda v: f"{v:.3f}", lambda v: -v),
    ]
    for quantile in methods[0].scores.quantiles:
        level = quantile.quantile
        measures.append((f"Pinball {_q(level)}", _pinball(level), lambda v: formats.amount(v, symbol), float))
    columns = [_measured(methods, read, show=show, rank=rank) for _, read, show, rank in measures]
    rows = [
        Row(method.label, tuple(column[index] for column in columns), strong=index == 0)
        for index, method in enumerate(methods)
    ]
    heads = (Column("Method", words=True), *(Column(title) for title, *_ in measures))
    return Table(name, caption, heads, tuple(rows))


def interval_table(model: MethodScores) -> Table:
    """Say how often the model's quantiles held."""
    rows = [
        Row(
            f"{_q(score.quantile)}",
            (
                Cell(formats.percent(score.quantile, 0)),
                Cell(formats.percent(score.below)),
                Cell(formats.percent(score.coverage)),
                Cell("holds" if score.gap == 0 else f"{score.gap * 100:+.1f}".replace("-", "−")),
                Cell(formats.percent(score.coverage_active)),
            ),
        )
        for score in model.scores.quantiles
    ]
    heads = (
        Column("Quantile", words=True),
        Column("Nominal"),
        Column("Spent less"),
        Column("Spent no more"),
        Column("Points off"),
        Column("No more, of those who spent"),
    )
    return Table("intervals", "How often the quantiles held", heads, tuple(rows))


def decile_table(deciles: Sequence[Decile], symbol: str) -> Table:
    """Give the figures behind the decile chart."""
    rows = [
        Row(
            str(decile.rank),
            (
                Cell(formats.count(decile.customers)),
                Cell(formats.amount(decile.predicted, symbol)),
                Cell(formats.amount(decile.actual, symbol)),
                Cell(
                    formats.signed_percent(
                        decile.predicted / decile.actual - 1 if decile.actual > 0 else None
                    )
                ),
            ),
        )
        for decile in deciles
    ]
    heads = (
        Column("Group", words=True),
        Column("Customers"),
        Column("Predicted"),
        Column("Actual"),
        Column("Off by"),
    )
    return Table("decile-figures", "Spend by group", heads, tuple(rows))


def period_table(evaluations: Sequence[Evaluation], symbol: str) -> Table:
    """Set the closed periods under each other, newest first, and their mean at the foot."""
    newest_first = sorted(evaluations, key=lambda evaluation: evaluation.origin, reverse=True)[:MOST_ROWS]
    rows = [
        Row(
            f"{evaluation.origin:%Y-%m-%d}",
            (
                Cell(formats.count(evaluation.customers)),
                Cell(formats.percent(evaluation.zero_share, 0)),
                Cell(formats.compact(evaluation.actual_total, symbol)),
                *_duel(evaluation.methods, symbol),
            ),
        )
        for evaluation in newest_first
    ]
    mean = average(newest_first)
    if len(rows) > 1:
        rows.append(Row("Mean", (Cell(""), Cell(""), Cell(""), *_duel(mean, symbol)), strong=True))
    upper = max((score.quantile for score in mean[0].scores.quantiles), default=None)
    titles = [
        "Customers",
        "No spend",
        "Spent",
        "RMSE",
        "best baseline",
        "Gini",
        "best baseline",
        "Bias of sum",
    ]
    titles.append("Upper limit held" if upper is None else f"{_q(upper)} held")
    heads = (Column("Period from", words=True), *(Column(title) for title in titles))
    return Table("periods", "The model on every closed period", heads, tuple(rows))


def _measured(
    methods: Sequence[MethodScores],
    read: Callable[[Scores], float | None],
    *,
    show: Callable[[float], str],
    rank: Callable[[float], float],
) -> list[Cell]:
    values = [read(method.scores) for method in methods]
    best = min((rank(value) for value in values if value is not None), default=None)
    return [
        Cell(formats.MISSING)
        if value is None
        else Cell(show(value), best=len(values) > 1 and rank(value) == best)
        for value in values
    ]


def _duel(methods: Sequence[MethodScores], symbol: str) -> tuple[Cell, ...]:
    """Set the model's RMSE and Gini beside the best baseline's, then its bias and its upper limit."""
    model, *others = (method.scores for method in methods)
    rmse = min((scores.rmse for scores in others), default=None)
    gini = max((scores.gini for scores in others if scores.gini is not None), default=None)
    upper = model.quantiles[-1].coverage if model.quantiles else None
    return (
        Cell(formats.amount(model.rmse, symbol), best=rmse is not None and model.rmse <= rmse),
        Cell(formats.amount(rmse, symbol), best=rmse is not None and rmse < model.rmse),
        Cell(_three(model.gini), best=None not in (gini, model.gini) and model.gini >= gini),  # type: ignore[operator]
        Cell(_three(gini), best=None not in (gini, model.gini) and gini > model.gini),  # type: ignore[operator]
        Cell(formats.signed_percent(model.bias_of_sum)),
        Cell(formats.percent(upper)),
    )


def _pinball(level: float) -> Callable[[Scores], float | None]:
    def read(scores: Scores) -> float | None:
        found = scores.find_quantile(level)
        return None if found is None else found.pinball

    return read


def _three(value: float | None) -> str:
    return formats.MISSING if value is None else f"{value:.3f}"


def _q(level: float) -> str:
    return f"q{level * 100:g}"
