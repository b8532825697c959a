"""Packets: which examples went out to whom, under which numbers; the file itself says nothing of what they are."""

PACKETS = [
    """CREATE TABLE packets (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        token TEXT NOT NULL UNIQUE REFERENCES sessions (id),
        dataset_id INTEGER NOT NULL REFERENCES datasets (id),
        annotator_id INTEGER NOT NULL REFERENCES annotators (id),
        made_at TEXT NOT NULL,
        expires_at REAL NOT NULL,
        ended_at TEXT
    ) STRICT""",
    """CREATE TABLE packet_examples (
        packet_id INTEGER NOT NULL REFERENCES packets (id),
        number INTEGER NOT NULL,
        example_id INTEGER NOT NULL REFERENCES examples (id),
        occasion TEXT NOT NULL CHECK (occasion IN ('first', 'gold', 'repeat')),
        PRIMARY KEY (packet_id, number)
    ) STRICT, WITHOUT ROWID""",
]
