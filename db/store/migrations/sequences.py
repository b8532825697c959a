"""Sequences: each start of a dataset's evidence, and what is known of the examples that it speaks for."""

_MADE = "SELECT d.id, {number}, {after}, c.examples, {removed}, d.created_at FROM datasets AS d"
_COUNTS = "JOIN dataset_counters AS c ON c.dataset_id = d.id"
_INTO = "(dataset_id, number, starts_after, examples, removed, started_at)"
_REMOVED = "(SELECT count(*) FROM removed_examples AS r WHERE r.dataset_id = d.id)"

SEQUENCES = [
    """CREATE TABLE sequences (
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        number INTEGER NOT NULL CHECK (number >= 1),
        starts_after INTEGER NOT NULL,
        examples INTEGER NOT NULL,
        removed INTEGER NOT NULL,
        started_at TEXT NOT NULL,
        start INTEGER NOT NULL DEFAULT 1,
        PRIMARY KEY (dataset_id, number)
    ) STRICT, WITHOUT ROWID""",
    # Of a dataset that was reopened before, only the last time is known: it counts as two starts.
    f"INSERT INTO sequences {_INTO} {_MADE.format(number=1, after=0, removed=_REMOVED)} {_COUNTS}",
    f"INSERT INTO sequences {_INTO} {_MADE.format(number=2, after='d.evidence_from', removed=_REMOVED)} {_COUNTS}"
    " WHERE d.evidence_from > 0",
    """CREATE TABLE populations (
        dataset_id INTEGER PRIMARY KEY REFERENCES datasets (id),
        examples INTEGER NOT NULL,
        removed INTEGER NOT NULL,
        starts_after INTEGER NOT NULL,
        content_hash TEXT NOT NULL,
        texts INTEGER NOT NULL,
        sketch BLOB NOT NULL,
        answers TEXT NOT NULL,
        most_choices INTEGER NOT NULL,
        scored INTEGER NOT NULL,
        score_sum REAL NOT NULL,
        score_least REAL NOT NULL,
        score_cap REAL NOT NULL
    ) STRICT""",
    # The review order of a dataset is drawn when it closes, apart from what else is drawn from its seed.
    "ALTER TABLE datasets ADD COLUMN order_seed INTEGER NOT NULL DEFAULT 0",
    "UPDATE datasets SET order_seed = seed",
    # 1: one criterion alone was bounded for all that ships, and every start had the whole level.
    "ALTER TABLE decisions ADD COLUMN method INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE decisions ADD COLUMN forecast TEXT NOT NULL DEFAULT 'null'",
]
