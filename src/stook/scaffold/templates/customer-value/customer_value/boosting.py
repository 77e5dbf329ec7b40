"""Gradient boosted trees: LightGBM, or scikit-learn's where LightGBM cannot be loaded (it needs libgomp)."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Literal

import numpy as np

Objective = Literal["active", "mean", "quantile"]

SEED, ROUNDS, RATE, LEAVES, LEAF_SIZE, L2 = 7, 100, 0.07, 15, 40, 5.0
LIGHTGBM = {
    "learning_rate": RATE,
    "num_leaves": LEAVES,
    "min_child_samples": LEAF_SIZE,
    "lambda_l2": L2,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    # Same data, same trees: wherever and however often.
    "seed": SEED,
    "deterministic": True,
    "force_row_wise": True,
    # More threads gain little on so few rows, and lose a lot on a busy machine.
    "num_threads": 1,
    "verbose": -1,
}


def engine() -> tuple[str, str]:
    """Return what will fit the models, with its version, and a note where that is second best."""
    try:
        import lightgbm
    except (ImportError, OSError) as error:
        note = f"LightGBM could not be loaded ({error}); on Debian: apt-get install libgomp1"
        return f"scikit-learn {version('scikit-learn')}", note
    return f"LightGBM {lightgbm.__version__}", ""


def fit(objective: Objective, x: np.ndarray, y: np.ndarray, level: float = 0.5) -> Any:
    """Fit one model: the chance that `y` is 1, the mean of `y`, or its quantile at `level`."""
    return fit_lightgbm(objective, x, y, level) if not engine()[1] else fit_sklearn(objective, x, y, level)


def fit_lightgbm(objective: Objective, x: np.ndarray, y: np.ndarray, level: float) -> Any:
    """Fit by LightGBM."""
    import lightgbm

    names = {"active": "binary", "mean": "l2", "quantile": "quantile"}
    params = LIGHTGBM | {"objective": names[objective], "alpha": level}
    return lightgbm.train(params, lightgbm.Dataset(x, y), ROUNDS)


def fit_sklearn(objective: Objective, x: np.ndarray, y: np.ndarray, level: float) -> Any:
    """Fit by scikit-learn's histogram gradient boosting."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    trees = {
        "learning_rate": RATE,
        "max_leaf_nodes": LEAVES,
        "min_samples_leaf": LEAF_SIZE,
        "l2_regularization": L2,
        "max_iter": ROUNDS,
        "early_stopping": False,
        "random_state": SEED,
    }
    if objective == "active":
        model = HistGradientBoostingClassifier(**trees)
    elif objective == "mean":
        model = HistGradientBoostingRegressor(**trees)
    else:
        model = HistGradientBoostingRegressor(loss="quantile", quantile=level, **trees)
    with threadpool_limits(limits=1):
        return model.fit(x, y)


def predict(model: Any, x: np.ndarray) -> np.ndarray:
    """Return a prediction for each row, whichever library fitted the model."""
    if hasattr(model, "predict_proba"):
        return model.predict_proba(x)[:, -1]
    return model.predict(x)
