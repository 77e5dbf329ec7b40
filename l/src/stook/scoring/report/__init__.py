"""One page about a batch of predictions, fit to send, and the same facts as plain data."""

from stook.scoring.report.metrics import to_metrics
from stook.scoring.report.model import (
    BundleRef,
    ColumnUse,
    DataQuality,
    Outlook,
    Provenance,
    Rejection,
    Report,
    TopCustomer,
)
from stook.scoring.report.page import render

__all__ = [
    "BundleRef",
    "ColumnUse",
    "DataQuality",
    "Outlook",
    "Provenance",
    "Rejection",
    "Report",
    "TopCustomer",
    "render",
    "to_metrics",
]
