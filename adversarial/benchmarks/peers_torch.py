"""The dense experiments as a user of PyTorch would write them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from adversarial import backend

if TYPE_CHECKING:
    from adversarial.benchmarks.dense import GameSpec, LayerSpec


class Network(nn.Module):
    """Dense layers with dropout on their inputs; gives the last layer's output, before its sigmoid if `logits`."""

    def __init__(self, layers: list[LayerSpec], logits: bool = False):
        super().__init__()
        self.specs, self.logits = layers, logits
        self.layers = nn.ModuleList(nn.Linear(*layer.W.shape) for layer in layers)
        with torch.no_grad():
            for linear, layer in zip(self.layers, layers, strict=True):
                linear.weight.copy_(torch.from_numpy(layer.W.T))
                linear.bias.copy_(torch.from_numpy(layer.b))

    def forward(self, x: Tensor) -> Tensor:
        for i, (linear, spec) in enumerate(zip(self.layers, self.specs, strict=True)):
            if spec.keep < 1:
                x = F.dropout(x, 1 - spec.keep, self.training)
            x = linear(x)
            if spec.kind == "RectifiedLinear":
                x = F.relu(x)
            elif spec.kind == "Maxout":
                x = x.view(len(x), -1, spec.pieces).amax(dim=2)
            elif spec.kind == "Sigmoid" and not (self.logits and i == len(self.specs) - 1):
                x = torch.sigmoid(x)
        return x

    def limit_norms(self) -> None:
        """Bring the weights of each unit within their limit."""
        for linear, spec in zip(self.layers, self.specs, strict=True):
            if spec.max_col_norm is not None:
                norms = linear.weight.norm(dim=1, keepdim=True)
                linear.weight.mul_(norms.clamp(max=spec.max_col_norm) / (1e-7 + norms))


class Game:
    """Both players and their optimizers; `compiled`: the networks go through torch.compile."""

    def __init__(self, spec: GameSpec, compiled: bool = False):
        torch.set_num_threads(backend.threads())
        self.noise = spec.noise
        self.generator, self.discriminator = Network(spec.generator), Network(spec.discriminator, logits=True)
        self.noise_size = len(spec.generator[0].W)
        options = {"lr": spec.learning_rate, "momentum": spec.momentum, "fused": True}
        self.optimizers = [torch.optim.SGD(net.parameters(), **options) for net in (self.generator, self.discriminator)]
        self.run_g = torch.compile(self.generator) if compiled else self.generator
        self.run_d = torch.compile(self.discriminator) if compiled else self.discriminator

    def objectives(self, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """D's and G's losses."""
        real, fake = self.run_d(x), self.run_d(self.run_g(z))
        one, zero = torch.ones_like(real), torch.zeros_like(real)
        bce = F.binary_cross_entropy_with_logits
        return 0.5 * (bce(real, one) + bce(fake, zero)), bce(fake, one)

    def losses(self, batch: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
        """The losses without dropout."""
        self.discriminator.eval()
        with torch.no_grad():
            d_loss, g_loss = self.objectives(torch.from_numpy(batch), torch.from_numpy(noise))
        self.discriminator.train()
        return d_loss.item(), g_loss.item()

    def update(self, batch: np.ndarray) -> None:
        """One update of both players, each by the gradient of its own loss from the same samples and masks."""
        x = torch.from_numpy(batch)
        if self.noise == "uniform":
            z = (torch.rand(len(x), self.noise_size) * 2 - 1) * math.sqrt(3)
        else:
            z = torch.randn(len(x), self.noise_size)
        d_loss, g_loss = self.objectives(x, z)
        d_params, g_params = list(self.discriminator.parameters()), list(self.generator.parameters())
        d_grads = torch.autograd.grad(d_loss, d_params, retain_graph=True)
        g_grads = torch.autograd.grad(g_loss, g_params)
        for param, grad in zip(d_params + g_params, d_grads + g_grads, strict=True):
            param.grad = grad
        for optimizer in self.optimizers:
            optimizer.step()
        with torch.no_grad():
            self.generator.limit_norms()
            self.discriminator.limit_norms()
