"""What a job will cost, before it begins."""

from __future__ import annotations

from decimal import Decimal

from generation.behaviors import parse_behavior
from generation.estimate import estimate
from generation.orders import Order
from generation.recipes import load_recipe

ORDER = Order(parse_behavior("walks.toml", 'name = "walks"\ndescription = "walks"\n'), load_recipe("persona"))


def test_calls_follow_from_the_recipe_and_money_from_the_price() -> None:
    """1,000 texts for 100 examples, 20 a call; five votes on each; half the price in batches."""
    found = estimate(ORDER, engine="anthropic", model="", count=100)
    assert found.calls == 50 + 5_000
    assert found.usage.output_tokens == 1_000 * 40 + 5_000 * 20
    full = found.usage.input_tokens * Decimal("0.1") + found.usage.output_tokens * Decimal("0.5")
    assert found.dollars == full / 1_000_000
    batches = estimate(ORDER, engine="anthropic-batches", model="", count=100)
    assert batches.dollars == found.dollars / 2
    assert f"about ${found.dollars:,.2f} at most: 5,050 calls" in found.sentence


def test_an_unknown_price_is_said() -> None:
    found = estimate(ORDER, engine="openai-compatible", model="mine", count=10)
    assert found.dollars is None
    assert "at a price that isn't known" in found.sentence
