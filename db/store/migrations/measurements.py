"""Ratings of diversity, and head to heads: what is asked about several examples at once; append-only."""

MEASUREMENTS = [
    """CREATE TABLE handfuls (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        created_at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX handfuls_of_dataset ON handfuls (dataset_id, id)",
    """CREATE TABLE handful_examples (
        example_id INTEGER PRIMARY KEY REFERENCES examples (id),
        handful_id INTEGER NOT NULL REFERENCES handfuls (id)
    ) STRICT""",
    "CREATE INDEX examples_of_handful ON handful_examples (handful_id)",
    """CREATE TABLE diversity_ratings (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        handful_id INTEGER NOT NULL REFERENCES handfuls (id),
        annotator_id INTEGER NOT NULL REFERENCES annotators (id),
        revision INTEGER NOT NULL,
        rating INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
        seconds REAL NOT NULL,
        submission TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        UNIQUE (handful_id, annotator_id, revision)
    ) STRICT""",
    """CREATE TABLE pairs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        annotator_id INTEGER NOT NULL REFERENCES annotators (id),
        first_dataset INTEGER NOT NULL REFERENCES datasets (id),
        second_dataset INTEGER NOT NULL REFERENCES datasets (id),
        first_example INTEGER NOT NULL REFERENCES examples (id),
        second_example INTEGER NOT NULL REFERENCES examples (id),
        swapped INTEGER NOT NULL CHECK (swapped IN (0, 1)),
        created_at TEXT NOT NULL,
        CHECK (first_dataset < second_dataset),
        UNIQUE (first_example, second_dataset),
        UNIQUE (second_example, first_dataset)
    ) STRICT""",
    "CREATE INDEX pairs_of_datasets ON pairs (first_dataset, second_dataset, annotator_id)",
    """CREATE TABLE pair_answers (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        pair_id INTEGER NOT NULL REFERENCES pairs (id),
        revision INTEGER NOT NULL,
        better TEXT NOT NULL CHECK (better IN ('first', 'second', 'tie')),
        seconds REAL NOT NULL,
        submission TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        UNIQUE (pair_id, revision)
    ) STRICT""",
]
