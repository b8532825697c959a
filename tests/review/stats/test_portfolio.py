"""e-BH: by hand, against its definition, and its false-discovery rate when shipping happens in several calls."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.stats.portfolio import PortfolioDecision, decide_portfolio


def test_by_hand() -> None:
    e_values = {"a": 70.0, "b": 65.0, "c": 30.0, "d": 0.0}
    assert decide_portfolio(e_values, datasets=6, shipped=0) == PortfolioDecision(("a", "b"), 60.0)
    assert decide_portfolio(e_values, datasets=10, shipped=0) == PortfolioDecision((), 200.0)
    assert decide_portfolio({"c": 30.0}, datasets=6, shipped=3) == PortfolioDecision(("c",), 30.0)
    assert decide_portfolio({}, datasets=6, shipped=6).ship == ()


def test_certainty_ships_and_a_failed_fact_never_does() -> None:
    decision = decide_portfolio({"sure": math.inf, "failed": 0.0}, datasets=154, shipped=0)
    assert decision == PortfolioDecision(("sure",), 154 / 0.05)


def test_later_calls_profit_from_earlier_ones() -> None:
    assert decide_portfolio({"late": 50.0}, datasets=10, shipped=2).ship == ()
    assert decide_portfolio({"late": 50.0}, datasets=10, shipped=3).ship == ("late",)


@given(
    st.lists(st.sampled_from([0.0, 5.0, 20.0, 40.0, 80.0, 200.0, math.inf]), max_size=8),
    st.integers(0, 4),
    st.integers(0, 5),
)
def test_the_largest_set_whose_members_all_reach_the_bar(values: list[float], shipped: int, others: int) -> None:
    e_values = {f"d{index}": value for index, value in enumerate(values)}
    datasets = len(values) + shipped + others
    decision = decide_portfolio(e_values, datasets, shipped)
    largest = 0
    for count in range(1, len(values) + 1):
        if sum(value >= datasets / (0.05 * (shipped + count)) for value in values) >= count:
            largest = count
    assert len(decision.ship) == largest
    assert all(e_values[name] >= decision.needed for name in decision.ship)
    left_out = [value for name, value in e_values.items() if name not in decision.ship]
    assert not any(value >= decision.needed for value in left_out if decision.ship)


def test_arguments_out_of_range() -> None:
    with pytest.raises(ValueError, match="no part of 1 datasets"):
        decide_portfolio({"a": 1.0, "b": 1.0}, 1, 0)
    with pytest.raises(ValueError, match="no part of"):
        decide_portfolio({"a": 1.0}, 5, -1)
    with pytest.raises(ValueError, match="zero or more"):
        decide_portfolio({"a": math.nan}, 5, 0)
    with pytest.raises(ValueError, match="false-discovery rate"):
        decide_portfolio({"a": 1.0}, 5, 0, q=1.0)


def test_false_discovery_rate_over_several_calls() -> None:
    """Half of 20 datasets are bad; e-values are likelihood ratios that grow over three calls."""
    rng = np.random.default_rng(13)
    rates = []
    for _ in range(400):
        bad = np.arange(20) < 10
        log_e, shipped = np.zeros(20), set[int]()
        for _ in range(3):
            log_e += 2.0 * rng.normal(np.where(bad, 0.0, 2.0), 1.0) - 2.0
            values = {str(index): float(np.exp(log_e[index])) for index in range(20) if index not in shipped}
            shipped |= {int(name) for name in decide_portfolio(values, 20, len(shipped)).ship}
        rates.append(sum(bool(bad[index]) for index in shipped) / max(1, len(shipped)))
    assert np.mean(rates) <= 0.05
