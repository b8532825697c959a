"""A program: llama.cpp's server with one model, on loopback. Run by `llama_model` in a process of its own.

Its first line of standard input is what to load, as JSON; its one line of standard output says where it listens, or
why not. It ends when its standard input does, even if the parent was killed. Everything else that it or llama.cpp says
goes to standard error, which the parent keeps from the screen.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any


def _end_with_parent() -> None:
    os.read(0, 1)
    os._exit(1)


def _answer(output: int, **said: str) -> None:
    os.write(output, json.dumps(said).encode() + b"\n")


def _parameters(xllamacpp: Any, wanted: dict[str, Any]) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = wanted["path"]
    params.api_keys = [wanted["key"]]
    params.n_ctx = wanted["context"]
    params.n_parallel = wanted["sequences"]
    # One cache for all sequences, so that completions of one prompt share what is kept of it.
    params.kv_unified = True
    params.cache_ram_mib = 0
    # Two threads wait longer for each other at every step of a single token than one takes for it alone.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = wanted["threads"]
    # The processor alone, where the figures of docs/engines.md were measured: the same numbers everywhere.
    params.n_gpu_layers = 0
    params.no_kv_offload = params.no_op_offload = True
    params.fit_params = params.warmup = params.ui = params.endpoint_slots = False
    params.verbosity = 1  # errors
    return params


def main() -> None:
    """Serves until standard input ends."""
    output = os.dup(1)
    os.dup2(2, 1)
    wanted = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        import xllamacpp
    except (ImportError, OSError) as error:
        _answer(output, missing=str(error))
        return
    try:
        server = xllamacpp.Server(_parameters(xllamacpp, wanted))
    except (RuntimeError, ValueError) as error:
        _answer(output, refused=str(error))
        return
    _answer(output, address=server.listening_address)
    threading.Event().wait()


if __name__ == "__main__":
    main()
