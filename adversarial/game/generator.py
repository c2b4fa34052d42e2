"""Generator: noise through an MLP; after goodfeli/adversarial's `__init__.py`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.game.parzen_graph import theano_parzen
from adversarial.models.mlp import MLP
from adversarial.models.model import Model
from adversarial.options import Count, OptionError, Positive, Probability
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Conv2DSpace, Space, VectorSpace

#: 2014's seed of every generator's noise.
NOISE_SEED = 2014 * 5 + 27


class Generator(Model):
    """G of the paper: maps noise z to samples G(z) through `mlp`.

    Parameters
    ----------
    mlp : the network, whose input space is that of z
    noise : 'uniform' on (-sqrt 3, sqrt 3), 'gaussian', or 'spherical' (gaussian brought to norm 1); the first two
        have mean 0 and variance 1. Drawn as float32 whatever floatX is, as in 2014
    monitor_ll : whether to monitor the Parzen log-likelihood of the data (channels ll, nll)
    ll_n_samples, ll_sigma : number of samples and width of that estimate
    """

    def __init__(
        self,
        mlp: MLP,
        noise: Literal["uniform", "gaussian", "spherical"] = "gaussian",
        monitor_ll: bool = False,
        ll_n_samples: Count = 100,
        ll_sigma: Positive = 0.2,
    ):
        self.mlp = mlp
        self.noise = noise
        self.monitor_ll = monitor_ll
        self.ll_n_samples = ll_n_samples
        self.ll_sigma = ll_sigma
        self.theano_rng = MRG_RandomStreams(NOISE_SEED)

    def get_input_space(self) -> Space:
        return self.mlp.get_input_space()

    def get_output_space(self) -> Space:
        return self.mlp.get_output_space()

    def get_params(self) -> list[SharedVariable]:
        return self.mlp.get_params()

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        return self.mlp.get_lr_scalers()

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        self.mlp.modify_updates(updates)

    def get_noise(self, size: int | tuple[Any, int]) -> TensorVariable:
        """Noise z, float32: `size` is the number of examples or (examples, dimension); each call is a new variate."""
        if isinstance(size, int):
            size = (size, self.get_input_space().get_total_dimension())
        if self.noise == "uniform":
            return self.theano_rng.uniform(low=-np.sqrt(3), high=np.sqrt(3), size=size, dtype="float32")
        noise = self.theano_rng.normal(size=size, dtype="float32")
        if self.noise == "spherical":
            norms = pt.sqrt(pt.sqr(noise).sum(axis=1, keepdims=True))
            noise = noise / pt.maximum(np.float32(1e-7), norms)
        return noise

    def _formatted_noise(self, num_samples: Any) -> TensorVariable:
        space = self.mlp.get_input_space()
        dimension = space.get_total_dimension()
        return VectorSpace(dimension).format_as(self.get_noise((num_samples, dimension)), space)

    def sample_and_noise(
        self,
        num_samples: Any,
        default_input_include_prob: float | None = 1.0,
        default_input_scale: float = 1.0,
        all_g_layers: bool = False,
    ) -> tuple[TensorVariable, TensorVariable, list[TensorVariable] | None]:
        """Samples G(z), the z they came from, and, if `all_g_layers`, the outputs of the layers below the last.

        Parameters
        ----------
        num_samples : number of samples, an int or symbolic
        default_input_include_prob, default_input_scale : dropout in G
        all_g_layers : whether to return the hidden layers' outputs
        """
        noise = self._formatted_noise(num_samples)
        states = self.mlp.dropout_fprop(
            noise,
            default_input_include_prob=default_input_include_prob,
            default_input_scale=default_input_scale,
            return_all=True,
        )
        return states[-1], noise, states[:-1] if all_g_layers else None

    def sample(
        self, num_samples: Any, default_input_include_prob: float | None = 1.0, default_input_scale: float = 1.0
    ) -> TensorVariable:
        """Samples G(z), in the output space of `mlp`."""
        return self.sample_and_noise(num_samples, default_input_include_prob, default_input_scale)[0]

    def inpainting_sample_and_noise(
        self, X: TensorVariable, default_input_include_prob: float | None = 1.0, default_input_scale: float = 1.0
    ) -> tuple[TensorVariable, TensorVariable]:
        """Images (batch, row, column, channel) with their right half made by G from the left half and noise.

        G reads the left half with gaussian noise in place of the right, and gives the right half as a vector.
        """
        space = self.mlp.get_input_space()
        if X.ndim != 4 or not isinstance(space, Conv2DSpace):
            raise OptionError("Generator", "mlp", "mlp must read images, axes ('b', 0, 1, 'c'), to fill in half of one")
        size, half = space.shape[0], space.shape[0] // 2
        missing = (X.shape[0], size, half, space.num_channels)
        noise = self.theano_rng.normal(size=missing, dtype="float32")
        made = self.mlp.dropout_fprop(
            pt.set_subtensor(X[:, :, half:, :], noise),
            default_input_include_prob=default_input_include_prob,
            default_input_scale=default_input_scale,
        )
        return pt.set_subtensor(X[:, :, half:, :], made.reshape(missing)), noise

    def ll(self, data: TensorVariable, n_samples: int, sigma: float) -> TensorVariable:
        """The Parzen log-likelihood of each example of `data`, in nats, from `n_samples` new samples."""
        samples = self.sample(n_samples)
        space = self.mlp.get_output_space()
        if isinstance(space, Conv2DSpace):
            samples, data = (
                Conv2DSpace.convert(images, space.axes, ("b", 0, 1, "c")).flatten(2) for images in (samples, data)
            )
        return theano_parzen(data, samples, sigma)

    def get_monitoring_channels(self, data: TensorVariable | None) -> dict[str, TensorVariable]:
        # As many as the first axis of the data says, which for c01b images counts channels: so it was in 2014.
        num_samples = 100 if data is None else data.shape[0]
        channels = self.mlp.get_monitoring_channels((self._formatted_noise(num_samples), None))
        if self.monitor_ll:
            channels["ll"] = pt.cast(self.ll(data, self.ll_n_samples, self.ll_sigma), floatX()).mean()
            channels["nll"] = -channels["ll"]
        return channels


class IntrinsicDropoutGenerator(Generator):
    """A generator whose dropout belongs to it: always on, whatever its caller asks.

    Its noise is gaussian.

    Parameters
    ----------
    default_input_include_prob, default_input_scale : as of `MLP.dropout_fprop`
    input_include_probs, input_scales : the same, by layer name
    others : those of Generator
    """

    def __init__(
        self,
        default_input_include_prob: Probability,
        default_input_scale: Positive,
        input_include_probs: dict[str, Probability] | None = None,
        input_scales: dict[str, Positive] | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.default_input_include_prob = default_input_include_prob
        self.default_input_scale = default_input_scale
        self.input_include_probs = input_include_probs
        self.input_scales = input_scales
        self.mlp.check_layer_names(input_include_probs or (), "input_include_probs")
        self.mlp.check_layer_names(input_scales or (), "input_scales")

    def sample_and_noise(
        self,
        num_samples: Any,
        default_input_include_prob: float | None = 1.0,
        default_input_scale: float = 1.0,
        all_g_layers: bool = False,
    ) -> tuple[TensorVariable, TensorVariable, list[TensorVariable] | None]:
        """As Generator's, with the generator's own dropout in place of the one asked for."""
        space = self.mlp.get_input_space()
        dimension = space.get_total_dimension()
        noise = self.theano_rng.normal(size=(num_samples, dimension), dtype="float32")
        noise = VectorSpace(dimension).format_as(noise, space)
        states = self.mlp.dropout_fprop(
            noise,
            default_input_include_prob=self.default_input_include_prob,
            default_input_scale=self.default_input_scale,
            input_include_probs=self.input_include_probs,
            input_scales=self.input_scales,
            return_all=True,
        )
        return states[-1], noise, states[:-1] if all_g_layers else None
