"""CSV files, and what is said of those that are none."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.datasets.csv_files import BlackBoxDataset, CSVDataset, EmotionsDataset
from adversarial.errors import DataError
from adversarial.options import OptionError


def test_rows_are_examples_with_or_without_labels_and_header(tmp_path):
    numbers = np.random.RandomState(0).rand(4, 3).round(6)
    np.savetxt(tmp_path / "plain.csv", numbers, delimiter=";")
    found = CSVDataset(str(tmp_path / "plain.csv"), expect_labels=False, expect_headers=False, delimiter=";")
    np.testing.assert_allclose(found.X, numbers)
    assert found.y is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [("a,b\n1,x\n", "is no table of numbers"), ("a,b\n1,2\n3\n", "is no table of numbers"), ("a\n1\n", "a label and")],
)
def test_what_is_no_table_is_told(text, reason, tmp_path):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(DataError, match=reason):
        CSVDataset(str(tmp_path / "x.csv"))


def test_absent_files_and_wrong_options_are_told(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        CSVDataset(str(tmp_path / "x.csv"))
    with pytest.raises(OptionError, match="must be one character"):
        CSVDataset("x.csv", delimiter=", ")
    for contest in (BlackBoxDataset, EmotionsDataset):
        with pytest.raises(DataError, match="put the files of the contest there, or set base_path"):
            contest("train", base_path=str(tmp_path))
