"""The one exception tree: every failure that a person may see is a sentence."""

from db.visible import visible

LONGEST = 1500
"""Characters of a message: what it quotes may be of any length."""


class EvalwrightError(Exception):
    """Something a person can understand and act on.

    The message is one sentence or two: what is wrong, where, and what to do. It is shown as it is, so it names
    files, lines and commands, and never a traceback. What it quotes was often written by others: it is one line, has
    nothing that a terminal would act on, and is cut in the middle where it would be endless.
    """

    def __init__(self, message: str) -> None:
        line = visible(message, one_line=True)
        if len(line) > LONGEST:
            line = f"{line[: LONGEST * 2 // 3]} … {line[-LONGEST // 3 :]}"
        super().__init__(line)


class InputError(EvalwrightError):
    """The call or its input is wrong; the command line exits with 2."""


class WorkspaceError(EvalwrightError):
    """The workspace file can't be opened, is foreign, damaged, or newer than this version."""


class WorkspaceBusyError(WorkspaceError):
    """Another process held the workspace for longer than we wait."""
