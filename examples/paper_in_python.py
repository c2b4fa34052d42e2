"""The MNIST experiment of the paper on one page: the game of yaml/mnist.yaml, built in Python.

python examples/paper_in_python.py                               # ten epochs, two or three minutes
python examples/paper_in_python.py --epochs 1 --examples 1000    # to try it
"""

import argparse

from adversarial.datasets.mnist import MNIST
from adversarial.figures.grid import ImageShape, images_from_rows, rescaled, sheet, write_png
from adversarial.game.costs import AdversaryCost2
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.game.sampling import samples_of
from adversarial.models.dbm import init_sigmoid_bias_from_marginals
from adversarial.models.linear import RectifiedLinear, Sigmoid
from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.train import Train
from adversarial.training_algorithms.learning_rule import Momentum, MomentumAdjustor
from adversarial.training_algorithms.schedules import ExponentialDecay
from adversarial.training_algorithms.sgd import SGD


def experiment(examples=50_000, units=1200):
    data, valid = MNIST("train", start=0, stop=examples), MNIST("train", start=50_000, stop=60_000)
    # G maps noise, 100 uniform numbers of variance 1, to an image. It starts at the mean image of the data.
    h0, h1 = (RectifiedLinear(layer_name=name, dim=units, irange=0.05) for name in ("h0", "h1"))
    y = Sigmoid(layer_name="y", dim=784, irange=0.05, init_bias=init_sigmoid_bias_from_marginals(data))
    G = Generator(MLP([h0, h1, y], nvis=100), noise="uniform", monitor_ll=True)
    # D maps an image to the probability that it is data, not a sample of G.
    h0, h1 = (Maxout(layer_name=name, num_units=units // 5, num_pieces=5, irange=0.005) for name in ("h0", "h1"))
    D = MLP([h0, h1, Sigmoid(layer_name="y", dim=1, irange=0.005)], nvis=784)
    # D maximizes log D(x) + log(1 - D(G(z))), with a fifth of its pixels and half of its hidden units dropped;
    # G maximizes log D(G(z)).
    cost = AdversaryCost2(
        scale_grads=False,
        discriminator_default_input_include_prob=0.5,
        discriminator_default_input_scale=2.0,
        discriminator_input_include_probs={"h0": 0.8},
        discriminator_input_scales={"h0": 1.25},
    )
    rule, decay = Momentum(0.5), ExponentialDecay(decay_factor=1.000004, min_lr=1e-6)
    sgd = SGD(0.1, cost, 100, monitoring_dataset={"valid": valid}, learning_rule=rule, update_callbacks=decay)
    return Train(data, AdversaryPair(G, D), sgd, extensions=[MomentumAdjustor(0.7, start=1, saturate=250)])


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for option, default in (("--epochs", 10), ("--examples", 50_000), ("--units", 1200)):
        parser.add_argument(option, type=int, default=default)
    given = parser.parse_args(argv)
    train = experiment(given.examples, given.units)
    train.main_loop(max_epochs=given.epochs)
    images = images_from_rows(samples_of(train.model, 100), ImageShape(28, 28))
    write_png("samples.png", sheet(rescaled(images), columns=10))


if __name__ == "__main__":
    main()
