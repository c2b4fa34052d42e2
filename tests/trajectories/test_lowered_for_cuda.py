"""Every compiled function of the experiments can be compiled for CUDA, on a machine without a GPU, and computes there.

JAX lowers a function for a platform that is not at hand; what is a CPU's alone fails in it. A training run is gone
through with its functions lowered in place of being run: updates, many of them in one dispatch, and the monitor.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from recorded import prepare, prepare_images

from adversarial import backend
from adversarial.config import yaml_parse
from adversarial.progress.reporting import Silent

jax = pytest.importorskip("jax", reason="jax is not installed")
export = pytest.importorskip("jax.export")

pytestmark = [pytest.mark.trajectory, pytest.mark.parametrize("on", ["jax"], indirect=True)]

#: Experiments of the paper, then classifiers; the first in every run of the tests, the others by -m soak.
GAMES = ("mnist_recipe", "cifar_conv_recipe", "cifar_full_recipe", "tfd_recipe", "noise_layers", "inferer")
CLASSIFIERS = ("maxout_conv", "dropout_rectifier", "mlp_tutorial", "convnet")
#: Matrix products of one update, counted by hand: of mnist.yaml 3 through G and 3 + 3 through D; backward through D's
#: weights 6, its layers 4 for D and 3 for G, and then G's weights 3 and layers 2.
PRODUCTS = {"mnist_recipe": 27}


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
    return [pytest.param(name, marks=() if name == GAMES[0] else pytest.mark.soak) for name in (*GAMES, *CLASSIFIERS)]


@pytest.mark.parametrize("name", cases())
def test_every_function_is_lowered_for_cuda(name, on, golden, tmp_path, monkeypatch, lowered):
    folder = golden / ("trajectories" if name in GAMES else "trajectories_2") / name
    path = (prepare if (folder / "recipe.yaml").exists() else prepare_images)(folder, tmp_path)
    monkeypatch.chdir(tmp_path)
    before = backend.floatX()
    backend.configure(floatX="float32")
    try:
        train = yaml_parse.load_path(path)
        train.reporter = Silent()
        train.main_loop(max_epochs=1)
    finally:
        backend.configure(floatX=before)
    assert lowered.loops and lowered.functions, "an update of many at a time, and a monitor"
    for text, shapes in [*((text, []) for text in lowered.functions), *lowered.loops]:
        assert faults(text, shapes) == []
    products = operations(lowered.loops[0][0])["dot_general"]
    assert PRODUCTS.get(name, products) == products


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
