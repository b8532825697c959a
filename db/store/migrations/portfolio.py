"""The portfolio: the datasets that ship under one false-discovery rate."""

PORTFOLIO = [
    """CREATE TABLE portfolio (
        dataset_id INTEGER PRIMARY KEY REFERENCES datasets (id),
        joined_at TEXT NOT NULL,
        decision_id INTEGER REFERENCES decisions (id),
        e_value REAL,
        shipped_at TEXT,
        CHECK ((shipped_at IS NULL) = (decision_id IS NULL)),
        CHECK ((shipped_at IS NULL) = (e_value IS NULL))
    ) STRICT""",
]
