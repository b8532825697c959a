"""Every action a person can take, with its keys, its word and its sentence.

Bindings, the footer, the help screen and the command palette are all made from these tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True)
class Action:
    """One action of a screen.

    Attributes:
        name: The method `action_<name>` that does it.
        keys: Its keys as Textual names them, separated by commas; the first is shown.
        word: What the footer calls it.
        sentence: What it does: the tooltip, the help and the palette say it.
        footer: Whether the footer shows it.
        shown: The key as people read it, where Textual's own name isn't good.
    """

    name: str
    keys: str
    word: str
    sentence: str
    footer: bool = True
    shown: str | None = None

    @property
    def key_word(self) -> str:
        """The key as the help shows it."""
        return self.shown or self.keys.split(",", maxsplit=1)[0]

    @property
    def binding(self) -> Binding:
        """The binding that Textual knows it by."""
        return Binding(self.keys, self.name, self.word, show=self.footer, key_display=self.shown, tooltip=self.sentence)


HELP = Action("help", "question_mark,f1", "help", "Show the keys of this screen, and what is asked.", shown="?")
QUIT = Action("quit", "ctrl+q", "quit", "Leave evalwright at once.", footer=False, shown="Ctrl+Q")
EVERYWHERE = (QUIT,)

DATASETS = (
    Action("review", "enter,r", "review", "Label and rate examples of this dataset.", shown="Enter"),
    Action("details", "d,right", "details", "Show the evidence, the agreement and the funnel of this dataset."),
    Action("agreement", "g", "agreement", "Show how far the validators agree, and how well each labels."),
    Action("browse", "b", "browse", "Look through the examples of this dataset, and search them."),
    Action("adjudicate", "a", "adjudicate", "Settle disputes and what contradicts the intended labels.", footer=False),
    Action("release", "s", "release", "See what a release would hold, and ship this dataset.", footer=False),
    Action("preview", "n", "new", "Try out a behaviour file on a few candidates, and let a model write a dataset."),
    Action("jobs", "j", "jobs", "Show the jobs; pause and resume them."),
    HELP,
    Action("leave", "q", "quit", "Leave evalwright."),
)

REVIEW = (
    Action("ambiguous", "m,M", "ambiguous", "Say that the right answer is unclear or ambiguous.", footer=False),
    Action("flag", "f,F", "flag", "Flag the example for a lead to look at.", footer=False),
    Action("comment", "c,C", "comment", "Write a comment on the example.", footer=False),
    Action("edit", "e,E", "edit", "Suggest a better wording; the example itself stays as it is.", footer=False),
    Action("write", "t,T", "text", "Answer the questions that ask for words.", footer=False),
    Action("next_question", "tab", "next", "Rate the next question, to change it.", footer=False, shown="Tab"),
    Action("last_question", "shift+tab", "last", "Rate the question before.", footer=False, shown="Shift+Tab"),
    Action("skip", "s,S", "skip", "Skip the example: you can't or don't want to answer it. A second key says why."),
    Action("to_skipped", "k,K", "skipped", "Come back to an example you skipped; again goes to the next."),
    Action("undo", "u,U", "undo", "Go back to the example you answered before; again goes further back."),
    Action("redo", "r,R", "redo", "After undo, go forward again.", footer=False),
    Action("keep", "enter", "store", "Store the answer as it is shown.", footer=False, shown="Enter"),
    Action("guidelines", "g,G", "guidelines", "Read the guidelines of this dataset."),
    Action("read_on", "space,pagedown", "read on", "Scroll on in a long text, and to its next page.", shown="Space"),
    Action("read_back", "b,B,pageup,backspace", "back", "Scroll back in a long text.", footer=False, shown="PgUp"),
    Action("line_down", "down", "down", "Scroll one line down.", footer=False, shown="↓"),
    Action("line_up", "up", "up", "Scroll one line up.", footer=False, shown="↑"),
    HELP,
    Action(
        "leave", "escape,q,Q", "leave", "Go back: to the current example after undo, else to the datasets.", shown="Esc"
    ),
)

DATASET = (
    Action("review", "r,enter", "review", "Label and rate examples of this dataset."),
    Action("agreement", "g", "agreement", "Show how far the validators agree, and how well each labels."),
    Action("browse", "b", "browse", "Look through the examples, and search them."),
    Action("adjudicate", "a", "adjudicate", "Settle disputes and what contradicts the intended labels.", footer=False),
    Action("release", "s", "release", "See what a release would hold, and ship this dataset."),
    Action("diversity", "v", "diversity", "Rate how far the topics of this dataset's examples vary.", footer=False),
    Action("head_to_head", "h", "head to head", "Judge its examples beside those of another dataset.", footer=False),
    Action("funnel", "f", "funnel", "Show what became of the candidates, stage by stage, down to each one."),
    Action("refresh", "f5", "ask again", "Ask the gate again now.", footer=False, shown="F5"),
    HELP,
    Action("leave", "escape,q,left", "back", "Go back to the datasets.", shown="Esc"),
)

RELEASE = (
    Action("ship", "s", "ship", "Write the release; asks where, and why if the gate says no."),
    Action("next_part", "right,tab", "next", "Show the next part.", shown="→"),
    Action("previous_part", "left,shift+tab", "previous", "Show the part before.", shown="←"),
    Action("part('evidence')", "1", "evidence", "What the gate says and why.", footer=False),
    Action("part('files')", "2", "files", "What would be written.", footer=False),
    Action("part('card')", "3", "card", "The dataset card as readers see it.", footer=False),
    Action("refresh", "f5", "again", "Ask the gate and make the preview anew.", footer=False, shown="F5"),
    HELP,
    Action("leave", "escape,q", "back", "Go back to the dataset.", shown="Esc"),
)

FUNNEL = (
    Action("open", "enter,right", "list", "List the candidates that this line counts.", shown="Enter"),
    HELP,
    Action("leave", "escape,q,left,f", "back", "Go back.", shown="Esc"),
)

CANDIDATES = (
    Action("open", "enter,right", "open", "Show everything that is known of the candidate.", shown="Enter"),
    Action(
        "look", "x", "show labels", "Show what candidates were meant to be; you will not be asked about this dataset."
    ),
    HELP,
    Action("leave", "escape,q,left", "back", "Go back.", shown="Esc"),
)

AGREEMENT = (
    Action("next_part", "right,tab,space", "next", "Show the next part.", shown="→"),
    Action("previous_part", "left,shift+tab", "previous", "Show the part before.", shown="←"),
    Action("part('questions')", "1", "questions", "Coefficients, question by question.", footer=False),
    Action("part('validators')", "2", "validators", "How well each validator labels.", footer=False),
    Action("part('pairs')", "3", "pairs", "Validators two by two, and what they confuse.", footer=False),
    Action("part('answers')", "4", "answers", "The ratings, and the calibration of the discriminator.", footer=False),
    Action("part('bounds')", "5", "bounds", "How the gate's bounds narrowed.", footer=False),
    Action("pair_down", "n", "next pair", "Show what the next two validators confuse."),
    Action("pair_up", "p", "pair before", "Show what the two validators before confuse.", footer=False),
    Action("refresh", "f5", "measure again", "Measure the agreement again now.", footer=False, shown="F5"),
    HELP,
    Action("leave", "escape,q", "back", "Go back.", shown="Esc"),
)

PREVIEW = (
    Action("run", "r,f5", "again", "Read the files again and try them out anew."),
    Action("prompts", "p", "prompts", "Show or hide the prompts exactly as sent, and the replies."),
    Action("edit", "e", "edit", "Edit the behaviour file in your editor (EDITOR), then try it out again."),
    Action("files", "slash,f", "files", "Name other files, another engine or another number.", shown="/"),
    Action("generate", "w", "write it", "Queue a job that writes the whole dataset."),
    HELP,
    Action("leave", "escape,q", "back", "Go back.", shown="Esc"),
)

BROWSE = (
    Action("open", "enter", "open", "Show everything that is known of the example.", shown="Enter"),
    Action("search", "slash", "search", "Look for words, states, labels, validators or confidence.", shown="/"),
    Action(
        "look", "x", "show answers", "Show what others answered; you will not be asked about this dataset any more."
    ),
    HELP,
    Action("leave", "escape,q,left", "back", "Go back.", shown="Esc"),
)

ADJUDICATE = (
    Action("keep", "k", "keep", "Rule that the example stays as it is."),
    Action("relabel", "l", "relabel", "Rule that another answer is the intended one."),
    Action("edit", "e", "edit", "Give the example another wording; validators review it again."),
    Action("drop", "d", "drop", "Rule that the example doesn't ship."),
    Action("next", "right,n", "next", "Go on without a ruling.", shown="→"),
    Action("previous", "left,p", "previous", "Go back to the example before.", footer=False, shown="←"),
    Action("undo", "u", "undo", "Go back to the example ruled on last, and rule anew.", footer=False),
    Action("names", "w", "who", "Show the names of the validators, or hide them again."),
    Action("read_on", "space,pagedown", "read on", "Scroll on in a long text.", footer=False, shown="Space"),
    Action("read_back", "b,pageup,backspace", "back", "Scroll back in a long text.", footer=False, shown="PgUp"),
    Action("answers_down", "down", "down", "Scroll down in the answers.", footer=False, shown="↓"),
    Action("answers_up", "up", "up", "Scroll up in the answers.", footer=False, shown="↑"),
    HELP,
    Action("leave", "escape,q", "back", "Go back.", shown="Esc"),
)

SECOND_LOOK = (
    Action("keep", "enter", "keep", "Stay with your answer.", shown="Enter"),
    Action("leave", "escape", "close", "Close without a second answer; the first one is stored.", shown="Esc"),
)

_TASKS = (
    Action("undo", "u", "undo", "Go back to what you answered before; again goes further back."),
    Action("again", "enter", "again", "Try once more what failed.", footer=False, shown="Enter"),
    Action("read_on", "space,pagedown", "read on", "Scroll on.", footer=False, shown="Space"),
    Action("read_back", "b,pageup,backspace", "back", "Scroll back.", footer=False, shown="PgUp"),
    HELP,
    Action("leave", "escape,q", "back", "Go back.", shown="Esc"),
)
"""What every screen has that shows one task after another, each answered by one key."""

DIVERSITY = (
    Action("rate", "1,2,3,4,5", "rate", "Rate the handful, from all alike to very varied.", footer=False, shown="1-5"),
    *_TASKS,
)

HEAD_TO_HEAD = (
    Action("left", "1,left", "left", "Say that the left one tests the behaviour better.", footer=False),
    Action("right", "2,right", "right", "Say that the right one tests the behaviour better.", footer=False),
    Action("tie", "0,equals_sign", "equal", "Say that both test it equally well.", footer=False),
    Action("other", "o", "other", "Compare with another dataset for this behaviour."),
    *_TASKS,
)

RULING = (
    Action("save", "ctrl+s", "rule", "Rule; Enter does too, in the reason.", shown="Ctrl+S"),
    Action("suggestion", "ctrl+t", "suggestion", "Take the next wording that a validator suggests.", shown="Ctrl+T"),
    Action("leave", "escape", "leave as it was", "Close without a ruling.", shown="Esc"),
)

JOBS = (
    Action("pause", "p", "pause", "Pause the job; calls under way are still stored."),
    Action("resume", "r", "resume", "Let a paused job go on, and one that came out short draw more."),
    Action("retry", "t", "retry", "Make the job's failed calls again."),
    Action("cancel", "c", "cancel", "End the job for good; what it has selected stays."),
    Action("funnel", "f", "funnel", "Show what became of the job's candidates, stage by stage."),
    Action("run_here", "y", "run here", "Run a job that somebody else queued, with your keys.", footer=False),
    Action(
        "read_on", "space,pagedown", "read on", "Scroll on in what is said of the job.", footer=False, shown="Space"
    ),
    Action("read_back", "pageup,b", "back", "Scroll back.", footer=False, shown="PgUp"),
    HELP,
    Action("leave", "escape,q,j", "back", "Go back to the datasets.", shown="Esc"),
)

TEXT = (Action("leave", "escape,q,enter", "close", "Close this window.", shown="Esc"),)

CONFIRM = (
    Action("agree", "y", "yes", "Do it."),
    Action("leave", "escape,n,q", "no", "Close without a change.", shown="Esc"),
)

WORDS = (
    Action("save", "enter", "keep", "Keep the words; they are stored with the answer.", shown="Enter"),
    Action("leave", "escape", "leave as it was", "Close without a change.", shown="Esc"),
)

EDIT = (
    Action("save", "ctrl+s", "keep", "Keep the wording; it is stored with the answer.", shown="Ctrl+S"),
    Action("leave", "escape", "leave as it was", "Close without a change.", shown="Esc"),
)


def bindings(actions: Sequence[Action]) -> list[BindingType]:
    """Returns the bindings of a screen's actions."""
    return [action.binding for action in actions]


def by_key(actions: Sequence[Action], key: str) -> Action | None:
    """Returns the action that a key stands for."""
    for action in actions:
        if key in action.keys.split(","):
            return action
    return None
