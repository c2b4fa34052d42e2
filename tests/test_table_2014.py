"""The table of what 2014 had is true of the code: what it calls present is there, and what it calls absent is not."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

import pytest

from adversarial.names.names_2014 import NAMES_2014, home_of
from adversarial.names.slips import Slip
from adversarial.options import declared_options

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))
import table_2014  # noqa: E402

sys.path.remove(str(ROOT / "docs"))

NAMES = dict(table_2014.names())
SCRIPTS = {script: said for scripts in table_2014.facts()["scripts"].values() for script, said in scripts.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_as_the_table_says(name):
    said, target = NAMES[name], table_2014.resolved(name)
    if "absent" in said or "here" in said:
        assert target is None
        assert "here" not in said or table_2014.exists(said["here"])
        return
    assert target is not None
    declared = declared_options(target)
    without = said.get("without", {})
    taken = {option for option in said["options"] if declared is None or option in declared}
    assert taken == set(said["options"]) - without.keys()
    assert without.keys() <= set(said["options"])


def test_every_slip_that_is_named_is_one_and_every_test_is_there():
    everything = [*NAMES.values(), *SCRIPTS.values()]
    assert {slip for said in everything for slip in said.get("slips", ())} <= set(Slip.__members__)
    tests = [said["equal"] for said in NAMES.values() if "equal" in said]
    assert tests and all((ROOT / test).exists() for test in tests)


def test_no_name_of_2014_that_is_here_is_left_out():
    modules, homes = table_2014.facts()["names"], {home_of(name) for name in NAMES}
    known = {old: new for old, new in NAMES_2014.items() if old.rpartition(".")[0] in modules}
    # A module of 2014 that imported a name gave it as well: that of its own module stands in the table.
    assert [old for old, new in known.items() if old not in NAMES and new not in homes] == []


def test_experiments_that_are_said_to_be_followed_were_recorded_and_are_tested():
    followed = table_2014.followed()
    assert "mnist_recipe" in followed["adversarial.game.pair.AdversaryPair"]
    assert followed["adversarial.training_algorithms.bgd.BGD"] == ["softmax_regression_bgd (its first update)"]
    assert "adversarial.models.gaussian_rbm.GaussianBinaryRBM" not in followed
    recorded = ROOT / "tests" / "golden2014"
    named = {name.partition(" ")[0] for names in followed.values() for name in names}
    assert all(any((recorded / kind / name).is_dir() for kind in table_2014.RECORDED) for name in named)


def taken_by(program: str) -> tuple[set[str], bool]:
    """The flags of a program, and whether it takes something without a flag."""
    parser = importlib.import_module(f"adversarial.programs.{program}").argument_parser()
    assert isinstance(parser, argparse.ArgumentParser)
    flags = {flag for action in parser._actions for flag in action.option_strings}
    return flags, any(not action.option_strings for action in parser._actions)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_stands_as_the_table_says(script):
    said = SCRIPTS[script]
    launcher = ROOT / script if script == "train.py" else ROOT / "tools" / script
    if "absent" in said:
        assert not launcher.exists()
        return
    assert (ROOT / "adversarial" / "programs" / f"{said['program']}.py").exists()
    flags, without_flag = taken_by(said["program"])
    for flag, words in said["flags"].items():
        there = flag in flags if flag.startswith("-") else without_flag
        assert there or words is not True, flag


def test_the_page_has_every_name_and_script():
    page = table_2014.page()
    for name in [*NAMES, *SCRIPTS]:
        assert f"* - ``{name if name in SCRIPTS else name.rpartition('.')[2]}``" in page
    assert "lacks ``sparse_init``" in page
    assert page.count("\n.. list-table::") == len(table_2014.facts()["names"]) + len(table_2014.facts()["scripts"])


def test_each_verdict_is_given_for_its_reason():
    verdicts = {name: table_2014.verdict(name, said) for name, said in NAMES.items()}
    assert verdicts["adversarial.Sum"] in ("equal", "present")
    assert verdicts["adversarial.AdversaryPair"] == "differs"
    assert verdicts["pylearn2.models.maxout.Maxout"] == "equal"
    assert verdicts["pylearn2.costs.cost.Cost"] == "for Python"
    assert verdicts["pylearn2.datasets.svhn.SVHN_On_Memory"] == "absent"
    assert verdicts["pylearn2.datasets.cifar100.CIFAR100"] == "differs"
    assert verdicts["pylearn2.datasets.binarizer.Binarizer"] == "equal"
    assert verdicts["pylearn2.costs.cost.LpPenalty"] == "present"
