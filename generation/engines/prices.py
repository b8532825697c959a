"""What tokens cost: `prices.toml`, and a person's own file over it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from db.errors import InputError
from generation.engines.protocol import Usage

OVERRIDE_VARIABLE = "EVALWRIGHT_PRICES"

_SHIPPED = Path(__file__).with_name("prices.toml")
_KEYS = frozenset({"input", "output", "batch"})
_MILLION = 1_000_000
_SNAPSHOT_DATE = re.compile(r"-\d{8}$")


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens read and written; `batch` is the share of it that a call in a batch costs."""

    input: Decimal
    output: Decimal
    batch: Decimal = Decimal(1)


def cost(engine: str, model: str, usage: Usage) -> Decimal | None:
    """Returns what a call cost, in US dollars, or `None` where the model's price is unknown.

    What runs on this machine costs nothing.

    A dated snapshot such as `claude-haiku-5-5-20261007` costs what the model without the date costs, unless
    it has a price of its own. Cached tokens are counted as ordinary input tokens.

    Raises:
        InputError: the person's price file can't be used.
    """
    if engine == "local":
        return Decimal(0)
    prices = known_prices()
    price = prices.get(model) or prices.get(_SNAPSHOT_DATE.sub("", model))
    if price is None:
        return None
    full = (usage.input_tokens * price.input + usage.output_tokens * price.output) / _MILLION
    return full * price.batch if engine == "anthropic-batches" else full


def known_prices() -> Mapping[str, Price]:
    """Returns the price of each model id: the shipped ones, and those of the file in EVALWRIGHT_PRICES.

    A file is read once in a process.

    Raises:
        InputError: the person's price file can't be used; the sentence names the file and the key.
    """
    override = os.environ.get(OVERRIDE_VARIABLE)
    if not override:
        return _read(_SHIPPED)
    return {**_read(_SHIPPED), **_read(Path(override))}


@lru_cache
def _read(path: Path) -> Mapping[str, Price]:
    try:
        with path.open("rb") as file:
            tables = tomllib.load(file, parse_float=Decimal)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The price file {path}, named by {OVERRIDE_VARIABLE}, can't be read: {reason}.") from error
    except ValueError as error:  # what TOML or UTF-8 doesn't allow
        raise InputError(f"The price file {path} is not TOML: {error}.") from error
    return {model: _price(path, model, table) for model, table in tables.items()}


def _price(path: Path, model: str, table: object) -> Price:
    if not isinstance(table, dict):
        raise InputError(
            f'The price file {path} has "{model}" outside a table: write [{model}], then input and output.'
        )
    if unknown := sorted(table.keys() - _KEYS):
        raise InputError(
            f'The price file {path} has an unknown key "{unknown[0]}" for [{model}]; the keys are input and '
            "output, and a model id with a dot in it needs quotes."
        )
    batch = _dollars(path, model, table, "batch") if "batch" in table else Decimal(1)
    return Price(_dollars(path, model, table, "input"), _dollars(path, model, table, "output"), batch)


def _dollars(path: Path, model: str, table: Mapping[str, object], key: str) -> Decimal:
    value = table.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
        raise InputError(
            f'The price file {path} needs "{key}" for [{model}]: US dollars per million tokens, such as 0.5.'
        )
    return value
