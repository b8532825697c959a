"""Where one example came from: the calls that wrote it and judged it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from db.store.connection import Connection
from db.store.rows import find_record, records


@dataclass(frozen=True)
class CallMade:
    """A call to an engine about one candidate: the prompt as sent, the reply as it came."""

    stage: str
    prompt: dict[str, Any]
    reply: dict[str, Any]
    model: str
    created_at: str


@dataclass(frozen=True)
class Written:
    """Where an example came from: the candidate it was, and the job that wrote it."""

    candidate_id: int
    job_id: int
    recipe: str
    engine: str
    model: str
    round: int
    text: str
    scores: dict[str, Any]


def written(connection: Connection, example_id: int) -> Written | None:
    """Returns where an example came from, or None if it was imported."""
    found = connection.execute(
        "SELECT c.id AS candidate_id, j.id AS job_id, j.recipe, j.engine, j.model, c.round, c.text, c.scores"
        " FROM candidates AS c INDEXED BY candidates_of_example JOIN jobs AS j ON j.id = c.job_id"
        " WHERE c.example_id = ?",
        (example_id,),
    )
    return find_record(found, Written)


def calls_about(connection: Connection, candidate_id: int) -> list[CallMade]:
    """Returns the calls that a candidate came from, and those that were asked about it, oldest first.

    A candidate made from another has that one's calls too, but not those that its siblings came from.
    """
    rows = connection.execute(
        """WITH RECURSIVE line (id, item_id, parent_id, made) AS (
            SELECT id, item_id, parent_id, '' FROM candidates WHERE id = :candidate
            UNION ALL
            SELECT c.id, c.item_id, c.parent_id, child.born FROM line JOIN candidates AS c ON c.id = line.parent_id
                JOIN candidates AS child ON child.id = line.id)
        SELECT i.stage, k.prompt, k.reply, k.model, k.created_at FROM line JOIN work_items AS i
            ON i.id = line.item_id OR (i.candidate_id = line.id AND i.stage <> line.made)
        JOIN calls AS k ON k.item_id = i.id GROUP BY k.id ORDER BY k.id""",
        {"candidate": candidate_id},
    )
    return records(rows, CallMade)


def first_prompts(connection: Connection, job_id: int) -> list[CallMade]:
    """Returns the first call of each stage of a job: how its prompts looked as they were sent."""
    rows = connection.execute(
        "SELECT i.stage, k.prompt, k.reply, k.model, k.created_at FROM (SELECT min(c.id) AS id FROM calls AS c"
        " JOIN work_items AS w ON w.id = c.item_id WHERE c.job_id = ? GROUP BY w.stage) AS earliest"
        " JOIN calls AS k ON k.id = earliest.id JOIN work_items AS i ON i.id = k.item_id ORDER BY k.id",
        (job_id,),
    )
    return records(rows, CallMade)
