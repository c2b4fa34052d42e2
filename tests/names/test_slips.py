"""Every slip of 2014 stands in ARCHITECTURE.md, and a file of 2014 gets those that figures depend on."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial import checkpoint
from adversarial.config import yaml_parse
from adversarial.datasets.mnist import MNIST
from adversarial.game.costs import AdversaryCost2, InpaintingAdversaryCost
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.dropout import Dropout
from adversarial.models.linear import Linear, Sigmoid, detection_scores
from adversarial.models.mlp import MLP
from adversarial.names.slips import Slip
from adversarial.options import OptionError, building_with
from adversarial.progress.summary import slip_lines
from adversarial.space import Conv2DSpace
from adversarial.termination_criteria import ChannelInf
from adversarial.train import Train
from adversarial.training_algorithms.schedules import AnnealedLearningRate
from adversarial.training_algorithms.sgd import SGD

DATA = np.random.RandomState(5).rand(12, 4)
BOTH = pytest.mark.parametrize("slips", ["2014", "corrected"])
OLD = """!obj:pylearn2.models.mlp.MLP { nvis: 4, layers: [
    !obj:pylearn2.models.mlp.Sigmoid { layer_name: y, dim: 1, irange: .1 } ] }"""
OWN = OLD.replace("pylearn2.models.mlp.MLP", "adversarial.models.mlp.MLP").replace(
    "pylearn2.models.mlp.Sigmoid", "adversarial.models.linear.Sigmoid"
)


def pair(inferer=False, **options):
    generator = Generator(MLP([Sigmoid(layer_name="y", dim=4, irange=1.0)], nvis=3), noise="uniform")
    discriminator = MLP([Linear(layer_name="h", dim=5, irange=1.0), Sigmoid(layer_name="y", dim=1, irange=1.0)], nvis=4)
    layer = Linear(layer_name="z", dim=3, irange=1.0, W_lr_scale=0.25)
    return AdversaryPair(generator, discriminator, MLP([layer], nvis=4) if inferer else None, **options)


def test_architecture_lists_every_slip(request):
    page = (request.config.rootpath / "ARCHITECTURE.md").read_text()
    listed = page[page.index("## Slips of 2014") : page.index("Kept as they were")].split("\n1. ")[1]
    assert ("1. " + " ".join(listed.split())) == " ".join(slip.line() for slip in Slip)


def test_the_names_of_a_file_decide():
    assert yaml_parse.load(OLD).slips == yaml_parse.load(OLD).layers[0].slips == "2014"
    assert yaml_parse.load(OWN).slips == yaml_parse.load(OWN).layers[0].slips == "corrected"
    one_old_name = OWN.replace("adversarial.models.linear.Sigmoid", "pylearn2.models.mlp.Sigmoid")
    assert yaml_parse.load(one_old_name).slips == "2014"
    assert pair().slips == "corrected"


@BOTH
@pytest.mark.parametrize("text", [OLD, OWN])
def test_who_runs_a_file_decides_otherwise(text, slips):
    assert yaml_parse.load(text, slips=slips).slips == slips
    data = "!obj:adversarial.datasets.mnist.MNIST { which_set: test, start: 0, stop: 5 }"
    train = f"!obj:adversarial.train.Train {{ dataset: {data}, model: {text}, slips: {slips} }}"
    assert yaml_parse.load(train).model.slips == slips
    other = {"2014": "corrected", "corrected": "2014"}[slips]
    assert yaml_parse.load(train, slips=other).model.slips == other


def test_in_python_the_parts_are_built_as_the_experiment_says():
    with building_with("2014"):
        model = pair()
    data = MNIST("test", stop=5)
    assert Train(data, model, slips="2014").model.slips == "2014"
    with pytest.raises(OptionError, match="the model was built otherwise"):
        Train(data, pair(), slips="2014")


@BOTH
@pytest.mark.parametrize("ending", [".pkl", ".h5"])
def test_a_saved_model_keeps_it(slips, ending, tmp_path):
    with building_with(slips):
        checkpoint.save_model(tmp_path / f"m{ending}", pair())
    assert checkpoint.load_model(tmp_path / f"m{ending}").slips == slips
    content = checkpoint.read(tmp_path / f"m{ending}")
    del content["slips"]
    assert checkpoint.model_of(content).slips == "corrected"
    # A file that opens it decides for all that it builds.
    for text, expected in ((OLD, "2014"), (OWN, "corrected")):
        opened = yaml_parse.load(f"[{text}, !pkl: '{tmp_path}/m{ending}']")[1]
        assert opened.slips == expected


def test_what_bears_on_an_experiment_is_said():
    with building_with("2014"):
        model = pair(inferer=True)
    model.get_monitoring_channels(pt.dmatrix())
    assert slip_lines(model) == [
        f"as in 2014 (--slips corrected: {Slip.SWAPPED_CHANNELS.value.here}): {Slip.SWAPPED_CHANNELS.value.then}"
    ]
    model.slips = model.inferer.slips = "corrected"
    model.get_lr_scalers()
    assert [line.partition(" (")[0] for line in slip_lines(model)] == ["unlike 2014", "unlike 2014"]
    unmonitored = pair(monitor_discriminator=False)
    unmonitored.get_monitoring_channels(pt.dmatrix())
    assert slip_lines(unmonitored) == []


# Each slip that figures depend on.


@BOTH
def test_channels_of_the_discriminator_are_swapped(slips, float64):
    with building_with(slips):
        model = pair()
    x = pt.dmatrix()
    channels = model.get_monitoring_channels(x)
    named = {"2014": "dis_on_samp_", "corrected": "dis_on_data_"}[slips]
    found = evaluate(channels[f"{named}y_mean_x_mean_u"], {x: DATA})
    assert found == pytest.approx(evaluate(model.discriminator.fprop(pt.as_tensor(DATA))).mean())


@BOTH
def test_no_drop_drops_half(slips, float64):
    dropout = {"discriminator_default_input_include_prob": 0.8, "discriminator_default_input_scale": 1.25}
    with building_with(slips):
        cost = AdversaryCost2(no_drop_in_d_for_g=True, **dropout)
    x = pt.dmatrix()
    found = cost.get_samples_and_objectives(pair(), x)
    # The same passes by hand, in the same order, of a model alike.
    model = pair()
    samples = model.generator.sample(x.shape[0])
    d, used = model.discriminator, Dropout(0.8, 1.25)
    d.fprop(x, dropout=used), d.fprop(samples, dropout=used)
    read = d.fprop(samples, dropout=Dropout(0.5, 2.0) if slips == "2014" else Dropout.none())
    expected = -np.log(evaluate(read, {x: DATA})).mean()
    assert evaluate(found.generator, {x: DATA}) == pytest.approx(expected, rel=1e-12)


@BOTH
def test_inpainting_ignores_no_drop(slips, float64):
    space = Conv2DSpace([4, 4], num_channels=1, axes=("b", 0, 1, "c"))
    d = MLP([Sigmoid(layer_name="y", dim=1, irange=1.0)], input_space=space)
    generator = Generator(MLP([Sigmoid(layer_name="y", dim=8, irange=1.0)], input_space=space))
    with building_with(slips):
        cost = InpaintingAdversaryCost(no_drop_in_d_for_g=True, discriminator_default_input_include_prob=0.5)
    x, images = space.make_theano_batch(), np.random.RandomState(1).rand(6, 4, 4, 1)
    found = cost.get_samples_and_objectives(AdversaryPair(generator, d), x)
    samples, objective = evaluate([found.samples, found.generator], {x: images})
    undropped = -np.log(evaluate(d.fprop(pt.as_tensor(samples)))).mean()
    assert (objective == pytest.approx(undropped)) == (slips == "corrected")


@BOTH
def test_an_inferers_rates_are_ignored(slips):
    with building_with(slips):
        model = pair(inferer=True)
    assert (model.inferer.layers[0].W in model.get_lr_scalers()) == (slips == "corrected")


def test_recall_is_of_false_positives(float64):
    rng = np.random.RandomState(3)
    y, y_hat = (rng.randint(0, 2, (9, 4)).astype(float) for _ in range(2))
    true, false = y * y_hat, (1 - y) * y_hat
    for axis, counted in ((None, false.sum()), (0, true.sum(axis=0))):
        scores = detection_scores(pt.as_tensor(y), pt.as_tensor(y_hat), axis, as_in_2014=True)
        precision, recall = true.sum(axis=axis) / y_hat.sum(axis=axis), counted / y.sum()
        np.testing.assert_allclose(evaluate(scores["recall"]), recall)
        expected = 2 * precision * recall / np.maximum(1, precision + recall)
        np.testing.assert_allclose(evaluate(scores["f1"]), expected)


@BOTH
def test_annealing_compounds(slips, float64):
    with building_with(slips):
        schedule = AnnealedLearningRate(anneal_start=2)
    algorithm = SGD(learning_rate=1.0, batch_size=1)
    rates = []
    for _ in range(5):
        schedule(algorithm)
        rates.append(float(algorithm.learning_rate.get_value()))
    alone = [1, 1, 2 / 3, 2 / 4, 2 / 5]
    np.testing.assert_allclose(rates, np.cumprod(alone) if slips == "2014" else alone)


@BOTH
@pytest.mark.parametrize("value", [1.0, np.inf])
def test_channel_inf_goes_on_at_infinity(slips, value):
    with building_with(slips):
        criterion = ChannelInf(channel_name="x")
    model = pair()
    model.monitor = checkpoint.MonitorRecord({"x": checkpoint.ChannelRecord([value], [0], [0], [0], [0.0])})
    assert criterion.continue_learning(model) == (np.isinf(value) == (slips == "2014"))


@BOTH
def test_stop_alone_is_ignored(slips):
    with building_with(slips):
        assert len(MNIST("test", stop=7).X) == {"2014": 10_000, "corrected": 7}[slips]
        assert len(MNIST("test", start=2, stop=7).X) == 5


@BOTH
def test_a_generator_that_reads_images_has_no_channels(slips):
    space = Conv2DSpace([2, 2], num_channels=3, axes=("b", 0, 1, "c"))
    with building_with(slips):
        generator = Generator(MLP([Sigmoid(layer_name="y", dim=4, irange=1.0)], input_space=space))
    before = generator.theano_rng.rstate
    assert bool(generator.get_monitoring_channels(pt.dmatrix())) == (slips == "corrected")
    # Its noise is drawn all the same: later streams start where they did.
    assert not np.array_equal(generator.theano_rng.rstate, before)
