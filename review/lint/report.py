"""The lint itself: findings for people, facts for the gate."""

from collections import Counter
from collections.abc import Sequence
from typing import cast

from review.formats.choices import is_letter
from review.formats.example import JSON
from review.lint.duplicates import NEAR, Twin, exact_duplicates, near_duplicates
from review.lint.items import Fact, Finding, LintItem, Severity, excerpt, with_fixed_choices
from review.lint.labels import NEGATIONS, largest_class, largest_class_excess, negation_auc, negations

# As in the default policy of the gate. A workspace may have other limits there; a finding only points out.
_NEAR_LIMIT = 0.10
_EXCESS_LIMIT = 0.05
_AUC_LIMIT = 0.80

_SHOWN = 20


def lint(items: Sequence[LintItem]) -> list[Finding]:
    """The defects of a dataset, one finding for each kind that occurs, none for a clean one."""
    return examine(items)[0]


def facts(items: Sequence[LintItem]) -> list[Fact]:
    """The measured numbers that the gate needs of a dataset.

    Returns:
        In this order: ``exact_duplicates`` (count of items that repeat an earlier text),
        ``near_duplicate_share`` (0 to 1, items with a twin at cosine 0.8), ``largest_class_excess`` (0 to 1),
        ``negation_auc`` (0 to 1) and ``unreadable_choices`` (count of items whose choices can't be read or
        whose intended label is not among them).
    """
    return examine(items)[1]


def examine(items: Sequence[LintItem]) -> tuple[list[Finding], list[Fact]]:
    """Findings and facts together; what both need is computed once."""
    repeats, twins = exact_duplicates(items), near_duplicates(items)
    share = len(twins) / len(items) if items else None
    excess, auc = largest_class_excess(items), negation_auc(items)
    measured = [
        Fact("exact_duplicates", len(repeats)),
        Fact("near_duplicate_share", share, "" if items else "there are no examples"),
        excess,
        auc,
        Fact("unreadable_choices", sum(not (item.readable and item.labelled) for item in items)),
    ]
    found = [
        _exact(items, repeats),
        _near(items, twins),
        _missing_choices(items),
        _unreadable(items),
        _intended_missing(items),
        _imbalance(items, excess),
        _negation(items, auc),
    ]
    return [finding for finding in found if finding], measured


def _exact(items: Sequence[LintItem], repeats: Sequence[Twin]) -> Finding | None:
    if not repeats:
        return None
    labels = {item.id: item.intended for item in items}
    contrary = sum(labels[repeat.id] != labels[repeat.twin] for repeat in repeats)
    subject = _count(len(repeats), "example repeats", "examples repeat")
    message = f"{subject} the text of an earlier one, character by character"
    message += f", {contrary} of them with another intended label." if contrary else "."
    return Finding("exact-duplicates", "error", len(repeats), message, _pairs(items, repeats))


def _near(items: Sequence[LintItem], twins: Sequence[Twin]) -> Finding | None:
    if not twins:
        return None
    share = len(twins) / len(items)
    message = (
        f"{len(twins)} of {len(items)} examples ({share:.1%}) have a twin that is nearly the same "
        f"(cosine {NEAR} or more); the gate takes up to {_NEAR_LIMIT:.0%}."
    )
    closest = sorted(twins, key=lambda twin: -twin.similarity)
    severity: Severity = "error" if share > _NEAR_LIMIT else "warning"
    return Finding("near-duplicates", severity, len(twins), message, _pairs(items, closest))


def _missing_choices(items: Sequence[LintItem]) -> Finding | None:
    wrong = [item for item in items if _is_lettered(item) and "choices:" not in item.text.lower()]
    subject = _count(len(wrong), "example has", "examples have")
    return _about("missing-choices", "warning", wrong, f'{subject} no "Choices:" above the lettered choices.')


def _unreadable(items: Sequence[LintItem]) -> Finding | None:
    wrong = [item for item in items if not item.readable]
    subject = _count(len(wrong), "example has", "examples have")
    return _about("unreadable-choices", "error", wrong, f"{subject} choices whose text can't be read.")


def _intended_missing(items: Sequence[LintItem]) -> Finding | None:
    wrong = [item for item in items if not item.labelled]
    subject = _count(len(wrong), "example has", "examples have")
    message = f"{subject} no intended label among the choices."
    return _about("intended-not-among-choices", "error", wrong, message)


def _imbalance(items: Sequence[LintItem], excess: Fact) -> Finding | None:
    if excess.value is None or excess.value <= _EXCESS_LIMIT:
        return None
    fixed = with_fixed_choices(items)
    label, count = largest_class(fixed)
    labels = Counter(item.intended for item in fixed)
    message = (
        f"{label.strip()!r} is the intended label of {count} of {len(fixed)} examples "
        f"({count / len(fixed):.1%}), more than {_EXCESS_LIMIT} above an even share."
    )
    shares: list[dict[str, JSON]] = [{"label": str(one), "count": number} for one, number in labels.most_common()]
    return Finding("label-imbalance", "error", count, message, shares)


def _negation(items: Sequence[LintItem], auc: Fact) -> Finding | None:
    if auc.value is None or auc.value <= _AUC_LIMIT:
        return None
    found = [(str(item.intended), set(negations(item.text))) for item in with_fixed_choices(items)]
    totals = Counter(label for label, _ in found)
    words: list[dict[str, JSON]] = []
    for word in NEGATIONS:
        having = Counter(label for label, used in found if word in used)
        if having:
            shares: dict[str, JSON] = {label: round(having[label] / totals[label], 3) for label in sorted(totals)}
            words.append({"word": word, "count": having.total(), "share_by_label": shares})
    words.sort(key=lambda entry: -cast("int", entry["count"]))
    message = (
        f"Negation words alone ({', '.join(str(entry['word']) for entry in words)}) tell the intended label "
        f"with an AUC of {auc.value:.2f}, above {_AUC_LIMIT}: a model can be right without reading the rest."
    )
    return Finding("negation-cue", "error", sum(bool(used) for _, used in found), message, words)


def _about(code: str, severity: Severity, wrong: Sequence[LintItem], message: str) -> Finding | None:
    """A finding about single examples; None if there are none."""
    if not wrong:
        return None
    shown: list[dict[str, JSON]] = [{"id": item.id, "text": excerpt(item.text)} for item in wrong[:_SHOWN]]
    return Finding(code, severity, len(wrong), message, shown)


def _pairs(items: Sequence[LintItem], twins: Sequence[Twin]) -> list[dict[str, JSON]]:
    """The first few pairs, each once, with both texts."""
    texts = {item.id: item.text for item in items}
    once = {frozenset((twin.id, twin.twin)): twin for twin in reversed(twins)}
    return [
        {
            "id": twin.id,
            "twin": twin.twin,
            "similarity": round(twin.similarity, 3),
            "text": excerpt(texts[twin.id]),
            "twin_text": excerpt(texts[twin.twin]),
        }
        for twin in list(reversed(once.values()))[:_SHOWN]
    ]


def _is_lettered(item: LintItem) -> bool:
    return bool(item.choices) and all(is_letter(choice.answer) for choice in item.choices)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
