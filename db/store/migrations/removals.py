"""Examples that a repair took out of a dataset: kept, and neither served, counted nor shipped."""

REMOVALS = [
    """CREATE TABLE removed_examples (
        example_id INTEGER PRIMARY KEY REFERENCES examples (id),
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        code TEXT NOT NULL,
        reason TEXT NOT NULL,
        twin_id INTEGER REFERENCES examples (id),
        removed_at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX removed_examples_of_dataset ON removed_examples (dataset_id, example_id)",
    # A repair and a job's next round can leave the count of examples as it was, and not the examples.
    "ALTER TABLE dataset_facts ADD COLUMN removed INTEGER NOT NULL DEFAULT 0",
]
