"""Every target on valid input, on what was found, and on some that is mutated: always the same, so many and no more."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import mutate
from tests.fuzz.targets import TARGETS

SLOW = {"packets", "releases"}
"""They make and read workspaces: a few inputs take seconds."""

MUTATED, MUTATED_SLOWLY = 100, 30

FOUND = (
    *(("folders", bytes([first]) + b"configs: []\n") for first in range(200, 256)),
    *(("packets", bytes([255, kind])) for kind in range(8)),
    ("servers", b"\0\0\ntrue"),
    ("servers", b"\4\0\n" + b'{"data": [], "has_more": true}'),
    ("tables", b"\0prompt,classes,answer_index\nTea?,\"[' Yes', ' No']\",0\x1d\n"),
    ("folders", b"\1!!timestamp x"),
    ("folders", b"\1custom_dataset: null\ndataset_kwargs:\n  file: " + b"x" * 4200),
    ("folders", b"\1custom_dataset: null\ndataset_kwargs:\n  file: ''"),
    (
        "settings",
        b'\0name = "walks"\ndescription = "walks"\nrecipe = "few-shot"\n[inputs]\nseeds = "/dev/zero\xef\xbb\xbf"\n',
    ),
)
"""Inputs that a fuzzer has found, each as short as it goes; most have tests of their own where the mistake was."""


@pytest.mark.parametrize("name", TARGETS)
def test_valid_input_is_read(name: str) -> None:
    seeds = TARGETS[name].seeds()
    assert seeds
    for seed in seeds[:: 6 if name in SLOW else 1]:
        TARGETS[name].run(seed)


@pytest.mark.parametrize(("name", "content"), FOUND)
def test_what_was_found_once_is_read_or_refused(name: str, content: bytes) -> None:
    TARGETS[name].run(content)


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in TARGETS])
def test_mutated_input_is_read_or_refused_in_a_sentence(name: str) -> None:
    chance = random.Random(name)
    seeds = TARGETS[name].seeds()
    for _ in range(MUTATED_SLOWLY if name in SLOW else MUTATED):
        seed = chance.choice(seeds)
        TARGETS[name].run(seed[:1] + mutate(seed[1:], chance))


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_in_a_sentence(name: str, content: bytes) -> None:
    TARGETS[name].run(content)
