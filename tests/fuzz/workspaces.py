"""Targets: releases that are verified, and what people type into a search."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from dataclasses import asdict
from functools import cache
from pathlib import Path
from random import Random

from db import browse
from db.search import index_some
from db.store.connection import Connection, write
from db.store.workspace import open_workspace
from review.gate.policy import load_policy
from review.lead.browse import parse_query
from review.release import Options, ship
from review.release.manifest import ShippedDataset, write_manifest
from review.release.verify import verify
from tests.fuzz.checks import check_sentence, expect, folder, refusing, workshop
from tests.fuzz.irregular import KINDS, put
from tests.fuzz.mutations import ODD_SNIPPETS, mutate
from tests.support.annotators import Annotators, Truth
from tests.support.workspaces import make_dataset, new_examples


def releases(data: bytes) -> None:
    """Releases given to `verify`: a file changed or none any more, and the manifest made to fit, or not."""
    if not data:
        return
    random = Random(data)
    with folder() as place:
        release = place / "release"
        shutil.copytree(_release(), release)
        names = sorted(path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file())
        target = release / names[data[0] % len(names)]
        before = target.read_bytes()
        target.write_bytes(mutate(before, random) if len(data) < 9 else data[1:])
        if random.random() < 0.7 and target.name not in {"manifest.json", "manifest.sha256"}:
            write_manifest(release, [ShippedDataset(**one) for one in json.loads(_manifest())["datasets"]])
        if random.random() < 0.1:
            put(random.randrange(len(KINDS)), target)
        with refusing(str(place)):
            found = verify(release)
            expect(found.intact or bool(found.problems), "not intact, and nothing wrong")
            for problem in found.problems:
                check_sentence(problem)
            repr(asdict(found)).encode()


@cache
def _release() -> Path:
    path = workshop() / "shipping"
    path.mkdir()
    with closing(open_workspace(path / "workspace.db")) as connection:
        dataset = make_dataset(connection, 6)
        Annotators(connection, dataset, Truth(hard=0.2, slip=0.1, skipped=0.1), seed=3).answer_all()
        ship(connection, dataset, load_policy(), path / "release", override="a test", options=Options(formats=()))
    return path / "release"


@cache
def _manifest() -> str:
    return (_release() / "manifest.json").read_text()


def searches(data: bytes) -> None:
    """The search of browse, as people type it: read, and looked for."""
    text = data.decode("utf-8", "replace")
    with refusing("search", "needs", "lacks", "is:", "part", repr(text)[:20]):
        wanted = parse_query(text)
        connection, dataset_id = _browsed()
        found = browse.find_some(connection, dataset_id, wanted)
        rows = browse.rows(connection, found.ids)
        expect(len(rows) == len(found.ids), "an example that is found can't be shown")
        wanted.tells("Ada")


@cache
def _browsed() -> tuple[Connection, int]:
    connection = open_workspace(workshop() / "browsed.db")
    dataset = make_dataset(connection, len(new_examples(12)))
    Annotators(connection, dataset, Truth(hard=0.2, slip=0.1), seed=3).answer(6)
    with write(connection):
        connection.execute("UPDATE examples SET body = body || ' zürich 日本 ' || id")
    while not index_some(connection).complete:
        pass
    return connection, dataset.id


def release_seeds() -> list[bytes]:
    """Each file, changed at random and replaced by one like it."""
    names = sorted(path for path in _release().rglob("*") if path.is_file())
    kept = [bytes([place]) + path.read_bytes() for place, path in enumerate(names) if path.stat().st_size < 20_000]
    return [*(bytes([place, 1]) for place in range(len(names))), *kept]


def search_seeds() -> list[bytes]:
    """Queries with every part."""
    texts = [
        "bees", "keep bee", "is:open", "is:disputed by:Ada", "label:Yes answer:No", "confidence<0.6",
        "confidence>0.9 zürich", '"keep 3" 日本', "by:'Ada B' -x", "AND OR NOT NEAR(a b)", "body: *", *ODD_SNIPPETS[:6],
    ]  # fmt: skip
    return [text.encode("utf-8", "replace") for text in texts]
