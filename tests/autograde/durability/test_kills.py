"""kill -9 of any process at any moment: running the command again completes the batch, with the same grades.

LOSSBOOK_KILLS=100 kills more often than the routine does, LOSSBOOK_KILLS_SEED at other moments.
"""

import os
import random
import time
from collections import Counter

import psutil
import pytest
from classroom import CLASS, family, finish, grade, grades, start, wait_until_gone

KILLS = int(os.environ.get("LOSSBOOK_KILLS", "12"))
SEED = int(os.environ.get("LOSSBOOK_KILLS_SEED", "0"))
KINDS = ("coordinator", "worker", "warm", "learner")
RUNS = 20  # without any kill: more than enough to complete


def disturb(root, kills, chance):
    """Kill so many processes, in as many runs as that takes; return how many of each kind."""
    killed = Counter()
    while killed.total() < kills:
        run = start(root, "--workers", "2", *chance.choice([(), ("--force",)]))
        seen = []
        while killed.total() < kills and running(run):
            kind = rarest(killed, chance)
            seen += (victims := wait_for_victims(run, kind, chance.uniform(0, 1)))
            if not victims:
                continue
            try:
                chance.choice(victims).kill()
            except psutil.NoSuchProcess:
                continue
            killed[kind] += 1
            print(f"{killed.total()} of {kills}: {kind}", flush=True)
        finish(run)
        assert wait_until_gone(seen) == [], "processes outlive their run"
    return killed


def rarest(killed, chance):
    """Return a kind of process that was killed least often, so that a few kills reach every kind."""
    fewest = min(killed[kind] for kind in KINDS)
    return chance.choice([kind for kind in KINDS if killed[kind] == fewest])


def running(pid):
    return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def wait_for_victims(run, kind, delay):
    """Wait until a run has processes of a kind, and a moment longer; return those that are there then."""
    while running(run) and not family(run)[kind]:
        time.sleep(0.01)
    time.sleep(delay * (0.1 if kind == "learner" else 3))
    return family(run)[kind]


@pytest.mark.timeout(60 * KILLS)
def test_after_kills_the_next_run_gives_the_grades_of_an_undisturbed_one(course, undisturbed, capfd):
    with capfd.disabled():
        killed = disturb(course, KILLS, random.Random(SEED))
    for _ in range(RUNS):
        status, said = grade(course, "--workers", "2")
        if status == 0:
            break
    assert status == 0, said
    assert grades(course) == undisturbed
    assert set(undisturbed["ours"]) == set(CLASS)
    assert set(killed) == set(KINDS)
    print(dict(killed))
