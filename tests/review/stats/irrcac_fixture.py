"""Writes irrcac.json: what irrCAC says of random matrices with missing cells.

irrCAC pins a scipy that can't share an environment with this project, so its results are kept. To make them anew, in an
environment that has irrCAC: `python irrcac_fixture.py > irrcac.json`.
"""

from __future__ import annotations

import json
import random
from importlib.metadata import version
from typing import Any

MATRICES = 40
PLACES = 12
MISSING = "."


def matrix(rng: random.Random, missing: float) -> list[str]:
    """One string an annotator, one digit a unit, a point where missing; every unit has an answer."""
    while True:
        units, annotators, classes = rng.randint(6, 30), rng.randint(2, 5), rng.randint(2, 5)
        columns = []
        for _ in range(units):
            truth = rng.randint(1, classes)
            answers = [truth if rng.random() < 0.7 else rng.randint(1, classes) for _ in range(annotators)]
            columns.append([MISSING if rng.random() < missing else str(answer) for answer in answers])
        compared = {value for column in columns for value in column if len(column) - column.count(MISSING) > 1}
        if len(compared - {MISSING}) > 1 and all(set(column) != {MISSING} for column in columns):
            return ["".join(row) for row in zip(*columns, strict=True)]


def measured(rows: list[str]) -> dict[str, float]:
    """The coefficients of a matrix; Fleiss' kappa only where nothing is missing, as it was published."""
    import pandas  # type: ignore[import-untyped,import-not-found,unused-ignore]
    from irrCAC.raw import CAC  # type: ignore[import-untyped,import-not-found,unused-ignore]

    data = pandas.DataFrame(
        [[None if value == MISSING else int(value) for value in column] for column in zip(*rows, strict=True)]
    )
    given = sorted({int(value) for row in rows for value in row if value != MISSING})
    nominal = CAC(data, weights="identity", categories=given, digits=PLACES)
    found: dict[str, Any] = {
        "percent_agreement": nominal.gwet()["est"]["pa"],
        "gwet_ac1": nominal.gwet()["est"]["coefficient_value"],
        "alpha_nominal": nominal.krippendorff()["est"]["coefficient_value"],
        "alpha_interval": CAC(data, weights="quadratic", categories=given, digits=PLACES).krippendorff()["est"][
            "coefficient_value"
        ],
    }
    if not any(MISSING in row for row in rows):
        found["fleiss_kappa"] = nominal.fleiss()["est"]["coefficient_value"]
    return {name: float(value) for name, value in found.items()}


def main() -> None:
    """Prints the fixture."""
    rng = random.Random(20221219)
    cases = []
    for number in range(MATRICES):
        rows = matrix(rng, missing=(0.0, 0.1, 0.35)[number % 3])
        cases.append({"annotators": rows, "expect": measured(rows)})
    made_with = {name: version(name) for name in ("irrCAC", "numpy", "pandas", "scipy")}
    print(json.dumps({"made_with": made_with, "cases": cases}, indent=1))


if __name__ == "__main__":
    main()
