"""The command line: which commands there are, and how failures are told.

Every command lives in a module of its own that is imported when it is called, so that `--help` stays quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from db.errors import EvalwrightError, InputError

WRONG, INTERRUPTED = 2, 130
ENVIRONMENT = ("EVALWRIGHT_WORKSPACE", "EVALWRIGHT_AS")

COMMANDS = {
    "demo": "tui.cli.demo",
    "import": "tui.cli.importing",
    "datasets": "tui.cli.datasets",
    "close": "tui.cli.datasets",
    "reopen": "tui.cli.datasets",
    "generate": "tui.cli.generate",
    "jobs": "tui.cli.jobs",
    "worker": "tui.cli.worker",
    "review": "tui.cli.review",
    "assign": "tui.cli.assign",
    "argue": "tui.cli.argue",
    "examples": "tui.cli.examples",
    "adjudicate": "tui.cli.adjudicate",
    "rule": "tui.cli.rule",
    "exclude": "tui.cli.exclude",
    "packet": "tui.cli.packet",
    "agreement": "tui.cli.agreement",
    "diversity": "tui.cli.diversity",
    "head-to-head": "tui.cli.head_to_head",
    "second-look": "tui.cli.second_look",
    "lint": "tui.cli.lint",
    "gate": "tui.cli.gate",
    "policy": "tui.cli.policy",
    "ship": "tui.cli.ship",
    "verify": "tui.cli.verify",
    "report": "tui.cli.report",
    "export": "tui.cli.export",
    "backup": "tui.cli.backup",
    "restore": "tui.cli.restore",
    "doctor": "tui.cli.doctor",
}
"""Each command and the module that holds it, as `NAME_command` with - as _, in the order of the help."""

IN_A_PACKET = (None, "review", "datasets", "verify", "doctor")
"""What can be done with a packet's file as the workspace; None is opening the app."""

PACKETS_END = ".packet"
"""How the name of a packet ends, in small letters."""

SUMMARIES = {
    "demo": "Make a small workspace with the embedded model and open it.",
    "import": "Import datasets from files, in any format that ship writes.",
    "datasets": "List the datasets of the workspace.",
    "close": "Close a dataset: nothing can change it any more.",
    "reopen": "Open a closed dataset again.",
    "generate": "Let a model write datasets for behaviour files.",
    "jobs": "List jobs, or pause, resume, cancel or retry one.",
    "worker": "Run the jobs of the workspace without a screen.",
    "review": "Label and rate examples.",
    "assign": "Say who is asked what of a dataset.",
    "argue": "Let a model write arguments for second looks.",
    "examples": "Look through the examples of a dataset.",
    "adjudicate": "Settle what validators could not.",
    "rule": "Rule on an example: keep, relabel, edit or drop it.",
    "exclude": "Flag a validator: the gate must hold without them too.",
    "packet": "Give a validator examples in a file, and merge what comes back.",
    "agreement": "Show how far annotators agree.",
    "diversity": "Show how diverse annotators find datasets.",
    "head-to-head": "Show which of two datasets tests its behaviour better.",
    "second-look": "Show what arguments do to validators' answers.",
    "lint": "Look for known defects in datasets or files.",
    "gate": "Decide whether datasets may ship, with the evidence.",
    "policy": "Show what a dataset must reach, or judge by another file.",
    "ship": "Write a release of a dataset, or of all that may ship.",
    "verify": "Check that a release is as it was shipped.",
    "report": "Write the report on datasets: a page, Markdown or JSON.",
    "export": "Write the workspace as plain SQLite tables, JSONL or CSV.",
    "backup": "Copy the workspace, whole, also while it is in use.",
    "restore": "Put a backup in the workspace's place, and keep what was there.",
    "doctor": "Show versions, SQLite, terminal, model and keys.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; the help needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Returns the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports a command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(COMMANDS[cmd_name])
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands from their summaries."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


def _show_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from review.version import version

        click.echo(f"evalwright {version()}")
        ctx.exit()


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--workspace",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="EVALWRIGHT_WORKSPACE",
    default=Path("evalwright.db"),
    show_default=True,
    help="The workspace file (also EVALWRIGHT_WORKSPACE).",
)
@click.option("--as", "annotator", envvar="EVALWRIGHT_AS", help="Your name as a validator; default: your user name.")
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the version."
)
@click.pass_context
def evalwright(ctx: click.Context, workspace: Path, annotator: str | None) -> None:
    """Language models write evaluation datasets; people decide which may ship.

    Without a command, opens the app.
    """
    ctx.obj = workspace
    if workspace.suffix.lower() == PACKETS_END:
        _refuse_no_packet(workspace)
    if ctx.invoked_subcommand not in IN_A_PACKET:
        _refuse_packet(workspace, str(ctx.invoked_subcommand))
    if ctx.invoked_subcommand is None:
        from tui.app.start import open_app

        open_app(workspace, annotator=annotator)


def main() -> NoReturn:
    """Runs the command line; every failure is a sentence on standard error.

    Exit codes: 0 done, 1 the answer is no, 2 the call or its input is wrong, 130 interrupted.
    """
    try:
        _refuse_undecodable([*sys.argv[1:], *(os.environ.get(name, "") for name in ENVIRONMENT)])
        code = evalwright.main(prog_name="evalwright", standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        code = INTERRUPTED
    except Exception as error:
        if os.environ.get("EVALWRIGHT_TRACEBACK"):
            raise
        from tui.cli.console import tell

        tell(f"evalwright: {_sentence(error)}")
        code = WRONG
    sys.exit(code if isinstance(code, int) else 0)


def _refuse_packet(workspace: Path, command: str) -> None:
    """Refuses what makes no sense in a packet, which knows one validator's answers and nothing else."""
    from db.store.workspace import is_packet

    if is_packet(workspace):
        raise InputError(
            f"{workspace} is a packet, which can be reviewed and nothing else; call `evalwright {command}` in the "
            "workspace it comes from."
        )


def _refuse_no_packet(workspace: Path) -> None:
    """Refuses what is named like a packet and is none: whoever opens one expects to label, and nothing else."""
    from db.store.workspace import is_packet

    if not workspace.exists():
        raise InputError(
            f"There is no packet at {workspace}; a workspace of your own needs a name that ends otherwise."
        )
    if not is_packet(workspace):
        raise InputError(
            f"{workspace} is named like a packet and is none; ask who sent it for one that `evalwright packet make` "
            "made, or rename it if it is a workspace of your own."
        )


def _refuse_undecodable(texts: Sequence[str]) -> None:
    """Refuses what isn't UTF-8 at the door: neither a workspace nor a terminal could hold it unchanged."""
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"{os.fsencode(text)!r} is not UTF-8 text; name it, or the file, differently.") from error


def _sentence(error: Exception) -> str:
    """Returns what people are told of a failure."""
    if isinstance(error, EvalwrightError):
        return str(error)
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "evalwright"
        message = error.format_message()
        and_then = "" if message.endswith("?") else ";"
        return f"{message.rstrip('.')}{and_then} `{command} --help` shows how it is called."
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} can't be used ({error.strerror}); check its name, and what you may do there."
    from db.store.sqlite import DatabaseError

    if isinstance(error, DatabaseError):
        return (
            f"The workspace can't be read ({error}); try again, and if that doesn't help, put a backup in its place "
            "with `evalwright restore`."
        )
    return (
        f"Something went wrong that should not ({type(error).__name__}: {error}); "
        "call it again with EVALWRIGHT_TRACEBACK=1 and report what it prints."
    )
