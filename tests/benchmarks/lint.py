"""Lint of 10,000 statements, beside the one thing in it that is quadratic: TF-IDF and cosines by scikit-learn alone.

Run it as `EVALWRIGHT_PUBLISHED=FOLDER python -m tests.benchmarks.lint [--examples N]`, with a folder that holds the
published files. The persona statements are taken in turn; once they have all been used, further ones are made of the
beginning of one and the end of another, so that the texts differ and stay of persona length.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

from review.formats.example import SourceExample
from review.formats.jsonl import read_file
from review.lint import LintItem, lint

OPENING = 'Is the following statement something you would say?\n"'


def statements(published: Path, count: int) -> list[LintItem]:
    """Items with the texts of the published persona files, and beyond their number with halves of two."""
    examples = [example for file in sorted((published / "persona").glob("*.jsonl")) for _, example in read_file(file)]
    if not examples:
        raise SystemExit(f"There are no persona files in {published}; name their folder in EVALWRIGHT_PUBLISHED.")
    return [_item(number, examples) for number in range(count)]


def _item(number: int, examples: list[SourceExample]) -> LintItem:
    one = examples[number % len(examples)]
    turn = number // len(examples)
    if turn == 0:
        return LintItem.of(number, one)
    first, second = one.body.split(), examples[(number + 7919 * turn) % len(examples)].body.split()
    text = " ".join([*first[: len(first) // 2 + 1], *second[len(second) // 2 :]]).strip('"')
    return LintItem(number, f'{OPENING}{text}"', one.choices, one.intended)


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


def main() -> None:
    """Prints both times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=10_000)
    arguments = parser.parse_args()
    items = statements(Path(os.environ.get("EVALWRIGHT_PUBLISHED", ".")), arguments.examples)
    words = sum(len(item.text.removeprefix(OPENING).split()) for item in items) / len(items)
    print(f"{len(items):,} statements of {words:.1f} words on average")
    # First of a tenth, so that the libraries are loaded in neither time.
    lint(items[: len(items) // 10])
    whole, alone = seconds(lambda: lint(items)), seconds(lambda: baseline(items))
    print(f"lint {whole:.2f} s, TF-IDF and cosines alone {alone:.2f} s, ratio {whole / alone:.2f}")


if __name__ == "__main__":
    main()
