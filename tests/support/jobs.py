"""Jobs with a past, for screens and commands: calls made, calls failed, batches under way."""

from __future__ import annotations

import json
import time
from typing import Any

from db import jobs
from db.job_records import Call
from db.jobs import NewItem
from db.store.connection import Connection, write


def make_history(connection: Connection, job_id: int, *, calls: int, failures: int = 0) -> None:
    """Lets a job in its second round of five have made calls: 900 tokens read, 100 written, a hundredth of a cent."""
    reply: dict[str, Any] = {"completions": []}
    with write(connection):
        items = [NewItem("sample", number, {}) for number in range(calls + failures)]
        jobs.insert_items(connection, job_id, 2, items)
        claimed = jobs.claim_items(connection, job_id, 2, lease="x", limit=calls + failures, now=time.time())
        for item in claimed[:calls]:
            jobs.finish_item(connection, item, Call({}, reply, "m", 900, 100, 0.2, 100_000))
        for item in claimed[calls:]:
            jobs.fail_item(connection, item, "The reply can't be read.", "<html>\x1b[31mred</html>")


def make_large(connection: Connection, job_id: int, items: int) -> None:
    """Gives a job so many work items that are done, each with its call, without going through its functions."""
    numbers = f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {items})"
    with write(connection):
        connection.execute(
            f"{numbers} INSERT INTO work_items (job_id, round, stage, ordinal, payload, state)"
            " SELECT ?, 1, 'sample', i, '{}', 'done' FROM n",
            (job_id,),
        )
        connection.execute(
            "INSERT INTO calls (item_id, job_id, prompt, reply, model, input_tokens, output_tokens, seconds,"
            " created_at) SELECT id, job_id, '{}', ?, 'm', 900, 100, 0.2, strftime('%FT%TZ') FROM work_items"
            " WHERE job_id = ? AND round = 1",
            (json.dumps({"completions": []}), job_id),
        )
        connection.execute("UPDATE jobs SET items = ?, items_done = ? WHERE id = ?", (items, items, job_id))
