"""Samples by a Markov chain: one contract for all models that are sampled so, whatever a step of theirs is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast, get_args, runtime_checkable

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.executor import Function
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX, function, sharedX
from adversarial.errors import ConfigurationError, DataError
from adversarial.models.model import Model
from adversarial.random_streams import M2, MRG_RandomStreams
from adversarial.space import Space

Start = Literal["data", "corrupted", "noise"]
STARTS: tuple[Start, ...] = get_args(Start)
#: Share of the values that `corrupted` replaces, by the least or the greatest of the data alike: that of the deep GSN.
CORRUPTION = 0.4

State = list[TensorVariable]


@runtime_checkable
class ChainModel(Protocol):
    """A model that is sampled by a Markov chain, all chains of a batch at once."""

    def visible_space(self) -> Space:
        """Return the space of an example, where chains start and samples are."""

    def chain_start(self, visible: TensorVariable, theano_rng: MRG_RandomStreams) -> State:
        """Return the state, batches of values, of chains that start at examples (chains, values)."""

    def chain_step(self, state: State, theano_rng: MRG_RandomStreams) -> tuple[TensorVariable, State]:
        """Return the means of the examples after a step, (chains, values), and the next state."""


@dataclass(frozen=True)
class ChainOptions:
    """How samples are taken from chains.

    Attributes
    ----------
    start : {'data', 'corrupted', 'noise'}
        Where chains start: training examples drawn without replacement, such with two fifths of their values replaced
        by the least or the greatest of the data, or noise that is uniform between those two.
    burn_in : int
        Step of the first sample of each chain; at step 0 a chain is where it starts.
    thinning : int
        Steps between two samples of a chain, at least 1.
    chains : int or None
        Number of chains, side by side; None for one a sample.

    Examples
    --------
    >>> ChainOptions(burn_in=50).described(10_000)
    '10,000 chains from data, at step 50'
    """

    start: Start = "data"
    burn_in: int = 10
    thinning: int = 1
    chains: int | None = None

    def __post_init__(self) -> None:
        if self.start not in STARTS:
            raise ConfigurationError(f"chains start at '{self.start}', but must start at {', '.join(STARTS)}")
        for name, least in (("burn_in", 0), ("thinning", 1), ("chains", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ConfigurationError(f"{name.replace('_', '-')} is {value}, but must be at least {least}")

    def described(self, total: int) -> str:
        """Return what a reader of a figure from `total` samples must know of the chains."""
        chains = min(self.chains or total, total)
        last = self.burn_in + (-(-total // chains) - 1) * self.thinning
        at = f"step {self.burn_in}" if last == self.burn_in else f"steps {self.burn_in} to {last:,}"
        every = f", each {self.thinning}" if self.thinning > 1 and last != self.burn_in else ""
        return f"{chains:,} chain{'s' * (chains > 1)} from {self.start}, at {at}{every}"


class Chain:
    """Chains of a model, side by side, that go on from step to step.

    Parameters
    ----------
    model : ChainModel
        The model; its parameters as they are at each step.
    start : array
        Where the chains start, (chains, values).
    seed : int, optional
        Of the noise, at least 0, default 0.

    Attributes
    ----------
    means : array
        Samples at the present step, (chains, values): means given the state; the start itself at step 0.
    step : int
        Steps taken.
    """

    def __init__(self, model: ChainModel, start: np.ndarray, seed: int = 0):
        dimension = model.visible_space().get_total_dimension()
        if start.ndim != 2 or start.shape[1] != dimension:
            raise DataError(f"chains start at examples of {start.shape[1:]} values, but the model's have {dimension}")
        self.means = np.asarray(start, dtype=floatX())
        self.step = 0
        visible = pt.matrix("visible", dtype=floatX())
        seeds = np.random.default_rng(seed).integers(1, M2, size=6)
        theano_rng = MRG_RandomStreams([int(value) for value in seeds])
        first = function([visible], model.chain_start(visible, theano_rng), name="chain_start")(self.means)
        state: list[Any] = [sharedX(value, name=f"state{number}") for number, value in enumerate(first)]
        means, after = model.chain_step(state, theano_rng)
        self._step = cast(
            Function, function([], means, updates=dict(zip(state, after, strict=True)), name="chain_step")
        )
        fixed = set(model.named_parameters().values()) if isinstance(model, Model) else set[TensorSharedVariable]()
        self._shared = [each for each in self._step.get_shared() if each not in fixed]

    def advance(self, steps: int) -> np.ndarray:
        """Take so many steps and return `means`."""
        for _ in range(steps):
            self.means = np.asarray(self._step())
            self.step += 1
        return self.means

    def get_state(self) -> dict[str, Any]:
        """Return what chains that are built alike need to go on from here, to the bit: plain values and arrays."""
        shared = [np.array(each.get_value(borrow=True)) for each in self._shared]
        return {"step": self.step, "means": self.means.copy(), "shared": shared}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from where `get_state` was called, on chains of the same model and number."""
        present = [each.get_value(borrow=True) for each in self._shared]
        if [value.shape for value in present] != [np.shape(value) for value in state["shared"]]:
            raise DataError("the saved chains are of another model, or are more or fewer than these")
        for each, value in zip(self._shared, state["shared"], strict=True):
            each.set_value(np.asarray(value, dtype=each.dtype))
        self.step, self.means = int(state["step"]), np.asarray(state["means"], dtype=floatX())


def starting_points(start: Start, data: np.ndarray, chains: int, seed: int = 0) -> np.ndarray:
    """Return where chains start.

    Parameters
    ----------
    start : {'data', 'corrupted', 'noise'}
        See `ChainOptions`.
    data : array
        The training data (examples, values).
    chains : int
        Number of chains; if there are more than examples, examples are drawn with replacement.
    seed : int, optional
        Of the choice and the noise, default 0.

    Returns
    -------
    array
        (chains, values), in floatX.

    Examples
    --------
    >>> starting_points("corrupted", np.full((50, 4), 0.5), 20).shape
    (20, 4)
    """
    rng = np.random.default_rng(seed)
    low, high = float(data.min()), float(data.max())
    if start == "noise":
        return rng.uniform(low, high, (chains, data.shape[1])).astype(floatX())
    found = data[rng.choice(len(data), chains, replace=chains > len(data))].astype(floatX())
    if start == "corrupted":
        replaced = rng.random(found.shape) < CORRUPTION
        found[replaced] = rng.choice([low, high], int(replaced.sum()))
    return found


def chain_samples(
    model: ChainModel, total: int, data: np.ndarray, options: ChainOptions | None = None, seed: int = 0
) -> Iterator[np.ndarray]:
    """Yield samples of a model's chains, each time one of every chain, until there are enough.

    Parameters
    ----------
    model : ChainModel
        The model.
    total : int
        Number of samples.
    data : array
        The training data, where chains start.
    options : ChainOptions, optional
        Start, burn-in, thinning and number of the chains.
    seed : int, optional
        Of the start and the noise, default 0.

    Yields
    ------
    array
        (samples, values), in floatX: means given the chain's state.
    """
    options = options or ChainOptions()
    chains = min(options.chains or total, total)
    chain = Chain(model, starting_points(options.start, data, chains, seed), seed)
    chain.advance(options.burn_in)
    for left in range(total, 0, -chains):
        yield chain.means[:left]
        if left > chains:
            chain.advance(options.thinning)
