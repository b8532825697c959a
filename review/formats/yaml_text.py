"""YAML, read and written by PyYAML, which is imported only where it is needed."""

from __future__ import annotations

from typing import Any


def dump_yaml(value: dict[str, Any]) -> str:
    """Returns a mapping as YAML in ASCII, keys in their order, no text over more than one line."""
    import yaml

    dumper = type("Dumper", (yaml.SafeDumper,), {})
    dumper.add_representer(str, _quoted_where_needed)  # type: ignore[attr-defined]
    text: str = yaml.dump(value, Dumper=dumper, sort_keys=False, width=2**20, allow_unicode=False)
    return text


def load_yaml(text: str) -> Any:
    """Reads YAML into plain values; what a tag such as `!function` stands before is read as text.

    Raises:
        ValueError: if it isn't plain YAML; the message completes a sentence that begins with the file's name.
    """
    import yaml

    loader = type("Loader", (yaml.SafeLoader,), {})
    loader.add_multi_constructor("!", lambda _loader, _tag, node: str(node.value))  # type: ignore[attr-defined]
    try:
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ValueError("isn't plain YAML" if mark is None else f"isn't plain YAML (line {mark.line + 1})") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply to be read") from error


def _quoted_where_needed(dumper: Any, text: str) -> Any:
    style = None if text.isascii() and text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
