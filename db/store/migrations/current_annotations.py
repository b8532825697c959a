"""A view of what counts of the annotations: of each example, annotator and occasion the newest revision.

SQLite looks at views when it changes a table: a migration that makes the annotations anew drops this one first.
"""

from db.store.revisions import OCCASION, current

CURRENT_ANNOTATIONS = [f"CREATE VIEW current_annotations AS {current('annotations', OCCASION)}"]
