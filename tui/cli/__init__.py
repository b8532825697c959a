"""The command line: one module a command, and how they write."""
