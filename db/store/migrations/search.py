"""Full-text search over what validators read of the examples; filled afterwards, in small steps."""

SEARCH = [
    """CREATE VIRTUAL TABLE examples_text USING fts5
        (body, content='examples', content_rowid='id', tokenize='unicode61 remove_diacritics 2')""",
    "INSERT INTO settings (name, value) VALUES ('text_indexed_to', '0')",
]
