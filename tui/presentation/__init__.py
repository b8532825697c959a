"""How text, amounts and states are said on a terminal."""
