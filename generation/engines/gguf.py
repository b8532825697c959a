"""GGUF files: read just enough of one to refuse a wrong file, and convert it to an OpenVINO folder.

OpenVINO reads GGUF only through its text pipeline, and a damaged file ends the whole process with a segmentation
fault. So the conversion runs in a process of its own, once for each file; afterwards the converted folder is loaded.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from generation.engines.cache import locked, models_folder, run_python, scratch_folder, sync_to_disk
from generation.engines.protocol import EngineUnusableError

MAGIC = b"GGUF"
_SCRATCH = ".converting-"
_CONVERT = "import sys, openvino_genai as g; g.LLMPipeline(sys.argv[1], 'CPU', enable_save_ov_model=True)"

# The value types of GGUF metadata that are plain numbers, as struct formats; 8 is a string, 9 an array.
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST_STRING = 1 << 24


def is_gguf(path: Path) -> bool:
    """Returns whether a file begins as GGUF files do."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_context_length(path: Path) -> int | None:
    """Returns the most tokens that the model in a GGUF file attends to; `None` if the file doesn't say.

    Raises:
        EngineUnusableError: The metadata can't be read.
    """
    try:
        with path.open("rb") as file:
            file.seek(len(MAGIC) + 4 + 8)
            for _ in range(_number(file, "Q")):
                key = _string(file)
                value = _value(file, int(_number(file, "I")))
                if key.endswith(b".context_length") and isinstance(value, int):
                    return value
    except (struct.error, KeyError, RecursionError) as error:
        raise _unreadable(path, "its metadata makes no sense") from error
    return None


def converted(path: Path, waiting: Callable[[], None]) -> Path:
    """Returns the OpenVINO folder of a GGUF file, converting it first where that has not been done yet.

    The folder is in the user's cache, under a name that changes with the file and with OpenVINO's version, since two
    GGUF files in one folder would share one conversion if it were stored beside them.

    Args:
        path: A file that `is_gguf`.
        waiting: Called some ten times a second; what it raises ends the conversion and passes through.

    Raises:
        EngineUnusableError: OpenVINO can't read the file, or the cache can't be written.
    """
    import openvino_genai

    status = path.stat()
    place = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:8]
    stamp = f"{status.st_size} {status.st_mtime_ns} {openvino_genai.__version__}"
    family = f"{path.stem}-{place}-"
    folder = models_folder() / "openvino"
    target = folder / f"{family}{hashlib.sha256(stamp.encode()).hexdigest()[:8]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / "lock", waiting):
            if not target.is_dir():
                with scratch_folder(folder, _SCRATCH) as scratch:
                    _convert(path, scratch, waiting)
                    _drop_older(folder, family)
                    os.replace(scratch, target)
                    sync_to_disk(folder)
    except OSError as error:
        raise EngineUnusableError(
            f"The model {path} could not be converted in {folder} ({error.strerror or error}); make room or set "
            "EVALWRIGHT_CACHE to another folder, and run the command again."
        ) from error
    return target


def _convert(path: Path, scratch: Path, waiting: Callable[[], None]) -> None:
    """Fills `scratch` with the conversion, durably."""
    context = read_context_length(path)
    # A conversion is as large as its source, and a full disk would cut it short without a word.
    if shutil.disk_usage(scratch).free < 1.1 * path.stat().st_size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    # The conversion lands beside the file it is made from, so it is made from a link.
    link, log = scratch / "model.gguf", scratch / "log"
    link.symlink_to(path.resolve())
    code = run_python(_CONVERT, [str(link)], log, waiting)
    if code < 0:
        raise _unreadable(path, f"reading it died of {signal.Signals(-code).name}")
    if code > 0:
        raise _unreadable(path, last_line(log.read_text(errors="replace")))
    link.unlink()
    log.unlink()
    if context:
        (scratch / "config.json").write_text(json.dumps({"max_position_embeddings": context}))
    for file in scratch.iterdir():
        sync_to_disk(file)


def _drop_older(folder: Path, family: str) -> None:
    """Removes conversions of what the same file held before."""
    for older in folder.iterdir():
        if older.name.startswith(family):
            shutil.rmtree(older, ignore_errors=True)


def last_line(text: str) -> str:
    """Returns the last line of an error's text, where OpenVINO puts the cause, cut to a sentence's length."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".")[:160] if lines else "it gave no cause"


def _unreadable(path: Path, cause: str) -> EngineUnusableError:
    return EngineUnusableError(
        f"OpenVINO can't read the model {path}: it is damaged, cut short, or of a kind that OpenVINO doesn't know "
        f"({cause}); fetch the file again, or name another model with --model."
    )


def _value(file: BinaryIO, kind: int) -> object:
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        inner = int(_number(file, "I"))
        for _ in range(_number(file, "Q")):
            _value(file, inner)
        return None
    return _number(file, _NUMBERS[kind])


def _string(file: BinaryIO) -> bytes:
    length = _number(file, "Q")
    if length > _LONGEST_STRING:
        raise struct.error("a string longer than any that metadata holds")
    text: bytes = struct.unpack(f"<{length}s", file.read(length))[0]
    return text


def _number(file: BinaryIO, form: str) -> int:
    value: int = struct.unpack(f"<{form}", file.read(struct.calcsize(form)))[0]
    return value
