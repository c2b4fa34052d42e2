"""Files made to take time or memory are refused in no time; each was made by somebody who tried."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from adversarial import checkpoint
from adversarial.errors import CheckpointError

HOSTILE = Path(__file__).parent / "hostile"


@pytest.mark.parametrize("name", sorted(path.name for path in HOSTILE.iterdir()))
def test_a_hostile_file_takes_no_time(tmp_path, name):
    path = HOSTILE / name
    if name.endswith(".gz"):
        path = tmp_path / "unpacked.pkl"
        path.write_bytes(gzip.decompress((HOSTILE / name).read_bytes()))
    started = time.process_time()
    with pytest.raises(CheckpointError):
        checkpoint.load_model(path)
    assert time.process_time() - started < 2
