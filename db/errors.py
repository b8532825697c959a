"""The one exception tree: every failure that a person may see is a sentence."""


class EvalwrightError(Exception):
    """Something a person can understand and act on.

    The message is one sentence or two: what is wrong, where, and what to do. It is shown as it is, so it names
    files, lines and commands, and never a traceback.
    """


class InputError(EvalwrightError):
    """The call or its input is wrong; the command line exits with 2."""


class WorkspaceError(EvalwrightError):
    """The workspace file can't be opened, is foreign, damaged, or newer than this version."""


class WorkspaceBusyError(WorkspaceError):
    """Another process held the workspace for longer than we wait."""
