"""Shipping: a dataset, or all datasets of a workspace that may ship together, as one release."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from db import decisions
from db.errors import EvalwrightError, InputError
from db.records import Dataset
from db.store.connection import Connection, write
from db.store.workspace import workspace_id
from review.annotation.bounds import REASON, check_length
from review.formats import winogenerated
from review.formats.format import Format
from review.formats.hugging_face import CARD
from review.formats.names import safe_name, safe_names
from review.formats.registry import FORMATS
from review.gate.decision import Decision
from review.gate.policy import Policy
from review.gate.portfolio import Member, Portfolio, e_value, judge_portfolio, record_shipped
from review.gate.verdicts import VERDICT_WORDS
from review.release.about import canary_line
from review.release.atomic_folder import publish, refuse_existing, written_beside
from review.release.layout import Whole, WrittenRelease, write_release
from review.release.shipment import Shipment, read_shipment
from review.release.verify import verify


class RefusedError(EvalwrightError):
    """The gate does not let the dataset pass; `decision` has the evidence."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(_why_refused(decision))
        self.decision = decision


def _why_refused(decision: Decision) -> str:
    if decision.provisional:
        return (
            f"{decision.name} may not ship, because it is still open and can change; "
            f"`evalwright close {decision.name}` closes it, then ask the gate."
        )
    return (
        f"{decision.name} may not ship (missing: {', '.join(missing(decision))}); `evalwright gate {decision.name}` "
        "has the evidence, and --override REASON ships it outside the guarantee."
    )


def missing(decision: Decision) -> list[str]:
    """Returns the names of the evidence that a dataset still lacks."""
    return [piece.name for piece in decision.evidence if not piece.passes]


@dataclass(frozen=True)
class Options:
    """How a release is written.

    Attributes:
        formats: Those beside the ones that every release has; None for all that are made for such datasets.
        licence: An identifier as the hub knows it, or a sentence; empty for what the behaviour file says.
    """

    formats: Sequence[Format] | None = None
    licence: str = ""


@dataclass(frozen=True)
class Release:
    """A release that was written.

    Attributes:
        examples: In all its datasets.
        content_hash: The SHA-256 of its manifest.
        decisions: One for each dataset in it.
        left_out: Which formats don't hold what, a sentence each.
        not_shipped: Which datasets aren't in it and why, a sentence each.
    """

    folder: Path
    examples: int
    content_hash: str
    decisions: tuple[Decision, ...]
    left_out: tuple[str, ...]
    not_shipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """What shipping a dataset would write, and what the gate says of it.

    Attributes:
        files: Their sizes in bytes, by path.
        card: The README.md.
        refused: Why it may not ship, as a sentence, or None; it can still be overridden unless it is open.
    """

    decision: Decision
    examples: int
    files: dict[str, int]
    left_out: tuple[str, ...]
    card: str
    refused: str | None


def ship(
    connection: Connection,
    dataset: Dataset,
    policy: Policy,
    folder: Path,
    *,
    override: str | None = None,
    options: Options | None = None,
) -> Release:
    """Writes a release of a dataset.

    Args:
        connection: The workspace.
        dataset: What to ship.
        policy: What the gate asks.
        folder: Where; it must not exist yet. Its parent folders are made.
        override: Why to ship although the gate refuses; printed in the card.
        options: How it is written; default: in every format.

    Raises:
        RefusedError: if the dataset is open, or the gate refuses and there is no override.
        InputError: if the folder exists, or the override is blank or too long.
        EvalwrightError: if nothing could be written; then nothing is left behind.
    """
    if override is not None and not override.strip():
        raise InputError("--override needs a reason: it is printed in the card.")
    check_length("The reason of --override", override or "", REASON)
    refuse_existing(folder)
    reason = None if override is None else override.strip()
    shipment = read_shipment(connection, dataset, safe_name(dataset.name), policy, override=reason)
    decision = shipment.decision
    if decision.provisional or (decision.decision != "ship" and decision.override is None):
        raise RefusedError(decision)
    return _write(connection, _whole(connection, dataset.name, [shipment], policy, options), folder)


def ship_portfolio(connection: Connection, policy: Policy, folder: Path, *, options: Options | None = None) -> Release:
    """Writes one release of every dataset that may ship under the portfolio's false-discovery rate, or has before.

    That they ship is recorded first and is final; where the release then can't be written, it may be written later.

    Returns:
        The release; where nothing may ship, nothing is written and its hash is empty.

    Raises:
        InputError: if the folder exists.
        EvalwrightError: if nothing could be written; then nothing is left behind.
    """
    refuse_existing(folder)
    portfolio = judge_portfolio(connection, policy)
    shipping = [member for member in portfolio.members if _may_ship(portfolio, member)]
    not_shipped = tuple(_why_not(member) for member in portfolio.members if not _may_ship(portfolio, member))
    if not shipping:
        return Release(folder, 0, "", (), (), not_shipped)
    stems = safe_names(member.dataset.name for member in shipping)
    shipments = []
    for member, stem in zip(shipping, stems, strict=True):
        shipments.append(read_shipment(connection, member.dataset, stem, policy))
        _refuse_changed(portfolio, member, shipments[-1])
    title = shipping[0].dataset.name if len(shipping) == 1 else safe_name(folder.name)
    whole = _whole(connection, title, shipments, policy, options)
    return _write(connection, replace(whole, not_shipped=not_shipped, portfolio=portfolio), folder)


def preview(connection: Connection, dataset: Dataset, policy: Policy, *, options: Options | None = None) -> Preview:
    """Returns what shipping a dataset would write, written to a temporary folder that is gone afterwards.

    Raises:
        EvalwrightError: if it can't be written there.
    """
    shipment = read_shipment(connection, dataset, safe_name(dataset.name), policy)
    whole = _whole(connection, dataset.name, [shipment], policy, options)
    try:
        with TemporaryDirectory(prefix="evalwright-") as place:
            written = write_release(Path(place), whole)
            files = {
                path.relative_to(place).as_posix(): path.stat().st_size
                for path in sorted(Path(place).rglob("*"))
                if path.is_file()
            }
            text = (Path(place) / CARD).read_text(encoding="utf-8")
    except OSError as error:
        raise EvalwrightError(f"The preview can't be written ({error.strerror}); free some space.") from error
    decision = shipment.decision
    refused = None if decision.decision == "ship" and not decision.provisional else _why_refused(decision)
    return Preview(decision, len(shipment.examples), files, written.left_out, text, refused)


def _whole(
    connection: Connection, title: str, shipments: Sequence[Shipment], policy: Policy, options: Options | None
) -> Whole:
    chosen = options or Options()
    formats = _usual_formats(shipments) if chosen.formats is None else chosen.formats
    canary = canary_line(workspace_id(connection))
    return Whole(title, shipments, policy, formats, chosen.licence, canary)


def _usual_formats(shipments: Sequence[Shipment]) -> list[Format]:
    """Returns every format; that of Winogenerated occupations only where there are such sentences."""
    with_sentences = any(shipment.dataset.kind == "winogenerated" for shipment in shipments)
    return [one for one in FORMATS if with_sentences or one is not winogenerated.FORMAT]


def _write(connection: Connection, whole: Whole, folder: Path) -> Release:
    """Writes a release beside its place, records it, and gives it its name."""
    with written_beside(folder) as working:
        written = write_release(working, whole)
        _refuse_not_intact(working)
        if whole.portfolio is not None:  # Final, so that no release can be there whose shipping doesn't count.
            with write(connection):
                record_shipped(connection, whole.portfolio)
        try:
            with write(connection):
                _record(connection, whole.shipments, folder, written)
                publish(working, folder)
        except BaseException:
            if not working.exists():  # It has its name already, but could not be recorded: it must not be there.
                shutil.rmtree(folder, ignore_errors=True)
            raise
    return Release(
        folder,
        sum(len(shipment.examples) for shipment in whole.shipments),
        written.content_hash,
        tuple(shipment.decision for shipment in whole.shipments),
        written.left_out,
        whole.not_shipped,
    )


def _refuse_not_intact(working: Path) -> None:
    """Refuses a release that would not pass its own check, before anything says that it was shipped.

    Raises:
        EvalwrightError: with the first of what is wrong.
    """
    found = verify(working)
    if found.problems:
        raise EvalwrightError(
            f"The release would not pass its own check ({found.problems[0].rstrip('.')}), so nothing was shipped; "
            "please report it with `evalwright doctor`."
        )


def _record(connection: Connection, shipments: Sequence[Shipment], folder: Path, written: WrittenRelease) -> None:
    for shipment in shipments:
        decisions.insert_release(
            connection,
            shipment.dataset.id,
            decision_id=shipment.decision_id,
            folder=str(folder.absolute()),
            content_hash=written.content_hash,
            override_reason=shipment.decision.override,
        )


def _may_ship(portfolio: Portfolio, member: Member) -> bool:
    """Whether a dataset goes into the portfolio's release: one that shipped before, only if it would as it is now."""
    if member.decision.decision != "ship" or member.standing not in {"ships", "shipped"}:
        return False
    return member.standing == "ships" or e_value(member.decision) >= portfolio.bar


def _why_not(member: Member) -> str:
    decision = member.decision
    if decision.provisional:
        why = "still open"
    elif decision.decision != "ship":
        why = f"{VERDICT_WORDS[decision.decision]}, missing: {', '.join(missing(decision))}"
    elif member.standing == "shipped":
        why = f"shipped before; as it is now it needs more evidence (e-value {e_value(decision):,.0f})"
    elif member.standing == "single":
        why = "came after the portfolio first shipped, so it ships singly"
    else:
        why = f"may ship by itself; beside the others it needs more evidence (e-value {member.e_value:,.0f})"
    return f"{member.dataset.name}: {why}."


def _refuse_changed(portfolio: Portfolio, member: Member, shipment: Shipment) -> None:
    """Refuses what new answers have put in doubt since the portfolio was judged."""
    reaches = e_value(shipment.decision) >= (portfolio.bar if member.standing == "shipped" else portfolio.needed)
    if shipment.decision.decision != "ship" or not reaches:
        raise EvalwrightError(f"Answers on {member.dataset.name} came meanwhile; nothing was shipped, ship again.")
