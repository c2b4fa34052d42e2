"""AdversaryPair: the two players as one model, with an optional third that infers z; after goodfeli/adversarial."""

from __future__ import annotations

from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.game.generator import Generator
from adversarial.models.mlp import MLP
from adversarial.models.model import Model
from adversarial.options import Count, Fraction, OptionError
from adversarial.space import Space


class AdversaryPair(Model):
    """G and D of the paper.

    Parameters
    ----------
    generator : makes samples from noise
    discriminator : an MLP that gives the probability that its input is data
    inferer : an MLP that learns to give z (or a hidden layer of G) from G(z)
    inference_monitoring_batch_size : number of samples on which the inferer is monitored
    monitor_generator, monitor_discriminator, monitor_inference : whose channels to monitor
    shrink_d : if not 0, the discriminator's parameters are multiplied by this after each update
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: MLP,
        inferer: MLP | None = None,
        inference_monitoring_batch_size: Count = 128,
        monitor_generator: bool = True,
        monitor_discriminator: bool = True,
        monitor_inference: bool = True,
        shrink_d: Fraction = 0.0,
    ):
        self.generator = generator
        self.discriminator = discriminator
        self.inferer = inferer
        self.inference_monitoring_batch_size = inference_monitoring_batch_size
        self.monitor_generator = monitor_generator
        self.monitor_discriminator = monitor_discriminator
        self.monitor_inference = monitor_inference
        self.shrink_d = shrink_d
        if discriminator.get_output_space().get_total_dimension() != 1:
            reason = "discriminator must end in one unit, the probability that its input is data"
            raise OptionError("AdversaryPair", "discriminator", reason)

    def makes_whole_examples(self) -> bool:
        """Whether the generator's output is what the discriminator reads (inpainting makes half of it)."""
        made, read = self.generator.get_output_space(), self.discriminator.get_input_space()
        return made.get_total_dimension() == read.get_total_dimension()

    def players(self) -> dict[str, Model]:
        """The players by 2014's short names: gen, dis and, where there is one, inf."""
        players = {"gen": self.generator, "dis": self.discriminator}
        return players if self.inferer is None else players | {"inf": self.inferer}

    def get_params(self) -> list[SharedVariable]:
        return [param for player in self.players().values() for param in player.get_params()]

    def get_input_space(self) -> Space:
        return self.discriminator.get_input_space()

    def get_output_space(self) -> Space:
        return self.discriminator.get_output_space()

    def set_batch_size(self, batch_size: int) -> None:
        for player in self.players().values():
            player.set_batch_size(batch_size)

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        return self.generator.get_lr_scalers() | self.discriminator.get_lr_scalers()

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        self.generator.modify_updates(updates)
        self.discriminator.modify_updates(updates)
        if self.shrink_d != 0.0:
            for param in self.discriminator.get_params():
                if param in updates:
                    updates[param] = self.shrink_d * updates[param]
        if self.inferer is not None:
            self.inferer.modify_updates(updates)

    def get_monitoring_data_specs(self) -> tuple[Space, Any]:
        return self.discriminator.get_input_space(), self.discriminator.get_input_source()

    def get_monitoring_channels(self, data: TensorVariable) -> dict[str, TensorVariable]:
        """Channels of each player: gen_*, dis_on_data_*, dis_on_samp_* (on 100 samples), inf_*.

        A generator that fills in half an image makes no samples of its own to monitor the discriminator on.
        2014 had the names of the two kinds of dis_ channels swapped; here each says what it measures.
        """
        gen = self.generator.get_monitoring_channels(data)
        dis_on_data = self.discriminator.get_monitoring_channels((data, None))
        dis_on_samp, inf = {}, {}
        if self.makes_whole_examples():
            dis_on_samp = self.discriminator.get_monitoring_channels((self.generator.sample(100), None))
        if self.inferer is not None and self.makes_whole_examples():
            sample, noise, _ = self.generator.sample_and_noise(self.inference_monitoring_batch_size)
            inf = self.inferer.get_monitoring_channels((sample, noise))
        channels = {}
        if self.monitor_generator:
            channels |= _prefixed("gen_", gen)
        if self.monitor_discriminator:
            channels |= _prefixed("dis_on_data_", dis_on_data) | _prefixed("dis_on_samp_", dis_on_samp)
        if self.monitor_inference:
            channels |= _prefixed("inf_", inf)
        return channels

    def get_weights(self) -> np.ndarray:
        return self.discriminator.get_weights()

    def get_weights_format(self) -> tuple[str, str]:
        return self.discriminator.get_weights_format()

    def get_weights_view_shape(self) -> tuple[int, int]:
        return self.discriminator.get_weights_view_shape()

    def get_weights_topo(self) -> np.ndarray:
        return self.discriminator.get_weights_topo()


def _prefixed(prefix: str, channels: dict[str, TensorVariable]) -> dict[str, TensorVariable]:
    return {prefix + name: value for name, value in channels.items()}
