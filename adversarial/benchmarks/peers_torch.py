"""The dense experiments as a user of PyTorch would write them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from adversarial.benchmarks.specification import GameSpec, LayerSpec
from adversarial.benchmarks.torch_game import TorchGame


class Network(nn.Module):
    """Dense layers with dropout on their inputs; with `logits` the last layer has no sigmoid."""

    def __init__(self, layers: list[LayerSpec], logits: bool = False):
        super().__init__()
        self.specs, self.logits = layers, logits
        self.layers = nn.ModuleList(nn.Linear(*layer.W.shape) for layer in layers)
        with torch.no_grad():
            for linear, layer in zip(self.layers, layers, strict=True):
                linear.weight.copy_(torch.from_numpy(layer.W.T))
                linear.bias.copy_(torch.from_numpy(layer.b))

    def forward(self, x: Tensor) -> Tensor:
        """Compute the output for a minibatch (examples, values)."""
        for i, (linear, spec) in enumerate(zip(self.layers, self.specs, strict=True)):
            if spec.keep < 1:
                x = F.dropout(x, 1 - spec.keep, self.training)
            x = linear(x)
            if spec.kind == "RectifiedLinear":
                x = F.relu(x)
            elif spec.kind == "Maxout":
                x = x.view(len(x), -1, spec.num_pieces).amax(dim=2)
            elif spec.kind == "Sigmoid" and not (self.logits and i == len(self.specs) - 1):
                x = torch.sigmoid(x)
        return x

    def limit_norms(self) -> None:
        """Scale the weights of each unit down to the limit on their norm."""
        for linear, spec in zip(self.layers, self.specs, strict=True):
            if spec.max_col_norm is not None:
                norms = linear.weight.norm(dim=1, keepdim=True)
                linear.weight.mul_(norms.clamp(max=spec.max_col_norm) / (1e-7 + norms))


class Game(TorchGame):
    """The game of a specification; with `compiled` the networks are compiled by torch.compile."""

    def __init__(self, spec: GameSpec, compiled: bool = False, device: str = "cpu"):
        size = len(spec.generator[0].W)

        def uniform(examples: int) -> Tensor:
            return (torch.rand(examples, size, device=device) * 2 - 1) * math.sqrt(3)

        def gaussian(examples: int) -> Tensor:
            return torch.randn(examples, size, device=device)

        super().__init__(
            Network(spec.generator),
            Network(spec.discriminator, logits=True),
            uniform if spec.noise == "uniform" else gaussian,
            spec.learning_rate,
            spec.momentum,
            compiled,
            device,
        )

    def update(self, x: Tensor) -> None:
        """Update both players, and limit their norms."""
        super().update(x)
        with torch.no_grad():
            self.generator.limit_norms()
            self.discriminator.limit_norms()
