"""What a file may name: ours that were made for it, a user's own that were allowed, and nothing else."""

from __future__ import annotations

import inspect
import sys
import textwrap

import pytest

import adversarial
from adversarial.config import yaml_parse
from adversarial.errors import ConfigurationError
from adversarial.names.allow_list import AllowList, part_of_model
from adversarial.names.names_2014 import NAMES_2014
from adversarial.options import Configurable
from adversarial.termination_criteria import EpochCounter

#: Names of 2014 that are not the end of the name here, and what that is: a class that is a function here, a function
#: that is a class, a name that was older.
CALLED_OTHERWISE = {
    "RetrainingConditionalAdversaryPair": "make_conditional",
    "grbm_type_1": "GRBM_Type_1",
    "WindowAndFlipC01B": "WindowAndFlip",
}


@pytest.mark.parametrize("name", sorted(NAMES_2014))
def test_each_name_of_2014_stands_for_what_lives_at_its_new_name(name):
    found = AllowList().resolve(name)
    assert found is AllowList().resolve(NAMES_2014[name])
    # The kinds of SGD have names of their own that end so.
    last = name.rpartition(".")[2]
    assert found.__name__.endswith(CALLED_OTHERWISE.get(last, last))
    assert inspect.isclass(found) and issubclass(found, Configurable) or found.__configurable__


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "subprocess.Popen",
        "builtins.eval",
        "eval",
        "adversarial.errors.os.system",
        "adversarial.options.inspect",
        "adversarial.options.nearest",
        "adversarial.options.np.load",
        "adversarial.names.allow_list.importlib.import_module",
        "adversarial.names.allow_list.sys",
        "adversarial.checkpoint.load_model",
        "adversarial.train.Train.main_loop",
        "adversarial.train.Train.__init__",
        "adversarial.train.__builtins__",
        "adversarial.options.Configurable.__subclasses__",
        "adversarial.game.layers._NoisyLayer",
        "adversarial..train.Train",
        "adversarial.train.Train.",
        ".train.Train",
        "adversarial/train.Train",
        "adversarial.train.Train()",
        "",
        ".",
        "a b.c",
        "__main__.x",
        "tests.conftest.golden",
    ],
)
@pytest.mark.parametrize("allow", [(), ("adversarial",)])
def test_nothing_else_can_be_named(name, allow):
    with pytest.raises(ConfigurationError):
        AllowList(allow).resolve(name)


def test_what_is_not_allowed_is_not_imported(tmp_path, monkeypatch):
    (tmp_path / "strangers_module.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    for tag in ("!obj:strangers_module.thing {}", "!import: strangers_module.thing", "!import:strangers_module.thing"):
        with pytest.raises(ConfigurationError, match="allow it by --allow strangers_module"):
            yaml_parse.load(tag)
    assert "strangers_module" not in sys.modules


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("pylearn2.models.mlp.RectifedLinear", "not known; did you mean 'pylearn2.models.mlp.RectifiedLinear'?"),
        ("pylearn2.train.SGD", "did you mean 'pylearn2.training_algorithms.sgd.SGD'?"),
        ("adversarial.Generater", "did you mean 'adversarial.Generator'?"),
        ("adversarial.models.maxout.Maxoot", "did you mean 'adversarial.models.maxout.Maxout'?"),
        (
            "adversarial.termination_criteria.EpochCount",
            "did you mean 'adversarial.termination_criteria.Ep",
        ),
        ("pylearn2.models.svm.DenseMulticlassSVM", "2014's 'pylearn2.models.svm.DenseMulticlassSVM' is not ported"),
        ("theano.function", "2014's 'theano.function' is not ported"),
        ("pylearn2.models.kmeans.KMeans", "is not ported: k-means is out of scope; scikit-learn has it"),
        ("pylearn2.models.mlp.ConvSoftplus", "2014's 'pylearn2.models.mlp.ConvSoftplus' is not ported"),
        ("numpy.zeros", "'numpy.zeros' is not allowed; if it is your own code, allow it by --allow numpy"),
        ("MLP", "'MLP' is not a dotted name such as adversarial.models.mlp.MLP"),
        ("adversarial.options.nearest", "is not something that a file can build"),
        ("\x1b[2J.\n", "'\\x1b[2J.\\n' is not a name that a file can use"),
    ],
)
def test_a_refusal_says_what_to_do(name, sentence):
    with pytest.raises(ConfigurationError) as caught:
        AllowList().resolve(name)
    assert sentence in str(caught.value)


def test_a_name_of_the_table_without_a_home_is_said_not_to_be_ported(monkeypatch):
    for home in ("adversarial.models.nowhere.RBM", "adversarial.models.mlp.RBM"):
        monkeypatch.setitem(NAMES_2014, "pylearn2.models.rbm.RBM", home)
        with pytest.raises(ConfigurationError, match=r"^2014's 'pylearn2\.models\.rbm\.RBM' is not ported$"):
            AllowList().resolve("pylearn2.models.rbm.RBM")


@pytest.fixture
def users_module(tmp_path, monkeypatch):
    """A module of a user's own in the working directory: gives its name."""
    source = """
        import os
        from functools import partial
        from os import system
        from subprocess import Popen

        from adversarial.options import nearest
        from adversarial.termination_criteria import EpochCounter
        from adversarial.train_extensions import TrainExtension

        seen = []
        size = 3

        class Watch(TrainExtension):
            def __init__(self, channel: str, every: int = 1):
                self.channel, self.every = channel, every

        def count(algorithm=None, *, start=0):
            seen.append(start)
            return seen

        def fails(reason):
            raise ValueError(reason)

        def has_a_bug():
            return [].nothing

        plus_five = partial(count, start=5)
    """
    (tmp_path / "users_own.py").write_text(textwrap.dedent(source))
    package = tmp_path / "users_package" / "inner"
    package.mkdir(parents=True)
    (tmp_path / "users_package" / "__init__.py").write_text("")
    (package / "__init__.py").write_text("def thing(x): return x\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield "users_own"
    for name in [name for name in sys.modules if name.startswith("users_")]:
        del sys.modules[name]


def test_an_allowed_module_is_found_in_the_working_directory(users_module, tmp_path):
    found = yaml_parse.load("!obj:users_own.Watch { channel: 'valid_y' }", allow=(users_module,))
    assert (found.channel, found.every) == ("valid_y", 1)
    assert yaml_parse.load("!import: users_own.count", allow=(users_module,))() == [0]
    assert yaml_parse.load("!obj:users_own.plus_five", allow=(users_module,)) == [0, 5]
    assert sys.path[0] != str(tmp_path)


def test_submodules_of_an_allowed_module_are_allowed_and_its_parents_are_not(users_module):
    text = "!obj:users_package.inner.thing { x: 3 }"
    assert yaml_parse.load(text, allow=("users_package",)) == 3
    assert yaml_parse.load(text, allow=("users_package.inner",)) == 3
    for other in ("users_package.inner.more", "users_pack", "users_own"):
        with pytest.raises(ConfigurationError, match="is not allowed"):
            yaml_parse.load(text, allow=(other,))


@pytest.mark.parametrize(
    "name", ["os", "system", "Popen", "os.system", "size", "nearest", "partial", "seen", "Watch.__init__", "__loader__"]
)
def test_what_an_allowed_module_only_imports_is_not_allowed_with_it(users_module, name):
    with pytest.raises(ConfigurationError):
        yaml_parse.load(f"!import: users_own.{name}", allow=(users_module,))


def test_a_forks_module_of_our_name_can_be_allowed(users_module, tmp_path, monkeypatch):
    monkeypatch.setattr(adversarial, "__path__", list(adversarial.__path__))
    fork = tmp_path / "adversarial"
    fork.mkdir()
    (fork / "conditional.py").write_text("from adversarial.models.model import Model\n\nclass Pair(Model):\n    pass\n")
    (fork / "options.py").write_text("raise SystemExit('imported')\n")
    text = "!obj:adversarial.conditional.Pair {}"
    sentence = "if it is a fork's, in a folder adversarial, allow it by --allow adversarial.conditional"
    with pytest.raises(ConfigurationError, match=sentence):
        yaml_parse.load(text)
    built = yaml_parse.load(text, allow=("adversarial.conditional",))
    assert type(built).__name__ == "Pair" and part_of_model(["adversarial.conditional"])(text[5:-3]) is type(built)
    # What is ours stays ours, and what was imported once is not allowed to others.
    with pytest.raises(ConfigurationError, match="is not something that a file can build"):
        yaml_parse.load("!obj:adversarial.options.nearest {}", allow=("adversarial",))
    with pytest.raises(ConfigurationError, match="is not known"):
        yaml_parse.load(text)
    del sys.modules["adversarial.conditional"]


def test_the_authors_first_tree_is_known():
    for name in ("AdversaryPair", "sgd.SGD", "sgd_alt.SGD", "deconv.Deconv", "disco.Disconnector"):
        assert AllowList().resolve(f"galatea.adversarial.{name}") is AllowList().resolve(f"adversarial.{name}")
    with pytest.raises(ConfigurationError, match="'galatea.adversarial.Generater' is not known"):
        AllowList().resolve("galatea.adversarial.Generater")


def test_what_is_ours_may_be_named_through_a_users_module(users_module):
    assert yaml_parse.load("!import: users_own.EpochCounter", allow=(users_module,)) is EpochCounter


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("!obj:users_own.Watch { chanel: x }", "key 'chanel': Watch has no option 'chanel'; did you mean 'channel'?"),
        ("!obj:users_own.Watch { channel: 3 }", "key 'channel': Watch: channel is 3, but must be text"),
        ("!obj:users_own.Wach {}", "has no 'Wach'; did you mean 'Watch'?"),
        ("!obj:users_own.fails { reason: 'too late' }", "line 1: fails: too late"),
        ("!obj:users_missing.x {}", "the allowed module 'users_missing' cannot be imported"),
        ("!obj:users_broken.x {}", "'users_broken' cannot be imported (SyntaxError: line 1: "),
        ("!obj:users_raising.x {}", "'users_raising' cannot be imported (ZeroDivisionError: "),
    ],
)
def test_mistakes_around_a_users_module_are_told(users_module, tmp_path, text, sentence):
    (tmp_path / "users_broken.py").write_text("def x(:\n")
    (tmp_path / "users_raising.py").write_text("1 / 0\n")
    allow = ("users_own", "users_missing", "users_broken", "users_raising")
    with pytest.raises(ConfigurationError) as caught:
        yaml_parse.load(text, allow=allow)
    assert sentence in str(caught.value)


def test_a_bug_in_a_users_function_is_left_to_be_seen(users_module):
    with pytest.raises(AttributeError):
        yaml_parse.load("!obj:users_own.has_a_bug {}", allow=(users_module,))
