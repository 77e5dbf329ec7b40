"""Models come back predicting the same, and hostile bytes are refused before they do harm."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from blake3 import blake3
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from stook.errors import InputError, IntegrityError
from stook.ext import lightgbm_models, sklearn_models

X = np.random.default_rng(1).random((200, 3))
Y = X[:, 0]


class Bytes(io.BytesIO):
    """A source over bytes in memory."""


def stored(codec: Any, value: object) -> tuple[bytes, Any]:
    """Return the bytes that the codec wrote, and what it said of them."""
    out = io.BytesIO()
    encoded = codec.dump(value, out)
    return out.getvalue(), encoded


def booster(**params: object) -> tuple[Any, pd.DataFrame]:
    """Return a small Booster with a categorical feature, and what it was trained on."""
    lightgbm = lightgbm_models.import_lightgbm()
    frame = pd.DataFrame(X, columns=list("abc"))
    frame["c"] = pd.Categorical(np.where(X[:, 2] > 0.5, "x", "y"))
    settings = {"verbose": -1, "num_leaves": 4, "num_threads": 1, **params}
    return lightgbm.train(settings, lightgbm.Dataset(frame, Y), 5), frame


def test_booster_comes_back() -> None:
    """A Booster predicts the same, and keeps its categories and best iteration."""
    model, frame = booster()
    model.best_iteration = 3
    data, encoded = stored(lightgbm_models.CODEC, model)
    back: Any = lightgbm_models.CODEC.load(Bytes(data), encoded.meta)
    assert np.array_equal(back.predict(frame), model.predict(frame))
    assert back.best_iteration == 3
    assert back.pandas_categorical == [["x", "y"]]
    assert stored(lightgbm_models.CODEC, back)[1].digest == encoded.digest


def test_booster_digest_sees_trees_alone() -> None:
    """Parameters that change no tree do not change the digest; another tree does."""
    first = stored(lightgbm_models.CODEC, booster()[0])[1].digest
    assert stored(lightgbm_models.CODEC, booster(time_out=7)[0])[1].digest == first
    assert stored(lightgbm_models.CODEC, booster(num_leaves=5)[0])[1].digest != first


def test_lightgbm_wrapper_is_refused() -> None:
    """The scikit-learn wrapper is refused with the way to its Booster."""
    with pytest.raises(InputError) as caught:
        stored(lightgbm_models.CODEC, lightgbm_models.import_lightgbm().LGBMRegressor())
    assert "booster_" in caught.value.hint


@pytest.mark.parametrize("keep", [0, 100, 500, 1500, 3000])
def test_damaged_booster_is_refused(keep: int) -> None:
    """A cut text never reaches LightGBM's parser, with or without the digest to tell it."""
    data, encoded = stored(lightgbm_models.CODEC, booster()[0])
    for meta in (encoded.meta, {"text": blake3(data[:keep]).hexdigest()}):
        with pytest.raises(IntegrityError):
            lightgbm_models.CODEC.load(Bytes(data[:keep]), meta)


def test_sklearn_pipeline_comes_back() -> None:
    """A pipeline with histogram boosting predicts the same, and has the same bytes each time."""
    model = make_pipeline(StandardScaler(), HistGradientBoostingRegressor(max_iter=3)).fit(X, Y)
    data, encoded = stored(sklearn_models.CODEC, model)
    assert stored(sklearn_models.CODEC, model) == (data, encoded)
    back: Any = sklearn_models.CODEC.load(Bytes(data), encoded.meta)
    assert np.array_equal(back.predict(X), model.predict(X))


def _anything(value: object) -> object:
    return value


def test_sklearn_with_own_function_is_refused() -> None:
    """A type that skops does not trust is refused when stored, and named."""
    with pytest.raises(InputError, match="_anything"):
        stored(sklearn_models.CODEC, FunctionTransformer(_anything))


def test_sklearn_with_untrusted_type_is_not_loaded() -> None:
    """A file that holds an untrusted type is refused when read, and the type is named."""
    import skops.io

    data = skops.io.dumps(FunctionTransformer(_anything))
    with pytest.raises(IntegrityError, match="_anything"):
        sklearn_models.CODEC.load(Bytes(data), {})


@pytest.mark.parametrize(("field", "number"), [("left", 9999), ("right", 0), ("feature_idx", 77)])
def test_tree_that_leads_astray_is_refused(field: str, number: int) -> None:
    """Indices that scikit-learn would follow out of memory, or for ever, are refused."""
    model = HistGradientBoostingRegressor(max_iter=1).fit(X, Y)
    model._predictors[0][0].nodes[field][0] = number
    data, encoded = stored(sklearn_models.CODEC, model)
    with pytest.raises(IntegrityError, match="tree"):
        sklearn_models.CODEC.load(Bytes(data), encoded.meta)


@pytest.mark.parametrize("keep", [0, 100, -5])
def test_damaged_sklearn_model_is_refused(keep: int) -> None:
    """Cut bytes are an IntegrityError."""
    data, encoded = stored(sklearn_models.CODEC, StandardScaler().fit(X))
    with pytest.raises(IntegrityError):
        sklearn_models.CODEC.load(Bytes(data[:keep]), encoded.meta)
