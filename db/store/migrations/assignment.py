"""Who is asked what of a dataset: limits, allow-lists, gold and repeats mixed in; and which process a window is of."""

ASSIGNMENT = [
    """CREATE TABLE assignment_settings (
        dataset_id INTEGER PRIMARY KEY REFERENCES datasets (id),
        most_each INTEGER CHECK (most_each > 0),
        gold_set INTEGER REFERENCES datasets (id),
        gold_rate REAL NOT NULL DEFAULT 0 CHECK (gold_rate BETWEEN 0 AND 0.5),
        repeat_rate REAL NOT NULL DEFAULT 0 CHECK (repeat_rate BETWEEN 0 AND 0.5),
        refreshed_to INTEGER
    ) STRICT""",
    """CREATE TABLE allowed_annotators (
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        annotator_id INTEGER NOT NULL REFERENCES annotators (id),
        PRIMARY KEY (dataset_id, annotator_id)
    ) STRICT, WITHOUT ROWID""",
    """ALTER TABLE reservations ADD COLUMN occasion TEXT NOT NULL DEFAULT 'first'
        CHECK (occasion IN ('first', 'gold', 'repeat', 're-review'))""",
    "ALTER TABLE cursors ADD COLUMN mixed_in INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN process TEXT NOT NULL DEFAULT ''",
]
