"""Samples in seconds: a behaviour file tried out, changed and tried again; two wordings side by side."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from pathlib import Path

from textual import getters
from textual.app import ComposeResult, SuspendNotSupported
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Input, Static

from db.errors import InputError
from db.job_records import Job
from db.store.connection import Connection
from generation.engines.registry import checked_model
from generation.jobs.jobs import DEFAULT_COUNT, DEFAULT_ROUNDS, Wanted, check_jobs, create_jobs
from generation.recipes.order import Order, load_order
from generation.trials.preview import Preview
from tui.app.actions import PREVIEW
from tui.app.store import Store
from tui.cli.progress import without_elapsed
from tui.presentation.text import clock, visible
from tui.processes.preview_process import PreviewProcess
from tui.screens.base import BaseScreen, background
from tui.widgets.marks import failure_line
from tui.widgets.preview_lines import preview_heading, preview_lines

SAMPLES = 8
TICK_SECONDS = 1.0
ADVICE = (
    "A behaviour file names a tendency and describes it; the model shows here within seconds what it makes of it.\n\n"
    '    name = "enjoys-long-walks"\n'
    '    description = "enjoys long walks in any weather"\n\n'
    "Name the file above, or two to see their wordings side by side, and press Enter. Nothing is stored."
)


class PreviewScreen(BaseScreen[None]):
    """Tries out behaviour files on a few candidates."""

    CSS_PATH = "preview.tcss"
    ACTIONS = PREVIEW
    ABOUT = ADVICE

    files = getters.query_one("#files", Input)
    engine = getters.query_one("#engine", Input)

    def __init__(self, store: Store, process: PreviewProcess | None = None) -> None:
        super().__init__()
        self._store = store
        self._process = process or PreviewProcess()
        self._previews: tuple[Preview, ...] = ()
        self._with_prompts = False
        self._words = ""
        self._began: float | None = None

    def compose(self) -> ComposeResult:
        """Makes the screen."""
        with Horizontal(id="heading"):
            yield Static(Content("Try out a behaviour"), id="title")
            yield Static(id="doing")
        with Horizontal(classes="asked"):
            yield Static(Content("files"))
            yield Input(placeholder="BEHAVIOR.toml [ANOTHER.toml]", id="files")
        with Horizontal(classes="asked"):
            yield Static(Content("engine"))
            yield Input("local", placeholder="local, or anthropic claude-haiku-5-5", id="engine")
        yield Static(id="said")
        with Vertical(id="found"), VerticalScroll(classes="column", can_focus=False):
            yield Static(Content(ADVICE))
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begins with the file's name, the only behaviour file here if there is one."""
        here = sorted(Path().glob("*.toml"))
        self.files.value = here[0].name if len(here) == 1 and here[0].name != "pyproject.toml" else ""
        self.files.focus()
        self.set_interval(TICK_SECONDS, self._show_doing)

    async def on_unmount(self) -> None:
        """Ends what is still running."""
        await self._process.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers only what there is something for."""
        if action in {"prompts", "generate"}:
            return bool(self._previews)
        if action == "files":
            return not self.files.has_focus
        return True

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Tries the files out."""
        event.stop()
        self.action_run()

    def action_run(self) -> None:
        """Tries the files out."""
        names = self._named()
        if not names:
            return
        self.say(Content(""))
        self._began = time.monotonic()
        self._doing("beginning")
        self.set_focus(None)
        self._run(names)

    def action_prompts(self) -> None:
        """Shows or hides the prompts."""
        self._with_prompts = not self._with_prompts
        self._paint()

    def action_files(self) -> None:
        """Goes to the names of files."""
        self.files.focus()

    def action_edit(self) -> None:
        """Edits the first file in the author's editor, and tries it out again."""
        names = self._named()
        if not names:
            return
        wanted = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        try:
            editor = shlex.split(wanted)
            with self.app.suspend():
                subprocess.run([*editor, "--", names[0]], check=False)
        except (OSError, ValueError, SuspendNotSupported) as error:
            self.say(
                failure_line(
                    f"The editor {wanted} can't be started here ({error}); set EDITOR, or edit the file elsewhere."
                )
            )
            return
        self.action_run()

    def action_generate(self) -> None:
        """Asks whether the whole dataset is to be written, unless it can't be."""
        self.say(Content(""))
        self._check()

    @background("generate")
    async def _check(self) -> None:
        engine, model = self._engine()
        told = _gives_probabilities(self._previews)
        found = await self._store.looking(_check, self._names(), engine, model, told)
        names = " and ".join(visible(one.name, one_line=True) for one in self._previews)
        costs = "".join(f"\n\n{visible(cost, one_line=True)}" for cost in found)
        self.confirm(
            "Write the dataset?",
            f"A job will write {DEFAULT_COUNT} examples for {names} with the engine {self.engine.value.strip()}, "
            f"in the background. `evalwright generate` has more settings.{costs}",
            self._generate,
        )

    @background("preview")
    async def _run(self, names: list[str]) -> None:
        engine, model = self._engine()
        found = await self._process.run(names, engine=engine, model=model, count=SAMPLES, tell=self._doing)
        self._previews = found
        self._doing("")
        self.refresh_bindings()
        self._paint()

    @background("queue", newest=False)
    async def _generate(self) -> None:
        engine, model = self._engine()
        jobs = await self.lasting(self._store.changing(_queue, self._names(), engine, model))
        queued = ", ".join(f"job {job.id} for {visible(job.dataset, one_line=True)}" for job in jobs)
        self._began = None
        self._doing(f"queued: {queued}")

    def show_failure(self, sentence: str) -> None:
        """Says what could not be done; nothing is being done any more."""
        self._doing("")
        super().show_failure(sentence)

    def _paint(self) -> None:
        columns = [
            VerticalScroll(
                Static(preview_heading(found)),
                *([Static(Content.styled(f"wording {visible(wording)}", "bold"))] if wording else []),
                Static(preview_lines(found, wording=wording, with_prompts=self._with_prompts)),
                classes="column",
            )
            for found in self._previews
            for wording in _wordings(found)
        ]
        place = self.query_one("#found")
        typing = isinstance(self.focused, Input)
        with self.app.batch_update():
            place.remove_children()
            place.mount(*columns)
        if columns and not typing:
            self.call_after_refresh(columns[0].focus)

    def _named(self) -> list[str]:
        """Returns the names of the files, none where it says what is wrong with them."""
        try:
            names = self._names()
        except InputError as error:
            self.say(failure_line(str(error)))
            return []
        if not names:
            self.say(failure_line("Name a behaviour file, such as walks.toml."))
        return names

    def _names(self) -> list[str]:
        written = self.files.value
        try:
            return [str(Path(name).expanduser()) for name in shlex.split(written.replace("'", "\\'"))]
        except (ValueError, RuntimeError) as error:
            raise InputError(f"{written} can't be read as names of files ({error}); name one, or two.") from error

    def _engine(self) -> tuple[str, str]:
        words = self.engine.value.split()
        if not 1 <= len(words) <= 2:
            raise InputError("The engine is a name and, if you like, a model, such as anthropic claude-haiku-5-5.")
        return words[0], words[1] if len(words) > 1 else ""

    def _doing(self, words: str) -> None:
        """Says what is being done; nothing ends it, and the time that it takes."""
        self._words = without_elapsed(words)
        if not words:
            self._began = None
        self._show_doing()

    def _show_doing(self) -> None:
        passed = "" if self._began is None else f" · {clock(time.monotonic() - self._began)}"
        self.query_one("#doing", Static).update(Content(f"{visible(self._words, one_line=True)}{passed}"))


def _wordings(found: Preview) -> list[str | None]:
    """Returns the wordings of a preview, to stand side by side; one None where there is only one."""
    names = list(dict.fromkeys(candidate.wording for candidate in found.candidates))
    return list(names) if len(names) > 1 else [None]


def _check(
    connection: Connection, names: list[str], engine: str, model: str, probabilities: bool | None
) -> tuple[str, ...]:  # fmt: skip
    """Says what keeps the jobs from being made; returns about how much each would take and at most, if it costs."""
    from generation.jobs.estimate import estimate

    orders, wanted = _ordered(names, engine, model)
    check_jobs(connection, orders, wanted)
    if engine == "local":
        return ()
    found = [
        estimate(
            order,
            engine=engine,
            model=wanted.model,
            count=wanted.count,
            rounds=wanted.rounds,
            probabilities=probabilities,
        )
        for order in orders
    ]
    return tuple(f"{one.name}: {one.sentence}." for one in found)


def _gives_probabilities(previews: tuple[Preview, ...]) -> bool | None:
    """Returns whether the engine gave probabilities when it judged; None if it judged nothing that could be read."""
    calls = [call for found in previews for candidate in found.candidates for call in candidate.calls]
    judged = [call.reply for call in calls if "probabilities" in call.reply]
    given = [reply["probabilities"] is not None for reply in judged]
    return any(given) if given else None


def _queue(connection: Connection, names: list[str], engine: str, model: str) -> list[Job]:
    return create_jobs(connection, *_ordered(names, engine, model))


def _ordered(names: list[str], engine: str, model: str) -> tuple[list[Order], Wanted]:
    orders = [load_order(Path(name)) for name in names]
    return orders, Wanted(engine, checked_model(engine, model), DEFAULT_COUNT, DEFAULT_ROUNDS, keep_open=False)
