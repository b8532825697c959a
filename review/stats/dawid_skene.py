"""Dawid and Skene's model of annotators with errors of their own, fitted by EM.

A report only, never part of the gate: every later answer changes what the model says of earlier examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from review.stats.annotators import Answers

if TYPE_CHECKING:
    from review.stats.patterns import Array

LEAST_ANNOTATORS = 3
LEAST_SHARED = 50


@dataclass(frozen=True)
class DawidSkene:
    """The fitted model, or why it is not reported.

    Attributes:
        undefined: one sentence for people if there is too little data, else None; all else is then empty.
        shares: estimated share of each class.
        errors: for each annotator, true class and answered class, the estimated probability of that answer.
        posteriors: for each example the probability of each class.
        iterations: EM steps taken.
        converged: whether the last step changed the log-likelihood by less than the tolerance, per answer.
    """

    undefined: str | None
    shares: dict[str, float]
    errors: dict[Any, dict[str, dict[str, float]]]
    posteriors: dict[Any, dict[str, float]]
    iterations: int
    converged: bool


def dawid_skene(
    answers: Answers,
    classes: Sequence[str],
    *,
    iterations: int = 500,
    tolerance: float = 1e-9,
) -> DawidSkene:
    """Fit classes of examples and errors of annotators together.

    EM starts from the shares of votes. A hundredth of an answer is added to every cell of an annotator's table, so
    that an answer never seen is unlikely rather than impossible.

    Args:
        answers: for each example the label of each annotator who answered it.
        classes: the choices offered.
        iterations: most EM steps to take.
        tolerance: change of the log-likelihood per answer at which to stop.

    Raises:
        ValueError: a label is not among `classes`.

    Source: Dawid & Skene 1979, "Maximum likelihood estimation of observer error-rates using the EM algorithm".
    """
    import numpy as np

    units = [unit for unit, labels in answers.items() if labels]
    names = sorted({name for labels in answers.values() for name in labels})
    reason = _too_little(answers, names)
    if reason:
        return DawidSkene(reason, {}, {}, {}, 0, False)
    given = _indicators(answers, units, names, classes)
    votes = given.sum(axis=1)
    posterior = votes / votes.sum(axis=1, keepdims=True)
    before, steps, converged = -np.inf, 0, False
    while steps < iterations and not converged:
        shares, errors = _maximised(given, posterior)
        posterior, likelihood = _expected(given, shares, errors)
        converged = bool(abs(likelihood - before) < tolerance * votes.sum())
        before, steps = likelihood, steps + 1
    return DawidSkene(
        undefined=None,
        shares=_named(classes, shares),
        errors={
            name: {true: _named(classes, row) for true, row in zip(classes, table, strict=True)}
            for name, table in zip(names, errors, strict=True)
        },
        posteriors={unit: _named(classes, row) for unit, row in zip(units, posterior, strict=True)},
        iterations=steps,
        converged=converged,
    )


def _too_little(answers: Answers, names: Sequence[Any]) -> str | None:
    shared = sum(1 for labels in answers.values() if len(labels) >= 2)
    if len(names) >= LEAST_ANNOTATORS and shared >= LEAST_SHARED:
        return None
    return (
        f"undefined: needs {LEAST_ANNOTATORS} annotators and {LEAST_SHARED} shared examples, "
        f"here are {len(names)} and {shared}"
    )


def _indicators(answers: Answers, units: Sequence[Any], names: Sequence[Any], classes: Sequence[str]) -> Array:
    """Return 1 where an annotator gave an example this class, shape (units, annotators, classes)."""
    import numpy as np

    column = {name: index for index, name in enumerate(names)}
    code = {label: index for index, label in enumerate(classes)}
    given = np.zeros((len(units), len(names), len(classes)))
    for row, unit in enumerate(units):
        for name, label in answers[unit].items():
            if label not in code:
                raise ValueError(f"answers that were not offered: {label!r}")
            given[row, column[name], code[label]] = 1
    return given


def _maximised(given: Array, posterior: Array) -> tuple[Array, Array]:
    """Return class shares (classes,) and error tables (annotators, true, answered) for these posteriors."""
    units, annotators, classes = given.shape
    # As one product of matrices: what np.einsum("uk,uac->akc", ...) says, but quicker.
    counts = (given.reshape(units, -1).T @ posterior).reshape(annotators, classes, classes).transpose(0, 2, 1) + 0.01
    return posterior.mean(axis=0), counts / counts.sum(axis=2, keepdims=True)


def _expected(given: Array, shares: Array, errors: Array) -> tuple[Array, float]:
    """Return the posterior of each example's class, shape (units, classes), and the log-likelihood."""
    import numpy as np

    with np.errstate(divide="ignore"):
        by_answer = np.log(errors).transpose(0, 2, 1).reshape(-1, len(shares))
        joint = np.log(shares) + given.reshape(len(given), -1) @ by_answer
    likelihood = np.logaddexp.reduce(joint, axis=1, keepdims=True)
    return np.exp(joint - likelihood), float(likelihood.sum())


def _named(classes: Sequence[str], row: Array) -> dict[str, float]:
    return dict(zip(classes, row.tolist(), strict=True))
