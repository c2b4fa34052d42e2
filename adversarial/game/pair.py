"""AdversaryPair: the two players as one model, with an optional third that infers z; after goodfeli/adversarial."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.game.generator import Generator
from adversarial.models.mlp import MLP
from adversarial.models.model import Model, Source
from adversarial.names.slips import Slip
from adversarial.options import Count, NonNegative, UsuallyFraction
from adversarial.space import Batch, Space

log = logging.getLogger(__name__)


class AdversaryPair(Model):
    """G and D of the paper (section 3, figure 1), with an optional third player that infers z from G(z).

    Parameters
    ----------
    generator : Generator
        G: makes samples from noise.
    discriminator : MLP
        D: its output is the probability that its input is data; of several, each is, and objectives are their means.
    inferer : MLP, optional
        Learns to predict z (or a hidden layer of G) from G(z).
    inference_monitoring_batch_size : int, default 128
        Number of samples on which the inferer is monitored.
    monitor_generator : bool, default True
        Whether G is monitored (channels gen_*).
    monitor_discriminator : bool, default True
        Whether D is monitored (channels dis_*).
    monitor_inference : bool, default True
        Whether the inferer is monitored (channels inf_*).
    shrink_d : float, default 0
        Factor, in [0, 1] as a rule, on D's parameters after each update; 0 is no shrinking.
    generator_lr_scale : float, default 1
        Factor of G's learning rate, at least 0, besides those of its layers.
    discriminator_lr_scale : float, default 1
        Factor of D's learning rate, at least 0, besides those of its layers.

    Examples
    --------
    >>> from adversarial.models.linear import Sigmoid
    >>> generator = Generator(MLP([Sigmoid(layer_name="y", dim=784, irange=0.05)], nvis=100))
    >>> discriminator = MLP([Sigmoid(layer_name="y", dim=1, irange=0.05)], nvis=784)
    >>> pair = AdversaryPair(generator, discriminator)
    >>> list(pair.named_parameters())
    ['gen/y_W', 'gen/y_b', 'dis/y_W', 'dis/y_b']
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
        shrink_d: UsuallyFraction = 0.0,
        generator_lr_scale: NonNegative = 1.0,
        discriminator_lr_scale: NonNegative = 1.0,
    ):
        self.generator = generator
        self.discriminator = discriminator
        self.inferer = inferer
        self.inference_monitoring_batch_size = inference_monitoring_batch_size
        self.monitor_generator = monitor_generator
        self.monitor_discriminator = monitor_discriminator
        self.monitor_inference = monitor_inference
        self.shrink_d = shrink_d
        self.generator_lr_scale = generator_lr_scale
        self.discriminator_lr_scale = discriminator_lr_scale
        self._check_discriminator(discriminator)

    def _check_discriminator(self, discriminator: MLP) -> None:
        outputs = discriminator.get_output_space().get_total_dimension()
        if outputs != 1:
            log.warning(
                "%s: the discriminator has %d outputs, of which each is taken for the probability that its input is "
                "data; one is meant",
                type(self).__name__,
                outputs,
            )

    def makes_whole_examples(self) -> bool:
        """Return whether G's output has the size of D's input; a generator for inpainting makes half of it."""
        made, read = self.generator.get_output_space(), self.discriminator.get_input_space()
        return made.get_total_dimension() == read.get_total_dimension()

    def players(self) -> dict[str, Model]:
        """Return the players by 2014's short names: gen, dis and, if there is one, inf."""
        players: dict[str, Model] = {"gen": self.generator, "dis": self.discriminator}
        return players if self.inferer is None else players | {"inf": self.inferer}

    def get_params(self) -> list[TensorSharedVariable]:
        return [param for player in self.players().values() for param in player.get_params()]

    def _named_parts(self) -> dict[str, Model]:
        return {f"{name}/": player for name, player in self.players().items()}

    def get_input_space(self) -> Space:
        return self.discriminator.get_input_space()

    def get_input_source(self) -> Source:
        return self.discriminator.get_input_source()

    def get_output_space(self) -> Space:
        return self.discriminator.get_output_space()

    def set_batch_size(self, batch_size: int) -> None:
        for player in self.players().values():
            player.set_batch_size(batch_size)

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        scalers = _scaled(self.generator, self.generator_lr_scale)
        scalers |= _scaled(self.discriminator, self.discriminator_lr_scale)
        of_inferer = {} if self.inferer is None else self.inferer.get_lr_scalers()
        return scalers if of_inferer and Slip.INFERER_RATES.repeated_by(self) else scalers | of_inferer

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        self.generator.modify_updates(updates)
        self.discriminator.modify_updates(updates)
        if self.shrink_d != 0.0:
            for param in self.discriminator.get_params():
                if param in updates:
                    updates[param] = self.shrink_d * cast(TensorVariable, updates[param])
        if self.inferer is not None:
            self.inferer.modify_updates(updates)

    def averaging_updates(self, updates: Mapping[SharedVariable, Variable]) -> dict[SharedVariable, Variable]:
        return self.generator.averaging_updates(updates)

    def get_monitoring_data_specs(self) -> tuple[Space, Any]:
        return self.discriminator.get_input_space(), self.discriminator.get_input_source()

    def get_monitoring_channels(self, data: Batch) -> dict[str, TensorVariable]:
        """Return the channels of each player: gen_*, dis_on_data_*, dis_on_samp_* (on 100 samples), inf_*.

        A generator for inpainting makes no whole samples, so there is no dis_on_samp_* and no inf_* with it; its
        samples are drawn all the same, as in 2014, since each draw decides where later streams start.
        """
        gen = self.generator.get_monitoring_channels(data)
        dis_on_data = self.discriminator.get_monitoring_channels((data, None))
        dis_on_samp: dict[str, TensorVariable] = {}
        inf: dict[str, TensorVariable] = {}
        samples, _ = self._samples_and_noise(100)
        if self.makes_whole_examples():
            dis_on_samp = self.discriminator.get_monitoring_channels((samples, None))
        if self.inferer is not None:
            samples, noise = self._samples_and_noise(self.inference_monitoring_batch_size)
            if self.makes_whole_examples():
                inf = self.inferer.get_monitoring_channels((samples, noise))
        channels: dict[str, TensorVariable] = {}
        if self.monitor_generator:
            channels |= _prefixed("gen_", gen)
        if self.monitor_discriminator:
            if Slip.SWAPPED_CHANNELS.repeated_by(self):
                dis_on_data, dis_on_samp = dis_on_samp, dis_on_data
            channels |= _prefixed("dis_on_data_", dis_on_data) | _prefixed("dis_on_samp_", dis_on_samp)
        if self.monitor_inference:
            channels |= _prefixed("inf_", inf)
        return channels

    def _samples_and_noise(self, count: int) -> tuple[Batch, Batch]:
        """Samples as the discriminator and the inferer read them, and the noise that they were made from."""
        samples, noise, _ = self.generator.sample_and_noise(count)
        return samples, noise

    def get_weights(self) -> np.ndarray:
        return self.discriminator.get_weights()

    def get_weights_format(self) -> tuple[str, str]:
        return self.discriminator.get_weights_format()

    def get_weights_view_shape(self) -> tuple[int, int]:
        return self.discriminator.get_weights_view_shape()

    def get_weights_topo(self) -> np.ndarray:
        return self.discriminator.get_weights_topo()


def _scaled(player: Model, factor: float) -> dict[SharedVariable, float]:
    """A player's factors of the learning rate, times one for all of its parameters."""
    scalers = player.get_lr_scalers()
    return scalers if factor == 1.0 else {param: factor * scalers.get(param, 1.0) for param in player.get_params()}


def _prefixed(prefix: str, channels: dict[str, TensorVariable]) -> dict[str, TensorVariable]:
    return {prefix + name: value for name, value in channels.items()}
