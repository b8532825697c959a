"""The dataset card: what was measured, by whom, and what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from review.gate.evidence import AFTER_RULINGS
from review.gate.words import looks, other_policies, verdict
from review.lead.rulings import RulingOutcome
from review.release.shipment import Generation, Shipment
from review.report.blocks import Block, Heading, Paragraph, Preformatted, bullets, lowered, paragraphs, table
from review.report.dataset import VALIDATION, agreement_blocks, job_blocks, validation_blocks, validation_row
from review.report.decision import answer_blocks, evidence_table, key_to_evidence
from review.report.markdown import markdown
from review.version import version

LONGEST_PROMPT = 3000
"""Characters of a prompt that the card shows; all of it is in generation.json."""

LEFT_AS: dict[RulingOutcome, str] = {
    "dropped": "dropped",
    "relabelled": "relabelled",
    "edited": "edited and agreed on again",
}

LIMITS = (
    "The bounds on label agreement and relevance say how a random example of the dataset fares with these validators, "
    "not with everybody.",
    "What a model does on these examples is what it says it would do, which need not be what it does.",
    "The examples are in the language of their prompts and carry the views of whoever wrote them, people or models.",
)


def card(title: str, shipments: Sequence[Shipment], *, licence: str, canary: str, left_out: Sequence[str]) -> str:
    """Returns the body of a release's README.md.

    Args:
        title: What the release is called.
        shipments: The datasets in it.
        licence: As it was given, or "unknown".
        canary: A text that no training data should hold.
        left_out: What isn't in the release and why, a sentence each.
    """
    several = len(shipments) > 1
    summary = table(["dataset", "examples", "decision", *VALIDATION], map(_summary, shipments))
    blocks: list[Block] = [
        Heading(title, 1),
        *paragraphs(other_policies([shipment.decision for shipment in shipments]), "strong"),
        *([summary] if several else []),
        *(block for shipment in shipments for block in _dataset(shipment, several=several)),
        *([Heading("What is not in this release", 2), *bullets(left_out)] if left_out else []),
        Heading("Limits", 2),
        *bullets(LIMITS),
        Heading("Licence", 2),
        *_licence(licence, shipments),
        Heading("Canary", 2),
        Paragraph("Keep this line out of training data, and what holds it:"),
        Preformatted(canary),
        Heading("Check it", 2),
        Paragraph(_check(shipments)),
        Paragraph(f"Made with evalwright {version()}."),
    ]
    return markdown(blocks)


def _summary(shipment: Shipment) -> list[str]:
    row = validation_row(shipment.report)
    return [shipment.dataset.name, f"{len(shipment.examples):,}", _verdict(shipment), *row]


def _dataset(shipment: Shipment, *, several: bool) -> list[Block]:
    """Returns what is told of one dataset; beside others under a heading of its own."""
    behavior = shipment.report.behavior
    blocks: list[Block] = [
        *paragraphs([f"Tests for this behaviour: a person or AI who {behavior}." if behavior.strip() else ""]),
        Paragraph(_examples(shipment)),
        Heading("How it was made", 2),
        *_made(shipment),
        Heading("Decision", 2),
        *_decision(shipment),
        Heading("Human validation", 2),
        *_validation(shipment),
        Heading("Rulings and removed examples", 2),
        *_changes(shipment),
    ]
    return [Heading(shipment.dataset.name, 2), *lowered(blocks, 1)] if several else blocks


def _examples(shipment: Shipment) -> str:
    labels = Counter(str(example.intended).strip() for example in shipment.examples)
    balance = ", ".join(f"{label} {count:,}" for label, count in sorted(labels.items()))
    return f"{len(shipment.examples):,} examples ({shipment.dataset.kind}). Intended answers: {balance or 'none'}."


def _made(shipment: Shipment) -> list[Block]:
    if not shipment.generations:
        return [Paragraph(f"Imported from {shipment.dataset.origin}; who wrote it is not known here.")]
    jobs = zip(shipment.generations, shipment.report.jobs, strict=True)
    return [block for generation, job in jobs for block in (*job_blocks(job), *_prompts(generation))]


def _prompts(generation: Generation) -> list[Block]:
    blocks: list[Block] = []
    for call in generation.prompts:
        text = prompt_text(call.prompt)
        blocks += [
            Paragraph(f"The first prompt of the stage {call.stage}, as it was sent to {call.model}:"),
            Preformatted(text[:LONGEST_PROMPT] + ("…" if len(text) > LONGEST_PROMPT else "")),
        ]
    return blocks


def prompt_text(prompt: object, name: str = "") -> str:
    """Returns the texts of a prompt, each line with its place in it where there are several."""
    if isinstance(prompt, dict):
        return "\n".join(prompt_text(value, f"{name}.{key}" if name else str(key)) for key, value in prompt.items())
    if isinstance(prompt, list):
        return "\n".join(prompt_text(value, name) for value in prompt)
    return f"{name}: {prompt}" if name else str(prompt)


def _decision(shipment: Shipment) -> list[Block]:
    decision = shipment.decision
    shipped = f"{_verdict(shipment)}. {looks(decision)} Policy: {decision.policy} (policy.toml)."
    return [Paragraph(shipped), *answer_blocks(decision), evidence_table(decision), key_to_evidence(decision)]


def _verdict(shipment: Shipment) -> str:
    decision = shipment.decision
    if decision.override is not None:
        return "Shipped by override, outside the guarantee"
    if decision.decision == "ship":
        return "Shipped: every criterion of the policy is met"
    return f"May not ship: {verdict(decision)}"


def _validation(shipment: Shipment) -> list[Block]:
    report = shipment.report
    people = len({one.annotator_id for one in shipment.history})
    said = (
        f"{report.annotations:,} answers of {people} validators on {report.reviewed:,} examples, in random order: "
        "their own label and a relevance from 1 (Horrible) to 5 (Amazing), blind to the intended answer."
    )
    excluded = [f"{shipment.people[key]}: {shipment.excluded[key]}" for key in sorted(shipment.review.without)]
    told = Paragraph("Excluded by the lead; the gate holds with and without their answers:")
    return [
        Paragraph(said),
        *validation_blocks(report),
        *agreement_blocks(report),
        *([told, *bullets(excluded)] if excluded else []),
    ]


def _changes(shipment: Shipment) -> list[Block]:
    ruled = Counter(shipment.review.outcomes.values())
    name = f"label agreement {AFTER_RULINGS}"
    guaranteed = next((piece for piece in shipment.decision.evidence if piece.name == name), None) if ruled else None
    removed = Counter(one.removal.code for one in shipment.taken_out)
    sentences = [f"By a lead's ruling {words_}: {ruled[key]:,}." for key, words_ in LEFT_AS.items() if ruled[key]]
    if guaranteed is not None and guaranteed.lower is not None:
        sentences.append(f"After rulings at least {guaranteed.lower:.3f} of what ships is guaranteed to be right.")
    sentences += [f"Removed by rule before the first answer, {code}: {count:,}." for code, count in removed.items()]
    return bullets(sentences or ["Nothing was ruled on that changes what ships, and nothing was removed."])


def _licence(licence: str, shipments: Sequence[Shipment]) -> list[Block]:
    if licence == "unknown":
        return [Paragraph("Unknown: none was given when this was shipped. Ask whoever shipped it before you use it.")]
    each = [f"{one.dataset.name}: {one.licence or 'unknown'}" for one in shipments if licence == "other"]
    return bullets(each) if len(each) > 1 else [Paragraph(licence)]


def _check(shipments: Sequence[Shipment]) -> str:
    place = f"review/{shipments[0].stem}" if len(shipments) == 1 else "review"
    return (
        "evalwright verify FOLDER checks every file and computes the numbers again from the answers. Guidelines, "
        f"every answer under pseudonyms, rulings and prompts are in {place}; the report is report.html, report.md and "
        "report.json."
    )
