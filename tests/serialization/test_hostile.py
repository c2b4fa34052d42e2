"""Files that were made to take a reader's time: each is refused at once."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOSTILE = Path(__file__).parent / "hostile"
ROOT = Path(__file__).parents[2]
#: In a process of its own, which no tracing of coverage slows down; starting it does not count.
OPEN = """
import sys, time
from adversarial import checkpoint
from adversarial.errors import CheckpointError
started = time.process_time()
try:
    checkpoint.load_model(sys.argv[1])
except CheckpointError:
    print(time.process_time() - started)
"""


@pytest.mark.parametrize("name", sorted(path.name for path in HOSTILE.iterdir()))
def test_a_hostile_file_takes_no_time(tmp_path, name):
    path = HOSTILE / name
    if name.endswith(".gz"):
        path = tmp_path / "unpacked.pkl"
        path.write_bytes(gzip.decompress((HOSTILE / name).read_bytes()))
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert float(done.stdout) < 2
