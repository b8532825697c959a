"""Croissant 1.0 with the RAI fields: one `croissant.json` that describes every data file of a release."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from db.errors import InputError
from db.outside_files import open_outside
from review.formats import jsonl
from review.formats.example import JSON, write_row
from review.formats.format import About, Contents, Format, Source
from review.formats.hugging_face import columns
from review.formats.json_lines import read_document, shown_name
from review.formats.names import safe_name
from review.formats.outside_folder import in_folder

FILE = "croissant.json"
RAI_FIELDS = (
    "dataAnnotationProtocol",
    "dataAnnotationPlatform",
    "dataAnnotationAnalysis",
    "annotationsPerItem",
    "annotatorDemographics",
    "machineAnnotationTools",
    "dataBiases",
    "dataLimitations",
    "dataUseCases",
    "dataReleaseMaintenancePlan",
)
ONE_TEXT = ("annotationsPerItem", "dataReleaseMaintenancePlan")
"""The fields that hold one text; the others hold one or a list."""

_CONFORMS_TO = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
_TYPES = {"string": "sc:Text", "bool": "sc:Boolean", "int64": "sc:Integer", "float64": "sc:Float"}
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def write(folder: Path, datasets: Sequence[Contents], about: About) -> None:
    """Writes the data files and their description.

    Raises:
        InputError: if `about.rai` has a field that RAI does not, or a list where it takes one text.
    """
    unknown = [name for name in about.rai if name not in RAI_FIELDS]
    if unknown:
        raise InputError(f"{unknown[0]} is no RAI field; there are {', '.join(RAI_FIELDS)}.")
    lists = [name for name in ONE_TEXT if isinstance(about.rai.get(name), list)]
    if lists:
        raise InputError(f"The RAI field {lists[0]} holds one text, not a list.")
    jsonl.write(folder, datasets, about)
    description = _description(folder, datasets, about)
    (folder / FILE).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


def read_about(path: Path) -> About:
    """Returns what a file of our own making says of its datasets, from which `write` makes the same file again.

    Raises:
        InputError: if it is no Croissant description.
    """
    document = _document(path)
    if document is None:
        raise InputError(f"{shown_name(path)} is no Croissant description of a dataset.")
    return About(
        title=str(document.get("name", "")),
        description=str(document.get("description", "")),
        license=str(document.get("license", "unknown")),
        version=str(document.get("version", "1.0.0")),
        published=str(document.get("datePublished", "")),
        citation=str(document.get("citeAs", "")),
        rai={name: document[f"rai:{name}"] for name in RAI_FIELDS if f"rai:{name}" in document},
    )


def sources(path: Path) -> list[Source] | None:
    """Returns the JSONL files that a description names, checked against its hashes."""
    path = path / FILE if path.is_dir() else path
    document = _document(path)
    if document is None:
        return None
    distribution = document.get("distribution")
    files = [entry for entry in distribution if isinstance(entry, dict)] if isinstance(distribution, list) else []
    found = [_source(path, entry) for entry in files if entry.get("encodingFormat") == "application/jsonlines"]
    if not found:
        raise InputError(f"{shown_name(path)} names no JSONL file; there is nothing that can be imported.")
    return found


def _description(folder: Path, datasets: Sequence[Contents], about: About) -> dict[str, Any]:
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": _CONFORMS_TO,
        "name": about.title,
        "description": about.description,
        "license": about.license,
        "version": about.version,
        **({"datePublished": about.published} if about.published else {}),
        **({"citeAs": about.citation} if about.citation else {}),
        **{f"rai:{name}": about.rai[name] for name in RAI_FIELDS if name in about.rai},
        "distribution": [_file_object(folder, contents) for contents in datasets],
        "recordSet": [_record_set(contents) for contents in datasets],
    }


def _file_object(folder: Path, contents: Contents) -> dict[str, Any]:
    content = (folder / jsonl.data_file(contents)).read_bytes()
    return {
        "@type": "cr:FileObject",
        "@id": f"{contents.stem}.jsonl",
        "name": f"{contents.stem}.jsonl",
        "contentUrl": jsonl.data_file(contents),
        "contentSize": f"{len(content)} B",
        "encodingFormat": "application/jsonlines",
        "sha256": sha256(content).hexdigest(),
    }


def _record_set(contents: Contents) -> dict[str, Any]:
    """Describes the columns of a data file; one that holds objects has no type in Croissant and is left out."""
    kinds = columns(map(write_row, contents.examples))
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{contents.stem}/{column}",
            "name": f"{contents.stem}/{column}",
            "dataType": _data_type(found),
            **({"repeated": True} if found == {"list"} else {}),
            "source": {"fileObject": {"@id": f"{contents.stem}.jsonl"}, "extract": {"column": column}},
        }
        for column, found in kinds.items()
        if "json" not in found
    ]
    return {"@type": "cr:RecordSet", "@id": contents.stem, "name": contents.stem, "field": fields}


def _data_type(kinds: set[str]) -> str:
    if kinds == {"int64", "float64"}:
        return "sc:Float"
    return _TYPES.get(next(iter(kinds)), "sc:Text") if len(kinds) == 1 else "sc:Text"


def _document(path: Path) -> dict[str, JSON] | None:
    if path.suffix.lower() != ".json" or not path.is_file():
        return None
    document = read_document(path)
    return document if isinstance(document, dict) and "distribution" in document and "@context" in document else None


def _source(description: Path, entry: dict[str, JSON]) -> Source:
    shown = shown_name(description)
    url = entry.get("contentUrl")
    if not isinstance(url, str) or "://" in url or Path(url).is_absolute() or ".." in Path(url).parts:
        raise InputError(f"{shown} names a data file outside its folder; name the .jsonl files instead.")
    file = description.parent / url
    try:
        with open_outside(in_folder(description.parent, file)) as opened:
            digest = file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{shown_name(file)}, named in {shown}, can't be read: {error.strerror}.") from None
    except ValueError:
        raise InputError(f"{shown} names a data file by what can't be the name of a file.") from None
    if entry.get("sha256", digest) != digest:
        raise InputError(f"{shown_name(file)} isn't the file that {shown} describes: its SHA-256 is another.")
    return jsonl.source(file, safe_name(file.stem))


FORMAT = Format(
    name="croissant",
    layout=f"{FILE}, data/NAME.jsonl",
    why_not=lambda _: None,
    write=write,
    sources=sources,
)
