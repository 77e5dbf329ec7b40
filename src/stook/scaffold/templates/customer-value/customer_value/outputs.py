"""The files that leave the project: predictions for programs and spreadsheets, and a report for people."""

from __future__ import annotations

import atexit
import json
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import stook
from stook.scoring import report as page
from stook.scoring.evaluation import Evaluation, distribution, verdict
from stook.scoring.transactions import REASONS, count_reasons

from customer_value.calibration import CalibratedModel

TOP = 20


def prediction_table(features: pl.DataFrame, model: CalibratedModel) -> pl.DataFrame:
    """Predict from the newest origin, best customers first."""
    now = features.filter(pl.col("step") == 0)
    spend = model.predict(now)
    quantiles = {f"q{level * 100:.0f}": values for level, values in spend.quantiles.items()}
    table = pl.DataFrame(
        {"customer_id": now["customer"], "mean": spend.mean, **quantiles, "p_active": spend.p_active}
    )
    return table.sort("mean", "customer_id", descending=[True, False])


def for_spreadsheets(table: pl.DataFrame) -> pl.DataFrame:
    """Keep a spreadsheet from running a customer id as a formula: a quote before `=`, `+`, `-` or `@`."""
    customer = pl.col("customer_id")
    formula = customer.str.contains(r"^[\s]*[=+\-@\t\r]")
    return table.with_columns(pl.when(formula).then("'" + customer).otherwise(customer).alias("customer_id"))


def write_predictions(predictions: pl.DataFrame, folder: Path) -> None:
    """Write the predictions for programs, as Parquet, and for people, as CSV."""
    predictions.write_parquet(folder / "predictions.parquet")
    for_spreadsheets(predictions).write_csv(folder / "predictions.csv", float_precision=4)


def report_files(bundles: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Path]:
    """Write the files of the report; the bundle keeps them."""
    temporary = tempfile.TemporaryDirectory(prefix="report-")
    # The bundle is made of the files only after this function has returned.
    atexit.register(temporary.cleanup)
    folder = Path(temporary.name)
    write_predictions(bundles["predictions"].to_polars(), folder)
    report = build_report(bundles, parameters)
    (folder / "report.html").write_text(page.render(report), encoding="utf-8")
    (folder / "metrics.json").write_text(json.dumps(page.to_metrics(report), indent=2), encoding="utf-8")
    return {path.name: path for path in sorted(folder.iterdir())}


def build_report(bundles: dict[str, Any], parameters: dict[str, Any]) -> page.Report:
    """Gather what the page shows."""
    features = bundles["features"].to_polars()
    now = features.filter(pl.col("step") == 0)
    evaluations = tuple(msgspec.convert(bundles["evaluation"].data, list[Evaluation]))
    quality = data_quality(bundles, parameters["source"])
    history = (quality.last - quality.first).days + 1
    note = bundles["model"]["note"]
    return page.Report(
        title=f"Customer value: the next {parameters['horizon']} days",
        outlook=outlook(now, bundles["predictions"].to_polars(), parameters["horizon"]),
        verdict=verdict(evaluations, history_days=history),
        evaluations=evaluations,
        quality=quality,
        provenance=provenance(bundles, parameters),
        top=top_customers(now, bundles["predictions"].to_polars()),
        limits=(f"Fitted by scikit-learn's histogram boosting: {note}.",) if note else (),
    )


def outlook(now: pl.DataFrame, predictions: pl.DataFrame, horizon: int) -> page.Outlook:
    """Return the prediction in a few numbers."""
    return page.Outlook(
        as_of=now["origin"][0].date(),
        horizon_days=horizon,
        customers=len(predictions),
        expected_total=predictions["mean"].sum(),
        expected_buyers=predictions["p_active"].sum(),
        previous_total=now["last_period"].sum(),
        previous_buyers=int((now["last_period"] > 0).sum()),
        bins=distribution(predictions["mean"].to_numpy(), now["last_period"].to_numpy()),
        reference=f"spent in the {horizon} days before",
    )


def data_quality(bundles: dict[str, Any], source: str) -> page.DataQuality:
    """Return what came in and what was left out."""
    rows, sales = bundles["ingested"].to_arrow("rows"), bundles["clean"].to_polars()
    rejected = count_reasons(rows)
    cancelled = sales["cancelled_at"].count()
    notes = (
        f"{cancelled:,} sales were cancelled in full later; from then on they do not count.",
        f"{rejected.get('cancelled', 0) - cancelled:,} other cancellations and returns changed no sale.",
    )
    return page.DataQuality(
        source=Path(source).name,
        rows_read=rows.num_rows,
        rows_accepted=len(sales),
        rejected=tuple(page.Rejection(REASONS[reason], count) for reason, count in rejected.items()),
        columns=tuple(page.ColumnUse(**column) for column in bundles["ingested"]["columns"]),
        first=sales["time"].min(),
        last=sales["time"].max(),
        customers=sales["customer"].n_unique(),
        notes=notes if rejected.get("cancelled") else (),
    )


def provenance(bundles: dict[str, Any], parameters: dict[str, Any]) -> page.Provenance:
    """Return where the numbers come from."""
    environment = bundles["predictions"].lineage.environment
    return page.Provenance(
        created=bundles["predictions"].time,
        stook_version=stook.__version__,
        engine=f"{bundles['model']['engine']}, hurdle model",
        bundles=tuple(page.BundleRef(role, b.name, b.id, b.digest) for role, b in bundles.items()),
        code_commit=environment.git_commit or None,
        code_dirty=bool(environment.git_dirty),
        parameters=parameters,
    )


def top_customers(now: pl.DataFrame, predictions: pl.DataFrame) -> tuple[page.TopCustomer, ...]:
    """Return the customers with the highest means."""
    known = now.select("customer", "last_period", "last_visit")
    rows = predictions.head(TOP).join(
        known, left_on="customer_id", right_on="customer", how="left", maintain_order="left"
    )
    return tuple(
        page.TopCustomer(
            customer=row["customer_id"],
            expected=row["mean"],
            low=row["q10"],
            median=row["q50"],
            high=row["q90"],
            previous=row["last_period"],
            last_purchase=row["last_visit"],
            probability=row["p_active"],
        )
        for row in rows.iter_rows(named=True)
    )
