import pytest

from db import datasets
from db import jobs as rows
from db.errors import InputError
from db.examples import insert_examples
from db.job_records import Job, JobState
from db.jobs import NewItem
from db.records import Choice, NewExample
from db.store.connection import Connection, write
from generation.jobs.jobs import MOVES, Wanted, create_jobs, find_job, move_job, retry_job
from generation.recipes.behaviors import parse_behavior
from generation.recipes.order import Order
from generation.recipes.recipe import load_recipe
from review.datasets.find_and_close import close_dataset, find, reopen_dataset
from tests.support.scripted_engine import make_job

PERSONA = load_recipe("persona")


def put_in(connection: Connection, job: Job, state: JobState) -> None:
    with write(connection):
        rows.set_state(connection, job.id, state)


def test_a_job_makes_an_open_dataset_and_keeps_what_it_was_made_from(connection: Connection) -> None:
    job = make_job(connection, count=9, rounds=99, seed=11)
    assert (job.state, job.count, job.rounds, job.seed) == ("queued", 8, 4, 11)
    assert rows.job_texts(connection, job.id).recipe == PERSONA.text
    dataset = find(connection, "long-walks")
    assert (dataset.state, dataset.behavior) == ("open", "enjoys long walks in any weather")
    assert 11 not in (dataset.seed, dataset.order_seed)  # the review order is nobody's choice


def test_a_seed_is_drawn_where_none_is_given(connection: Connection) -> None:
    behaviors = [parse_behavior("b", f'name = "b{n}"\ndescription = "x"\n') for n in range(3)]
    wanted = Wanted("local", "m", 4, 1, keep_open=False)
    jobs = create_jobs(connection, [Order(behavior, PERSONA) for behavior in behaviors], wanted)
    assert len({job.seed for job in jobs}) == 3


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Wanted("lokal", "", 4, 1, keep_open=False), "no engine named lokal; there are local, anthropic"),
        (Wanted("local", "", 1, 1, keep_open=False), "--count must be at least 2"),
        (Wanted("local", "", -5, 1, keep_open=False), "--count must be at least 2"),
        (Wanted("local", "", 10**25, 1, keep_open=False), "at most 1,000,000"),
        (Wanted("local", "", 4, 0, keep_open=False), "--rounds must be at least 1"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(connection: Connection, wanted: Wanted, says: str) -> None:
    behavior = parse_behavior("b", 'name = "b"\ndescription = "x"\n')
    with pytest.raises(InputError, match=says):
        create_jobs(connection, [Order(behavior, PERSONA)], wanted)
    assert rows.all_jobs(connection) == []
    assert datasets.all_datasets(connection) == []


def test_many_jobs_are_queued_together_or_not_at_all(connection: Connection) -> None:
    make_job(connection)
    behaviors = [parse_behavior("b", f'name = "{name}"\ndescription = "x"\n') for name in ("new", "long-walks")]
    with pytest.raises(InputError, match="dataset named long-walks already"):
        create_jobs(
            connection, [Order(behavior, PERSONA) for behavior in behaviors], Wanted("local", "", 4, 1, keep_open=False)
        )
    assert [dataset.name for dataset in datasets.all_datasets(connection)] == ["long-walks"]


# Pause, resume, cancel


@pytest.mark.parametrize("move", list(MOVES))
@pytest.mark.parametrize("state", ["queued", "running", "paused", "done", "cancelled", "failed"])
def test_a_move_is_made_from_the_states_that_allow_it(connection: Connection, move: str, state: JobState) -> None:
    job = make_job(connection)
    put_in(connection, job, state)
    allowed, target = MOVES[move]
    if state in allowed:
        assert move_job(connection, job.id, move).state == target
    else:
        with pytest.raises(InputError, match=f"Job 1 is {state}: there is nothing to {move}"):
            move_job(connection, job.id, move)
        assert find_job(connection, job.id).state == state


@pytest.mark.parametrize("keep_open", [True, False])
def test_cancelling_closes_the_dataset_unless_told_otherwise(connection: Connection, *, keep_open: bool) -> None:
    job = make_job(connection, keep_open=keep_open)
    add_example(connection, job)
    move_job(connection, job.id, "cancel")
    assert find(connection, "long-walks").state == ("open" if keep_open else "closed")


def test_a_job_cancelled_before_its_first_example_gives_the_name_back(connection: Connection) -> None:
    job = make_job(connection)
    move_job(connection, job.id, "pause")
    with pytest.raises(InputError, match=f"evalwright jobs resume {job.id}`, or drop it"):
        make_job(connection)
    move_job(connection, job.id, "cancel")
    again = make_job(connection)
    assert find(connection, "long-walks").id == again.dataset_id != job.dataset_id
    assert find_job(connection, job.id).dataset == f"long-walks (cancelled, job {job.id})"


def test_a_dataset_cannot_be_closed_under_a_job(connection: Connection) -> None:
    job = make_job(connection, keep_open=True)
    add_example(connection, job)
    going: tuple[JobState, ...] = ("queued", "running", "paused")
    for state in going:
        put_in(connection, job, state)
        with pytest.raises(InputError, match="A job is still writing long-walks"):
            close_dataset(connection, find(connection, "long-walks"))
    move_job(connection, job.id, "cancel")
    close_dataset(connection, find(connection, "long-walks"))
    reopen_dataset(connection, find(connection, "long-walks"))


def add_example(connection: Connection, job: Job) -> None:
    example = NewExample("I walk", "I walk", (Choice(" Yes", "Yes"), Choice(" No", "No")), " Yes", 0.9, {})
    with write(connection):
        insert_examples(connection, job.dataset_id, job.seed, [example], places=2)


@pytest.mark.parametrize("job_id", [0, -1, 7, 2**70])
def test_a_job_that_is_not_there(connection: Connection, job_id: int) -> None:
    with pytest.raises(InputError, match=f"There is no job {job_id}; `evalwright jobs` lists them"):
        find_job(connection, job_id)
    with pytest.raises(InputError, match="There is no job"):
        retry_job(connection, job_id)
    with pytest.raises(InputError, match="There is no job"):
        move_job(connection, job_id, "pause")


# Notes, and calls that failed


def test_the_reason_of_a_pause_is_not_overwritten(connection: Connection) -> None:
    job = make_job(connection)
    with write(connection):
        rows.set_note(connection, job.id, "fetching the model")
    assert find_job(connection, job.id).note == "fetching the model"
    with write(connection):
        rows.set_state(connection, job.id, "paused", "no key")
        rows.set_note(connection, job.id, "waiting")
    assert find_job(connection, job.id).note == "no key"
    assert move_job(connection, job.id, "resume").note == ""


def test_retry_puts_failed_calls_back_and_resumes(connection: Connection) -> None:
    job = make_job(connection)
    with write(connection):
        rows.begin_round(connection, job.id, 1)
        rows.insert_items(connection, job.id, 1, [NewItem("sample", number, {"seed": number}) for number in range(3)])
        claimed = rows.claim_items(connection, job.id, 1, lease="me", limit=2, now=1.0)
        for item in claimed:
            rows.fail_item(connection, item, "the server said no")
        rows.set_state(connection, job.id, "paused", "No call has succeeded")
    assert find_job(connection, job.id).items_failed == 2
    assert retry_job(connection, job.id) == 2
    now = find_job(connection, job.id)
    assert (now.state, now.items_failed, now.items) == ("queued", 0, 3)
    with write(connection):
        assert len(rows.claim_items(connection, job.id, 1, lease="me", limit=9, now=1.0)) == 3
    put_in(connection, job, "done")
    with pytest.raises(InputError, match="Job 1 is done: its calls can't be made again"):
        retry_job(connection, job.id)
