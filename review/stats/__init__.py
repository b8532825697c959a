"""Statistics as pure functions: no database, no files, no clock; numpy and sklearn only inside functions."""
