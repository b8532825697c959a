"""TOML, JSON and Markdown: read so that mistakes are told, written so that nothing in them is active."""
