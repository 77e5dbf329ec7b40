"""How well a method predicts: measures, groups of customers, and a verdict.

Import it inside the function that needs it: it pulls in numpy. Values go to plain data and back by
`msgspec.to_builtins(evaluation)` and `msgspec.convert(data, Evaluation)`.
"""

from stook.scoring.evaluation.average import average
from stook.scoring.evaluation.evaluate import Forecast, evaluate
from stook.scoring.evaluation.groups import deciles, distribution
from stook.scoring.evaluation.model import (
    Bin,
    Decile,
    Evaluation,
    MethodScores,
    QuantileScore,
    Reason,
    Scores,
    Verdict,
)
from stook.scoring.evaluation.scores import score
from stook.scoring.evaluation.verdict import DEFAULT_THRESHOLDS, Thresholds, verdict

__all__ = [
    "DEFAULT_THRESHOLDS",
    "Bin",
    "Decile",
    "Evaluation",
    "Forecast",
    "MethodScores",
    "QuantileScore",
    "Reason",
    "Scores",
    "Thresholds",
    "Verdict",
    "average",
    "deciles",
    "distribution",
    "evaluate",
    "score",
    "verdict",
]
