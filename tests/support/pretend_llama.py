"""A program that stands in for `llama_program`: a server that answers as llama.cpp's does, from plain rules.

Characters are tokens. A completion goes on with the alphabet after the prompt's last letter; the probability of an
answer's token is exp(-1), of the reply's end exp(-2). What the model's path is called decides what goes wrong.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

asked: list[tuple[str, dict[str, Any]]] = []


def completion(wanted: dict[str, Any]) -> Any:
    prompt, length = wanted["prompt"], wanted["n_predict"]
    if "grammar" in wanted:
        tokens = [int(token) for token in re.findall(r"<\[(\d+)\]>", wanted["grammar"])]
        chosen = [{"id": token, "logprob": -1.0} for token in tokens][:length]
        return {"completion_probabilities": chosen + [{"id": 0, "logprob": -2.0}] * (length - len(chosen))}
    text = "".join(chr(prompt[-1] + step + 1) for step in range(length))
    ends = [text.index(stop) for stop in wanted.get("stop", []) if stop in text]
    reply = {"content": text[: min(ends, default=length)], "stop_type": "word" if ends else "limit"}
    if prompt[-1] == ord("!"):
        reply = {"content": "", "stop_type": "eos"}
    replies = [
        reply
        | {"index": index, "tokens_predicted": length, "content": f"{reply['content']}{wanted.get('seed', 0) + index}"}
        for index in range(wanted.get("n", 1))
    ]
    return replies[::-1] if len(replies) > 1 else replies[0]


def answer(path: str, wanted: dict[str, Any]) -> Any:
    if path == "/apply-template":
        if wanted["messages"][0]["content"] == "no":
            raise ValueError("system role not supported")
        return {"prompt": "".join(f"[{each['role']}]{each['content']}" for each in wanted["messages"]) + "[assistant]"}
    if path == "/tokenize":
        return {"tokens": [ord(letter) for letter in wanted["content"]]}
    if path == "/asked":
        return asked
    return completion(wanted)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != f"Bearer {settings['key']}":
            self.send(401, {"error": {"message": "Invalid API Key"}})
            return
        if self.path == "/completion" and name == "dies":
            sys.stderr.write("GGML_ASSERT(n > 0) failed\n")
            sys.stderr.flush()
            os.abort()  # not by `kill`, which another thread may take up after the reply is sent
        if self.path == "/completion" and name == "slow":
            time.sleep(60)
        try:
            said = answer(self.path, wanted)
        except ValueError as error:
            self.send(500, {"error": {"code": 500, "message": f"Error:\n{error}."}})
            return
        asked.append((self.path, wanted))
        self.send(200, said)

    def send(self, status: int, said: Any) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        print("noise")


settings = json.loads(sys.stdin.buffer.readline())
name = Path(settings["path"]).stem
if name == "missing":
    print(json.dumps({"missing": "libgomp.so.1"}), flush=True)
elif name == "new":
    sys.stderr.write("llama_model_load: error loading model: error loading model architecture: unknown model ")
    sys.stderr.write("architecture: 'novel'\nllama_model_load_from_file_impl: failed to load model\n")
    print(json.dumps({"refused": "failed to init"}), flush=True)
elif name == "crash":
    os.kill(os.getpid(), 11)
elif name == "endless":
    time.sleep(60)
else:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(json.dumps({"address": f"http://127.0.0.1:{server.server_port}"}) + "\n")
    sys.stdout.flush()
    os.dup2(2, 1)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.read(0, 1)
