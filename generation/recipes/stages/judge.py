"""Scoring candidates: which of a closed set of answers is the most probable reply.

Perez et al. 2022 (arXiv 2212.09251), section 2: p_d(label | x), and p_d(requirement | x, label).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from db import candidates as rows
from db import jobs
from db.job_records import Candidate, Job, WorkItem
from db.jobs import NewItem
from generation.engines.protocol import Judgement, JudgeRequest, Prompt, SampleReply, SampleRequest, StopReason
from generation.jobs.text_lengths import CHARACTERS_PER_TOKEN, VOTE_TOKENS
from generation.recipes.prompts import fill, placeholders
from generation.recipes.stages.group import Group
from generation.recipes.stages.scope import Asked, Scope, by_engine, for_engine, one_of
from generation.recipes.stages.seeds import candidate_seed
from generation.recipes.stages.stage import FAILED, Stage, Work
from review.text.toml import Section

if TYPE_CHECKING:
    from generation.jobs.expected_calls import Walk

KEEP = ("most-probable", "all")

UNREAD: Mapping[StopReason, str] = {"stop": "unreadable", "length": "cut off", "refusal": "refusals"}
"""What a judge's reply without an answer is called, by why it ended."""

LEAST_VOTES = 2
"""One vote says nothing of how probable its answer is; a recipe that asks for one, as earlier ones may, gets two."""

VOTES_APART = 2**40
"""How far the ordinals of a candidate's votes are apart: more than there are candidates."""

CALLS_FAILED = "every call of the judge failed"
LONE_VOTE = "only one vote could be read"

Votes = Sequence[Sequence[float] | None]


@dataclass(frozen=True)
class Question:
    """How a judge asks on an engine: a prompt, and the replies that stand for its answers.

    Attributes:
        votes: How often it is asked where a reply has no probabilities, at least `LEAST_VOTES`.
        keep: Whether only candidates stay for which the wanted answer is the most probable.
    """

    prompt: str
    answers: tuple[str, ...]
    votes: int
    keep: str


@dataclass(frozen=True)
class JudgeStage(Stage):
    """A stage that scores candidates.

    Attributes:
        wanted: The place of the answer whose probability is the score; None where it is that of the intended label,
            and the score is the label confidence.
        blank: A template of what fills the blank of the text that the judge reads, or empty.
        choices: The recipe's choices, in the order of the answers.
    """

    kind: ClassVar[str] = "judge"
    asks: ClassVar[bool] = True
    failures: ClassVar[tuple[str, ...]] = (FAILED, CALLS_FAILED, LONE_VOTE)

    questions: Mapping[str, Question]
    wanted: int | None
    blank: str
    choices: tuple[str, ...]

    @classmethod
    def read(cls, name: str, section: Section, scope: Scope) -> Self:
        """Reads a judge stage."""
        scope.need_text(section, "prompt")
        wanted_text = section.text("wanted", "")
        questions = by_engine(section, lambda part, base: _read_question(part, base, scope, labels=not wanted_text))
        answers = questions[""].answers
        if not wanted_text and not scope.choices:
            raise section.error("wanted", "is missing; without choices in [example] it names the answer that is a pass")
        wanted = answers.index(one_of(section, "wanted", wanted_text, answers)) if wanted_text else None
        blank = scope.check(section, "blank", section.text("blank", ""))
        return cls(name, questions, wanted, blank, scope.choices)

    def as_judge(self) -> JudgeStage:
        """Returns itself."""
        return self

    def calls(self, work: Work, candidate: Candidate) -> list[NewItem]:
        """Asks once where the engine has probabilities, else for all votes."""
        alone = work.running.engine.has_probabilities
        votes = 1 if alone else self.question(work.job.engine).votes
        return self._votes(work.job, candidate, range(votes), alone=alone)

    def receive(
        self,
        work: Work,
        item: WorkItem,
        candidate: Candidate | None,
        request: SampleRequest | JudgeRequest,
        reply: SampleReply | Judgement,
    ) -> list[Candidate]:
        """Stores a judgement, and decides once there is no other to wait for."""
        assert candidate is not None
        assert isinstance(reply, Judgement)
        if reply.probabilities is None and item.payload.get("alone"):
            # The engine may have probabilities, but this reply carries none. After a vote votes decide, all of them;
            # after a reply that can't be read one more is asked for, which the engine may hold to the answers.
            number, votes = (item.ordinal - candidate.id) // VOTES_APART, self.question(work.job.engine).votes
            unread = reply.answer is None
            numbers = range(number, min(number + 1, votes) if unread else votes)
            more = self._votes(work.job, candidate, numbers, alone=unread)
            jobs.insert_items(work.connection, work.job.id, candidate.round, more)
        scores = self.with_vote(candidate, reply)
        confidence = candidate.label_confidence
        if self.wanted is None:
            confidence = self.score(candidate, scores[self.name])
        rows.set_scores(work.connection, candidate.id, scores, confidence)
        if not work.is_done_with(candidate, self.name):
            return []
        judged = rows.get_candidate(work.connection, candidate.id)
        return [judged] if self.settle(work, judged) else []

    def settle(self, work: Work, candidate: Candidate) -> bool:
        """Drops a candidate for which another answer is the most probable one, or that nobody could judge."""
        problem = self.problem(candidate, work.job.engine)
        if problem:
            work.drop(candidate, self.name, problem)
        return not problem

    def expect(self, walk: Walk, groups: Sequence[Group]) -> list[Group]:
        """Notes a judgement of each candidate, or all its votes."""
        votes = self.question(walk.job.engine).votes
        likely = 1 if walk.running.engine.has_probabilities else votes
        # A server that gave probabilities when it was asked may give none when the job runs.
        most = likely if walk.job.engine == "local" else votes
        for group in groups:
            request = walk.request(self, {"seed": 0}, group.likely)
            assert isinstance(request, JudgeRequest)
            written = max(map(len, request.answers)) / CHARACTERS_PER_TOKEN + VOTE_TOKENS
            walk.add_likely(self, request, likely * group.count, written)
            walk.add_most(self, most * group.most, [({"seed": 0}, group.longest)])
        return list(groups)

    def question(self, engine: str) -> Question:
        """Returns how this engine is asked."""
        return for_engine(self.questions, engine)

    def request(self, asked: Asked) -> JudgeRequest:
        """Returns what is asked of the engine, exactly as it is sent."""
        question, values = self.question(asked.engine), dict(asked.values)
        if self.blank:
            values["text"] = values["text"].replace("_", fill(self.blank, values), 1)
        answers = tuple(fill(answer, values) for answer in question.answers)
        return JudgeRequest(Prompt(user=fill(question.prompt, values)), answers, seed=asked.payload["seed"])

    def score(self, candidate: Candidate, votes: Votes) -> float | None:
        """Returns the mean probability of the wanted answer, or None if no reply could be read."""
        mean = mean_probabilities(votes)
        return None if mean is None else mean[self._place(candidate)]

    def problem(self, candidate: Candidate, engine: str) -> str:
        """Returns why a candidate that has been judged is dropped, or an empty text."""
        votes = candidate.scores.get(self.name, ())
        mean = mean_probabilities(votes)
        if mean is None:
            return self._why_unjudged(candidate)
        if is_lone_vote(votes):
            return LONE_VOTE
        wanted = self._place(candidate)
        if self.question(engine).keep == "all":
            return ""
        if all(mean[wanted] > share for place, share in enumerate(mean) if place != wanted):
            return ""
        return f"the most probable {'label' if self.wanted is None else 'answer'} is another"

    def with_vote(self, candidate: Candidate, judgement: Judgement) -> dict[str, Any]:
        """Returns a candidate's scores with one judgement more; one that can't be read is counted, and is no vote."""
        size = len(self.question("").answers)
        given: list[float] | None = None
        unread: dict[str, list[str]] = dict(candidate.scores.get("unread", {}))
        if judgement.probabilities is not None:
            given = list(judgement.probabilities)
        elif judgement.answer is not None:
            given = [float(place == judgement.answer) for place in range(size)]
        else:
            unread[self.name] = [*unread.get(self.name, []), UNREAD[judgement.stop_reason]]
        votes = [*candidate.scores.get(self.name, []), given]
        return {**candidate.scores, self.name: votes, **({"unread": unread} if unread else {})}

    def _votes(self, job: Job, candidate: Candidate, numbers: range, *, alone: bool = False) -> list[NewItem]:
        """Returns calls about a candidate; one that is alone is followed by others if it turns out a vote."""
        more = {"alone": True} if alone else {}
        return [
            NewItem(
                self.name,
                candidate.id + (number + 1) * VOTES_APART,
                {"seed": candidate_seed(job, self.name, candidate, number), **more},
                candidate.id,
            )
            for number in numbers
        ]

    def _place(self, candidate: Candidate) -> int:
        return self.choices.index(candidate.intended) if self.wanted is None else self.wanted

    def _why_unjudged(self, candidate: Candidate) -> str:
        """Returns why there is no judgement: each of these is a state of its own, and none is a vote against."""
        unread: Sequence[str] = candidate.scores.get("unread", {}).get(self.name, ())
        if not unread:
            return CALLS_FAILED
        return f"the judge's replies were {' or '.join(sorted(Counter(unread)))}"


def mean_probabilities(votes: Votes) -> tuple[float, ...] | None:
    """Returns the mean of what the judges gave, or None if no reply could be read.

    Args:
        votes: Probabilities per answer, or one-hot votes; None for a reply that could not be read.
    """
    readable = [vote for vote in votes if vote is not None]
    if not readable:
        return None
    return tuple(sum(vote[place] for vote in readable) / len(readable) for place in range(len(readable[0])))


def is_lone_vote(votes: Votes) -> bool:
    """Whether one vote is all that could be read: it says nothing of how probable its answer is.

    A vote is 1 for its answer and 0 for the others, which no probabilities are.
    """
    readable = [vote for vote in votes if vote is not None]
    return len(readable) == 1 and set(readable[0]) == {0.0, 1.0}


def _read_question(section: Section, base: Question | None, scope: Scope, *, labels: bool) -> Question:
    # A judge of the label must not be told it; a requirement may be judged of the text and its label.
    check = scope.blind if labels else scope.check
    answers = section.texts("answers", base.answers if base else None)
    if (labels and scope.choices and len(answers) != len(scope.choices)) or len(set(answers)) != len(answers):
        raise section.error("answers", f"must be {len(scope.choices)} different texts, one per choice in order")
    if len(answers) < 2 or (base is not None and len(answers) != len(base.answers)):
        raise section.error("answers", "must be at least two different texts, as many for each engine")
    for answer in answers:
        check(section, "answers", answer)
    prompt = check(section, "prompt", section.text("prompt", base.prompt if base else None))
    if "text" not in placeholders(prompt):
        raise section.error("prompt", "lacks {text}, so that it would score all candidates alike")
    keep = one_of(section, "keep", section.text("keep", base.keep if base else KEEP[0]), KEEP)
    votes = max(LEAST_VOTES, section.integer("votes", base.votes if base else 5))
    return Question(prompt, answers, votes, keep)
