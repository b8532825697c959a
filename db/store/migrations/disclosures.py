"""Who has been shown the answers on what: such an annotator isn't asked about it any more."""

DISCLOSURES = [
    """CREATE TABLE disclosures (
        annotator_id INTEGER NOT NULL REFERENCES annotators (id),
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        example_id INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        PRIMARY KEY (annotator_id, dataset_id, example_id)
    ) STRICT, WITHOUT ROWID""",
]
