"""Handwritten digits in three tasks: data, train, evaluate.

Run it from the project's folder:

    stook run examples/digits.py:Evaluate
    stook run examples/digits.py:Evaluate --neighbours 5     # train and evaluate again, the data is reused
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import stook

PIXELS = 64


class Digits(stook.Task):
    """The digits that come with scikit-learn: 1,797 images of 8 x 8 pixels, some to learn from, some to test.

    Attributes:
        test_share: The share of images that is kept for the test.
    """

    test_share: float = 0.25
    checks = (
        stook.checks.no_nulls(item="train"),
        stook.checks.one_of("digit", range(10), item="train"),
        stook.checks.rows(min=100, item="test"),
    )

    def run(self) -> dict[str, pd.DataFrame]:
        """Return a table for each purpose: a column for each pixel, and the digit."""
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        images = load_digits()
        table = pd.DataFrame(images.data, columns=[f"pixel{i}" for i in range(PIXELS)])
        table["digit"] = images.target
        train, test = train_test_split(table, test_size=self.test_share, random_state=0)
        return {"train": train.reset_index(drop=True), "test": test.reset_index(drop=True)}


class Train(stook.Task):
    """A classifier that asks the nearest images that it knows.

    Attributes:
        neighbours: How many of them.
    """

    neighbours: int = 3

    def requires(self) -> dict[str, stook.Task]:
        """Require the images."""
        return {"digits": Digits()}

    def run(self, digits: stook.Bundle) -> Any:
        """Return the model."""
        from sklearn.neighbors import KNeighborsClassifier

        train = digits.to_pandas("train")
        return KNeighborsClassifier(self.neighbours).fit(_pixels(train), train["digit"].to_numpy())


class Evaluate(stook.Task):
    """How often the classifier is right about images that it has not seen.

    Attributes:
        neighbours: How many neighbours the classifier asks.
    """

    neighbours: int = 3
    checks = (stook.checks.between("accuracy", 0.9, 1),)

    def requires(self) -> dict[str, stook.Task]:
        """Require the model, and the images."""
        return {"model": Train(neighbours=self.neighbours), "digits": Digits()}

    def run(self, model: stook.Bundle, digits: stook.Bundle) -> dict[str, float | int]:
        """Return the share of digits that it tells right."""
        test = digits.to_pandas("test")
        right = model.data.predict(_pixels(test)) == test["digit"].to_numpy()
        return {"accuracy": round(float(right.mean()), 4), "images": len(test)}


def _pixels(table: pd.DataFrame) -> np.ndarray:
    return table.drop(columns="digit").to_numpy()
