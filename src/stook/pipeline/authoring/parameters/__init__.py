"""Parameters of tasks: which there are, what they accept, how they read from texts and files."""

from stook.pipeline.authoring.parameters.annotations import kind_of
from stook.pipeline.authoring.parameters.kind import MISFITS, Kind, MisfitError
from stook.pipeline.authoring.parameters.parameter import MISSING, Parameter, shown
from stook.pipeline.authoring.parameters.routed import AnyInput, Routed
from stook.pipeline.authoring.parameters.values import SIMPLE, FrozenDict, plain, typed

__all__ = [
    "MISFITS",
    "MISSING",
    "SIMPLE",
    "AnyInput",
    "FrozenDict",
    "Kind",
    "MisfitError",
    "Parameter",
    "Routed",
    "kind_of",
    "plain",
    "shown",
    "typed",
]
