"""From a transactions file to predictions and a report. Each task is a step; what it returns is kept as a bundle.

Heavy libraries are imported where a step runs, so that a pipeline with nothing to do is done at once.
"""

from __future__ import annotations

import stook


class FromFile(stook.Task):
    """A step that depends on nothing but the input file and how to read it."""

    source: str = "data/raw/transactions.csv"
    columns: str = ""

    def file(self):
        """The parameters to hand to the steps that this one needs."""
        return {"source": self.source, "columns": self.columns}


class LooksAhead(FromFile):
    """A step that also depends on how many days we look ahead."""

    horizon: int = 60

    def ahead(self):
        """The parameters to hand to the steps that this one needs."""
        return {**self.file(), "horizon": self.horizon}


class Ingested(FromFile):
    """Every row of the file, typed; a row that cannot be used carries the reason."""

    def requires(self):
        return {"raw": stook.source(self.source, name="raw")}

    def run(self, raw):
        from customer_value.ingest import ingest

        return ingest(raw.path(), self.columns)


class Clean(FromFile):
    """The sales, each with the time of its cancellation, if any."""

    def requires(self):
        return {"ingested": Ingested(**self.file())}

    def run(self, ingested):
        from customer_value.cleaning import sales

        return sales(ingested.to_polars("rows"))


class Rejected(FromFile):
    """The rows that were left out, as they were found, and why."""

    def requires(self):
        return {"ingested": Ingested(**self.file())}

    def run(self, ingested):
        from customer_value.cleaning import rejected

        return rejected(ingested.to_polars("rows"))


class Features(LooksAhead):
    """What was known of each customer at each origin, and what came of it."""

    def requires(self):
        return {"clean": Clean(**self.file())}

    def run(self, clean):
        from customer_value.features import feature_table

        return feature_table(clean.to_polars(), self.horizon)


class Model(LooksAhead):
    """The model to predict with, calibrated on the newest closed period."""

    def requires(self):
        return {"features": Features(**self.ahead())}

    def run(self, features):
        from customer_value.boosting import engine
        from customer_value.calibration import fit_calibrated

        name, note = engine()
        return {"fitted": fit_calibrated(features.to_polars()).to_tree(), "engine": name, "note": note}


class Predictions(LooksAhead):
    """Each customer's spend over the next days: mean, q10, q50, q90 and the chance to buy at all."""

    def requires(self):
        return {"features": Features(**self.ahead()), "model": Model(**self.ahead())}

    def run(self, features, model):
        from customer_value.calibration import CalibratedModel
        from customer_value.outputs import prediction_table

        return prediction_table(features.to_polars(), CalibratedModel.from_tree(model["fitted"]))


class Evaluation(LooksAhead):
    """How the model and the baselines would have done at earlier origins."""

    def requires(self):
        return {"features": Features(**self.ahead())}

    def run(self, features):
        from customer_value.backtest import backtest

        return backtest(features.to_polars(), self.horizon)


class Report(LooksAhead):
    """The files to send: predictions, a page about them, and the same facts for programs."""

    def requires(self):
        return {
            "ingested": Ingested(**self.file()),
            "rejected": Rejected(**self.file()),
            "clean": Clean(**self.file()),
            "features": Features(**self.ahead()),
            "model": Model(**self.ahead()),
            "evaluation": Evaluation(**self.ahead()),
            "predictions": Predictions(**self.ahead()),
        }

    def run(self, **bundles):
        from customer_value.outputs import report_files

        return report_files(bundles, self.ahead())
