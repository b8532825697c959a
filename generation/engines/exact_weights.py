"""Copies of GGUF files with unrounded weights, made once for each file and kept in the user's cache.

llama.cpp multiplies quantised weights with activations that it rounds to 8 bits, which moves the log-odds of an answer
by 0.19 where prompts differ by 0.49 (root mean square, embedded model). With the same weights as f16 it is 0.01.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from generation.engines.cache import locked, models_folder, run_python, scratch_folder, sync_to_disk
from generation.engines.gguf_file import GgufFacts, unreadable
from generation.engines.protocol import EngineUnusableError

_SCRATCH = ".converting-"
_PROGRAM = (
    f"import runpy; runpy.run_path({str(Path(__file__).with_name('dequantise_program.py'))!r}, run_name='__main__')"
)
_BLOCK = 1 << 22
_F16_BYTES = 2


def fits(facts: GgufFacts) -> bool:
    """Returns whether a model with unrounded weights takes no more than half of this machine's memory."""
    return _F16_BYTES * facts.parameters <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def exact_file(path: Path, facts: GgufFacts, waiting: Callable[[], None]) -> Path:
    """Returns a file with the same model and unrounded weights, making it first where it isn't in the cache.

    Its name has the hash of what it is made from: a file that changes gets a new one, and copies share one.

    Args:
        path: A GGUF file.
        facts: What it says of itself.
        waiting: Called some ten times a second; what it raises ends the conversion and passes through.

    Raises:
        EngineUnusableError: The file can't be read, or the cache can't be written.
    """
    if facts.exact:
        return path
    folder = models_folder() / "exact"
    try:
        target = folder / f"{path.stem[:100]}-{_digest(path, waiting)[:16]}.f16.gguf"
        if not target.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            with locked(folder / "lock", waiting):
                if not target.is_file():
                    with scratch_folder(folder, _SCRATCH) as scratch:
                        os.replace(_convert(path, facts, scratch, waiting), target)
                        sync_to_disk(folder)
    except OSError as error:
        raise EngineUnusableError(
            f"The model {path} could not be converted in {folder} ({error.strerror or error}); make room or set "
            "EVALWRIGHT_CACHE to another folder, and run the command again."
        ) from error
    return target


def _digest(path: Path, waiting: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            waiting()
    return digest.hexdigest()


def _convert(path: Path, facts: GgufFacts, scratch: Path, waiting: Callable[[], None]) -> Path:
    """Writes the copy, durably, and returns it."""
    if shutil.disk_usage(scratch).free < 1.1 * _F16_BYTES * facts.parameters:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    target, log = scratch / "model.gguf", scratch / "log"
    code = run_python(_PROGRAM, [str(path.resolve()), str(target)], log, waiting)
    if code < 0:
        raise unreadable(path, f"reading it died of {signal.Signals(-code).name}")
    if code > 0:
        said = log.read_text(errors="replace")
        if os.strerror(errno.ENOSPC) in said:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if last_line(said).startswith(("ModuleNotFoundError", "ImportError")):
            raise EngineUnusableError(
                "The local engine needs the package gguf, which isn't installed or doesn't run here; install it, or "
                "name another engine with --engine."
            )
        raise unreadable(path, last_line(said))
    sync_to_disk(target)
    return target


def last_line(text: str) -> str:
    """Returns the last line of an error's text, where the cause is, cut to a sentence's length."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".")[:160] if lines else "it gave no cause"
