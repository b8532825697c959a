"""Limits and costs of jobs, and the batches that a server works on."""

ENGINES = [
    "ALTER TABLE jobs ADD COLUMN limits TEXT NOT NULL DEFAULT '{}'",
    # A billionth of a US dollar: the price of one token is a whole number of them.
    "ALTER TABLE jobs ADD COLUMN cost_nanodollars INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE jobs ADD COLUMN unpriced_calls INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE calls ADD COLUMN cost_nanodollars INTEGER",
    "CREATE INDEX calls_of_job ON calls (job_id, id)",
    "ALTER TABLE work_items ADD COLUMN reply TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE work_items ADD COLUMN failed_at TEXT",
    "CREATE INDEX work_items_with_error ON work_items (job_id, failed_at) WHERE failed_at IS NOT NULL",
    "CREATE INDEX candidates_unread ON candidates (job_id, id) WHERE stage = 'parse'",
    """CREATE TABLE batches (
        token TEXT PRIMARY KEY,
        job_id INTEGER NOT NULL REFERENCES jobs (id),
        batch_id TEXT UNIQUE,
        state TEXT NOT NULL CHECK (state IN ('intended', 'processing', 'stored', 'absent')),
        requests INTEGER NOT NULL CHECK (requests > 0),
        succeeded INTEGER NOT NULL DEFAULT 0,
        errored INTEGER NOT NULL DEFAULT 0,
        expired INTEGER NOT NULL DEFAULT 0,
        canceled INTEGER NOT NULL DEFAULT 0,
        created_at REAL NOT NULL,
        CHECK (batch_id IS NOT NULL OR state IN ('intended', 'absent'))
    ) STRICT""",
    "CREATE INDEX batches_of_job ON batches (job_id)",
    "CREATE INDEX batches_open ON batches (created_at) WHERE state IN ('intended', 'processing')",
    """CREATE TABLE batch_requests (
        item_id INTEGER PRIMARY KEY REFERENCES work_items (id),
        token TEXT NOT NULL REFERENCES batches (token),
        attempt INTEGER NOT NULL,
        request TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX batch_requests_of_batch ON batch_requests (token)",
]
