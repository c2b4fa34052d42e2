"""What the fast engine computes is what PyTensor computes without it, on games of all kinds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytensor
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pytensor.link.vm import VMLinker

from adversarial import backend
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.engine import precompiled_headers
from adversarial.engine.graph_cache import CachedRewritesMode
from adversarial.game.costs import AdversaryCost2, LazyAdversaryCost, ThresholdedAdversaryCost
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import RectifiedLinear, Sigmoid, Tanh
from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.train import Train
from adversarial.training_algorithms.learning_rule import Momentum
from adversarial.training_algorithms.sgd import SGD

ROOT = Path(__file__).parents[2]
UPDATES = 3
PIXELS = 6

small = st.integers(2, 9)


@st.composite
def hidden_layers(draw: Any, prefix: str) -> list[tuple[type, dict[str, Any]]]:
    """Up to two hidden layers, as classes and their options."""
    kinds = draw(st.lists(st.sampled_from([Maxout, RectifiedLinear, Sigmoid, Tanh]), min_size=1, max_size=2))
    sized: list[tuple[type, dict[str, Any]]] = []
    for number, kind in enumerate(kinds):
        size = (
            {"num_units": draw(small), "num_pieces": draw(st.integers(1, 5))}
            if kind is Maxout
            else {"dim": draw(small)}
        )
        norm = draw(st.sampled_from([{}, {"max_col_norm": 1.5}]))
        sized.append((kind, size | norm | {"layer_name": f"{prefix}{number}", "irange": 0.8}))
    return sized


@st.composite
def games(draw: Any) -> dict[str, Any]:
    """What `parameters_after` builds a game of."""
    include = draw(st.sampled_from([0.5, 0.8, 1.0]))
    options = {
        "discriminator_default_input_include_prob": include,
        "discriminator_default_input_scale": 1 / include,
        "no_drop_in_d_for_g": draw(st.booleans()),
        "scale_grads": draw(st.booleans()),
    }
    kind = draw(st.sampled_from([AdversaryCost2, ThresholdedAdversaryCost, LazyAdversaryCost]))
    if kind is AdversaryCost2:
        options |= draw(st.sampled_from([{}, {"blend_obj": True, "minimax_coeff": 0.3}, {"alternate_g": True}]))
    return {
        "generator": draw(hidden_layers("g")),
        "discriminator": draw(hidden_layers("d")),
        "cost": (kind, options),
        "noise": draw(st.sampled_from(["uniform", "gaussian", "spherical"])),
        "noise_dim": draw(small),
        "batch_size": draw(st.integers(1, 12)),
        "momentum": draw(st.booleans()),
    }


def parameters_after(game: dict[str, Any], engine: backend.Engine) -> dict[str, np.ndarray]:
    """The parameters of a new game after `UPDATES` updates with this engine."""

    def network(name: str, last: int, inputs: int) -> MLP:
        layers = [kind(**options) for kind, options in game[name]]
        return MLP([*layers, Sigmoid(layer_name=f"{name[0]}y", dim=last, irange=0.8)], nvis=inputs)

    backend.configure(engine=engine)
    pair = AdversaryPair(
        Generator(network("generator", PIXELS, game["noise_dim"]), noise=game["noise"]),
        network("discriminator", 1, PIXELS),
    )
    kind, options = game["cost"]
    algorithm = SGD(
        learning_rate=0.3,
        batch_size=game["batch_size"],
        cost=kind(**options),
        learning_rule=Momentum(init_momentum=0.5) if game["momentum"] else None,
    )
    data = np.random.RandomState(7).uniform(size=(UPDATES * game["batch_size"], PIXELS))
    train = Train(dataset=DenseDesignMatrix(X=data), model=pair, algorithm=algorithm)
    train.main_loop(max_epochs=1)
    assert pair.monitor.get_batches_seen() == UPDATES
    return {f"{number} {each.name}": each.get_value() for number, each in enumerate(pair.get_params())}


def check(game: dict[str, Any]) -> None:
    before = backend.engine()
    try:
        fast, plain = (parameters_after(game, engine) for engine in ("fast", "plain"))
    finally:
        backend.configure(engine=before)
    assert fast.keys() == plain.keys()
    for name, value in plain.items():
        largest = np.abs(value).max()
        np.testing.assert_allclose(fast[name], value, rtol=0, atol=1e-12 * largest, err_msg=f"{name} of {game}")


LAW = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@settings(LAW, max_examples=1)
@given(game=games())
def test_the_fast_engine_computes_what_the_plain_one_does(on_c, float64, game):
    check(game)


@pytest.mark.soak
@settings(LAW, max_examples=60, derandomize=False, print_blob=True)
@given(game=games())
def test_the_fast_engine_computes_what_the_plain_one_does_in_many_games(on_c, float64, game):
    check(game)


@pytest.mark.skipif(not pytensor.config.cxx, reason="there is no C compiler")
def test_the_plain_engine_is_pytensors_linker_and_says_so(on_c, plain):
    chosen = backend.mode()
    assert type(chosen.linker) is VMLinker and not isinstance(chosen, CachedRewritesMode)
    assert "plain engine" in backend.summary()
    backend.configure(engine="fast")
    assert isinstance(backend.mode(), CachedRewritesMode)
    assert "plain" not in backend.summary()


@pytest.mark.skipif(not pytensor.config.cxx, reason="there is no C compiler")
def test_flags_that_shorten_compilation_go_with_the_fast_engine(on_c):
    before = backend.engine()
    backend.configure(engine="plain")
    flags = pytensor.config.gcc__cxxflags
    backend.configure(engine="fast")
    precompiled_headers.use()
    backend.configure(engine="plain")
    assert pytensor.config.gcc__cxxflags == flags and "-include" not in flags
    backend.configure(engine=before)


# PyTensor itself may import the rewrites, to read the keys of its cache of modules.
PLAIN_ALONE = """
import gc, importlib
import pytensor.tensor as pt
from adversarial import backend
imported, import_module = [], importlib.import_module
importlib.import_module = lambda name, *rest: (imported.append(name), import_module(name, *rest))[1]
x = pt.vector()
assert backend.function([x], pt.exp(x) * 2, later=True)([0.0] * 3).tolist() == [2.0] * 3
with backend.graph_construction():
    assert gc.isenabled()
assert "adversarial.engine.rewrites" not in imported
print(backend.engine(), backend.summary())
"""


def test_a_program_that_asks_for_it_by_the_environment_imports_no_rewrites(monkeypatch):
    monkeypatch.setenv("ADVERSARIAL_ENGINE", "plain")
    command = [sys.executable, "-c", PLAIN_ALONE]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("plain PyTensor") and "plain engine" in ran.stdout
