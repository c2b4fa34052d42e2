"""Every name that a YAML file or a saved model could use before modules moved still stands for what it did."""

from __future__ import annotations

from pathlib import Path

import pytest

from adversarial.names.allow_list import AllowList

LINES = (Path(__file__).parent / "earlier_names.txt").read_text().splitlines()
NAMES = [line.partition(" = ")[::2] for line in LINES if not line.startswith("#")]


@pytest.mark.parametrize(("name", "home"), NAMES)
def test_an_earlier_name_stands_for_what_it_did(name, home):
    found = AllowList().resolve(name)
    assert found is AllowList().resolve(home or name)
    # The kinds of SGD have names of their own that end so.
    assert found.__name__.endswith((home or name).rpartition(".")[2])
