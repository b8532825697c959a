"""Rulings: append-only; the newest of an example counts, and the answers stay as they are.

An edit keeps the new text beside the old one: `question` as models are asked, `body` as validators read it when they
review it again. `after_annotation` is the newest annotation of the moment, so that answers on an edit are told from
answers on an earlier one.
"""

RULINGS = [
    """CREATE TABLE rulings (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        example_id INTEGER NOT NULL REFERENCES examples (id),
        verdict TEXT NOT NULL CHECK (verdict IN ('keep', 'relabel', 'edit', 'drop')),
        label TEXT,
        question TEXT,
        body TEXT,
        reason TEXT NOT NULL DEFAULT '',
        ruled_by TEXT NOT NULL,
        after_annotation INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        CHECK ((verdict = 'relabel') = (label IS NOT NULL)),
        CHECK ((verdict = 'edit') = (question IS NOT NULL)),
        CHECK ((verdict = 'edit') = (body IS NOT NULL)),
        CHECK (verdict <> 'drop' OR trim(reason) <> '')
    ) STRICT""",
    "CREATE INDEX rulings_of_example ON rulings (example_id, id)",
    "CREATE INDEX rulings_of_dataset ON rulings (dataset_id, id)",
    """CREATE TABLE re_reviews (
        example_id INTEGER PRIMARY KEY REFERENCES examples (id),
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        ruling_id INTEGER NOT NULL REFERENCES rulings (id),
        places INTEGER NOT NULL CHECK (places >= 0)
    ) STRICT""",
    "CREATE INDEX re_reviews_waiting ON re_reviews (dataset_id, ruling_id) WHERE places > 0",
]
