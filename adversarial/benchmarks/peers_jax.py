"""The dense experiments as a user of JAX would write them: one jitted function of pytrees."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from adversarial.benchmarks.jax_game import JaxGame
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


class Game(JaxGame):
    """The game of a specification."""

    def __init__(self, spec: GameSpec):
        self.spec = spec
        layers = (spec.generator, spec.discriminator)
        super().__init__(
            lambda params, z, key: forward(spec.generator, params, z),
            lambda params, x, key: forward(spec.discriminator, params, x, key, logits=True),
            [[(jnp.asarray(layer.W), jnp.asarray(layer.b)) for layer in player] for player in layers],
            len(spec.generator[0].W),
            spec.noise,
            spec.learning_rate,
            spec.momentum,
        )

    def limited(self, params: list[Params]) -> list[Params]:
        """Scale columns of weights down to the limit on their norm."""
        layers = (self.spec.generator, self.spec.discriminator)
        return [limited(*player) for player in zip(layers, params, strict=True)]
