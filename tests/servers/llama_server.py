"""Runs llama.cpp's own server: python llama_server.py FILE.gguf PORT. It ends when it is killed."""

import signal
import sys

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.model_alias = {"mine"}
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(sys.argv[2])
parameters.n_parallel = 4
parameters.n_ctx = 4 * 2048
parameters.cpuparams.n_threads = 2
parameters.warmup = False
server = xllamacpp.Server(parameters)
signal.pause()
