"""Hugging Face `datasets`: a folder with a configuration per dataset, and a card whose front matter names them all.

Without `configs` the hub shows a fraction of the rows; without `features` the loader guesses columns from the first
10 MB and fails where a later row differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from db.errors import InputError
from db.outside_files import MOST_YAML
from review.formats import jsonl
from review.formats.example import JSON, write_row
from review.formats.format import About, Contents, Format, Source
from review.formats.json_lines import LINES, read_text, shown_name
from review.formats.names import safe_name
from review.formats.outside_folder import in_folder, matching
from review.formats.yaml_text import dump_yaml, load_yaml

CARD = "README.md"
SPLIT = "validation"
SIZES = [
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
]
_FENCE = "---\n"
_INT64 = 2**63
_KINDS = {type(None): "null", bool: "bool", str: "string", int: "int64", float: "float64"}


def write(folder: Path, datasets: Sequence[Contents], about: About) -> None:
    """Writes the rows of every dataset, and the card above them."""
    jsonl.write(folder, datasets, about)
    (folder / CARD).write_text(card_with_front_matter(datasets, about), encoding="utf-8")


def card_with_front_matter(datasets: Sequence[Contents], about: About) -> str:
    """Returns the README.md of a folder: what programs read of it, and the card for people."""
    return f"{front_matter(datasets, about)}\n{about.card}"


def front_matter(datasets: Sequence[Contents], about: About) -> str:
    """Returns the YAML between two fences that the hub and `load_dataset` read."""
    count = sum(len(contents.examples) for contents in datasets)
    matter: dict[str, Any] = {
        "annotations_creators": list(about.annotations_creators),
        "language_creators": list(about.language_creators),
        "language": ["en"],
        "license": about.license,
        "multilinguality": ["monolingual"],
        "pretty_name": about.title,
        "size_categories": [next((label for limit, label in SIZES if count < limit), "n>10M")],
        "source_datasets": ["original"],
        "task_categories": ["multiple-choice"],
        "configs": [
            {"config_name": contents.stem, "data_files": [{"split": SPLIT, "path": jsonl.data_file(contents)}]}
            for contents in datasets
        ],
        "dataset_info": [
            {"config_name": contents.stem, "features": features(map(write_row, contents.examples))}
            for contents in datasets
        ],
    }
    return f"{_FENCE}{dump_yaml(matter)}{_FENCE}"


def features(rows: Iterable[dict[str, JSON]]) -> list[dict[str, str]]:
    """Returns the columns of rows, each with a type that holds every value of it."""
    return [{"name": name, **_feature(kinds)} for name, kinds in columns(rows).items()]


def columns(rows: Iterable[dict[str, JSON]]) -> dict[str, set[str]]:
    """Returns the kinds of value in each column: `string`, `int64`, ..., `list` (of texts) or `json`; not `null`."""
    kinds: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.items():
            kinds.setdefault(name, set()).add(_kind(value))
    return {name: found - {"null"} for name, found in kinds.items()}


def sources(path: Path) -> list[Source] | None:
    """Returns the data files of a folder: those that its card names, or those in it where the card names none."""
    if not path.is_dir():
        return None
    named = _named_in_card(path)
    if named is None:
        files = [file for file in matching(path, "data/*") if file.suffix.lower() in LINES]
        named = [(safe_name(file.stem), in_folder(path, file)) for file in files]
    return [jsonl.source(file, name) for name, file in named] or None


def _why_not(contents: Contents) -> str | None:
    rows = map(write_row, contents.examples)
    if any(_too_large(value) for row in rows for value in row.values()):
        return "a number in it is too large for 64 bits"
    return None


def _kind(value: JSON) -> str:
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return "list"
    return _KINDS.get(type(value), "json")


def _feature(kinds: set[str]) -> dict[str, str]:
    if kinds == {"list"}:
        return {"list": "string"}
    if kinds == {"int64", "float64"}:
        return {"dtype": "float64"}
    return {"dtype": next(iter(kinds))} if len(kinds) == 1 else {"dtype": "json" if kinds else "string"}


def _too_large(value: JSON) -> bool:
    if isinstance(value, dict):
        return any(map(_too_large, value.values()))
    if isinstance(value, list):
        return any(map(_too_large, value))
    return isinstance(value, int) and not -_INT64 <= value < _INT64


def _named_in_card(folder: Path) -> list[tuple[str, Path]] | None:
    """Returns the configurations of a card with their files; None where there is no card, or it names none."""
    card = folder / CARD
    text = read_text(in_folder(folder, card), MOST_YAML).replace("\r\n", "\n") if card.is_file() else ""
    if not text.startswith(_FENCE):
        return None
    try:
        matter = load_yaml(text[len(_FENCE) :].partition(f"\n{_FENCE}")[0])
    except ValueError as error:
        raise InputError(
            f"The front matter of {shown_name(card)} {error}; mend it, or name the .jsonl files."
        ) from None
    configs = matter.get("configs") if isinstance(matter, dict) else None
    if not isinstance(configs, list):
        return None
    named: list[tuple[str, Path]] = []
    for config in configs:
        if not isinstance(config, dict):
            continue
        files = _files(folder, config.get("data_files"))
        given = config.get("config_name")
        name = given if isinstance(given, str) and given else safe_name(folder.name)
        named += [(name if len(files) == 1 else f"{name}-{safe_name(file.stem)}", file) for file in files]
    return named


def _files(folder: Path, given: Any) -> list[Path]:
    """Returns the files that `data_files` of a configuration names: a path, or a list of paths or of splits."""
    found: list[Path] = []
    for entry in given if isinstance(given, list) else [given]:
        paths = entry.get("path") if isinstance(entry, dict) else entry
        for pattern in paths if isinstance(paths, list) else [paths]:
            found += _matching(folder, pattern)
    return found


def _matching(folder: Path, pattern: Any) -> list[Path]:
    shown = shown_name(folder / CARD)
    if not isinstance(pattern, str) or not pattern or "\0" in pattern:
        raise InputError(f"{shown} names a data file by what is no name; name the .jsonl files instead.")
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts or "://" in pattern:
        raise InputError(f"{shown} names a data file outside its folder; name the .jsonl files instead.")
    try:
        files = [in_folder(folder, file) for file in matching(folder, pattern)]
    except ValueError as error:
        raise InputError(f"{shown} names data files by a pattern that {error}; name the .jsonl files.") from error
    except OSError as error:
        raise InputError(f"{shown} names data files that can't be looked for: {error.strerror}.") from error
    wrong = [file for file in files if file.suffix.lower() not in LINES]
    if not files or wrong:
        what = f"{wrong[0].name}, which isn't JSONL" if wrong else "a data file that isn't there"
        raise InputError(f"{shown} names {what}; save the rows as .jsonl files and name those.")
    return files


FORMAT = Format(
    name="hugging-face",
    layout=f"{CARD}, data/NAME.jsonl",
    why_not=_why_not,
    write=write,
    sources=sources,
)
