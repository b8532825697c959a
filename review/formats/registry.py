"""The formats, in the order in which a file or folder is tried for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from db.errors import InputError
from review.formats import (
    big_bench,
    croissant,
    hugging_face,
    inspect_samples,
    inverse_scaling,
    jsonl,
    lm_eval_harness,
    openai_evals,
    winogenerated,
)
from review.formats.format import About, Contents, Format, Source
from review.formats.from_release import with_release
from review.formats.json_lines import shown_name
from review.formats.outside_folder import in_folder

FORMATS: tuple[Format, ...] = (
    hugging_face.FORMAT,
    lm_eval_harness.FORMAT,
    inspect_samples.FORMAT,
    big_bench.FORMAT,
    inverse_scaling.FORMAT,
    openai_evals.FORMAT,
    croissant.FORMAT,
    winogenerated.FORMAT,
    jsonl.FORMAT,  # the last, because it takes every JSONL file
)
DATA_FILES = ("*.jsonl", "*.ndjson", "*.json", "*.csv")


def format_named(name: str) -> Format:
    """Returns the format of that name.

    Raises:
        InputError: if there is none, with the names that there are.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    raise InputError(f"There is no format {name}; there are {', '.join(sorted(known.name for known in FORMATS))}.")


def write_formats(folder: Path, datasets: Sequence[Contents], about: About, formats: Sequence[Format]) -> list[str]:
    """Writes datasets in several formats below a folder, each format those that it can hold.

    Args:
        folder: The folder of a release; it exists.
        datasets: With stems that are all different.
        about: What is written beside the examples.
        formats: From `FORMATS`.

    Returns:
        A sentence for each dataset that a format can't hold.
    """
    skipped = []
    for chosen in formats:
        held = []
        for contents in datasets:
            sentence = chosen.can_hold(contents)
            if sentence is None:
                held.append(contents)
            else:
                skipped.append(sentence)
        if held:
            chosen.write(folder, held, about)
    return skipped


def sources(path: Path) -> list[Source]:
    """Returns the datasets that a file or folder holds, in whichever format it is, with what a release says of them.

    Raises:
        InputError: if it isn't there, or is of no format that can be read.
    """
    try:
        return _sources(path)
    except OSError as error:  # Its name is too long, or what lies above it may not be looked into.
        raise InputError(f"{shown_name(path)} can't be read: {error.strerror}.") from error


def _sources(path: Path) -> list[Source]:
    found = _recognised(path)
    if found is None and path.is_dir():
        files = sorted(in_folder(path, file) for pattern in DATA_FILES for file in path.glob(pattern))
        found = [source for file in files for source in _recognised(file) or []] or None
    if found is not None:
        return [with_release(source) for source in found]
    shown = shown_name(path)
    if path.is_dir():
        raise InputError(f"{shown} is a folder of no format that can be imported: name the .jsonl files in it.")
    if not path.exists():
        raise InputError(f"{shown} does not exist.")
    ratings = " Ratings are attached with --ratings-for DATASET." if path.suffix.lower() == ".csv" else ""
    raise InputError(
        f"{shown} is in no format that can be imported: a published .jsonl file, a Hugging Face folder, or a file for "
        f"lm-evaluation-harness, Inspect, BIG-bench, Inverse Scaling, OpenAI evals or Croissant.{ratings}"
    )


def _recognised(path: Path) -> list[Source] | None:
    for known in FORMATS:
        found = known.sources(path)
        if found is not None:
            return found
    return None
