"""Jobs that came out short: a state of its own, which the table's rule has to know."""

SHORT_JOBS = [
    "DROP INDEX jobs_by_state",
    """ALTER TABLE jobs ADD COLUMN new_state TEXT NOT NULL DEFAULT 'queued'
        CHECK (new_state IN ('queued', 'running', 'paused', 'done', 'short', 'cancelled', 'failed'))""",
    "UPDATE jobs SET new_state = state",
    "ALTER TABLE jobs DROP COLUMN state",
    "ALTER TABLE jobs RENAME COLUMN new_state TO state",
    "CREATE INDEX jobs_by_state ON jobs (state, id)",
]
