"""The convolutional experiment as a user of PyTorch would write it: channels first, its own convolutions and pools."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from adversarial.benchmarks.torch_game import TorchGame


def _copied(module: nn.Module, weight: np.ndarray, bias: np.ndarray | None = None) -> nn.Module:
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
        if bias is not None:
            module.bias.copy_(torch.from_numpy(np.ascontiguousarray(bias)))
    return module


def _linear(layer: Any, from_images: tuple[int, int, int] | None = None) -> nn.Linear:
    """Return a Linear with the weights of a layer, which may read images of (rows, columns, channels)."""
    W = layer.W.get_value()
    if from_images is not None:
        W = W.reshape(*from_images, -1).transpose(2, 0, 1, 3).reshape(W.shape)
    return _copied(nn.Linear(*W.shape), W.T, layer.b.get_value())


class Generator(nn.Module):
    """Two dense layers, then a transposed convolution."""

    def __init__(self, layers: list[Any]):
        super().__init__()
        first, second, converter, deconv = layers
        self.first, self.second = _linear(first), _linear(second)
        space = converter.get_output_space()
        (rows, columns), channels = space.shape, space.num_channels
        order = np.arange(rows * columns * channels).reshape(rows, columns, channels).transpose(2, 0, 1).ravel()
        _copied(self.second, second.W.get_value().T[order], second.b.get_value()[order])
        self.shape = (channels, rows, columns)
        options = {"stride": deconv.output_stride, "padding": deconv.pad_out, "bias": False}
        kernels = deconv.W.get_value().transpose(3, 0, 1, 2)
        self.deconv = _copied(nn.ConvTranspose2d(*kernels.shape[:2], deconv.kernel_shape, **options), kernels)
        self.bias = nn.Parameter(torch.from_numpy(deconv.b.get_value()))

    def forward(self, z: Tensor) -> Tensor:
        """Compute images (examples, channels, rows, columns) from noise (examples, dimension)."""
        h = torch.sigmoid(self.second(F.relu(self.first(z))))
        return self.deconv(h.view(len(z), *self.shape)) + self.bias


class Discriminator(nn.Module):
    """Convolutional maxout layers, one of dense maxout, and a logit; dropout before each."""

    def __init__(self, layers: list[Any], keep: list[float]):
        super().__init__()
        *convolutional, maxout, last = layers
        self.keep = keep
        self.convolutions = nn.ModuleList()
        for layer in convolutional:
            kernels = layer.W.get_value().transpose(3, 0, 1, 2)
            conv = nn.Conv2d(kernels.shape[1], len(kernels), kernels.shape[2:], padding=layer.pad)
            self.convolutions.append(_copied(conv, kernels, layer.b.get_value()))
        self.num_pieces = [layer.num_pieces for layer in convolutional]
        self.pools = [(layer.pool_shape, layer.pool_stride) for layer in convolutional]
        space = convolutional[-1].get_output_space()
        self.maxout, self.maxout_num_pieces = _linear(maxout, (*space.shape, space.num_channels)), maxout.pool_size
        self.last = _linear(last)

    def forward(self, x: Tensor) -> Tensor:
        """Compute logits (examples, 1) from images (examples, channels, rows, columns)."""
        keep = iter(self.keep)
        for convolution, num_pieces, (shape, stride) in zip(
            self.convolutions, self.num_pieces, self.pools, strict=True
        ):
            x = convolution(F.dropout(x, 1 - next(keep), self.training))
            x = x.view(len(x), -1, num_pieces, *x.shape[2:]).amax(dim=2)
            x = F.max_pool2d(x, shape, stride, ceil_mode=True)
        x = self.maxout(F.dropout(x.flatten(1), 1 - next(keep), self.training))
        x = x.view(len(x), -1, self.maxout_num_pieces).amax(dim=2)
        return self.last(F.dropout(x, 1 - next(keep), self.training))


class Game(TorchGame):
    """The game, from the present weights of an experiment of ours; images are (batch, channel, row, column)."""

    def __init__(self, train: Any, device: str = "cpu"):
        model, algorithm = train.model, train.algorithm
        dropout = algorithm.cost.discriminator_dropout
        layers = model.discriminator.layers
        size = model.generator.get_input_space().get_total_dimension()
        super().__init__(
            Generator(model.generator.mlp.layers),
            Discriminator(layers, [dropout.include_prob(layer.layer_name) for layer in layers]),
            lambda examples: torch.randn(examples, size, device=device),
            algorithm.learning_rate.get_value().item(),
            algorithm.learning_rule.momentum.get_value().item(),
            device=device,
        )
