"""Second looks as they were offered, so that one that was cut short is offered again as it was.

`argument_id` is what was shown, none for the half that is asked to reconsider. An offer without an `outcome` is open:
on the screen of its session, unless that has died, or given back where it has none.
"""

SECOND_LOOK_OFFERS = [
    """CREATE TABLE second_look_offers (
        example_id INTEGER NOT NULL REFERENCES examples (id),
        annotator_id INTEGER NOT NULL REFERENCES annotators (id),
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        occasion TEXT NOT NULL CHECK (occasion IN ('first', 'gold')),
        argument_id INTEGER REFERENCES arguments (id),
        session_id TEXT REFERENCES sessions (id),
        offered_at TEXT NOT NULL,
        outcome TEXT CHECK (outcome IN ('answered', 'declined')),
        PRIMARY KEY (example_id, annotator_id)
    ) STRICT, WITHOUT ROWID""",
    """CREATE INDEX second_looks_open ON second_look_offers (annotator_id, dataset_id, offered_at)
        WHERE outcome IS NULL""",
    "CREATE INDEX second_looks_of_dataset ON second_look_offers (dataset_id)",
]
