"""A game of your own: your data, your layer, your cost and your callbacks, points on a ring.

python examples/your_own_parts.py                    # a minute, most of it compiling; draws ring.png
cd examples && train.py ring.yaml --allow your_own_parts    # the same parts, named by a YAML file
"""

import argparse
import pathlib

import matplotlib.figure
import numpy as np

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.game.costs import AdversaryCost2
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.game.sampling import samples_of
from adversarial.models.linear import Linear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.options import Configurable, Count, NonNegative, Probability
from adversarial.train import Train
from adversarial.train_extensions import TrainExtension
from adversarial.training_algorithms.sgd import SGD


class Ring(DenseDesignMatrix):
    """Data: a matrix with a row an example, here points about the unit circle."""

    def __init__(self, examples: Count = 2000, spread: NonNegative = 0.05, seed: int = 0):
        rng = np.random.default_rng(seed)
        angle, radius = rng.uniform(0, 2 * np.pi, examples), rng.normal(1, spread, examples)
        super().__init__(X=np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1))


class Softsign(Linear):
    """A layer: x / (1 + |x|) of an affine map. Weights, bias and options are Linear's."""

    def fprop(self, state_below):
        x = super().fprop(state_below)
        return x / (1 + abs(x))


class SmoothedCost(AdversaryCost2):
    """A cost: D's target for data is `smooth` instead of 1 (one-sided label smoothing, Salimans et al., 2016)."""

    def __init__(self, smooth: Probability = 0.9, **kwargs):
        super().__init__(**kwargs)
        self.smooth = smooth

    def _discriminator_objective(self, d, verdicts, one, zero):
        last = d.layers[-1]
        return 0.5 * (last.cost(self.smooth * one, verdicts.real) + last.cost(zero, verdicts.fake))


class WarmUp(Configurable):
    """A callback, called after each update: the learning rate grows linearly over the first `updates` updates."""

    def __init__(self, updates: Count):
        self.updates, self.count, self.final = updates, 0, None

    def __call__(self, algorithm):
        rate = algorithm.learning_rate
        self.final = float(rate.get_value()) if self.final is None else self.final
        self.count += 1
        rate.set_value(np.asarray(self.final * min(1, self.count / self.updates), dtype=rate.dtype))

    # What a resumed run must remember.
    def get_state(self):
        return {"count": self.count, "final": self.final}

    def set_state(self, state):
        self.count, self.final = state["count"], state["final"]


class Radius(TrainExtension):
    """An extension, called before training and after each epoch: records the mean radius of some samples."""

    def __init__(self, samples: Count = 500):
        self.samples, self.record = samples, []

    def on_monitor(self, model, dataset, algorithm):
        points = samples_of(model, self.samples, seed=0)  # the same z each time, in a resumed run too
        self.record.append(float(np.hypot(*points.T).mean()))

    def get_state(self):
        return {"record": self.record}

    def set_state(self, state):
        self.record = list(state["record"])


def experiment(units=64):
    data = Ring()
    make = {"layer_name": "h0", "dim": units, "irange": 0.5}
    G = Generator(MLP([Softsign(**make), Linear(layer_name="y", dim=2, irange=0.1)], nvis=2))
    D = MLP([Softsign(**make), Sigmoid(layer_name="y", dim=1, irange=0.1)], nvis=2)
    sgd = SGD(
        learning_rate=0.2,
        cost=SmoothedCost(smooth=0.9, scale_grads=False),
        batch_size=50,
        monitoring_dataset={"ring": data},
        update_callbacks=[WarmUp(100)],
    )
    return Train(data, AdversaryPair(G, D), sgd, extensions=[Radius()])


def picture(data, samples):
    """The data and samples of G as a figure: in Jupyter, the last line of a cell shows it."""
    figure = matplotlib.figure.Figure(figsize=(5, 5))
    axes = figure.add_subplot(aspect="equal")
    axes.scatter(*data.X.T, s=3, label="data")
    axes.scatter(*samples.T, s=3, label="samples of G")
    axes.legend(loc="upper right")
    return figure


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("ring.png"))
    given = parser.parse_args(argv)
    train = experiment()
    train.main_loop(max_epochs=given.epochs)
    radii = train.extensions[0].record
    print(f"mean radius of samples: {radii[0]:.3f} before training, {radii[-1]:.3f} after; of the data: 1")
    picture(train.dataset, samples_of(train.model, 2000)).savefig(given.output)


if __name__ == "__main__":
    main()
