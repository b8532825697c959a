"""The portfolio: which datasets are judged together, and which of them have shipped; final once written."""

from __future__ import annotations

from dataclasses import dataclass

from db.clock import now_text
from db.store.connection import Connection
from db.store.rows import records


@dataclass(frozen=True)
class PortfolioRow:
    """A dataset of the portfolio; `e_value` is frozen when it ships, and None until then."""

    dataset_id: int
    e_value: float | None
    shipped_at: str | None


def members(connection: Connection) -> list[PortfolioRow]:
    """Returns the datasets of the portfolio; none before anything has shipped under it."""
    rows = connection.execute("SELECT dataset_id, e_value, shipped_at FROM portfolio ORDER BY dataset_id")
    return records(rows, PortfolioRow)


def freeze(connection: Connection) -> None:
    """Makes every visible dataset of this moment the portfolio; within a write transaction."""
    connection.execute(
        "INSERT INTO portfolio (dataset_id, joined_at) SELECT id, ? FROM datasets WHERE visible = 1", (now_text(),)
    )


def note_shipped(connection: Connection, dataset_id: int, *, decision_id: int, e_value: float) -> None:
    """Stores that a dataset has shipped under the portfolio, with the e-value that it had; within a transaction."""
    connection.execute(
        "UPDATE portfolio SET decision_id = ?, e_value = ?, shipped_at = ? WHERE dataset_id = ? AND shipped_at IS NULL",
        (decision_id, e_value, now_text(), dataset_id),
    )
