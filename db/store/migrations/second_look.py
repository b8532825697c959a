"""Second looks: whether a dataset has them, and what a model argues for and against an answer; append-only."""

SECOND_LOOK = [
    "ALTER TABLE assignment_settings ADD COLUMN second_look INTEGER NOT NULL DEFAULT 0 CHECK (second_look IN (0, 1))",
    """CREATE TABLE arguments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        example_id INTEGER NOT NULL REFERENCES examples (id),
        label TEXT NOT NULL CHECK (label <> ''),
        in_favour TEXT NOT NULL CHECK (in_favour <> ''),
        against TEXT NOT NULL CHECK (against <> ''),
        written_by TEXT NOT NULL,
        created_at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX arguments_of_example ON arguments (example_id, id)",
]
