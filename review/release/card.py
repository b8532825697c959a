"""The dataset card: what was measured, by whom, and what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from review.agreement import notes
from review.decision_words import other_policies, reached, remarks
from review.evidence import AFTER_RULINGS, Evidence
from review.gate import Decision
from review.markdown_text import bullets, indented, shown, table
from review.release.shipment import Generation, Shipment
from review.report import tables, words
from review.rulings import Outcome
from review.version import version

LONGEST_PROMPT = 3000
"""Characters of a prompt that the card shows; all of it is in generation.json."""

LEFT_AS: dict[Outcome, str] = {"dropped": "dropped", "relabelled": "relabelled", "edited": "edited and agreed on again"}

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
    lines = [f"# {shown(title)}", ""]
    for sentence in other_policies([shipment.decision for shipment in shipments]):
        lines += [f"**{shown(sentence)}**", ""]
    if several:
        lines += table(["dataset", "examples", "decision", *tables.VALIDATION], map(_summary, shipments))
    for shipment in shipments:
        lines += _dataset(shipment, heading=several)
    lines += ["## What is not in this release", "", *bullets(left_out)] if left_out else []
    lines += ["## Limits", "", *bullets(LIMITS)]
    lines += ["## Licence", "", *_licence(licence, shipments), ""]
    lines += ["## Canary", "", "Keep this line out of training data, and what holds it:", "", *indented(canary), ""]
    lines += ["## Check it", "", *_check(shipments)]
    lines += [f"Made with evalwright {version()}."]
    return "\n".join(lines) + "\n"


def _summary(shipment: Shipment) -> list[object]:
    row = tables.validation_row(shipment.report)
    return [shipment.dataset.name, f"{len(shipment.examples):,}", _verdict(shipment), *row]


def _dataset(shipment: Shipment, *, heading: bool) -> list[str]:
    """Returns what is told of one dataset; beside others under a heading of its own."""
    hashes = "###" if heading else "##"
    report = shipment.report
    lines = [f"## {shown(shipment.dataset.name)}", ""] if heading else []
    if report.behavior.strip():
        lines += [f"Tests for this behaviour: a person or AI who {shown(report.behavior)}.", ""]
    lines += [_examples(shipment), ""]
    lines += [f"{hashes} How it was made", "", *_made(shipment)]
    lines += [f"{hashes} Decision", "", *_decision(shipment)]
    lines += [f"{hashes} Human validation", "", *_validation(shipment)]
    lines += [f"{hashes} Rulings and removed examples", "", *_changes(shipment)]
    return lines


def _examples(shipment: Shipment) -> str:
    labels = Counter(str(example.intended).strip() for example in shipment.examples)
    balance = ", ".join(f"{shown(label)} {count:,}" for label, count in sorted(labels.items()))
    return f"{len(shipment.examples):,} examples ({shipment.dataset.kind}). Intended answers: {balance or 'none'}."


def _made(shipment: Shipment) -> list[str]:
    if not shipment.generations:
        return [f"Imported from {shown(shipment.dataset.origin)}; who wrote it is not known here.", ""]
    lines = []
    for generation, job in zip(shipment.generations, shipment.report.jobs, strict=True):
        lines += [shown(words.job(job)), ""]
        lines += table(
            ["what became of them", "candidates"], ([words.fate(row), f"{row.count:,}"] for row in job.funnel)
        )
        lines += _prompts(generation)
    return lines


def _prompts(generation: Generation) -> list[str]:
    lines = []
    for call in generation.prompts:
        lines += [f"The first prompt of the stage {shown(call.stage)}, as it was sent to {shown(call.model)}:", ""]
        text = prompt_text(call.prompt)
        lines += [*indented(text[:LONGEST_PROMPT] + ("…" if len(text) > LONGEST_PROMPT else "")), ""]
    return lines


def prompt_text(prompt: object, name: str = "") -> str:
    """Returns the texts of a prompt, each line with its place in it where there are several."""
    if isinstance(prompt, dict):
        return "\n".join(prompt_text(value, f"{name}.{key}" if name else str(key)) for key, value in prompt.items())
    if isinstance(prompt, list):
        return "\n".join(prompt_text(value, name) for value in prompt)
    return f"{name}: {prompt}" if name else str(prompt)


def _decision(shipment: Shipment) -> list[str]:
    decision = shipment.decision
    lines = [f"{_verdict(shipment)}. {words.looks(decision)} Policy: {shown(decision.policy)} (policy.toml).", ""]
    if decision.override is not None:
        lines += [f"The gate said: {words.verdict(decision)}. Reason given: {shown(decision.override)}", ""]
    lines += ["Bounds hold at all times at once, at the error level of the policy; facts have none.", ""]
    rows = [_row(piece, decision) for piece in decision.evidence]
    lines += table(["evidence", "examples", "value", "bounds", "threshold", "e-value", "passes"], rows)
    notes_ = [f"{piece.name}: {piece.note}" for piece in decision.evidence if piece.note]
    return lines + bullets([*notes_, *decision.changed, *remarks(decision)])


def _verdict(shipment: Shipment) -> str:
    decision = shipment.decision
    if decision.override is not None:
        return "Shipped by override, outside the guarantee"
    if decision.decision == "ship":
        return "Shipped: every criterion of the policy is met"
    return f"May not ship: {words.verdict(decision)}"


def _row(piece: Evidence, decision: Decision) -> list[object]:
    passes = {True: "yes", False: "no", None: "can't be shown"}[piece.passes]
    value = words.value_of(piece)
    e_value = reached(piece, decision)
    return [piece.name, f"{piece.n:,}", value, words.bounds(piece), words.needed(piece), e_value, passes]


def _validation(shipment: Shipment) -> list[str]:
    report = shipment.report
    people = len({one.annotator_id for one in shipment.history})
    lines = [
        f"{report.annotations:,} answers of {people} validators on {report.reviewed:,} examples, in random order: "
        "their own label and a relevance from 1 (Horrible) to 5 (Amazing), blind to the intended answer.",
        "",
        *table(
            ["what", "value (95 % interval, one look)"],
            zip(tables.VALIDATION, tables.validation_row(report), strict=True),
        ),
        words.SEVERAL_N,
        "",
        *table(*tables.questions_table(report.agreement.questions)),
        *bullets(notes.coefficient_notes(report.agreement.questions)),
        notes.counting(always_three=report.agreement.always_three),
        "",
    ]
    excluded = [f"{shipment.people[key]}: {shipment.excluded[key]}" for key in sorted(shipment.review.without)]
    told = ["Excluded by the lead; the gate holds with and without their answers:", "", *bullets(excluded)]
    return lines + (told if excluded else [])


def _changes(shipment: Shipment) -> list[str]:
    ruled = Counter(shipment.review.outcomes.values())
    name = f"label agreement {AFTER_RULINGS}"
    guaranteed = next((piece for piece in shipment.decision.evidence if piece.name == name), None) if ruled else None
    removed = Counter(one.removal.code for one in shipment.taken_out)
    sentences = [f"By a lead's ruling {words_}: {ruled[key]:,}." for key, words_ in LEFT_AS.items() if ruled[key]]
    if guaranteed is not None and guaranteed.lower is not None:
        sentences.append(f"After rulings at least {guaranteed.lower:.3f} of what ships is guaranteed to be right.")
    sentences += [f"Removed by rule before the first answer, {code}: {count:,}." for code, count in removed.items()]
    return bullets(sentences or ["Nothing was ruled on that changes what ships, and nothing was removed."])


def _licence(licence: str, shipments: Sequence[Shipment]) -> list[str]:
    if licence == "unknown":
        return ["Unknown: none was given when this was shipped. Ask whoever shipped it before you use it."]
    each = [f"{one.dataset.name}: {one.licence or 'unknown'}" for one in shipments if licence == "other"]
    return bullets(each) if len(each) > 1 else [shown(licence)]


def _check(shipments: Sequence[Shipment]) -> list[str]:
    place = f"review/{shipments[0].stem}" if len(shipments) == 1 else "review"
    return [
        "`evalwright verify FOLDER` checks every file and computes the numbers again from the answers. Guidelines, "
        f"every answer under pseudonyms, rulings and prompts are in `{place}`; the report is `report.html`, "
        "`report.md` and `report.json`.",
        "",
    ]
