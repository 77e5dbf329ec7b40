"""The facts of a report as plain JSON."""

from __future__ import annotations

import json
import math
from dataclasses import replace

from stook.scoring.report import to_metrics
from tests.unit.scoring.report.sample import report


def test_metrics_are_json_as_they_stand() -> None:
    """No value needs a special encoder, and reading gives back what was written."""
    facts = to_metrics(report())
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_keys_are_stable() -> None:
    """The documented keys are there; programs rely on them."""
    facts = to_metrics(report())
    assert list(facts) == [
        "version",
        "title",
        "currency",
        "verdict",
        "outlook",
        "average",
        "evaluations",
        "quality",
        "provenance",
        "limits",
    ]
    newest = facts["evaluations"][0]  # type: ignore[index]
    assert newest["origin"] == "2011-10-01"
    assert list(newest["methods"]) == ["model", "last_period", "lifetime_rate", "bg_nbd_gamma_gamma"]
    assert set(newest["methods"]["model"]) == {
        "label", "point", "rmse", "mae", "bias_of_sum", "gini", "quantiles"
    }  # fmt: skip
    assert set(newest["methods"]["model"]["quantiles"][0]) == {
        "quantile", "pinball", "coverage", "below", "coverage_active"
    }  # fmt: skip


def test_nan_is_never_written() -> None:
    """Missing and infinite numbers become null, wherever they are."""
    base = report(50)
    broken = replace(base, outlook=replace(base.outlook, expected_total=math.nan, previous_total=math.inf))
    outlook = to_metrics(broken)["outlook"]
    assert outlook["expected_total"] is None  # type: ignore[index]
    assert outlook["previous_total"] is None  # type: ignore[index]


def test_no_customer_is_named() -> None:
    """Facts that go to dashboards hold no customer's id."""
    base = report(50)
    named = replace(base, top=(replace(base.top[0], customer="jane@example.org"),))
    assert "jane@example.org" not in json.dumps(to_metrics(named))
