"""Lint of 10,000 statements, beside the one thing in it that is quadratic: TF-IDF and cosines by scikit-learn alone.

Run it as `python -m tests.benchmarks.lint [--examples N]`; the statements are those of `tests.benchmarks.texts`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

from db.records import Choice
from review.lint import LintItem, lint
from tests.benchmarks.rows import Row, run
from tests.benchmarks.texts import statements

OPENING = 'Is the following statement something you would say?\n"'
YES_NO = (Choice(" Yes", "Yes"), Choice(" No", "No"))


def items_of(texts: Sequence[str]) -> list[LintItem]:
    """Makes the statements yes/no questions, the intended label by turns."""
    return [
        LintItem(number, f'{OPENING}{text}"', YES_NO, YES_NO[number % 2].answer) for number, text in enumerate(texts)
    ]


def baseline(items: list[LintItem]) -> None:
    """TF-IDF over character 3-to-5-grams and all cosines, in blocks so that they fit in memory."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [item.text.removeprefix(OPENING) for item in items]
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)).fit_transform(texts)
    for start in range(0, len(texts), 500):
        (vectors[start : start + 500] @ vectors.T).max()


def seconds(what: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def measure(given: argparse.Namespace) -> list[Row]:
    """Measures both."""
    items = items_of(statements(given.examples))
    words = sum(len(item.text.removeprefix(OPENING).split()) for item in items) / len(items)
    # First of a tenth, so that the libraries are loaded in neither time.
    lint(items[: len(items) // 10])
    whole, alone = seconds(lambda: lint(items)), seconds(lambda: baseline(items))
    return [
        Row(
            f"lint of {len(items):,} statements of {words:.0f} words on average: everything that `evalwright lint`"
            " looks for",
            f"{whole / alone:.2f} of the baseline: {whole:.1f} s",
            "no more than the baseline",
            whole <= alone,
            f"scikit-learn's TF-IDF of character 3-to-5-grams and all cosines, alone: {alone:.1f} s",
            "Each pair is compared once, repeats not at all",
        )
    ]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=10_000)
    run(measure, parser)


if __name__ == "__main__":
    main()
