"""A provider for LiteLLM's proxy: mock answers that a recipe can use, since those in its file are always the same."""

from __future__ import annotations

import re
from typing import Any

import litellm


class Writer(litellm.CustomLLM):  # type: ignore[misc]  # it is installed elsewhere
    """Writes statements about walks for the one label and about buses for the other, and votes by that word."""

    async def acompletion(self, *_: Any, **request: Any) -> Any:
        """Answers one request."""
        prompt = str(request["messages"][-1]["content"])
        if "agree or disagree" in prompt:
            statement = prompt.split('"')[1]
            text = f"They would {'agree' if 'walk' in statement else 'disagree'} with the above statement."
        else:
            number = re.search(r"list number (\d+)", prompt)
            does = "walk" if "that they would agree with" in prompt else "take the bus"
            places = ("the sea", "the market", "the school", "the old mill", "the woods", "the station")
            text = "\n".join(f"- I {does} to {place} on day {number[1] if number else 1}" for place in places)
        return await litellm.acompletion(
            model="openai/writer", messages=request["messages"], mock_response=text, api_key="none"
        )


writer = Writer()
