"""The one exception tree: every failure that a person may see is a sentence."""

from __future__ import annotations

from pathlib import Path

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


class WorkspaceReplacedError(WorkspaceError):
    """The files that are open are no longer the workspace of that name: nothing that is written is seen again."""

    def __init__(self, path: Path, what: str, then: str, kept: Path | None = None) -> None:
        """Says what has become of it.

        Args:
            path: The workspace.
            what: What has happened to it.
            then: What to do.
            kept: The file beside it in which the answer that can't be stored is kept.
        """
        self.path, self.what, self.then = path, what, then
        if kept is None:
            where, so = str(path), "nothing was stored"
        else:  # shown on the review screen, where there is little room
            where, so = path.name, f"your answer is kept beside it, in {kept.name}"
        super().__init__(f"The workspace {where} {what} while it was open here: {so}; {then}.")
