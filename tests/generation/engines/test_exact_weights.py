import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from generation.engines import exact_weights
from generation.engines.exact_weights import exact_file, fits
from generation.engines.gguf_file import GgufFacts, read_facts
from generation.engines.protocol import EngineUnusableError
from tests.support.tiny_gguf import BLOCK, QUANTISED, WHOLE

ROOT = Path(__file__).parents[3]
COPIES = "import shutil; shutil.copy(*sys.argv[1:])"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALWRIGHT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def _copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversion that only copies."""
    monkeypatch.setattr(exact_weights, "_PROGRAM", COPIES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(QUANTISED)
    return file


def nothing() -> None:
    pass


def converted(path: Path) -> Path:
    return exact_file(path, read_facts(path), nothing)


def kept(tmp_path: Path) -> list[str]:
    return sorted(each.name for each in (tmp_path / "cache" / "models" / "exact").iterdir() if each.name != "lock")


def test_quantised_weights_become_f16_and_the_rest_stays(path: Path) -> None:
    pytest.importorskip("gguf")
    from gguf import GGUFReader

    facts = read_facts(path)
    copy = converted(path)
    assert read_facts(copy) == GgufFacts(facts.context_length, facts.chat_template, True, facts.parameters)
    reader = GGUFReader(copy)
    (weights,) = reader.tensors
    assert weights.data.dtype == np.float16
    assert weights.data.reshape(-1).tolist() == [number / 2 for number in range(32)]
    assert reader.fields["tokenizer.ggml.tokens"].contents() == ["a", "bc"]
    assert reader.fields["tokenizer.ggml.scores"].contents() == [0.5, 1.5]
    assert reader.fields["flag"].contents() is True
    assert reader.fields["general.file_type"].contents() == 1


def test_weights_that_f16_cannot_hold_become_f32(path: Path) -> None:
    pytest.importorskip("gguf")
    from gguf import GGUFReader

    huge = np.float16(60_000).tobytes()
    path.write_bytes(QUANTISED.replace(BLOCK, huge + BLOCK[2:]))
    (weights,) = GGUFReader(converted(path)).tensors
    assert weights.data.dtype == np.float32
    assert weights.data.max() == pytest.approx(60_000 * 31, rel=1e-3)


def test_a_file_that_is_unrounded_is_taken_as_it_is(path: Path, tmp_path: Path) -> None:
    path.write_bytes(WHOLE)
    assert converted(path) == path
    assert not (tmp_path / "cache").exists()


@pytest.mark.usefixtures("_copies")
def test_a_file_is_converted_once_wherever_it_lies(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = converted(path)
    monkeypatch.setattr(exact_weights, "_PROGRAM", "raise SystemExit(1)")
    assert converted(path) == copy
    (tmp_path / "other").mkdir()
    elsewhere = path.rename(tmp_path / "other" / path.name)
    assert converted(elsewhere) == copy
    assert kept(tmp_path) == [copy.name]


@pytest.mark.usefixtures("_copies")
def test_a_changed_file_is_converted_anew(path: Path, tmp_path: Path) -> None:
    old = converted(path)
    path.write_bytes(QUANTISED[:-1] + b"\x00")
    new = converted(path)
    assert new.read_bytes() == path.read_bytes()
    assert kept(tmp_path) == sorted([old.name, new.name])


@pytest.mark.parametrize(
    ("program", "cause"),
    [
        ("import os; os.kill(os.getpid(), 11)", "reading it died of SIGSEGV"),
        ("raise RuntimeError('Check failed:\\nUnsupported type.')", "Unsupported type"),
        ("raise SystemExit(3)", "it gave no cause"),
    ],
)
def test_a_conversion_that_fails_or_crashes_is_a_sentence(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, cause: str
) -> None:
    monkeypatch.setattr(exact_weights, "_PROGRAM", program)
    with pytest.raises(EngineUnusableError) as caught:
        converted(path)
    assert f"({cause})" in str(caught.value)
    assert kept(tmp_path) == []


def test_a_file_cut_short_is_a_sentence(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    path.write_bytes(QUANTISED[:-20])
    with pytest.raises(EngineUnusableError, match=r"can't read the model .*tiny\.gguf: it is damaged, cut short"):
        converted(path)
    assert kept(tmp_path) == []


def test_without_the_package_that_reads_gguf_the_sentence_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_weights, "_PROGRAM", "sys.modules['gguf'] = None\n" + exact_weights._PROGRAM)
    with pytest.raises(EngineUnusableError, match="needs the package gguf"):
        converted(path)


def test_a_conversion_can_be_given_up(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_weights, "_PROGRAM", "import time; time.sleep(60)")
    calls = iter(range(5))

    def give_up() -> None:
        if next(calls, None) is None:
            raise KeyboardInterrupt("given up")

    with pytest.raises(KeyboardInterrupt, match="given up"):
        exact_file(path, read_facts(path), give_up)
    assert kept(tmp_path) == []


HALF = "import pathlib, time; pathlib.Path(sys.argv[2]).write_bytes(b'half'); time.sleep(60)"
CONVERTS = f"""
import pathlib, sys
from generation.engines import exact_weights, gguf_file
exact_weights._PROGRAM = {HALF!r}
path = pathlib.Path(sys.argv[1])
exact_weights.exact_file(path, gguf_file.read_facts(path), lambda: None)
"""


@pytest.mark.usefixtures("_copies")
def test_what_a_killed_conversion_left_is_not_taken_for_whole(path: Path, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", CONVERTS, str(path)], cwd=ROOT) as process:
        while not list((tmp_path / "cache").glob("models/exact/.converting-*/model.gguf")):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
    assert [name for name in kept(tmp_path) if name.endswith(".gguf")] == []
    copy = converted(path)
    assert copy.read_bytes() == QUANTISED
    assert kept(tmp_path) == [copy.name]


def test_two_processes_convert_once(path: Path, tmp_path: Path) -> None:
    said = tmp_path / "said"
    slow = f"import time; open({str(said)!r}, 'a').write('x'); time.sleep(0.5); {COPIES}"
    program = CONVERTS.replace(repr(HALF), repr(slow))
    both = [subprocess.Popen([sys.executable, "-c", program, str(path)], cwd=ROOT) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert said.read_text() == "x"
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize("program", [None, "raise OSError(28, 'No space left on device')"])
def test_a_full_disk_is_a_sentence(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None
) -> None:
    if program:
        monkeypatch.setattr(exact_weights, "_PROGRAM", program)
    else:
        monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=10))
    with pytest.raises(EngineUnusableError, match=r"could not be converted in .*No space left.*EVALWRIGHT_CACHE"):
        converted(path)
    assert kept(tmp_path) == []


def test_a_model_takes_at_most_half_of_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sysconf", lambda name: {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}[name])
    assert fits(GgufFacts(None, True, False, 1_024_000))
    assert not fits(GgufFacts(None, True, False, 1_024_001))
