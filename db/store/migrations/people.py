"""Pseudonyms: a number for each annotator, which says nothing of the name or of who came when."""

PEOPLE = [
    "ALTER TABLE annotators ADD COLUMN pseudonym INTEGER NOT NULL DEFAULT 0",
    """WITH RECURSIVE numbers (number) AS (
            SELECT 100 UNION ALL
            SELECT number + 1 FROM numbers WHERE number < 999 + 3 * (SELECT count(*) FROM annotators)
        )
        UPDATE annotators SET pseudonym = drawn.number
        FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM annotators) AS annotator
        JOIN (SELECT number, row_number() OVER (ORDER BY random()) AS place FROM numbers) AS drawn USING (place)
        WHERE annotator.id = annotators.id""",
    "CREATE UNIQUE INDEX annotators_pseudonym ON annotators (pseudonym)",
]
