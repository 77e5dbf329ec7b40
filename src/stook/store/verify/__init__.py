"""Whether a store is as it was written, and what can be done where it is not."""

from stook.store.verify.report import Affected, Observer, Problem, Progress, Verified
from stook.store.verify.verify import verify

__all__ = ["Affected", "Observer", "Problem", "Progress", "Verified", "verify"]
