"""Tables in text: the numbers that were written, whatever stands between them, and the line that is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.errors import DataError
from adversarial.files.rows import open_rows

TABLE = np.random.default_rng(0).normal(size=(9000, 5))


@pytest.mark.parametrize(("delimiter", "header"), [(",", ""), (";", "a;b;c;d;e"), ("\t", ""), (" ", "one two")])
def test_the_numbers_come_back_a_block_at_a_time(tmp_path, delimiter, header):
    path = tmp_path / "table.csv"
    np.savetxt(path, TABLE, delimiter=delimiter, header=header, comments="")
    rows = open_rows(path)
    assert rows.shape == (9000, 5) and rows.dtype == np.float64
    np.testing.assert_array_equal(rows[8000:8999], TABLE[8000:8999])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,2\n3,4\n5,x\n", "line 3: not 2 numbers"),
        ("1,2\n\n3,4,5\n", "line 3: not 2 numbers"),
        ("a,b\n", "no numbers in it"),
        ("", "no numbers in it"),
    ],
)
def test_what_is_no_table_is_told_by_its_line(tmp_path, text, words):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=words):
        open_rows(tmp_path / "t.csv")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="no text in UTF-8"):
        open_rows(tmp_path / "t.csv")
