"""What came of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from stook.store import Bundle

__all__ = ["RunResult", "StepResult"]


class StepResult(msgspec.Struct, frozen=True):
    """What came of one task.

    Attributes:
        task: The task, as `module:Name`.
        name: Name of its output.
        decision: `"ran"` or `"reused"`.
        because: Why.
        bundle: Its output.
        seconds: How long it took, deciding included.
    """

    task: str
    name: str
    decision: str
    because: tuple[str, ...]
    bundle: Bundle
    seconds: float

    def __repr__(self) -> str:
        return f"<StepResult {self.bundle.ref} {self.decision}: {'; '.join(self.because)}>"


class RunResult(msgspec.Struct, frozen=True):
    """What came of a run.

    Attributes:
        steps: What came of each task, each after those that it required.
        target: What came of the task that was asked for.
        run: Id of the run.
    """

    steps: tuple[StepResult, ...]
    target: StepResult
    run: str = ""

    def __repr__(self) -> str:
        count = len(self.steps)
        steps = f"{count} step{'' if count == 1 else 's'}"
        return f"<RunResult {self.bundle.ref} {self.decision}, {steps}, run {self.run}>"

    def _repr_html_(self) -> str:
        from stook.pipeline.html_table import html_table

        shown = (
            (one.name, one.decision, "; ".join(one.because), f"{one.seconds:.2f} s") for one in self.steps
        )
        caption = f"{self.bundle.ref} · run {self.run}"
        return html_table(caption, ("task", "", "because", "took"), shown)

    @property
    def bundle(self) -> Bundle:
        """The output of the task that was asked for."""
        return self.target.bundle

    @property
    def decision(self) -> str:
        """Whether the task that was asked for `"ran"` or was `"reused"`."""
        return self.target.decision

    @property
    def because(self) -> tuple[str, ...]:
        """Why."""
        return self.target.because
