"""Programs killed while they save, over and over: what is there afterwards is always a whole save."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from adversarial import checkpoint

SAVES = """
import sys
import numpy as np
from adversarial import checkpoint
round = int(sys.argv[2])
while True:
    round += 1
    checkpoint.write(sys.argv[1], {"round": round, "W": np.full(100_000, round, "f4")})
    print(round, flush=True)
"""


def _kill_saves(path, rounds, rng):
    last = 0
    for _ in range(rounds):
        program = subprocess.Popen([sys.executable, "-c", SAVES, path, str(last)], stdout=subprocess.PIPE, text=True)
        program.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        program.send_signal(signal.SIGKILL)
        said = [int(line) for line in program.stdout.read().split("\n")[:-1]]
        program.wait()
        content = checkpoint.read(path)
        assert np.array_equal(content["W"], np.full(100_000, content["round"], "f4"))
        # What it said was saved is saved; the one after that may be.
        newest = said[-1] if said else last + 1
        assert content["round"] in (newest, newest + 1)
        last = content["round"]


@pytest.mark.parametrize("ending", checkpoint.ENDINGS)
def test_a_save_that_is_killed_leaves_a_whole_file(tmp_path, ending):
    _kill_saves(tmp_path / f"model{ending}", 3, random.Random(ending))


@pytest.mark.soak
@pytest.mark.parametrize("ending", checkpoint.ENDINGS)
def test_200_killed_saves_each_leave_a_whole_file(tmp_path, ending):
    _kill_saves(tmp_path / f"model{ending}", 200, random.Random(ending))
