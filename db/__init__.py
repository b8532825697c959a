"""The workspace: one SQLite file, its schema, and one module of plain functions per thing in it."""
