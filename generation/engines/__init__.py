"""Engines: what runs a prompt. Each is imported only by the worker, and only when a job asks for it."""
