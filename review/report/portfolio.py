"""What the portfolio says of datasets together, in blocks."""

from __future__ import annotations

from review.gate.portfolio import Portfolio
from review.gate.verdicts import VERDICT_WORDS
from review.gate.words import e_value
from review.report.blocks import Block, Column, Paragraph, table
from review.report.model import JudgedTogether, Together

STANDINGS = {"shipped": "has shipped under the portfolio", "single": "came later: judged singly"}


def together(portfolio: Portfolio) -> Together:
    """Returns what a report holds of a portfolio."""
    members = tuple(
        JudgedTogether(member.dataset.name, member.e_value, member.standing, member.verdict, member.decision.decision)
        for member in portfolio.members
    )
    return Together(
        portfolio.datasets, portfolio.shipped, bool(portfolio.ships), portfolio.needed, portfolio.rate, members
    )


def portfolio_blocks(portfolio: Together) -> list[Block]:
    """Returns what the portfolio says of each dataset, and what that rests on."""
    rows = (
        [
            member.dataset,
            e_value(member.e_value),
            VERDICT_WORDS[member.decision],
            STANDINGS.get(member.standing, f"singly: {VERDICT_WORDS[member.alone]}"),
        ]
        for member in portfolio.members
    )
    count = "1 dataset is" if portfolio.datasets == 1 else f"{portfolio.datasets:,} datasets are"
    needed = f"an e-value of {portfolio.needed:,.0f}"
    return [
        table(["dataset", Column("e-value", right=True), "decision", "note"], rows),
        Paragraph(
            f"{count} judged together; {portfolio.shipped:,} of them shipped before. "
            + (f"Those that may ship now reach {needed}. " if portfolio.ships else f"The next one needs {needed}. ")
            + f"Of those that ship under the portfolio, at most {100 * portfolio.rate:g} % are expected to be "
            "bad (e-BH)."
        ),
    ]
