"""A real file system, made small for the test, that fills up under a save: the previous file stays, and that is said.

It is mounted within a namespace of the test's own, which needs no rights and leaves nothing; where the system has no
such thing the test is skipped, and limits on file size (`tests/test_checkpoint.py`) stand in for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adversarial import checkpoint

ROOT = Path(__file__).parents[2]
MOUNTED = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]

#: Saves at `argv[1]` with `argv[2]` different amounts of room; prints for each the free bytes and what save said.
SAVES = """
import json, os, sys
import numpy as np
from adversarial import checkpoint
from adversarial.errors import CheckpointError
path, steps = sys.argv[1], int(sys.argv[2])
folder = os.path.dirname(path)
checkpoint.write(path, {"W": np.full(250_000, 1, "f4")})
before = open(path, "rb").read()
for step in range(steps):
    filler = os.open(os.path.join(folder, "filler"), os.O_WRONLY | os.O_CREAT)
    room = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    keep = len(before) * step // steps
    os.posix_fallocate(filler, 0, max(1, room - keep))
    try:
        checkpoint.write(path, {"W": np.full(250_000, 2, "f4")})
        said = ""
    except CheckpointError as error:
        said = str(error)
    os.close(filler)
    os.unlink(os.path.join(folder, "filler"))
    print(json.dumps([keep, said, os.listdir(folder) == [os.path.basename(path)], open(path, "rb").read() == before]))
checkpoint.write(path, {"W": np.full(250_000, 2, "f4")})
assert checkpoint.read(path)["W"][0] == 2
"""


def saves(folder, ending, steps):
    """What was said, and whether the folder and the file were as before, at each amount of room."""
    if subprocess.run([*MOUNTED, f"mount -t tmpfs none {folder}"], capture_output=True).returncode:
        pytest.skip("this system lets no file system be mounted for a test")
    program = f'mount -t tmpfs -o size=6m none {folder} && exec "$0" "$@"'
    command = [*MOUNTED, program, sys.executable, "-c", SAVES, f"{folder}/model{ending}", str(steps)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(folder, ending, steps):
    found = saves(folder, ending, steps)
    assert len(found) == steps
    for room, said, alone, whole in found:
        assert said.endswith("free some space and save again; the file that was there before is untouched"), room
        assert "the disk is full" in said and alone and whole, room


def test_a_full_file_system_leaves_the_previous_file_whole_and_says_so(tmp_path):
    check(tmp_path, ".pkl", 8)


@pytest.mark.soak
@pytest.mark.parametrize("ending", checkpoint.ENDINGS)
def test_500_full_file_systems_leave_the_previous_file_whole(tmp_path, ending):
    check(tmp_path, ending, 500)
