"""Judging examples: assignment, annotation, agreement, the gate, releases."""
