"""Which wording of an edited example was answered: the ruling that made it, none for the example as it was written.

Packets hold edited examples, too. What was answered before this was noted is taken to be on the newest edit of its
time.
"""

WORDINGS = [
    "ALTER TABLE annotations ADD COLUMN ruling_id INTEGER REFERENCES rulings (id)",
    """UPDATE annotations SET ruling_id = (SELECT max(r.id) FROM rulings AS r WHERE r.verdict = 'edit'
            AND r.example_id = annotations.example_id AND r.after_annotation < annotations.id)
        WHERE occasion = 're-review'""",
    "ALTER TABLE packet_examples RENAME TO packet_examples_before",
    """CREATE TABLE packet_examples (
        packet_id INTEGER NOT NULL REFERENCES packets (id),
        number INTEGER NOT NULL,
        example_id INTEGER NOT NULL REFERENCES examples (id),
        occasion TEXT NOT NULL CHECK (occasion IN ('first', 'gold', 'repeat', 're-review')),
        ruling_id INTEGER REFERENCES rulings (id),
        PRIMARY KEY (packet_id, number),
        CHECK ((occasion = 're-review') = (ruling_id IS NOT NULL))
    ) STRICT, WITHOUT ROWID""",
    """INSERT INTO packet_examples (packet_id, number, example_id, occasion)
        SELECT packet_id, number, example_id, occasion FROM packet_examples_before""",
    "DROP TABLE packet_examples_before",
]
