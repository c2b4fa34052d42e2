"""The facts of 2014 are complete, and name classes of this package."""

from __future__ import annotations

import pytest

from adversarial.comparison import facts
from adversarial.comparison.experiment import at
from adversarial.comparison.option_docs import resolve


def test_facts_hold_together():
    for file in facts.FILES:
        then = facts.recorded(file)
        assert then.file == file and then.source == "goodfeli/adversarial 1720041"
        assert at(then.experiment, "algorithm.learning_rule").kind == "Momentum"
    _, rows = facts.table_1()
    assert {row.model: row.results["mnist"] for row in rows}["Adversarial nets"] == (225, 2)


@pytest.mark.parametrize("name", sorted(facts.defaults_2014()))
def test_classes_of_2014_have_one_here(name):
    assert resolve(name) is not None
    assert facts.defaults_2014()[name]["source"]


def test_table_1_has_a_figure_for_each_data_set():
    source, rows = facts.table_1()
    assert "Table 1" in source
    assert all(set(row.results) == {"mnist", "tfd"} for row in rows)
    assert all(error > 0 for row in rows for _, error in row.results.values())
