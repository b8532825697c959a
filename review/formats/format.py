"""What every format has in common: what it is given to write, and what it gives when it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from db.records import Question
from review.formats.example import JSON, SourceExample


@dataclass(frozen=True)
class Contents:
    """A dataset as formats write it.

    Attributes:
        name: The dataset's name, as people gave it.
        stem: The name of its files and configurations, from `review.formats.names.safe_names`.
        behavior: What completes "a person/AI who ...", or empty.
        examples: In their order.
    """

    name: str
    stem: str
    behavior: str
    examples: Sequence[SourceExample]


@dataclass(frozen=True)
class About:
    """What is written about datasets, beside their examples.

    Attributes:
        title: The name of the collection.
        card: The dataset card, in Markdown.
        license: An identifier as the Hugging Face hub knows it.
        language_creators: Who wrote the examples: `machine-generated`, `found`, ... as the hub names them.
        annotations_creators: Who judged them, as the hub names them.
        canary: A text by which training data can be kept clean; empty for none.
        description: A sentence or two, for catalogues.
        version: The version of the data.
        published: A date as YYYY-MM-DD, or empty.
        citation: How to cite it, or empty.
        rai: Croissant's RAI fields by name without the prefix, each a text or a list of texts.
    """

    title: str
    card: str = ""
    license: str = "unknown"
    language_creators: tuple[str, ...] = ("found",)
    annotations_creators: tuple[str, ...] = ("expert-generated",)
    canary: str = ""
    description: str = ""
    version: str = "1.0.0"
    published: str = ""
    citation: str = ""
    rai: dict[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """One dataset that a file or a folder holds.

    Attributes:
        name: What the file calls it, or its file's name.
        path: The file that the examples stand in.
        unit: What its examples are counted by: `line`, `row` or `example`.
        examples: Reads the file: the place of each example, from 1, and the example.
        behavior: What completes "a person/AI who ...", where the file says so.
        guidelines: What validators were told beyond the standard questions, where a release says so.
        questions: What validators were asked beyond the standard questions, where a release says so.
    """

    name: str
    path: Path
    unit: str
    examples: Callable[[], Iterator[tuple[int, SourceExample]]]
    behavior: str = ""
    guidelines: str = ""
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Format:
    """One format, both ways.

    Attributes:
        name: As `--format` takes it.
        layout: The files it writes below the folder of a release, with NAME for a dataset's stem.
        why_not: Why it can't hold a dataset, as the end of a sentence; None where it can.
        write: Writes datasets that it can hold below a folder.
        sources: The datasets that a file or folder holds; None where it isn't of this format.
    """

    name: str
    layout: str
    why_not: Callable[[Contents], str | None]
    write: Callable[[Path, Sequence[Contents], About], None]
    sources: Callable[[Path], list[Source] | None]

    def can_hold(self, contents: Contents) -> str | None:
        """Returns a sentence that says why a dataset is left out, or None where it can be written."""
        why = self.why_not(contents)
        return None if why is None else f"{contents.name} is left out of {self.name}: {why}."
