"""What calls cost, and price files that people write."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from db.errors import InputError
from generation.engines.prices import Price, cost, known_prices
from generation.engines.protocol import Usage


@pytest.fixture
def price_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mine.toml"
    monkeypatch.setenv("EVALWRIGHT_PRICES", str(path))
    return path


@pytest.fixture(autouse=True)
def _no_file_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVALWRIGHT_PRICES", raising=False)


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("claude-haiku-5-5", "0.35"),
        ("claude-haiku-5-5-20261007", "0.35"),
        ("claude-sonnet-5-5", "7"),
        ("claude-opus-5-5", "14"),
    ],
)
def test_the_published_prices(model: str, dollars: str) -> None:
    assert cost("anthropic", model, Usage(1_000_000, 500_000)) == Decimal(dollars)


def test_one_token_costs_exactly_its_millionth() -> None:
    assert cost("anthropic", "claude-haiku-5-5", Usage(1, 0)) == Decimal("0.0000001")
    assert cost("anthropic", "claude-haiku-5-5", Usage()) == 0


@pytest.mark.parametrize("model", ["claude-unheard-of", "", "claude-haiku-5", "claude-haiku-5-5-2026"])
def test_an_unknown_price_is_unknown_and_not_nothing(model: str) -> None:
    assert cost("anthropic", model, Usage(1_000_000, 0)) is None


def test_a_persons_file_adds_and_replaces(price_file: Path) -> None:
    price_file.write_text('[claude-haiku-5-5]\ninput = 1\noutput = 2.5\n["my.model"]\ninput = 0\noutput = 0\n')
    assert cost("anthropic", "claude-haiku-5-5", Usage(1_000_000, 1_000_000)) == Decimal("3.5")
    assert cost("anthropic", "my.model", Usage(1_000_000, 1_000_000)) == 0
    assert known_prices()["claude-opus-5-5"] == Price(Decimal(4), Decimal(20), Decimal("0.5"))


def test_a_dated_model_may_have_a_price_of_its_own(price_file: Path) -> None:
    price_file.write_text("[claude-haiku-5-5-20261007]\ninput = 9\noutput = 9\n")
    assert cost("anthropic", "claude-haiku-5-5-20261007", Usage(1_000_000, 0)) == 9
    assert cost("anthropic", "claude-haiku-5-5-20261008", Usage(1_000_000, 0)) == Decimal("0.1")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[m]\ninput = 1\n", '"output" for [m]'),
        ("[m]\noutput = 1\n", '"input" for [m]'),
        ('[m]\ninput = "1"\noutput = 1\n', '"input" for [m]'),
        ("[m]\ninput = 1\noutput = -1\n", '"output" for [m]'),
        ("[m]\ninput = nan\noutput = 1\n", '"input" for [m]'),
        ("[m]\ninput = inf\noutput = 1\n", '"input" for [m]'),
        ("[m]\ninput = true\noutput = 1\n", '"input" for [m]'),
        ("[m]\ninput = 1\noutput = 1\ncached = 1\n", '"cached" for [m]'),
        ("[m.1]\ninput = 1\noutput = 1\n", '"1" for [m]'),
        ("m = 3\n", '"m"'),
        ("[m\n", "line 1"),
        ("[m]\ninput = \xff", "is not TOML"),
    ],
)
def test_a_wrong_file_is_a_sentence_that_names_file_and_key(price_file: Path, text: str, named: str) -> None:
    price_file.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=re.escape(named)) as caught:
        cost("anthropic", "claude-haiku-5-5", Usage(1, 1))
    assert str(price_file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_a_sentence(price_file: Path) -> None:
    with pytest.raises(InputError, match=re.escape(f"{price_file}, named by EVALWRIGHT_PRICES")):
        cost("anthropic", "claude-haiku-5-5", Usage(1, 1))
