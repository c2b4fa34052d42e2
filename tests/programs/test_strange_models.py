"""Every program with every kind of model: each works, or says in one sentence why it cannot."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

import conditional_games
import numpy as np
import pytest
from training_stand_ins import interpret

from adversarial import checkpoint
from adversarial.command_line import program
from adversarial.game.all_conditionals import AllConditionalsPair, CompletingGenerator
from adversarial.game.conditional_discriminator import ConditionalDiscriminator
from adversarial.game.generator import Generator
from adversarial.game.masks import Masks
from adversarial.game.pair import AdversaryPair
from adversarial.models.composite import CompositeLayer, SpaceConverter
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.monitor import Monitor
from adversarial.space import CompositeSpace, Conv2DSpace, VectorSpace

#: A module of a user's own, with a layer and a data set.
OWN = """
import numpy as np
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.models.linear import Sigmoid

class OwnLayer(Sigmoid):
    pass

class OwnData(DenseDesignMatrix):
    def __init__(self):
        super().__init__(X=np.random.default_rng(0).random((30, 36)))
"""


def layer(name, dim):
    return Sigmoid(layer_name=name, dim=dim, irange=0.5)


def pair(dim, shape=None, mlp=None, discriminator=None):
    generator = mlp or MLP([layer("h", 5), layer("y", dim)], nvis=4)
    model = AdversaryPair(
        Generator(generator, noise="uniform"), discriminator or MLP([layer("d0", 3), layer("d", 1)], nvis=dim)
    )
    model.image_shape = shape
    return model


def c01b():
    space = Conv2DSpace(shape=(4, 4), num_channels=3, axes=("c", 0, 1, "b"))
    made = MLP([layer("h", 48), SpaceConverter(layer_name="c", output_space=space)], nvis=4)
    return pair(48, mlp=made, discriminator=MLP([layer("d", 1)], input_space=space))


def composite():
    parts = CompositeSpace([VectorSpace(2), VectorSpace(3)])
    both = CompositeLayer(layer_name="c", layers=[layer("a", 2), layer("b", 2)], inputs_to_layers={0: [0], 1: [1]})
    return pair(36, mlp=MLP([both, layer("y", 36)], input_space=parts))


def conditional():
    model = conditional_games.pair()
    model.image_shape = (2, 3, 1)
    return model


def inpainting():
    """G makes the right half of an image from its left half."""
    space = Conv2DSpace(shape=(6, 6), num_channels=1, axes=("b", 0, 1, "c"))
    return AdversaryPair(Generator(MLP([layer("y", 18)], input_space=space)), MLP([layer("d", 1)], input_space=space))


def completing():
    image, parts = VectorSpace(36), [MLP([layer(name, 3)], layer_name=f"of_{name}") for name in ("x0", "m0")]
    judge = ConditionalDiscriminator(*parts, MLP([layer("d", 1)], layer_name="joint"), image, image)
    return AllConditionalsPair(CompletingGenerator(MLP([layer("y", 36)]), 36, noise_dim=4), judge, Masks(6, 6))


def own():
    made = sys.modules["own_parts"].OwnLayer(layer_name="y", dim=36, irange=0.5)
    return pair(36, mlp=MLP([made], nvis=4))


KINDS = {
    "grey": lambda: pair(36),
    "colour": lambda: pair(48, (4, 4, 3)),
    "c01b": c01b,
    "odd sizes": lambda: pair(35, (5, 7, 1)),
    "many channels": lambda: pair(32, (2, 2, 8)),
    "plane": lambda: pair(2),
    "vectors": lambda: pair(7),
    "numbers": lambda: pair(1),
    "composite z": composite,
    "conditional": conditional,
    "inpainting": inpainting,
    "completing": completing,
    "own": own,
    "no data": lambda: pair(36),
    "no discriminator": lambda: pair(36).generator,
    "no generator": lambda: pair(36).discriminator,
}
PROGRAMS = {
    "show_samples": ["{model}", "-o", "{out}.png", "--rows", "2", "--cols", "2"],
    "interpolate": ["{model}", "-o", "{out}.png", "--rows", "1", "--points", "2"],
    "show_gen_weights": ["{model}", "-o", "{out}.png"],
    "show_inpaint_samples": ["{model}", "-o", "{out}.png", "--test", "{data}"],
    "parzen_ll": ["{model}", "-n", "20", "-s", ".3", "--test", "{data}"],
    "ll": ["{model}", ".3", "-n", "20", "--test", "{data}"],
    "summarize_model": ["{model}"],
    "print_monitor": ["{model}"],
    "plot_monitor": ["{model}", "-c", "first", "-o", "{out}.png"],
    "report": ["{model}", "{out}.html", "--no-estimate"],
    "compare_2014": ["{model}"],
}
#: Programs that read no classes of the model.
WITHOUT_ALLOW = ("plot_monitor", "print_monitor")
#: Kinds that make no images.
VECTORS = ("plane", "vectors", "numbers")
#: A model that 2014's Train pickled; it makes images of 6 x 6, and 2014 monitored it.
OLD = "of 2014"
PICKLE_OF_2014 = Path(__file__).parents[1] / "golden2014" / "trajectories" / "mnist_recipe" / "model_2014.pkl.gz"
#: What cannot be: the cells that end in a sentence, by program. These models were monitored on nothing.
REFUSED = {
    "show_samples": {*VECTORS, "many channels", "inpainting", "no generator"} - {"plane"},
    "interpolate": {*VECTORS, "many channels", "inpainting", "no generator"},
    "show_gen_weights": {*VECTORS, "many channels", "no generator"},
    "show_inpaint_samples": {*KINDS, OLD} - {"inpainting", "completing"},
    "parzen_ll": {"inpainting", "no generator"},
    "ll": {"inpainting", "no generator"},
    "print_monitor": set(KINDS),
    # Nor has 2014's model a channel of that name.
    "plot_monitor": {*KINDS, OLD},
    "report": {"inpainting", "no generator"},
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The saved model of each kind, with data of its own beside it."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "own_parts.py").write_text(OWN)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        importlib.import_module("own_parts")
        for kind, make in KINDS.items():
            model = make()
            inner = getattr(model, "generator", model)
            # A generator that fills in halves is given whole images.
            dimension = 36 if kind == "inpainting" else inner.get_output_space().get_total_dimension()
            name = kind.replace(" ", "_")
            np.save(folder / f"{name}.npy", np.random.default_rng(0).random((30, dimension)).astype("f4"))
            monitor = Monitor.get_monitor(model)
            monitor.report_epoch()
            data = f"!obj:adversarial.datasets.npy_npz.NpyDataset {{ file: '{name}.npy' }}"
            data = {"own": "!obj:own_parts.OwnData {}", "no data": data.replace(name, "absent")}.get(kind, data)
            layers = "!obj:own_parts.OwnLayer { layer_name: y, dim: 36, irange: .5 }" * (kind == "own")
            text = (
                f"!obj:adversarial.train.Train {{ dataset: {data}, model: !obj:adversarial.AdversaryPair {{ generator: "
                f"!obj:adversarial.Generator {{ mlp: !obj:adversarial.models.mlp.MLP {{ layers: [{layers}] }} }} }} }}"
            )
            checkpoint.save_model(folder / f"{name}.pkl", model, yaml_src=text, dataset_yaml_src=data)
        shutil.copy(PICKLE_OF_2014, folder / "of_2014.pkl")
        shutil.copy(folder / "grey.npy", folder / "of_2014.npy")
        yield folder


@pytest.mark.parametrize("kind", [*KINDS, OLD])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_cell_of_the_table(models, tmp_path, monkeypatch, capsys, name, kind):
    interpret(monkeypatch)
    monkeypatch.chdir(models)
    monkeypatch.syspath_prepend(models)
    named = kind.replace(" ", "_")
    places = {"model": f"{named}.pkl", "out": tmp_path / "out", "data": f"{named}.npy"}
    arguments = [argument.format(**places) for argument in PROGRAMS[name]]
    if kind == "own" and name not in WITHOUT_ALLOW:
        arguments += ["--allow", "own_parts"]
    monkeypatch.setattr(sys, "argv", [f"{name}.py"])
    with pytest.raises(SystemExit) as end:
        program.run(importlib.import_module(f"adversarial.programs.{name}").main, arguments)
    said = capsys.readouterr()
    errors = [line for line in said.err.splitlines() if not line.startswith("warning: ")]
    assert "defect of this program" not in said.err
    refused = kind in REFUSED.get(name, ())
    assert (end.value.code != 0) == refused, said
    if refused:
        assert len(errors) == 1 and errors[0].startswith(f"{name}.py: error: ")
    elif name in ("show_samples", "interpolate", "show_gen_weights", "report"):
        assert (tmp_path / f"out.{'html' if name == 'report' else 'png'}").stat().st_size > 500
