"""Drawing candidates: a prompt, for each label or each candidate so far, and what is read from the replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from db import candidates as rows
from db.job_records import Candidate, Job, NewCandidate, WorkItem
from db.jobs import NewItem
from generation.engines.protocol import (
    Completion,
    Judgement,
    JudgeRequest,
    Prompt,
    SampleReply,
    SampleRequest,
    Sampling,
)
from generation.recipes.behaviors import Behavior, Wording
from generation.recipes.inputs import Row
from generation.recipes.parsers import PARSERS
from generation.recipes.prompts import fill
from generation.recipes.stages.drawing import Drawing, Shots, read_drawing, read_shots
from generation.recipes.stages.expected_draws import draws, first_draws
from generation.recipes.stages.group import Group
from generation.recipes.stages.scope import Asked, Scope, by_engine, for_engine
from generation.recipes.stages.seeds import candidate_seed, derive_seed
from generation.recipes.stages.stage import REDRAWS_APART, Stage, Work
from review.text.toml import Section

if TYPE_CHECKING:
    from generation.jobs.expected_calls import Walk
    from generation.jobs.running import RunningJob


@dataclass(frozen=True)
class SampleStage(Stage):
    """A stage that draws candidates.

    Attributes:
        field: The field that holds what it writes, besides the text; or empty.
        drawings: How it draws, by engine.
        known: The names that its prompts may use.
    """

    kind: ClassVar[str] = "sample"
    begins: ClassVar[bool] = True
    asks: ClassVar[bool] = True
    parses: ClassVar[bool] = True
    draws_again: ClassVar[bool] = True

    field: str
    drawings: Mapping[str, Drawing]
    shots: Shots | None
    known: frozenset[str] = frozenset()

    @classmethod
    def read(cls, name: str, section: Section, scope: Scope) -> Self:
        """Reads a sample stage. An engine's section states its sampling settings anew; the rest it may leave out."""
        first = not scope.has_candidates
        shots = read_shots(section, scope)
        own = {"slot", "per_call", *(["shots"] if shots else [])}
        drawings = by_engine(section, lambda part, base: read_drawing(part, base, scope, own, first=first))
        known = frozenset(scope.known | own)
        field = section.text("field", "")
        if field:
            scope.known.add(field)
        scope.known.add("text")
        scope.has_candidates = scope.has_text = True
        return cls(name, field, drawings, shots, known)

    # A candidate

    def calls(self, work: Work, candidate: Candidate) -> list[NewItem]:
        """Draws for a candidate."""
        return self.draws_for(work.job, work.running, candidate)

    def receive(
        self,
        work: Work,
        item: WorkItem,
        candidate: Candidate | None,
        request: SampleRequest | JudgeRequest,
        reply: SampleReply | Judgement,
    ) -> list[Candidate]:
        """Stores the candidates that a reply holds; the one that they were drawn for is used, once it has all."""
        assert isinstance(request, SampleRequest)
        assert isinstance(reply, SampleReply)
        new = self.candidates_in(
            request,
            reply.completions,
            work.job.engine,
            intended=item.payload["intended"],
            wording=item.payload.get("wording", ""),
            fields=candidate.fields if candidate else {},
        )
        made = rows.insert_candidates(
            work.connection, work.job.id, item.round, new, item_id=item.id, parent_id=item.candidate_id
        )
        if candidate is not None and work.is_done_with(candidate, self.name):
            work.use_up([candidate], self.name)
        return made

    def settle(self, work: Work, candidate: Candidate) -> bool:
        """A candidate is used if any was drawn for it; else every call failed."""
        if rows.has_children(work.connection, candidate.id):
            work.use_up([candidate], self.name)
            return False
        return super().settle(work, candidate)

    # A round that begins with this stage

    def first_calls(self, job: Job, running: RunningJob, round_number: int) -> list[NewItem]:
        """Returns the calls of a round: labels in turn, wordings in turn.

        Slots go on from round to round, so that an engine without seeds is never sent the same prompt twice.
        """
        done = sum(self.calls_of_round(job, running, earlier)[0] for earlier in range(1, round_number))
        return self._items(job, running, round_number, done, running.recipe.intended_answers, first_ordinal=0)

    def further_calls(
        self, job: Job, running: RunningJob, round_number: int, number: int, labels: Sequence[str]
    ) -> list[NewItem]:
        """Returns the calls of a further draw of a round: for each label as many as the round's own."""
        planned = [self.calls_of_round(job, running, each)[0] for each in range(1, job.rounds + 1)]
        done = sum(planned) * number + sum(planned[: round_number - 1])
        return self._items(job, running, round_number, done, labels, first_ordinal=number * REDRAWS_APART)

    def _items(
        self, job: Job, running: RunningJob, round_number: int, done: int, labels: Sequence[str], *, first_ordinal: int
    ) -> list[NewItem]:
        """Returns as many calls for each label as a round makes; slots go on where `done` calls a label have ended."""
        calls, count = self.calls_of_round(job, running, round_number)
        answers = running.recipe.intended_answers
        items: list[NewItem] = []
        for call in range(calls):
            for place, intended in enumerate(answers):
                if intended not in labels:
                    continue
                ordinal = first_ordinal + call * len(answers) + place
                payload = {
                    "intended": intended,
                    "count": count,
                    "slot": done + call + 1,
                    "seed": derive_seed(job, round_number, self.name, ordinal),
                    **self._worded(running.behavior.turn(done + call)),
                }
                items.append(NewItem(self.name, ordinal, payload))
        return items

    def calls_of_round(self, job: Job, running: RunningJob, round_number: int) -> tuple[int, int]:
        """Returns how many calls a round makes per label, and how many completions each asks for."""
        drawing = self.drawing(job.engine)
        kept = job.count // len(running.recipe.intended_answers)
        per_label = -int(-kept * drawing.per_kept // running.factor(running.recipe.after(self.name), ()))
        candidates = per_label * round_number // job.rounds - per_label * (round_number - 1) // job.rounds
        completions = max(1, -(-candidates // drawing.per_call))
        calls = -(-completions // running.engine.samples_per_call)
        return calls, -(-completions // calls)

    def draws_for(self, job: Job, running: RunningJob, candidate: Candidate) -> list[NewItem]:
        """Returns the calls that are made for a candidate."""
        drawing = self.drawing(job.engine)
        completions = -(-self._draws_for_each(job, running) // drawing.per_call)
        calls = -(-completions // running.engine.samples_per_call)
        count = -(-completions // calls)
        worded = self._worded(running.behavior.wording(candidate.wording))
        return [
            NewItem(
                self.name,
                candidate.id * calls + call,
                {
                    "intended": candidate.intended,
                    "count": count,
                    "slot": call + 1,
                    "seed": candidate_seed(job, self.name, candidate, call),
                    **worded,
                },
                candidate.id,
            )
            for call in range(calls)
        ]

    def _draws_for_each(self, job: Job, running: RunningJob) -> int:
        """Returns how many texts are drawn for each candidate that comes here, at most."""
        drawing, recipe = self.drawing(job.engine), running.recipe
        if not drawing.per_kept:
            return drawing.draws * drawing.per_call
        source = recipe.stages[0].read_rows(job, running)
        later = recipe.after(self.name)
        earlier = [stage for stage in recipe.stages if stage not in later]
        before = running.factor(earlier, source) * len(source) * len(recipe.intended_answers)
        after = running.factor(later, source)
        return max(1, -int(-drawing.per_kept * job.count // (before * after)))

    def _worded(self, wording: Wording) -> Mapping[str, Any]:
        """Returns what a wording adds to a call's payload; the stage that sets the job's size has its prompt."""
        if not wording.name:
            return {}
        prompt = {"prompt": wording.prompt} if wording.prompt and self.sets_size else {}
        return {"wording": wording.name, **prompt}

    # What others ask of it

    def sampling(self, engine: str) -> tuple[Sampling, str]:
        """Returns how this engine is to sample, and the reply begun for it."""
        return self.drawing(engine).sampling, self.drawing(engine).reply

    def parser(self, engine: str) -> str:
        """Returns the name of what reads texts from an engine's replies."""
        return self.drawing(engine).parser

    def sized_prompt(self) -> tuple[str, frozenset[str]] | None:
        """Returns the prompt and the names it may use, if this is the stage that sets the job's size."""
        return (self.drawing("").prompt, self.known) if self.sets_size else None

    def check_inputs(self, behavior: Behavior, inputs: Mapping[str, list[Row]]) -> None:
        """Refuses an input with fewer examples than prompts show."""
        shots = self.shots
        if shots and len(inputs[shots.input]) < shots.count:
            raise behavior.error(
                shots.input, f"holds {len(inputs[shots.input])} examples, and prompts show {shots.count}", "inputs"
            )

    def thinned(self) -> Self:
        """Returns the stage drawing no more than are wanted."""
        drawings = {
            name: replace(drawing, per_kept=min(drawing.per_kept, 1)) for name, drawing in self.drawings.items()
        }
        return replace(self, drawings=drawings)

    def longest_inputs(self, inputs: Mapping[str, list[Row]]) -> Mapping[str, list[Row]]:
        """Returns the inputs with the longest seed examples."""
        return inputs if self.shots is None else self.shots.longest(inputs)

    def expect(self, walk: Walk, groups: Sequence[Group]) -> list[Group]:
        """Notes the draws, and returns what they make."""
        return draws(self, walk, groups) if walk.begun else first_draws(self, walk)

    def drawing(self, engine: str) -> Drawing:
        """Returns how candidates are drawn on this engine."""
        return for_engine(self.drawings, engine)

    @property
    def sets_size(self) -> bool:
        """Whether this is the stage of a recipe that draws as many as the job's count wants."""
        return self.drawing("").per_kept > 0

    def request(self, asked: Asked) -> SampleRequest:
        """Returns what is asked of the engine, exactly as it is sent; the same payload gives the same request."""
        drawing = self.drawing(asked.engine)
        values = {
            **asked.values,
            "slot": str(asked.payload["slot"]),
            "per_call": str(drawing.per_call),
            **({} if self.shots is None else {"shots": self._shown(asked, self.shots)}),
        }
        prompt = asked.payload.get("prompt") or drawing.prompt
        return SampleRequest(
            prompt=Prompt(user=fill(prompt, values), reply=fill(drawing.reply, values)),
            sampling=drawing.sampling,
            count=asked.payload["count"],
            seed=asked.payload["seed"],
        )

    def candidates_in(
        self,
        request: SampleRequest,
        completions: Sequence[Completion],
        engine: str,
        *,
        intended: str,
        wording: str,
        fields: Mapping[str, Any],
    ) -> list[NewCandidate]:
        """Reads candidates from completions, each with what drops it at once, if anything does."""
        drawing = self.drawing(engine)
        found: list[NewCandidate] = []
        for completion in completions:
            for number, entry in enumerate(PARSERS[drawing.parser](completion, request.prompt.reply)):
                text = entry.text.encode("utf-8", "replace").decode("utf-8")
                problem = entry.problem or ("more than were asked for" if number >= drawing.per_call else "")
                problem = problem or ("half a character" if text != entry.text else "")
                named = {**fields, self.field: text} if self.field else dict(fields)
                found.append(NewCandidate(len(found), intended, text, self.name, named, wording, problem))
        return found

    @staticmethod
    def _shown(asked: Asked, shots: Shots) -> str:
        return shots.text(asked.inputs[shots.input], asked.payload["seed"], asked.intended)
