"""The losses of both players and an update of both, shared by the experiments written for PyTorch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from adversarial import backend


class TorchGame:
    """Both players and their optimizers.

    Parameters
    ----------
    generator, discriminator : torch.nn.Module
        The players; D returns logits.
    draw_noise : callable
        Takes a number of examples, and returns noise (examples, dimension).
    learning_rate, momentum : float
        Of gradient descent with momentum.
    compiled : bool, default False
        Compile the players by torch.compile.
    device : str, default 'cpu'
        Where both players are, 'cpu' or 'cuda'; `draw_noise` must draw there.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        draw_noise: Callable[[int], Tensor],
        learning_rate: float,
        momentum: float,
        compiled: bool = False,
        device: str = "cpu",
    ):
        torch.set_num_threads(backend.threads())
        self.device = device
        generator, discriminator = generator.to(device), discriminator.to(device)
        self.generator, self.discriminator, self.draw_noise = generator, discriminator, draw_noise
        self.run_g = torch.compile(generator) if compiled else generator
        self.run_d = torch.compile(discriminator) if compiled else discriminator
        options = {"lr": learning_rate, "momentum": momentum, "fused": True}
        self.optimizers = [torch.optim.SGD(player.parameters(), **options) for player in (generator, discriminator)]

    def objectives(self, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """Compute D's and G's losses."""
        real, fake = self.run_d(x), self.run_d(self.run_g(z))
        one, zero = torch.ones_like(real), torch.zeros_like(real)
        bce = F.binary_cross_entropy_with_logits
        return 0.5 * (bce(real, one) + bce(fake, zero)), bce(fake, one)

    def losses(self, batch: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
        """Compute the losses without dropout, for given data and noise."""
        self.discriminator.eval()
        with torch.no_grad():
            d_loss, g_loss = self.objectives(self._there(batch), self._there(noise))
        self.discriminator.train()
        return d_loss.item(), g_loss.item()

    def _there(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values).to(self.device)

    def update(self, x: Tensor) -> None:
        """Update both players, each by the gradient of its own loss from the same samples and dropout masks."""
        d_loss, g_loss = self.objectives(x, self.draw_noise(len(x)))
        d_params, g_params = list(self.discriminator.parameters()), list(self.generator.parameters())
        d_grads = torch.autograd.grad(d_loss, d_params, retain_graph=True)
        g_grads = torch.autograd.grad(g_loss, g_params)
        for param, grad in zip(d_params + g_params, d_grads + g_grads, strict=True):
            param.grad = grad
        for optimizer in self.optimizers:
            optimizer.step()

    def train(self, batch: np.ndarray, updates: int) -> None:
        """Make `updates` updates of both players on one minibatch, and wait for the last."""
        x = self._there(batch)
        for _ in range(updates):
            self.update(x)
        if self.device == "cuda":
            torch.cuda.synchronize()

    def captured(self, batch: np.ndarray, updates: int = 1) -> Callable[[int], None]:
        """Capture updates on one minibatch as a CUDA graph.

        Parameters
        ----------
        batch : ndarray
            The minibatch, which is moved to the GPU once.
        updates : int, default 1
            Updates of the graph, which are one dispatch.

        Returns
        -------
        callable
            Takes a number of updates, a multiple of those of the graph, makes them, and waits for the last.
        """
        x = self._there(batch)
        # Momentum's buffers are made, and libraries set up, by updates that are not captured, on a stream beside.
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(3):
                self.update(x)
        torch.cuda.current_stream().wait_stream(beside)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)  # so that the gradients are in the memory of the graph
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for _ in range(updates):
                self.update(x)
        # The graph reads the minibatch where it is, and does not keep it.
        self._kept = [*getattr(self, "_kept", []), x]

        def run(count: int) -> None:
            for _ in range(count // updates):
                graph.replay()
            torch.cuda.synchronize()

        return run
