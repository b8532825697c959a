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
    """Reads YAML into plain values; a text that a tag such as `!function` stands before is read as it is.

    Aliases (`*name`) are refused: a few lines of them can stand for more than memory holds.

    Raises:
        ValueError: if it isn't plain YAML; the message completes a sentence that begins with the file's name.
    """
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """The safe loader without aliases."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                event = self.peek_event()
                raise yaml.composer.ComposerError(None, None, "an alias", event.start_mark)
            return super().compose_node(parent, index)

    Loader.add_multi_constructor("!", lambda loader, _tag, node: loader.construct_scalar(node))
    try:
        return yaml.load(text, Loader=Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ValueError("isn't plain YAML" if mark is None else f"isn't plain YAML (line {mark.line + 1})") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply to be read") from error
    except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
        # What PyYAML raises for a number, a date or a truth value that its tag or its form promises and that is none.
        raise ValueError("isn't plain YAML: a value in it can't be read") from error


def _quoted_where_needed(dumper: Any, text: str) -> Any:
    style = None if text.isascii() and text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
