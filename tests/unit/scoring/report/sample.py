"""A report with the figures that a year of a real shop gives, and one with hostile text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np

from stook.scoring.evaluation import Evaluation, Forecast, distribution, evaluate, verdict
from stook.scoring.report import (
    BundleRef,
    ColumnUse,
    DataQuality,
    Outlook,
    Provenance,
    Rejection,
    Report,
    TopCustomer,
)

HORIZON = 60
ORIGINS = (date(2011, 6, 1), date(2011, 8, 1), date(2011, 10, 1))
SHARES = {0.1: 0.0, 0.5: 0.45, 0.9: 3.6}


def evaluation(origin: date, *, customers: int = 3616, seed: int = 0, peak: float = 1.0) -> Evaluation:
    """Simulate customers, half of whom buy nothing, and four methods that see them more or less clearly."""
    random = np.random.default_rng(seed)
    worth = random.lognormal(5.2, 1.25, customers)
    active = random.random(customers) < np.clip(worth / 600, 0.12, 0.95)
    actual = np.round(np.where(active, worth * random.lognormal(0.0, 0.6, customers) * 1.4 * peak, 0), 2)
    seen = worth * random.lognormal(0, 0.9, customers)
    mean = seen * np.clip(seen / 700, 0.12, 0.95) * 1.05
    last = np.where(random.random(customers) < 0.5, worth * random.lognormal(0, 1, customers), 0)
    return evaluate(
        actual,
        Forecast("model", "Stook hurdle", mean, {level: mean * share for level, share in SHARES.items()}),
        [
            Forecast("last_period", "Last period", last),
            Forecast("lifetime_rate", "Lifetime rate", worth * random.lognormal(0, 1.1, customers)),
            Forecast(
                "bg_nbd_gamma_gamma", "BG/NBD + Gamma-Gamma", mean * random.lognormal(-0.4, 0.5, customers)
            ),
        ],
        origin=origin,
        horizon_days=HORIZON,
    )


def report(customers: int = 4338) -> Report:
    """Return a whole report over simulated figures; the same one each time."""
    random = np.random.default_rng(7)
    evaluations = tuple(
        evaluation(origin, seed=index, peak=peak)
        for index, (origin, peak) in enumerate(zip(ORIGINS, (0.95, 1.1, 1.3), strict=True))
    )
    means = random.lognormal(4.1, 1.4, customers)
    return Report(
        title="Customer value over the next 60 days",
        currency="£",
        outlook=Outlook(
            as_of=date(2011, 12, 10),
            horizon_days=HORIZON,
            customers=customers,
            expected_total=float(means.sum()),
            expected_buyers=customers * 0.412,
            previous_total=float(means.sum()) * 1.31,
            previous_buyers=int(customers * 0.56),
            bins=distribution(means, random.lognormal(4.3, 1.4, 3616)),
            reference="predicted at 1 October 2011",
        ),
        verdict=verdict(evaluations, history_days=374),
        evaluations=evaluations,
        quality=_quality(),
        provenance=_provenance(),
        top=_top(np.sort(means)[::-1][:20], random),
        limits=("One year of history holds a single Christmas: its peak cannot be told from growth.",),
    )


def hostile() -> Report:
    """Return a report whose every foreign text tries to break out of the page."""
    attack = "</td></title><script>alert(1)</script>'\"><img src=http://evil.test/x onerror=alert(2)>{{7*7}}"
    base = report(50)
    return replace(
        base,
        title=attack,
        currency="<b>",
        limits=(attack,),
        quality=replace(
            base.quality,
            source=attack + ".csv",
            notes=(attack,),
            rejected=(Rejection(attack, 1),),
            columns=(ColumnUse("customer", attack),),
        ),
        provenance=replace(
            base.provenance,
            engine=attack,
            bundles=(BundleRef(attack, attack, attack, attack),),
            parameters={attack: attack},
            code_commit=attack,
        ),
        top=(
            replace(base.top[0], customer=attack),
            replace(base.top[1], customer="\u202eevil\x00\ud800" + "x" * 10_000_000),
        ),
    )


def _quality() -> DataQuality:
    return DataQuality(
        source="online_retail.csv.gz",
        rows_read=541_909,
        rows_accepted=392_692,
        rejected=(
            Rejection("no customer", 135_080),
            Rejection("cancelled or returned", 8_905),
            Rejection("duplicate of an earlier row", 5_192),
            Rejection("no positive price", 40),
        ),
        columns=(
            ColumnUse("customer", "CustomerID"),
            ColumnUse("time", "InvoiceDate"),
            ColumnUse("amount", "Quantity × UnitPrice"),
            ColumnUse("order", "InvoiceNo", guessed=False),
        ),
        first=datetime(2010, 12, 1, 8, 26),
        last=datetime(2011, 12, 9, 12, 50),
        customers=4338,
        notes=("Times carry no zone and are read as they stand.",),
    )


def _provenance() -> Provenance:
    names = ("transactions", "clean", "features", "model", "predictions")
    return Provenance(
        created=datetime(2026, 11, 21, 10, 5, tzinfo=UTC),
        stook_version="0.1.0",
        engine="LightGBM 4.7, hurdle: 1 classifier, 1 level-corrected mean and 3 quantile boosters",
        code_commit="9f2c1e7ab04d5566",
        code_dirty=True,
        parameters={"horizon": 60, "quantiles": "0.1, 0.5, 0.9", "origins": 3, "seed": 7},
        bundles=tuple(
            BundleRef(name, name, f"01JD7Q3ZK{index}T6M8XW4RBVN2C5HE", f"{index + 3}c41d09be7" * 6)
            for index, name in enumerate(names)
        ),
    )


def _top(means: np.ndarray, random: np.random.Generator) -> tuple[TopCustomer, ...]:
    return tuple(
        TopCustomer(
            customer=str(int(random.integers(12_000, 18_500))),
            expected=float(mean),
            low=float(mean * random.uniform(0.05, 0.35)),
            median=float(mean * random.uniform(0.5, 0.9)),
            high=float(mean * random.uniform(1.6, 2.6)),
            previous=float(mean * random.lognormal(0, 0.5)),
            last_purchase=date(2011, 12, int(random.integers(1, 9))),
            probability=float(random.uniform(0.8, 0.99)),
        )
        for mean in means
    )
