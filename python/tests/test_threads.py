"""Threads, processes, and Ctrl-C."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import polars
import pyarrow
import pytest

import engram

ENDLESS = "SELECT count(*) FROM generate_series(1, 1000000000000)"
ENDLESS_ROWS = "SELECT value FROM generate_series(1, 1000000000000) WHERE value % 1000000000 = -1"

# How long an interrupted wait may go on, on a busy machine.
SOON_SECONDS = 20


@pytest.fixture
def interrupted():
    """Ctrl-C, half a second after it begins, and soon heard."""

    class Interrupted:
        def __enter__(self):
            self.timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
            self.timer.start()
            self.started = time.monotonic()

        def __exit__(self, kind, value, trace):
            self.timer.cancel()
            assert time.monotonic() - self.started < 0.5 + SOON_SECONDS

    return Interrupted()


def interrupt(work, interrupted):
    with interrupted, pytest.raises(KeyboardInterrupt):
        work()
        # Another library raises an error of its own first; what Python was told comes with the next step.
        time.sleep(SOON_SECONDS)


@pytest.mark.parametrize("take", ["arrow", "polars", "pandas", "numpy"])
def test_a_query_ends_at_an_interrupt(dataset, interrupted, take):
    answer = dataset.sql(ENDLESS)
    interrupt(getattr(answer, take), interrupted)
    assert dataset.sql("SELECT 1 AS one").numpy()["one"].tolist() == [1]


def test_iteration_ends_at_an_interrupt(dataset, interrupted):
    interrupt(lambda: list(dataset.sql(ENDLESS_ROWS)), interrupted)


@pytest.mark.parametrize("take", [pyarrow.table, polars.DataFrame])
def test_what_another_library_takes_ends_at_an_interrupt(dataset, interrupted, take):
    def work():
        with pytest.raises(Exception, match="interrupted"):
            take(dataset.sql(ENDLESS))

    interrupt(work, interrupted)


def test_an_experiment_ends_at_an_interrupt(dataset):
    def progress(done, total, what):
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        dataset.identify(splits=20, settings={"n_trees": 2000}, progress=progress)
    # The split that is being learned ends, and no other begins.
    deadline = time.monotonic() + SOON_SECONDS
    while True:
        used = time.process_time()
        time.sleep(0.5)
        if time.process_time() - used < 0.1:
            break
        assert time.monotonic() < deadline


def test_an_experiment_ends_where_progress_raises(dataset):
    def progress(done, total, what):
        assert (total, what) == (5, "identify")
        if done == 2:
            raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        dataset.identify(splits=5, settings={"n_trees": 10}, progress=progress)


def test_threads_ask_at_once(dataset):
    def ask(rule):
        answer = dataset.sql("SELECT count(*) AS n FROM trajectories WHERE learning_rule = $1", [rule])
        return answer.numpy()["n"].tolist()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, ["sgdm", "adam", "feedback_alignment"] * 16)) == [[36]] * 48


@pytest.mark.parametrize("take", [pyarrow.table, polars.DataFrame, engram.Answer.arrow, list])
def test_other_threads_go_on_while_one_waits(dataset, take):
    steps = 0
    done = threading.Event()

    def step():
        nonlocal steps
        while not done.is_set():
            steps += 1
            time.sleep(0.001)

    stepping = threading.Thread(target=step)
    stepping.start()
    take(dataset.sql("SELECT count(*) FROM generate_series(1, 20000000)"))
    done.set()
    stepping.join()
    assert steps > 20


def test_one_answer_in_two_threads(dataset):
    batches = iter(dataset.sql("SELECT value FROM generate_series(1, 100000)"))
    with ThreadPoolExecutor(2) as threads:
        taken = list(threads.map(lambda _: sum(batch.num_rows for batch in batches), range(2)))
    assert sum(taken) == 100_000


def test_a_fork_is_told_to_spawn(dataset):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            dataset.sql("SELECT 1")
            told = b"no error"
        except engram.Error as error:
            told = error.hint.encode()
        except BaseException as error:
            told = repr(error).encode()
        os.write(write, told)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        assert "spawn" in told.read()
    os.waitpid(child, 0)


def test_spawned_processes(url, tmp_path):
    script = f"""
        import multiprocessing
        import engram

        def count_runs(url):
            return engram.open(url).n_runs

        if __name__ == "__main__":
            engram.open({url!r})
            with multiprocessing.get_context("spawn").Pool(2) as pool:
                print(pool.map(count_runs, [{url!r}] * 2))
    """
    file = tmp_path / "spawning.py"
    file.write_text(textwrap.dedent(script))
    done = subprocess.run([sys.executable, file], capture_output=True, text=True)
    assert done.stdout.strip() == "[9, 9]", done.stderr


def test_a_process_ends_while_work_goes_on(url):
    script = f"import engram; next(iter(engram.open({url!r}).sql('SELECT value FROM generate_series(1, 1000000000000)')))"
    assert subprocess.run([sys.executable, "-P", "-c", script], timeout=60).returncode == 0
