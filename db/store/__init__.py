"""SQLite and the file that a workspace is: opened, migrated, copied, read by name."""
