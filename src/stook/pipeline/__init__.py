"""Tasks, the graph they pull in, fingerprints, and the runner."""

from stook.pipeline.functions import task
from stook.pipeline.loading import load_task, load_tasks
from stook.pipeline.planning import Plan, PlannedStep, make_plan, why
from stook.pipeline.requirements import External, Source, external, source
from stook.pipeline.runner import RunResult, StepResult, run
from stook.pipeline.tasks import Task, parameters_of, parse_task

__all__ = [
    "External",
    "Plan",
    "PlannedStep",
    "RunResult",
    "Source",
    "StepResult",
    "Task",
    "external",
    "load_task",
    "load_tasks",
    "make_plan",
    "parameters_of",
    "parse_task",
    "run",
    "source",
    "task",
    "why",
]
