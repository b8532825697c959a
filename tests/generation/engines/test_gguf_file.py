import struct
from pathlib import Path

import pytest

from generation.engines.gguf_file import GgufFacts, is_gguf, read_facts
from generation.engines.protocol import EngineUnusableError
from tests.support.tiny_gguf import ARCHITECTURE, QUANTISED, WHOLE, entry, gguf_bytes, tensor


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tiny.gguf"


def test_the_head_says_what_kind_of_model_it_is(path: Path) -> None:
    path.write_bytes(QUANTISED)
    assert is_gguf(path)
    assert read_facts(path) == GgufFacts(context_length=2048, chat_template=True, exact=False, parameters=32)


def test_a_base_model_has_no_template(path: Path) -> None:
    path.write_bytes(WHOLE)
    assert read_facts(path) == GgufFacts(context_length=2048, chat_template=False, exact=True, parameters=6)
    path.write_bytes(gguf_bytes(ARCHITECTURE, entry("tokenizer.chat_template", 8, bytes(8))))
    assert read_facts(path) == GgufFacts(context_length=None, chat_template=False, exact=True, parameters=0)


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04 a wheel"])
def test_other_files_are_not_gguf(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert not is_gguf(path)


@pytest.mark.parametrize(
    "content",
    [
        b"GGUF",
        QUANTISED[:200],
        gguf_bytes(entry("a", 99, b"\x00")),
        gguf_bytes(struct.pack("<Q", 1 << 62) + b"endless"),
        gguf_bytes(entry("nested", 9, struct.pack("<IQ", 9, 1) * 5000)),
        gguf_bytes(entry("far", 9, struct.pack("<IQ", 10, (1 << 64) - 1)), entry("a", 4, b"1234")),
        gguf_bytes(tensors=(tensor("deep", tuple(range(20)), 0),)),
    ],
)
def test_a_head_that_makes_no_sense_is_a_sentence(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(EngineUnusableError, match=r"can't read the model .*tiny\.gguf: it is damaged"):
        read_facts(path)
