"""The losses of both players and an update of both, shared by the experiments written for JAX."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

#: A player's parameters, of any structure.
Params = Any
#: Takes parameters, an input and a key, or None for no dropout; returns the output.
Forward = Callable[[Params, jax.Array, Any], jax.Array]


class JaxGame:
    """Both players' parameters and velocities, and the jitted update.

    Parameters
    ----------
    generator, discriminator : callable
        The players; D returns logits.
    params : list
        Parameters of G and of D.
    size : int
        Dimension of the noise.
    noise : {'uniform', 'gaussian'}
        Its distribution.
    learning_rate, momentum : float
        Of gradient descent with momentum.
    """

    def __init__(
        self,
        generator: Forward,
        discriminator: Forward,
        params: list[Params],
        size: int,
        noise: str,
        learning_rate: float,
        momentum: float,
    ):
        self.generator, self.discriminator = generator, discriminator
        self.params, self.velocities = params, jax.tree.map(jnp.zeros_like, params)
        self.size, self.noise = size, noise
        self.learning_rate, self.momentum = learning_rate, momentum
        self.key = jax.random.key(0)
        self.step = jax.jit(self._step, donate_argnums=(0, 1))
        self.steps = jax.jit(self._steps, donate_argnums=(0, 1))

    def objectives(
        self, g_params: Params, d_params: Params, x: jax.Array, z: jax.Array, keys: Any = (None, None)
    ) -> tuple[jax.Array, jax.Array]:
        """Compute D's and G's losses."""
        real = self.discriminator(d_params, x, keys[0])
        fake = self.discriminator(d_params, self.generator(g_params, z, None), keys[1])
        d_loss = 0.5 * (jax.nn.softplus(-real).mean() + jax.nn.softplus(fake).mean())
        return d_loss, jax.nn.softplus(-fake).mean()

    def limited(self, params: list[Params]) -> list[Params]:
        """Return both players' parameters after an update; a game with limits on norms keeps them here."""
        return params

    def losses(self, batch: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
        """Compute the losses without dropout."""
        g_params, d_params = self.params
        d_loss, g_loss = self.objectives(g_params, d_params, jnp.asarray(batch), jnp.asarray(noise))
        return float(d_loss), float(g_loss)

    def _step(self, params: list[Params], velocities: list[Params], key: Any, x: jax.Array) -> tuple:
        key, for_noise, *keys = jax.random.split(key, 4)
        shape = (len(x), self.size)
        if self.noise == "uniform":
            z = jax.random.uniform(for_noise, shape, minval=-math.sqrt(3), maxval=math.sqrt(3))
        else:
            z = jax.random.normal(for_noise, shape)
        g_params, d_params = params
        d_grads = jax.grad(lambda own: self.objectives(g_params, own, x, z, keys)[0])(d_params)
        g_grads = jax.grad(lambda own: self.objectives(own, d_params, x, z, keys)[1])(g_params)
        velocities = jax.tree.map(
            lambda v, grad: self.momentum * v - self.learning_rate * grad, velocities, [g_grads, d_grads]
        )
        return self.limited(jax.tree.map(jnp.add, params, velocities)), velocities, key

    def _steps(self, params: list[Params], velocities: list[Params], key: Any, x: jax.Array, updates: Any) -> tuple:
        def update(number: Any, state: Any) -> tuple:
            return self._step(state[0], state[1], state[2], x)

        return jax.lax.fori_loop(0, updates, update, (params, velocities, key))

    def train(self, batch: np.ndarray, updates: int) -> None:
        """Make `updates` updates of both players on one minibatch, a dispatch each, and wait for the last."""
        x = jax.device_put(batch)
        for _ in range(updates):
            self.params, self.velocities, self.key = self.step(self.params, self.velocities, self.key, x)
        jax.block_until_ready(self.params)

    def train_at_once(self, batch: np.ndarray, updates: int) -> None:
        """Make `updates` updates of both players on one minibatch in one dispatch, and wait for it."""
        x = jax.device_put(batch)
        self.params, self.velocities, self.key = self.steps(self.params, self.velocities, self.key, x, updates)
        jax.block_until_ready(self.params)
