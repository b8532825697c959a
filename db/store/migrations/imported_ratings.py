"""Ratings that people gave elsewhere: attached to examples, reported, and never evidence for the gate."""

IMPORTED_RATINGS = [
    """CREATE TABLE rating_sets (
        id INTEGER PRIMARY KEY,
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        question TEXT NOT NULL CHECK (question <> ''),
        level TEXT NOT NULL CHECK (level IN ('nominal', 'ordinal', 'interval', 'ratio')),
        source TEXT NOT NULL,
        created_at TEXT NOT NULL,
        UNIQUE (dataset_id, question)
    ) STRICT""",
    """CREATE TABLE imported_ratings (
        set_id INTEGER NOT NULL REFERENCES rating_sets (id),
        example_id INTEGER NOT NULL REFERENCES examples (id),
        annotator TEXT NOT NULL CHECK (annotator <> ''),
        value TEXT NOT NULL CHECK (value <> ''),
        PRIMARY KEY (set_id, example_id, annotator)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX imported_ratings_of_example ON imported_ratings (example_id)",
]
