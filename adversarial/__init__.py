"""Generative Adversarial Nets (Goodfellow et al., 2014) on PyTensor: 2014's names `adversarial.X`."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "ActivateGenerator": "game.schedules",
    "AdversaryCost2": "game.costs",
    "AdversaryPair": "game.pair",
    "Clusterize": "game.layers",
    "Cycler": "game.schedules",
    "Generator": "game.generator",
    "HardSigmoid": "models.linear",
    "InpaintingAdversaryCost": "game.costs",
    "IntrinsicDropoutGenerator": "game.generator",
    "LazyAdversaryCost": "game.costs",
    "NoiseCat": "game.layers",
    "RectifiedLinear": "game.layers",
    "Sigmoid": "game.layers",
    "SubtractHalf": "game.layers",
    "SubtractRealMean": "game.layers",
    "Sum": "game.layers",
    "ThresholdedAdversaryCost": "game.costs",
    "add_layers": "game.surgery",
    "log_mean_exp": "game.parzen_graph",
    "marginals": "game.surgery",
    "parzen_log_likelihood": "evaluation.parzen",
    "recapitate_discriminator": "game.surgery",
    "sample": "evaluation.sample_sources",
    "theano_parzen": "game.parzen_graph",
    "train_file": "programs.train_file",
}

#: Rooms that `import adversarial` alone makes reachable, as in adversarial.checkpoint.load_model.
_ROOMS = ("checkpoint", "config", "datasets", "evaluation", "figures", "game", "likelihood", "models", "train")

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    # Resolved on first use, so that `import adversarial` costs nothing and no backend is chosen by it.
    if name not in _HOME:
        if name in _ROOMS:
            return importlib.import_module(f"adversarial.{name}")
        raise AttributeError(f"module 'adversarial' has no attribute '{name}'")
    return getattr(importlib.import_module(f"adversarial.{_HOME[name]}"), name)
