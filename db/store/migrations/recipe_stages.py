"""A candidate may come from a file or from another candidate, goes through stages by name, and may be rewritten."""

RECIPE_STAGES = [
    "ALTER TABLE jobs ADD COLUMN inputs TEXT NOT NULL DEFAULT '{}'",
    """CREATE TABLE new_candidates (
        id INTEGER PRIMARY KEY,
        job_id INTEGER NOT NULL REFERENCES jobs (id),
        round INTEGER NOT NULL,
        item_id INTEGER REFERENCES work_items (id),
        parent_id INTEGER REFERENCES new_candidates (id),
        ordinal INTEGER NOT NULL,
        wording TEXT NOT NULL DEFAULT '',
        born TEXT NOT NULL,
        intended TEXT NOT NULL,
        text TEXT NOT NULL,
        original_text TEXT,
        fields TEXT NOT NULL DEFAULT '{}',
        fate TEXT NOT NULL CHECK (fate IN ('waiting', 'used', 'selected', 'dropped')),
        stage TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '',
        twin_id INTEGER REFERENCES new_candidates (id),
        scores TEXT NOT NULL DEFAULT '{}',
        label_confidence REAL,
        example_id INTEGER REFERENCES examples (id),
        UNIQUE (item_id, ordinal)
    ) STRICT""",
    """INSERT INTO new_candidates (id, job_id, round, item_id, ordinal, born, intended, text, fate, stage, reason,
            twin_id, scores, label_confidence, example_id)
        SELECT id, job_id, round, item_id, ordinal, 'sample', intended, text, fate,
            CASE stage WHEN '' THEN 'judge' ELSE stage END, reason, twin_id,
            CASE WHEN scores = '{}' THEN '{}' ELSE json_object('judge', json(scores ->> '$.label'),
                'unread', json_object('judge', json(coalesce(scores ->> '$.unread', '[]')))) END,
            label_confidence, example_id FROM candidates""",
    """CREATE TABLE distinct_texts (
        job_id INTEGER NOT NULL REFERENCES jobs (id),
        stage TEXT NOT NULL,
        text_key TEXT NOT NULL,
        candidate_id INTEGER NOT NULL,
        PRIMARY KEY (job_id, stage, text_key)
    ) STRICT, WITHOUT ROWID""",
    """INSERT INTO distinct_texts (job_id, stage, text_key, candidate_id)
        SELECT job_id, 'deduplicate', text_key, min(id) FROM candidates
        WHERE stage NOT IN ('parse', 'check') GROUP BY job_id, text_key""",
    "DROP TABLE candidates",
    "ALTER TABLE new_candidates RENAME TO candidates",
    "CREATE INDEX candidates_by_fate ON candidates (job_id, round, fate)",
    "CREATE INDEX candidates_of_example ON candidates (example_id) WHERE example_id IS NOT NULL",
    "CREATE INDEX candidates_of_parent ON candidates (parent_id) WHERE parent_id IS NOT NULL",
    "CREATE INDEX candidates_waiting ON candidates (job_id, stage, id) WHERE fate = 'waiting'",
    "CREATE INDEX candidates_unread ON candidates (job_id, id) WHERE stage = 'parse'",
    """CREATE UNIQUE INDEX candidates_from_files ON candidates (job_id, round, ordinal)
        WHERE item_id IS NULL AND parent_id IS NULL""",
    """CREATE TABLE selections (
        job_id INTEGER NOT NULL REFERENCES jobs (id),
        round INTEGER NOT NULL,
        chosen INTEGER NOT NULL,
        confidence REAL,
        plain_confidence REAL,
        PRIMARY KEY (job_id, round)
    ) STRICT, WITHOUT ROWID""",
]
