"""Statistics as pure functions: no database, no files, no clock; numpy and krippendorff only inside functions."""
