"""Every compiled function of the experiments can be compiled for CUDA, on a machine without a GPU, and computes there.

JAX lowers a function for a platform that is not at hand; what is a CPU's alone fails in it. A training run is gone
through with its functions lowered in place of being run: updates, many of them in one dispatch and one at a time, the
monitor, and samples.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded import prepare, prepare_images

from adversarial import backend
from adversarial.config import yaml_parse
from adversarial.game.sampling import samples_of
from adversarial.progress.reporting import Silent

jax = pytest.importorskip("jax", reason="jax is not installed")
export = pytest.importorskip("jax.export")

pytestmark = [pytest.mark.trajectory, pytest.mark.parametrize("on", ["jax"], indirect=True)]

#: The paper's five experiments, small: mnist.yaml, cifar10_fully_connected.yaml, cifar10_convolutional.yaml,
#: tfd_pretrain/pretrain.yaml, and then train.yaml, which adds layers below those of a model of the former.
EXPERIMENTS = ("mnist_recipe", "cifar_full_recipe", "cifar_conv_recipe", "tfd_recipe", "tfd_pretrain_same_names")
GAMES = ("noise_layers", "inferer")
CLASSIFIERS = ("maxout_classifier", "maxout_conv", "dropout_rectifier", "mlp_tutorial", "convnet")
#: Those of every run of the tests; the others by -m soak.
ALWAYS = ("mnist_recipe", "maxout_classifier")
#: Matrix products of one update, counted by hand: of three layers a player, 3 through G and 3 + 3 through D; backward
#: through D's weights 6, its layers 4 for D and 3 for G, and then G's weights 3 and layers 2. With two layers below
#: those of a G of two: 4 + 6 + 6 + 4 + 3 + 4 + 3. Of the dense layers of the convolutional game, two a player:
#: 2 + 4 + 4 + 4 + 2 + 2 + 1. Of a classifier of three layers: forward 3, weights 3, layers 2.
PRODUCTS = dict.fromkeys(("mnist_recipe", "cifar_full_recipe", "tfd_recipe"), 27)
PRODUCTS |= {"tfd_pretrain_same_names": 30, "cifar_conv_recipe": 19, "maxout_classifier": 8}
#: The same of convolutions, one in G and two in D: 1 + 4; backward 4 + 2 + 2, and 1 + 1.
CONVOLUTIONS = {"cifar_conv_recipe": 15}


class Lowered:
    """The text of each function, in StableHLO, and the shapes of data sets that stay on the device."""

    def __init__(self):
        self.functions: list[str] = []
        self.loops: list[tuple[str, list[tuple[int, ...]]]] = []

    def lower(self, function: Any, *arguments: Any) -> Any:
        """The function as exported for CUDA."""
        shapes = jax.tree.map(lambda array: jax.ShapeDtypeStruct(array.shape, array.dtype), arguments)
        return export.export(jax.jit(function), platforms=["cuda"])(*shapes)


@pytest.fixture
def lowered(on, monkeypatch) -> Lowered:
    """Functions are lowered for CUDA in place of being run: they return zeros, and change nothing."""
    from adversarial.engine.jax import function, update_loop

    found = Lowered()
    seen: dict[tuple, Any] = {}

    def call(self, *values):
        arrays = self.filtered(values)
        key = id(self), self._key(arrays)
        if key not in seen:
            traced = self.traced(arrays)
            arguments = list(arrays), function.on_devices(traced.changed), function.on_devices(traced.read)
            seen[key] = found.lower(traced.run, *arguments)
            found.functions.append(seen[key].mlir_module())
        outputs = [np.zeros(each.shape, each.dtype) for each in seen[key].out_avals]
        if self._outputs is None:
            return None
        return outputs[: len(self._outputs)] if isinstance(self._outputs, (list, tuple)) else outputs[0]

    def compiled(traced, axes):
        program, known = original(traced, axes).__wrapped__, []

        def run(count, order, scalars, changed, steady, data):
            if not known:
                known.append(found.lower(program, count, order, scalars, changed, steady, data))
                found.loops.append((known[0].mlir_module(), [array.shape for array in data]))
            return changed

        return run

    original = update_loop._compiled
    monkeypatch.setattr(function.JaxFunction, "__call__", call)
    monkeypatch.setattr(update_loop, "_compiled", compiled)
    return found


def operations(text: str) -> Counter:
    """How often each operation stands in a module."""
    return Counter(re.findall(r"\b(?:stablehlo|chlo)\.(\w+)", text))


def faults(text: str, data: list[tuple[int, ...]]) -> list[str]:
    """What in a module would be slow on a GPU: calls of the host, float64, copies of data of these shapes."""
    found = [f"calls {target}" for target in sorted(set(re.findall(r"custom_call @(\w+)", text))) if "call" in target]
    # A GPU computes in float64 up to 64 times as slowly.
    found += ["computes in float64"] if "f64" in text else []
    for shape in data:
        whole = "x".join(map(str, shape))
        made = set(re.findall(rf"stablehlo\.(\w+)[^\n]*-> \(?tensor<{whole}x", text)) - {"while"}
        made |= set(re.findall(rf"stablehlo\.(\w+)[^\n]* : tensor<{whole}x[a-z]+\d+>$", text, re.MULTILINE))
        found += [f"data of shape {shape} is made anew by {operation}" for operation in sorted(made)]
    return found


def cases() -> list:
    """Every experiment, most of them in the soak."""
    names = (*EXPERIMENTS, *GAMES, *CLASSIFIERS)
    return [pytest.param(name, marks=() if name in ALWAYS else pytest.mark.soak) for name in names]


def go_through(path: Path) -> None:
    """Go through training as a user has it, through updates one at a time, and through samples of a game."""
    train = yaml_parse.load_path(path)
    train.reporter = Silent()
    train.main_loop(max_epochs=1)
    train.algorithm._loop = None  # as with data that do not fit on the device
    train.algorithm.train(train.dataset)
    if hasattr(train.model, "generator"):
        samples_of(train.model, 4)


@pytest.mark.parametrize("name", cases())
def test_every_function_is_lowered_for_cuda(name, on, golden, tmp_path, monkeypatch, lowered):
    folder = next(path for path in golden.glob(f"trajectories*/{name}"))
    path = (prepare if (folder / "recipe.yaml").exists() else prepare_images)(folder, tmp_path)
    monkeypatch.chdir(tmp_path)
    before = backend.floatX()
    backend.configure(floatX="float32")
    try:
        for phase in folder.glob("params_*.npz"):
            go_through(folder / f"{phase.stem.removeprefix('params_')}.yaml")
        go_through(path)
    finally:
        backend.configure(floatX=before)
    assert lowered.loops and lowered.functions, "an update of many at a time, and others"
    for text, shapes in [*((text, []) for text in lowered.functions), *lowered.loops]:
        assert faults(text, shapes) == []
    found = operations(lowered.loops[-1][0])
    assert found["dot_general"] == PRODUCTS.get(name, found["dot_general"])
    assert found["convolution"] == CONVOLUTIONS.get(name, found["convolution"])


def test_faults_are_found(on):
    lower, x = Lowered().lower, np.ones((50, 3), np.float32)
    assert faults(lower(lambda x: x[0] + 1, x).mlir_module(), [x.shape]) == []
    # JAX refuses to lower a call of the host for a platform that is not at hand.
    with pytest.raises(ValueError, match="platform cuda"):
        lower(lambda x: jax.pure_callback(np.sin, x, x), x)
    assert faults("stablehlo.custom_call @xla_ffi_python_gpu_callback(%0)", []) != []
    assert faults("%1 = stablehlo.add %0, %0 : tensor<3xf64>", []) == ["computes in float64"]
    copied = lower(lambda x: (x * 2)[0], x).mlir_module()
    assert any("is made anew" in fault for fault in faults(copied, [x.shape]))
