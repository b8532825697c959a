import os
import struct
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from generation.engines import gguf
from generation.engines.protocol import EngineUnusableError

WRITES = "import sys, pathlib; p = pathlib.Path(sys.argv[1]); "
CONVERTS = WRITES + "(p.parent / 'openvino_model.xml').write_bytes(p.read_bytes())"


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def entry(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def gguf_bytes(*entries: bytes) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries)) + b"".join(entries)


WORDS = entry("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + text("a") + text("bc"))
SCORES = entry("tokenizer.ggml.scores", 9, struct.pack("<IQ2f", 6, 2, 0.5, 1.5))
ARCHITECTURE = entry("general.architecture", 8, text("llama"))
CONTEXT = entry("llama.context_length", 4, struct.pack("<I", 2048))
GOOD = gguf_bytes(ARCHITECTURE, WORDS, SCORES, entry("flag", 7, b"\x01"), CONTEXT)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own, and a conversion that copies the file where OpenVINO would write its own."""
    monkeypatch.setenv("EVALWRIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "openvino_genai", SimpleNamespace(__version__="1"))
    monkeypatch.setattr(gguf, "_CONVERT", CONVERTS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(GOOD)
    return file


def nothing() -> None:
    pass


def conversions(tmp_path: Path) -> list[str]:
    return sorted(each.name for each in (tmp_path / "cache" / "models" / "openvino").iterdir() if each.is_dir())


def test_the_context_length_is_read_from_the_metadata(path: Path) -> None:
    assert gguf.is_gguf(path)
    assert gguf.read_context_length(path) == 2048


def test_a_file_may_not_say_its_context_length(path: Path) -> None:
    path.write_bytes(gguf_bytes(ARCHITECTURE, WORDS))
    assert gguf.read_context_length(path) is None


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04 a wheel"])
def test_other_files_are_not_gguf(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert not gguf.is_gguf(path)


@pytest.mark.parametrize(
    "content",
    [
        b"GGUF",
        GOOD[: len(GOOD) - 2],
        gguf_bytes(entry("a", 99, b"\x00")),
        gguf_bytes(struct.pack("<Q", 1 << 62) + b"endless"),
        gguf_bytes(entry("nested", 9, struct.pack("<IQ", 9, 1) * 5000)),
    ],
)
def test_metadata_that_makes_no_sense_is_a_sentence(path: Path, content: bytes, tmp_path: Path) -> None:
    path.write_bytes(content)
    with pytest.raises(EngineUnusableError, match=r"can't read the model .*tiny\.gguf: it is damaged"):
        gguf.converted(path, nothing)
    assert conversions(tmp_path) == []


def test_a_file_is_converted_once(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = gguf.converted(path, nothing)
    assert sorted(file.name for file in folder.iterdir()) == ["config.json", "openvino_model.xml"]
    assert (folder / "openvino_model.xml").read_bytes() == GOOD
    assert (folder / "config.json").read_text() == '{"max_position_embeddings": 2048}'

    monkeypatch.setattr(gguf, "_CONVERT", "raise SystemExit(1)")
    assert gguf.converted(path, nothing) == folder
    assert conversions(tmp_path) == [folder.name]


def test_a_changed_file_is_converted_anew_and_the_old_conversion_dropped(path: Path, tmp_path: Path) -> None:
    old = gguf.converted(path, nothing)
    path.write_bytes(GOOD[:-4] + b"\x00\x10\x00\x00")
    os.utime(path, ns=(1, 1))
    new = gguf.converted(path, nothing)
    assert (new / "openvino_model.xml").read_bytes() == path.read_bytes()
    assert (new / "config.json").read_text() == '{"max_position_embeddings": 4096}'
    assert conversions(tmp_path) == [new.name] != [old.name]


def test_files_of_one_name_do_not_share_a_conversion(path: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / path.name
    other.write_bytes(GOOD)
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    assert gguf.converted(other, nothing) != gguf.converted(path, nothing)
    assert len(conversions(tmp_path)) == 2


@pytest.mark.parametrize(
    ("program", "cause"),
    [
        ("import os; os.kill(os.getpid(), 11)", "reading it died of SIGSEGV"),
        ("raise RuntimeError('Check failed at gguf.cpp:\\nUnsupported architecture.')", "Unsupported architecture"),
        ("raise SystemExit(3)", "it gave no cause"),
    ],
)
def test_a_conversion_that_fails_or_crashes_is_a_sentence(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, cause: str
) -> None:
    monkeypatch.setattr(gguf, "_CONVERT", program)
    with pytest.raises(EngineUnusableError) as caught:
        gguf.converted(path, nothing)
    assert f"({cause})" in str(caught.value)
    assert conversions(tmp_path) == []


def test_a_conversion_can_be_given_up(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf, "_CONVERT", WRITES + "import time; time.sleep(60)")

    def give_up() -> None:
        raise KeyboardInterrupt("given up")

    with pytest.raises(KeyboardInterrupt, match="given up"):
        gguf.converted(path, give_up)
    assert conversions(tmp_path) == []


def test_what_a_killed_conversion_left_is_cleared_away(path: Path, tmp_path: Path) -> None:
    left = tmp_path / "cache" / "models" / "openvino" / ".converting-abc"
    left.mkdir(parents=True)
    (left / "openvino_model.xml").write_text("half")
    folder = gguf.converted(path, nothing)
    assert conversions(tmp_path) == [folder.name]


def test_a_full_disk_is_said_before_converting(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=10))
    with pytest.raises(EngineUnusableError, match=r"could not be converted in .*No space left.*EVALWRIGHT_CACHE"):
        gguf.converted(path, nothing)
    assert conversions(tmp_path) == []
