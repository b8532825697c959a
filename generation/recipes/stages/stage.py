"""What a stage of a recipe is: one class in one module, and one line in the table of `generation.recipes.stages`.

A candidate arrives at a stage, which lets it on, drops it with a reason, or lets it wait. Where it waits, the stage
makes calls about it and receives the replies, or takes it up without an engine.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from db import candidates as rows
from db import jobs
from db.candidates import Move
from db.job_records import Candidate, Job, NewCandidate, WorkItem
from db.jobs import NewItem
from db.store.connection import Connection
from generation.engines.protocol import Judgement, JudgeRequest, SampleReply, SampleRequest, Sampling
from generation.recipes.inputs import Row

if TYPE_CHECKING:  # These are made of stages.
    from generation.jobs.expected_calls import Walk
    from generation.jobs.running import RunningJob
    from generation.recipes.behaviors import Behavior
    from generation.recipes.stages.group import Group
    from generation.recipes.stages.judge import JudgeStage
    from generation.recipes.stages.scope import Asked, Scope
    from generation.recipes.stages.select import SelectStage
    from review.text.toml import Section

FAILED = "every call failed"

REDRAWS_APART = 2**32
"""How far the ordinals of a round's draws are apart: more than a draw has calls."""


@dataclass(frozen=True)
class Work:
    """A job at work on its candidates, within a write transaction of the worker's."""

    connection: Connection
    job: Job
    running: RunningJob

    def drop(self, candidate: Candidate, stage: str, reason: str) -> None:
        """Drops a candidate at a stage."""
        rows.move_candidates(self.connection, [Move(candidate.id, stage, "dropped", reason)])

    def use_up(self, candidates: Sequence[Candidate], stage: str) -> None:
        """Notes that others have been made of candidates."""
        rows.move_candidates(self.connection, [Move(candidate.id, stage, "used") for candidate in candidates])

    def is_done_with(self, candidate: Candidate, stage: str) -> bool:
        """Whether a candidate still waits at a stage, and no call about it is open or has failed."""
        waits = (candidate.fate, candidate.stage) == ("waiting", stage)
        return waits and jobs.is_answered(self.connection, candidate.id, stage)


@dataclass(frozen=True)
class Stage(ABC):
    """A stage; a kind of stage says only what it does otherwise than here.

    Attributes:
        kind: What recipes call it.
        begins: Whether a recipe may begin with it; `ends` whether every recipe ends with it.
        may_be_left_out: Whether a recipe that names it needs no table for it.
        asks: Whether it asks an engine.
        parses: Whether what it reads from replies is a step of its own in the funnel.
        draws_again: Whether a round that begins with it may draw again for labels that came out short.
        failures: Why it drops candidates whose calls failed; once these are made again, the candidates wait again.
        at_once: How many of the candidates that wait at it it takes up in one transaction; 0 where they wait for
            calls, or for the selection.
    """

    kind: ClassVar[str]
    begins: ClassVar[bool] = False
    ends: ClassVar[bool] = False
    may_be_left_out: ClassVar[bool] = False
    asks: ClassVar[bool] = False
    parses: ClassVar[bool] = False
    draws_again: ClassVar[bool] = False
    failures: ClassVar[tuple[str, ...]] = (FAILED,)
    at_once: ClassVar[int] = 0

    name: str

    @classmethod
    @abstractmethod
    def read(cls, name: str, section: Section, scope: Scope) -> Self:
        """Reads a stage from its table, and adds to the scope what it gives later ones.

        Raises:
            InputError: naming file, line and key.
        """

    # A candidate

    def arrive(self, work: Work, candidate: Candidate) -> Move | None:
        """Returns what becomes of a candidate that has come here, or None if it goes on at once."""
        return Move(candidate.id, self.name)

    def calls(self, work: Work, candidate: Candidate) -> list[NewItem]:
        """Returns the calls to make about a candidate that waits here."""
        return []

    def request(self, asked: Asked) -> SampleRequest | JudgeRequest:
        """Returns what a call asks of the engine, exactly as it is sent; the same payload gives the same request."""
        raise NotImplementedError(f"a {self.kind} stage asks nothing")

    def receive(
        self,
        work: Work,
        item: WorkItem,
        candidate: Candidate | None,
        request: SampleRequest | JudgeRequest,
        reply: SampleReply | Judgement,
    ) -> list[Candidate]:
        """Stores what a reply says, and the calls that follow from it; returns the candidates that go on from here."""
        raise NotImplementedError(f"a {self.kind} stage asks nothing")

    def settle(self, work: Work, candidate: Candidate) -> bool:
        """Decides about a candidate that waits while no call is open; returns whether it goes on."""
        work.drop(candidate, self.name, FAILED)
        return False

    def take_up(self, work: Work, waiting: Sequence[Candidate]) -> list[Candidate]:
        """Works on candidates that wait here, without an engine; returns those that go on from here."""
        return []

    # A round that begins with this stage

    def first_candidates(self, job: Job, running: RunningJob, round_number: int) -> list[NewCandidate]:
        """Returns the candidates that a round begins with."""
        return []

    def first_calls(self, job: Job, running: RunningJob, round_number: int) -> list[NewItem]:
        """Returns the calls that a round begins with."""
        return []

    def further_calls(
        self, job: Job, running: RunningJob, round_number: int, number: int, labels: Sequence[str]
    ) -> list[NewItem]:
        """Returns the calls of a further draw of a round, for labels that came out short.

        The ordinals of the `number`-th, from 1, begin at `number * REDRAWS_APART`: they tell how many draws there were.
        """
        return []

    def read_rows(self, job: Job, running: RunningJob) -> Sequence[Row]:
        """Returns the rows that a job begins with, if it does with rows."""
        return ()

    def fewest_draws(self, job: Job, inputs: Mapping[str, list[Row]]) -> Mapping[str, list[Row]]:
        """Returns the inputs with those of the rows read that leave most to draw for each."""
        return inputs

    # What others ask of it

    def factor(self, inputs: Mapping[str, Sequence[Row]], source: Sequence[Row]) -> float:
        """Returns how many a candidate becomes here at the mean; `source` are the rows that the recipe began with."""
        return 1.0

    def sampling(self, engine: str) -> tuple[Sampling, str] | None:
        """Returns how this engine is to sample, and the reply begun for it; None where it isn't to."""
        return None

    def parser(self, engine: str) -> str:
        """Returns the name of what reads texts from an engine's replies to this stage, where it draws any."""
        return ""

    def as_judge(self) -> JudgeStage | None:
        """Returns the stage itself if it scores candidates."""
        return None

    def as_selection(self) -> SelectStage:
        """Returns the stage itself, which ends a recipe."""
        raise NotImplementedError(f"a {self.kind} stage ends no recipe")

    def sized_prompt(self) -> tuple[str, frozenset[str]] | None:
        """Returns the prompt that a wording may replace, and the names it may use; None if there is none."""
        return None

    def check_inputs(self, behavior: Behavior, inputs: Mapping[str, list[Row]]) -> None:  # noqa: B027
        """Refuses inputs that hold too little for this stage.

        Raises:
            InputError: naming file, line and key.
        """

    def thinned(self) -> Self:
        """Returns the stage as a preview has it: it makes no candidates that are there only to be dropped."""
        return self

    def longest_inputs(self, inputs: Mapping[str, list[Row]]) -> Mapping[str, list[Row]]:
        """Returns the inputs with those rows that make its prompts longest."""
        return inputs

    def expect(self, walk: Walk, groups: Sequence[Group]) -> list[Group]:
        """Notes the calls to expect about groups of candidates that come here; returns the groups that go on."""
        return list(groups)
