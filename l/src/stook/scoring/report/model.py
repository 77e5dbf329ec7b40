"""What a report is made of: plain values, filled in by the project that predicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from stook.scoring.evaluation.model import Bin, Evaluation, Verdict

__all__ = [
    "BundleRef",
    "ColumnUse",
    "DataQuality",
    "Outlook",
    "Provenance",
    "Rejection",
    "Report",
    "TopCustomer",
]


@dataclass(frozen=True)
class BundleRef:
    """A bundle that the report stands on.

    Attributes:
        role: What it was to the report: "transactions", "features", "model", "predictions".
        name: Name of the bundle.
        id: Its id.
        digest: Digest of its content.
    """

    role: str
    name: str
    id: str
    digest: str


@dataclass(frozen=True)
class Provenance:
    """Where the numbers come from.

    Attributes:
        created: When the predictions were made, with a zone; never the time of rendering.
        stook_version: Version of Stook.
        engine: What fitted the model, such as "LightGBM 4.6, hurdle of 1 + 3 boosters".
        bundles: Inputs, model and output, in order of the path.
        code_commit: Git commit of the project, None outside a repository.
        code_dirty: There were uncommitted changes.
        parameters: Parameters by name.
    """

    created: datetime
    stook_version: str
    engine: str
    bundles: tuple[BundleRef, ...] = ()
    code_commit: str | None = None
    code_dirty: bool = False
    parameters: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Rejection:
    """Rows that were left out for one reason.

    Attributes:
        reason: What people read, such as "no customer".
        rows: How many; each rejected row counts once, under its first reason.
    """

    reason: str
    rows: int


@dataclass(frozen=True)
class ColumnUse:
    """Which column of the input played which part.

    Attributes:
        role: "customer", "time", "amount", …
        column: Its name in the input, or the expression, such as "Quantity × UnitPrice".
        guessed: Stook chose it; False where the user named it.
    """

    role: str
    column: str
    guessed: bool = True


@dataclass(frozen=True)
class DataQuality:
    """What came in, what was kept, what was not.

    Attributes:
        source: File name or URL of the input.
        rows_read: Rows in the input.
        rows_accepted: Rows that the predictions rest on.
        rejected: Rows left out, by reason.
        columns: How the columns were read.
        first: Earliest accepted transaction.
        last: Latest accepted transaction.
        customers: Distinct customers among the accepted rows.
        notes: Anything else worth a line ("returns were netted: 8,905 rows").
    """

    source: str
    rows_read: int
    rows_accepted: int
    rejected: tuple[Rejection, ...]
    columns: tuple[ColumnUse, ...]
    first: datetime | None
    last: datetime | None
    customers: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outlook:
    """The prediction in a few numbers.

    Attributes:
        as_of: First day of the predicted period.
        horizon_days: Its length.
        customers: Customers predicted.
        expected_total: Sum of the *means*. Medians and other quantiles do not add up.
        expected_buyers: Sum of the probabilities to buy at all, None where the model gives none.
        previous_total: What the same customers spent in the period of that length just before.
        previous_buyers: How many of them bought in it.
        bins: The distribution of the means (`evaluation.distribution`).
        reference: What `Bin.reference` holds, such as "predicted at 2011-10-01"; empty for none.
    """

    as_of: date
    horizon_days: int
    customers: int
    expected_total: float
    expected_buyers: float | None
    previous_total: float
    previous_buyers: int | None
    bins: tuple[Bin, ...] = ()
    reference: str = ""


@dataclass(frozen=True)
class TopCustomer:
    """One of the customers with the highest expected value.

    Attributes:
        customer: Id as in the input; may contain anything.
        expected: Predicted mean.
        low: Lowest predicted quantile (q10).
        median: Predicted median.
        high: Highest predicted quantile (q90).
        previous: Spent in the period of the same length just before.
        last_purchase: Day of the last purchase.
        probability: Probability to buy at all, None where the model gives none.
    """

    customer: str
    expected: float
    low: float
    median: float
    high: float
    previous: float
    last_purchase: date | None = None
    probability: float | None = None


@dataclass(frozen=True)
class Report:
    """Everything that the page shows and that `metrics.json` keeps.

    Attributes:
        title: Headline, such as "Customer value: the next 60 days".
        outlook: The prediction.
        verdict: May one use it? (`evaluation.verdict`)
        evaluations: Closed periods, in any order.
        quality: The input.
        provenance: Where everything comes from.
        top: Customers with the highest expected value, best first; a few dozen at most.
        currency: Symbol before amounts, such as "£"; empty where unknown.
        limits: What the reader should not conclude, one sentence each, besides the general ones.
    """

    title: str
    outlook: Outlook
    verdict: Verdict
    evaluations: tuple[Evaluation, ...]
    quality: DataQuality
    provenance: Provenance
    top: tuple[TopCustomer, ...] = ()
    currency: str = ""
    limits: tuple[str, ...] = ()

    @property
    def newest(self) -> Evaluation | None:
        """The newest closed period, None where no period was closed."""
        return max(self.evaluations, key=lambda evaluation: evaluation.origin, default=None)
