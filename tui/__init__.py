"""The faces: the Textual app and the command line, over the same functions."""
