"""The app: its start, its actions, its look, its store, and what its screens read."""
