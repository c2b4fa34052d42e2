"""Two games of others as their users train them, written in JAX: a fully connected one and a convolutional one.

The first has the nets of gan.py in eriklindernoren/PyTorch-GAN, and what its users get by default: batch normalization
with the epsilon .8 that it has there, leaky rectifiers of slope .2, images in [-1, 1], Adam with a learning rate of
2e-4 and beta .5, minibatches of 64. The second has that repository's dcgan.py for its model, on 28 x 28 pixels:
convolutions of 3 x 3 after nearest-neighbour upsampling, dropout of whole channels in D, weights of deviation .02.
Both draw samples as they do while they train, with the statistics of the batch.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

RATE, BETA_1, BETA_2, EPSILON = 2e-4, 0.5, 0.999, 1e-8
BATCH, NOISE = 64, 100
#: What the nets add to variances: 'BatchNorm1d(units, 0.8)' names epsilon, though .8 looks like a momentum.
WIDE = 0.8
#: Samples whose statistics normalize a batch of samples.
AT_ONCE = 1_000
#: Updates between two looks at the clock.
UPDATES = 20

Params = dict[str, Any]
Net = Callable[[Params, jax.Array, Any], jax.Array]


def leaky(x: jax.Array) -> jax.Array:
    """Return x, or a fifth of it below 0."""
    return jax.nn.leaky_relu(x, 0.2)


def normalized(x: jax.Array, scale: jax.Array, shift: jax.Array, epsilon: float = WIDE) -> jax.Array:
    """Normalize each unit, or channel of images (batch, row, column, channel), over the batch."""
    axes = tuple(range(x.ndim - 1))
    return (x - x.mean(axes)) / jnp.sqrt(x.var(axes) + epsilon) * scale + shift


def dense_generator(params: Params, z: jax.Array, key: Any = None) -> jax.Array:
    """Compute the images (batch, 784) of gan.py's generator."""
    x = leaky(z @ params["W0"] + params["b0"])
    for i in (1, 2, 3):
        x = leaky(normalized(x @ params[f"W{i}"] + params[f"b{i}"], params[f"scale{i}"], params[f"shift{i}"]))
    return jnp.tanh(x @ params["W4"] + params["b4"])


def dense_discriminator(params: Params, x: jax.Array, key: Any = None) -> jax.Array:
    """Compute the logits of gan.py's discriminator."""
    for i in (0, 1):
        x = leaky(x @ params[f"W{i}"] + params[f"b{i}"])
    return x @ params["W2"] + params["b2"]


def dense_params(rng: np.random.Generator) -> tuple[Params, Params]:
    """Draw first parameters as PyTorch draws those of Linear."""

    def net(sizes: list[int], normal: tuple[int, ...] = ()) -> Params:
        found: Params = {}
        for i, (inputs, units) in enumerate(zip(sizes, sizes[1:], strict=False)):
            bound = 1 / math.sqrt(inputs)
            found[f"W{i}"] = rng.uniform(-bound, bound, (inputs, units))
            found[f"b{i}"] = rng.uniform(-bound, bound, units)
            if i in normal:
                found |= {f"scale{i}": np.ones(units), f"shift{i}": np.zeros(units)}
        return found

    return net([NOISE, 128, 256, 512, 1024, 784], (1, 2, 3)), net([784, 512, 256, 1])


def convolved(x: jax.Array, W: jax.Array, b: jax.Array, stride: int = 1) -> jax.Array:
    """Convolve images (batch, row, column, channel) by 3 x 3 kernels, padded by one pixel."""
    layout = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(x, W, (stride, stride), ((1, 1), (1, 1)), dimension_numbers=layout) + b


def upsampled(x: jax.Array) -> jax.Array:
    """Repeat each pixel twice in both directions."""
    return x.repeat(2, axis=1).repeat(2, axis=2)


def convolutional_generator(params: Params, z: jax.Array, key: Any = None) -> jax.Array:
    """Compute the images (batch, 784) of a generator like dcgan.py's."""
    x = (z @ params["W0"] + params["b0"]).reshape(-1, 7, 7, 128)
    x = normalized(x, params["scale0"], params["shift0"], 1e-5)
    for i in (1, 2):
        x = convolved(upsampled(x), params[f"W{i}"], params[f"b{i}"])
        x = leaky(normalized(x, params[f"scale{i}"], params[f"shift{i}"]))
    return jnp.tanh(convolved(x, params["W3"], params["b3"])).reshape(-1, 784)


def convolutional_discriminator(params: Params, x: jax.Array, key: Any = None) -> jax.Array:
    """Compute the logits of a discriminator like dcgan.py's; `key` is for the channels that are dropped."""
    x = x.reshape(-1, 28, 28, 1)
    for i, own in enumerate(jax.random.split(key, 4)):
        x = leaky(convolved(x, params[f"W{i}"], params[f"b{i}"], stride=2))
        kept = jax.random.bernoulli(own, 0.75, (len(x), 1, 1, x.shape[-1]))
        x = jnp.where(kept, x / 0.75, 0)
        if i in (1, 2):
            x = normalized(x, params[f"scale{i}"], params[f"shift{i}"])
    return x.reshape(len(x), -1) @ params["W4"] + params["b4"]


def convolutional_params(rng: np.random.Generator) -> tuple[Params, Params]:
    """Draw first parameters: kernels of deviation .02, scales around 1, as dcgan.py does."""

    def kernels(channels: list[int], start: int, normal: tuple[int, ...]) -> Params:
        found: Params = {}
        for i, (inputs, units) in enumerate(zip(channels, channels[1:], strict=False), start):
            found |= {f"W{i}": rng.normal(0, 0.02, (3, 3, inputs, units)), f"b{i}": np.zeros(units)}
            if i in normal:
                found |= {f"scale{i}": rng.normal(1, 0.02, units), f"shift{i}": np.zeros(units)}
        return found

    def dense(name: str, inputs: int, units: int) -> Params:
        bound = 1 / math.sqrt(inputs)
        return {f"W{name}": rng.uniform(-bound, bound, (inputs, units)), f"b{name}": np.zeros(units)}

    first = dense("0", NOISE, 128 * 49) | {"scale0": rng.normal(1, 0.02, 128), "shift0": np.zeros(128)}
    generator = first | kernels([128, 128, 64, 1], 1, (1, 2))
    return generator, kernels([1, 16, 32, 64, 128], 0, (1, 2)) | dense("4", 128 * 4, 1)


def adam(params: Any, grads: Any, moments: Any, step: jax.Array) -> tuple[Any, Any]:
    """Return parameters and moments after an update of Adam (Kingma and Ba, 2014)."""
    first, second = moments
    first = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, first, grads)
    second = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, second, grads)
    rate = RATE * jnp.sqrt(1 - BETA_2**step) / (1 - BETA_1**step)
    params = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON), params, first, second)
    return params, (first, second)


class Peer:
    """A game of another's, trained and sampled.

    Parameters
    ----------
    kind : {'dense', 'convolutional'}
        gan.py's nets, or some like dcgan.py's.
    rows : ndarray of shape (count, 784)
        Training images, in [0, 1].

    Attributes
    ----------
    updates : int
        Number of updates so far.
    """

    def __init__(self, kind: str, rows: np.ndarray):
        self.generator: Net
        self.discriminator: Net
        if kind == "dense":
            self.generator, self.discriminator, first = dense_generator, dense_discriminator, dense_params
        else:
            self.generator, self.discriminator = convolutional_generator, convolutional_discriminator
            first = convolutional_params
        self.rng = np.random.default_rng(0)
        self.rows = np.asarray(rows * 2 - 1, np.float32)
        params = jax.tree.map(lambda value: jnp.asarray(value, jnp.float32), first(self.rng))
        zeros = jax.tree.map(jnp.zeros_like, params)
        self.state = params, tuple((each, each) for each in zeros)
        self.updates = 0
        self._order = np.zeros(0, int)
        self._key = jax.random.key(0)
        self._step = jax.jit(self._update)
        self._images = jax.jit(self.generator)
        jax.block_until_ready(self._step(self.state, self._minibatch(), self._key, 1.0))  # compiles

    def _minibatch(self) -> np.ndarray:
        if len(self._order) < BATCH:
            self._order = self.rng.permutation(len(self.rows))
        chosen, self._order = self._order[:BATCH], self._order[BATCH:]
        return self.rows[chosen]

    def objectives(self, g: Params, d: Params, x: jax.Array, key: Any) -> tuple[jax.Array, jax.Array]:
        """Return the losses of D and of G: binary cross-entropies, D's halved."""
        for_z, for_g, for_real, for_fake = jax.random.split(key, 4)
        fake = self.generator(g, jax.random.normal(for_z, (len(x), NOISE)), None)
        of_g = jax.nn.softplus(-self.discriminator(d, fake, for_g)).mean()
        real, made = self.discriminator(d, x, for_real), self.discriminator(d, fake, for_fake)
        return (jax.nn.softplus(-real).mean() + jax.nn.softplus(made).mean()) / 2, of_g

    def _update(self, state: Any, x: jax.Array, key: Any, step: Any) -> Any:
        (g, d), (of_g, of_d) = state
        g_grads = jax.grad(lambda own: self.objectives(own, d, x, key)[1])(g)
        d_grads = jax.grad(lambda own: self.objectives(g, own, x, key)[0])(d)
        g, of_g = adam(g, g_grads, of_g, step)
        d, of_d = adam(d, d_grads, of_d, step)
        return (g, d), (of_g, of_d)

    def train(self) -> None:
        """Make some updates, and wait for the last."""
        for _ in range(UPDATES):
            self._key, own = jax.random.split(self._key)
            self.updates += 1
            self.state = self._step(self.state, self._minibatch(), own, float(self.updates))
        jax.block_until_ready(self.state)

    def samples(self, count: int) -> np.ndarray:
        """Return samples (count, 784) in [0, 1]."""
        (g, _), _ = self.state
        z = np.random.default_rng(1).standard_normal((math.ceil(count / AT_ONCE) * AT_ONCE, NOISE), np.float32)
        draw = functools.partial(self._images, g, key=None)
        made = [np.asarray(draw(z[start : start + AT_ONCE])) for start in range(0, len(z), AT_ONCE)]
        return np.concatenate(made)[:count] / 2 + 0.5
