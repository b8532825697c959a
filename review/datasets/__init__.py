"""Datasets: imported, found, closed, repaired, listed."""
