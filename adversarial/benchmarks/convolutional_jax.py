"""The convolutional experiment as a user of JAX would write it: channels first, XLA's convolutions and pools."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from adversarial.benchmarks.jax_game import JaxGame, Params


def _weights(layer: Any) -> tuple[jax.Array, jax.Array]:
    return jnp.asarray(layer.W.get_value()), jnp.asarray(layer.b.get_value())


class _Generator:
    """Two dense layers, then a transposed convolution."""

    def __init__(self, layers: list[Any]):
        first, second, converter, deconv = layers
        space = converter.get_output_space()
        (rows, columns), channels = space.shape, space.num_channels
        # Units of the second layer in the order of channels, rows and columns, so that its output is maps by a reshape.
        order = np.arange(rows * columns * channels).reshape(rows, columns, channels).transpose(2, 0, 1).ravel()
        W, b = _weights(second)
        kernels, bias = deconv.W.get_value(), deconv.b.get_value()
        self.shape, self.stride, self.pad = (channels, rows, columns), deconv.output_stride, deconv.pad_out
        self.params: Params = [
            _weights(first),
            (W[:, order], b[order]),
            (jnp.asarray(kernels.transpose(3, 0, 1, 2)), jnp.asarray(bias)),
        ]

    def __call__(self, params: Params, z: jax.Array, key: Any) -> jax.Array:
        (W0, b0), (W1, b1), (kernels, bias) = params
        h = jax.nn.sigmoid(jax.nn.relu(z @ W0 + b0) @ W1 + b1)
        # A transposed convolution is one with the kernels turned around on maps with gaps between their values.
        borders = [(size - 1 - self.pad,) * 2 for size in kernels.shape[2:]]
        images = jax.lax.conv_general_dilated(
            h.reshape(len(z), *self.shape),
            jnp.flip(kernels, (2, 3)).transpose(1, 0, 2, 3),
            (1, 1),
            borders,
            lhs_dilation=tuple(self.stride),
        )
        return images + bias


class _Discriminator:
    """Convolutional maxout layers, one of dense maxout, and a logit; dropout before each."""

    def __init__(self, layers: list[Any], keep: list[float]):
        *convolutional, maxout, last = layers
        self.keep = keep
        self.num_pieces = [layer.num_pieces for layer in convolutional]
        self.pads = [layer.pad for layer in convolutional]
        self.pools = [(tuple(layer.pool_shape), tuple(layer.pool_stride)) for layer in convolutional]
        self.maxout_pieces = maxout.pool_size
        space = convolutional[-1].get_output_space()
        W, b = _weights(maxout)
        W = W.reshape(*space.shape, space.num_channels, -1).transpose(2, 0, 1, 3).reshape(W.shape)
        self.params: Params = [
            *(
                (jnp.asarray(layer.W.get_value().transpose(3, 0, 1, 2)), jnp.asarray(layer.b.get_value()))
                for layer in convolutional
            ),
            (W, b),
            _weights(last),
        ]

    def __call__(self, params: Params, x: jax.Array, key: Any) -> jax.Array:
        keys = [None] * len(self.keep) if key is None else list(jax.random.split(key, len(self.keep)))
        *convolutional, (W, b), (W_last, b_last) = params
        layers = zip(convolutional, self.num_pieces, self.pads, self.pools, strict=True)
        for number, ((kernels, bias), num_pieces, pad, (shape, stride)) in enumerate(layers):
            x = jax.lax.conv_general_dilated(self._dropped(x, number, keys), kernels, (1, 1), [(pad, pad)] * 2)
            x = x + bias[:, None, None]
            x = x.reshape(len(x), -1, num_pieces, *x.shape[2:]).max(axis=2)
            x = _max_pool(x, shape, stride)
        x = self._dropped(x.reshape(len(x), -1), -2, keys) @ W + b
        x = x.reshape(len(x), -1, self.maxout_pieces).max(axis=2)
        return self._dropped(x, -1, keys) @ W_last + b_last

    def _dropped(self, x: jax.Array, layer: int, keys: list[Any]) -> jax.Array:
        if keys[layer] is None or self.keep[layer] == 1:
            return x
        return jnp.where(jax.random.bernoulli(keys[layer], self.keep[layer], x.shape), x / self.keep[layer], 0)


def _max_pool(x: jax.Array, shape: tuple[int, int], stride: tuple[int, int]) -> jax.Array:
    """Return the largest of each window; the last ones may reach over the edge."""
    over = []
    for size, window, step in zip(x.shape[2:], shape, stride, strict=True):
        windows = -(-(size - window) // step) + 1
        over.append((0, max(0, (windows - 1) * step + window - size)))
    borders = [(0, 0), (0, 0), *over]
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, *shape), (1, 1, *stride), borders)


class Game(JaxGame):
    """The game, from the present weights of an experiment of ours; images are (batch, channel, row, column)."""

    def __init__(self, train: Any):
        model, algorithm = train.model, train.algorithm
        dropout = algorithm.cost.discriminator_dropout
        layers = model.discriminator.layers
        generator = _Generator(model.generator.mlp.layers)
        discriminator = _Discriminator(layers, [dropout.include_prob(layer.layer_name) for layer in layers])
        super().__init__(
            generator,
            discriminator,
            [generator.params, discriminator.params],
            model.generator.get_input_space().get_total_dimension(),
            model.generator.noise,
            algorithm.learning_rate.get_value().item(),
            algorithm.learning_rule.momentum.get_value().item(),
        )
