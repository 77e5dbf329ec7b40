"""Whether this machine and its store are in a state to work with."""

from stook.app.doctoring.examine import examine
from stook.app.doctoring.finding import Finding, State

__all__ = ["Finding", "State", "examine"]
