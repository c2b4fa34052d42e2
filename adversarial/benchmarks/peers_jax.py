"""The dense experiments as a user of JAX would write them: one jitted function of pytrees."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from adversarial.benchmarks.specification import GameSpec, LayerSpec

Params = list[tuple[jax.Array, jax.Array]]


def forward(layers: list[LayerSpec], params: Params, x: jax.Array, key: Any = None, logits: bool = False) -> jax.Array:
    """Compute the output of a network, with dropout if there is a key, and before the last sigmoid if `logits`."""
    for i, (layer, (W, b)) in enumerate(zip(layers, params, strict=True)):
        if layer.keep < 1 and key is not None:
            key, own = jax.random.split(key)
            x = jnp.where(jax.random.bernoulli(own, layer.keep, x.shape), x * layer.scale, 0)
        x = x @ W + b
        if layer.kind == "RectifiedLinear":
            x = jax.nn.relu(x)
        elif layer.kind == "Maxout":
            x = x.reshape(len(x), -1, layer.num_pieces).max(axis=2)
        elif layer.kind == "Sigmoid" and not (logits and i == len(layers) - 1):
            x = jax.nn.sigmoid(x)
    return x


def limited(layers: list[LayerSpec], params: Params) -> Params:
    """Scale columns of weights down to the limit on their norm."""
    new = []
    for layer, (W, b) in zip(layers, params, strict=True):
        if layer.max_col_norm is not None:
            norms = jnp.sqrt((W**2).sum(axis=0, keepdims=True))
            W = W * (jnp.minimum(norms, layer.max_col_norm) / (1e-7 + norms))
        new.append((W, b))
    return new


class Game:
    """Both players' parameters and velocities, and the jitted update."""

    def __init__(self, spec: GameSpec):
        self.spec = spec
        self.params = [
            [(jnp.asarray(layer.W), jnp.asarray(layer.b)) for layer in layers]
            for layers in (spec.generator, spec.discriminator)
        ]
        self.velocities = jax.tree.map(jnp.zeros_like, self.params)
        self.key = jax.random.key(0)
        self.step = jax.jit(self._step, donate_argnums=(0, 1))

    def objectives(
        self, g_params: Params, d_params: Params, x: jax.Array, z: jax.Array, keys: Any = (None, None)
    ) -> tuple[jax.Array, jax.Array]:
        """Compute D's and G's losses."""
        judge = functools.partial(forward, self.spec.discriminator, d_params, logits=True)
        real, fake = judge(x, keys[0]), judge(forward(self.spec.generator, g_params, z), keys[1])
        d_loss = 0.5 * (jax.nn.softplus(-real).mean() + jax.nn.softplus(fake).mean())
        return d_loss, jax.nn.softplus(-fake).mean()

    def losses(self, batch: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
        """Compute the losses without dropout."""
        g_params, d_params = self.params
        d_loss, g_loss = self.objectives(g_params, d_params, jnp.asarray(batch), jnp.asarray(noise))
        return float(d_loss), float(g_loss)

    def _step(self, params: list[Params], velocities: list[Params], key: Any, x: jax.Array) -> tuple:
        key, for_noise, *keys = jax.random.split(key, 4)
        shape = (len(x), len(self.spec.generator[0].W))
        if self.spec.noise == "uniform":
            z = jax.random.uniform(for_noise, shape, minval=-math.sqrt(3), maxval=math.sqrt(3))
        else:
            z = jax.random.normal(for_noise, shape)
        g_params, d_params = params
        d_grads = jax.grad(lambda own: self.objectives(g_params, own, x, z, keys)[0])(d_params)
        g_grads = jax.grad(lambda own: self.objectives(own, d_params, x, z, keys)[1])(g_params)
        velocities = jax.tree.map(
            lambda v, grad: self.spec.momentum * v - self.spec.learning_rate * grad, velocities, [g_grads, d_grads]
        )
        params = jax.tree.map(jnp.add, params, velocities)
        layers = (self.spec.generator, self.spec.discriminator)
        return [limited(*player) for player in zip(layers, params, strict=True)], velocities, key

    def train(self, batch: np.ndarray, updates: int) -> None:
        """Make `updates` updates of both players on one minibatch, and wait for the last."""
        for _ in range(updates):
            self.params, self.velocities, self.key = self.step(self.params, self.velocities, self.key, batch)
        jax.block_until_ready(self.params)
