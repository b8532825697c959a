"""Calibration of the discriminator."""

import random

import pytest

from review.stats.calibration import NO_EXAMPLES, calibration


def test_by_hand() -> None:
    found = calibration([0.95, 0.85, 0.85, 0.25], [True, True, False, False])
    assert [part.count for part in found.bins] == [0, 0, 1, 0, 0, 0, 0, 0, 2, 1]
    assert found.bins[8].agreement.value == 0.5
    assert found.bins[8].confidence.value == pytest.approx(0.85)
    assert found.bins[0].agreement.undefined == "undefined: no example in this bin"
    assert (found.bins[0].interval.lower, found.bins[0].interval.upper) == (0.0, 1.0)
    assert found.expected_error.value == pytest.approx((0.25 + 2 * 0.35 + 0.05) / 4)
    assert found.brier.value == pytest.approx((0.05**2 + 0.15**2 + 0.85**2 + 0.25**2) / 4)
    assert found.count == 4


@pytest.mark.parametrize(
    ("confidence", "index"), [(0.0, 0), (0.0999, 0), (0.1, 1), (0.3, 3), (0.7, 7), (0.9, 9), (1.0, 9)]
)
def test_edges_belong_to_the_bin_that_begins_there(confidence: float, index: int) -> None:
    bins = calibration([confidence], [True]).bins
    assert [part.count for part in bins].index(1) == index
    assert bins[index].lower <= confidence <= bins[index].upper


def test_a_calibrated_discriminator_has_a_small_error() -> None:
    rng = random.Random(15)
    confidences = [rng.random() for _ in range(20_000)]
    honest = calibration(confidences, [rng.random() < confidence for confidence in confidences])
    boastful = calibration(confidences, [rng.random() < confidence / 2 for confidence in confidences])
    assert honest.expected_error.value is not None
    assert boastful.expected_error.value is not None
    assert honest.expected_error.value < 0.02
    assert boastful.expected_error.value == pytest.approx(0.25, abs=0.02)
    assert honest.brier.value == pytest.approx(1 / 6, abs=0.01)


def test_nothing_and_nonsense() -> None:
    empty = calibration([], [])
    assert empty.expected_error.undefined == empty.brier.undefined == NO_EXAMPLES
    with pytest.raises(ValueError, match="between 0 and 1"):
        calibration([95.0], [True])
    with pytest.raises(ValueError, match="shorter"):
        calibration([0.5, 0.5], [True])
