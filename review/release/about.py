"""What formats say about a release beside its examples: catalogues, hubs, Croissant's fields on responsible use."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from review.assignment.settling import AT_MOST, FIRST_ASKED
from review.datasets.behaviors import written_by_model
from review.formats.example import JSON
from review.formats.format import About
from review.release.card import LIMITS
from review.release.shipment import Shipment
from review.report.decision import bounds, value_of
from review.version import version


def canary_line(workspace_id: str) -> str:
    """Returns the line by which training data can be kept clean: the same in everything one workspace releases."""
    return f"EVALWRIGHT CANARY {uuid5(UUID(workspace_id), 'canary')}: evaluation data, not for training."


def describe(title: str, shipments: Sequence[Shipment], *, card: str, licence: str, canary: str) -> About:
    """Returns what is said about the datasets of a release."""
    written = {written_by_model(shipment.dataset) for shipment in shipments}
    behaviors = [shipment.dataset.behavior for shipment in shipments if shipment.dataset.behavior.strip()]
    tested = f" of whether a model is somebody who {'; '.join(behaviors)}" if behaviors else ""
    return About(
        title=title,
        card=card,
        license=licence,
        language_creators=tuple(
            name for name, said in (("machine-generated", True), ("found", False)) if said in written
        ),
        annotations_creators=("expert-generated" if any(one.history for one in shipments) else "no-annotation",),
        canary=canary,
        description=f"Evaluation questions{tested}, each with an intended answer, checked by people.",
        published=max((shipment.decided_at[:10] for shipment in shipments), default=""),
        rai=_responsible_use(shipments),
    )


def _responsible_use(shipments: Sequence[Shipment]) -> dict[str, JSON]:
    people = {one.annotator_id for shipment in shipments for one in shipment.history}
    three = all(shipment.review.always_three for shipment in shipments)
    overlap = f"{AT_MOST}" if three else f"{FIRST_ASKED}, and a third where the labels of two differ"
    jobs = [job for shipment in shipments for job in shipment.report.jobs]
    tools: list[JSON] = [*dict.fromkeys(f"{job.engine} {job.model}, recipe {job.recipe}" for job in jobs)]
    biases: list[JSON] = [
        f"{shipment.dataset.name}: {line.message}" for shipment in shipments for line in shipment.report.lint
    ]
    return {
        "dataAnnotationProtocol": (
            "Validators label each example and rate its relevance, blind to the intended answer and to each other, in "
            "one random order per dataset. Guidelines and questions are in review/."
        ),
        "dataAnnotationPlatform": f"evalwright {version()}",
        "dataAnnotationAnalysis": [
            f"{shipment.dataset.name}: {piece.name} {value_of(piece)} ({bounds(piece) or 'no bounds'})"
            for shipment in shipments
            for piece in shipment.decision.evidence
        ],
        "annotationsPerItem": f"{overlap}, on the examples that were reviewed",
        "annotatorDemographics": f"{len(people)} validators; nothing about them was asked.",
        "machineAnnotationTools": tools or ["none"],
        "dataBiases": biases or ["None of the known defects was found."],
        "dataLimitations": list(LIMITS),
        "dataUseCases": ["Measuring tendencies of language models; not training them."],
        "dataReleaseMaintenancePlan": "A release never changes; what is mended later is another release.",
    }
