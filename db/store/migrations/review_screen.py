"""What the review screen keeps beyond a label and a rating: a dataset's own questions, reasons, edits, drafts."""

REVIEW_SCREEN = [
    "ALTER TABLE datasets ADD COLUMN questions TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(questions))",
    "ALTER TABLE annotations ADD COLUMN answers TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(answers))",
    "ALTER TABLE annotations ADD COLUMN skip_reason TEXT NOT NULL DEFAULT '' CHECK (skipped = 1 OR skip_reason = '')",
    "ALTER TABLE annotations ADD COLUMN suggested_edit TEXT",
    "CREATE INDEX annotations_skipped ON annotations (annotator_id, dataset_id, id) WHERE skipped = 1",
    """CREATE TABLE drafts (
        example_id INTEGER NOT NULL REFERENCES examples (id),
        annotator_id INTEGER NOT NULL REFERENCES annotators (id),
        draft TEXT NOT NULL CHECK (json_valid(draft)),
        seconds REAL NOT NULL,
        updated_at TEXT NOT NULL,
        PRIMARY KEY (example_id, annotator_id)
    ) STRICT, WITHOUT ROWID""",
]
