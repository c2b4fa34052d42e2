"""Random variates as graphs, MRG_RandomStreams and RandomStreams; seeds, streams and numbers are Theano's of 2014."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.ops.mrg31k3p import M1, M2, MRGUniform
from adversarial.ops.random_state import RandomStateDraw, state_of
from adversarial.options import Configurable, Count, Index, NonNegative, configurable

#: Number of streams of a variate whose size is not known when its graph is built.
MAX_STREAMS = 60 * 256

# Matrices that advance the two components of a state by 2^72 and by 2^134 steps.
_A1_72 = ((1516919229, 758510237, 499121365), (1884998244, 1516919229, 335398200), (601897748, 1884998244, 358115744))
_A2_72 = (
    (1228857673, 1496414766, 954677935),
    (1133297478, 1407477216, 1496414766),
    (2002613992, 1639496704, 1407477216),
)
_A1_134 = (
    (1702500920, 1849582496, 1656874625),
    (828554832, 1702500920, 1512419905),
    (1143731069, 828554832, 102237247),
)
_A2_134 = (
    (796789021, 1464208080, 607337906),
    (1241679051, 1431130166, 1464208080),
    (1401213391, 1178684362, 1431130166),
)

Size = Sequence[Any] | Variable


class RandomState(Configurable, np.random.RandomState):
    """NumPy's generator of random numbers, a Mersenne Twister: `numpy.random.RandomState` in YAML.

    Parameters
    ----------
    seed : int or list of int, optional
        The seed; by default it is taken from the system, and nothing can be repeated.

    Examples
    --------
    >>> RandomState(seed=[2013, 3, 16]).randint(10)
    8
    """

    def __init__(self, seed: int | list[int] | None = None):
        np.random.RandomState.__init__(self, seed)


@configurable
def normal(loc: float = 0.0, scale: NonNegative = 1.0, size: int | list[int] | None = None) -> Any:
    """Draw normal numbers with a seed of the system's, so that no run repeats them: `numpy.random.normal` in YAML.

    Parameters
    ----------
    loc : float, default 0
        Mean.
    scale : float, default 1
        Standard deviation, at least 0.
    size : int or list of int, optional
        Shape of the array that is made; by default one number is drawn.

    Returns
    -------
    array or float
        The numbers.

    Examples
    --------
    >>> normal(loc=1.0, scale=0.0, size=[2, 3]).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    return np.random.normal(loc, scale, size)


def _matmul(a: np.ndarray, b: np.ndarray, modulus: int) -> np.ndarray:
    """The product a b modulo `modulus`; products of two 31-bit numbers are reduced before they are added."""
    return ((a[..., :, :, None] * b[..., None, :, :]) % modulus).sum(axis=-2) % modulus


@cache
def _jumps(n_streams: int) -> tuple[np.ndarray, np.ndarray]:
    """The matrices that advance a state by 0, 1, ... n_streams - 1 times 2^72 steps, (n_streams, 3, 3) each.

    Built by doubling, so that 15,360 of them take milliseconds.
    """
    tables = []
    for matrix, modulus in ((_A1_72, M1), (_A2_72, M2)):
        table, step = np.eye(3, dtype=np.int64)[None], np.array(matrix, dtype=np.int64)
        while len(table) < n_streams:
            table = np.concatenate([table, _matmul(table, step[None], modulus)])
            step = _matmul(step, step, modulus)
        tables.append(table[:n_streams])
    return tables[0], tables[1]


def guess_n_streams(size: Size) -> int:
    """Return Theano's number of streams for a variate: a sixth of its values if known, at most 15,360."""
    if isinstance(size, Variable) or not all(isinstance(length, (int, np.integer)) for length in size):
        return MAX_STREAMS
    values = math.prod(int(length) for length in size)
    return min(values // 6 if values > 6 else values, MAX_STREAMS)


class MRG_RandomStreams:
    """A source of variates; each is a graph with a state of its own, 2^134 steps from that of the one before.

    The state is a shared variable with a `default_update`, so that each call of a compiled function draws anew.

    Parameters
    ----------
    seed : int or sequence of int, default 12345
        An integer from 1 to M2 - 1, or six of them (three below M1, three below M2, neither three all 0).

    See Also
    --------
    adversarial.ops.mrg31k3p : The generator, MRG31k3p (L'Ecuyer and Touzin, 2000).

    Examples
    --------
    >>> streams = MRG_RandomStreams(seed=1)
    >>> noise = streams.uniform(size=(5, 3), low=-1.0, dtype="float32")
    >>> noise.type.dtype, noise.type.ndim
    ('float32', 2)
    """

    def __init__(self, seed: int | Sequence[int] = 12345):
        seeds = [int(seed)] * 6 if isinstance(seed, (int, np.integer)) else [int(value) for value in seed]
        if len(seeds) != 6:
            raise TypeError(f"the seed must be one integer or six, not {len(seeds)}")
        for part, modulus in ((seeds[:3], M1), (seeds[3:], M2)):
            if not any(part) or not all(0 <= value < modulus for value in part):
                raise ValueError(f"the seed has {part}, but each must be from 0 to {modulus - 1} and not all may be 0")
        self.rstate = np.array(seeds, dtype=np.int32)
        #: (state, new state) of every variate drawn so far.
        self.state_updates: list[tuple[SharedVariable, Variable]] = []

    def inc_rstate(self) -> None:
        """Advance by 2^134 steps, to the state where the next variate starts."""
        state = self.rstate.astype(np.int64)
        halves = ((_A1_134, state[:3], M1), (_A2_134, state[3:], M2))
        parts = [_matmul(np.array(a, dtype=np.int64), half[:, None], modulus)[:, 0] for a, half, modulus in halves]
        self.rstate = np.concatenate(parts).astype(np.int32)

    def get_substream_rstates(self, n_streams: int, inc_rstate: bool = True) -> np.ndarray:
        """Return the states of a variate's streams, (n_streams, 6) int32, each 2^72 steps from the one before."""
        state = self.rstate.astype(np.int64)
        first, second = (jumps[:n_streams] for jumps in _jumps(max(n_streams, MAX_STREAMS)))
        states = np.concatenate(
            [_matmul(first, state[None, :3, None], M1)[..., 0], _matmul(second, state[None, 3:, None], M2)[..., 0]],
            axis=1,
        )
        if inc_rstate:
            self.inc_rstate()
        return states.astype(np.int32)

    def uniform(
        self,
        size: Size,
        low: float = 0.0,
        high: float = 1.0,
        ndim: int | None = None,
        dtype: str | None = None,
        nstreams: int | None = None,
    ) -> TensorVariable:
        """Make a variate that is uniform in (low, high).

        Parameters
        ----------
        size : sequence, or TensorVariable
            The shape: lengths, each an int or symbolic, or a symbolic vector of them.
        low : float, default 0
            Lower end, excluded.
        high : float, default 1
            Upper end, excluded.
        ndim : int, optional
            Number of axes; needed where `size` is a vector of unknown length.
        dtype : {'float32', 'float64'}, optional
            Default floatX.
        nstreams : int, optional
            Number of streams; default Theano's rule, `guess_n_streams`.

        Returns
        -------
        TensorVariable
            The variate.
        """
        dtype = dtype or floatX()
        if not isinstance(size, Variable):
            if any(isinstance(length, (int, np.integer)) and length <= 0 for length in size):
                raise ValueError(f"a random variate cannot have the size {tuple(size)}: each length must be above 0")
            ndim = len(size)
        elif ndim is None:
            ndim = size.type.shape[0]
            if ndim is None:
                raise TypeError("the number of axes of a random variate must be known: give ndim")
        states = self.get_substream_rstates(guess_n_streams(size) if nstreams is None else nstreams)
        state = pytensor.shared(states, name="mrg_state")
        lengths = size if isinstance(size, Variable) else pt.stack([pt.as_tensor(n, dtype="int64") for n in size])
        drawn = MRGUniform(dtype, ndim, float(low), float(high))(state, lengths)
        new_state, sample = cast(list[TensorVariable], drawn)
        advance_by_default(state, new_state)
        self.state_updates.append((state, new_state))
        return sample

    def binomial(
        self,
        size: Size,
        n: int = 1,
        p: float = 0.5,
        ndim: int | None = None,
        dtype: str = "int64",
        nstreams: int | None = None,
    ) -> TensorVariable:
        """Make a variate that is 1 with probability `p`, else 0; `n` must be 1, and the rest is as in `uniform`."""
        if n != 1:
            raise ValueError(f"a binomial variate with n = {n} is not supported; n must be 1")
        return pt.cast(self.uniform(size, ndim=ndim, nstreams=nstreams) < np.asarray(p, dtype=floatX()), dtype)

    def normal(
        self,
        size: Size,
        avg: float = 0.0,
        std: float = 1.0,
        ndim: int | None = None,
        dtype: str | None = None,
        nstreams: int | None = None,
    ) -> TensorVariable:
        """Make a normal variate of mean `avg` and standard deviation `std`, by the Box-Muller transform in `dtype`.

        Parameters
        ----------
        size : sequence, or TensorVariable
            As in `uniform`.
        avg : float, default 0
            Mean.
        std : float, default 1
            Standard deviation.
        ndim : int, optional
            As in `uniform`.
        dtype : {'float32', 'float64'}, optional
            Default floatX.
        nstreams : int, optional
            As in `uniform`.

        Returns
        -------
        TensorVariable
            The variate.
        """
        dtype = dtype or floatX()
        lengths: Any = size
        known = not isinstance(size, Variable) and all(isinstance(length, (int, np.integer)) for length in lengths)
        lengths = [int(length) for length in lengths] if known else lengths
        n_samples: Any = math.prod(lengths) if known else pt.prod(pt.as_tensor(lengths), dtype="int64")
        # An even number of uniforms: the first half gives the radii, the second the angles.
        n_even = n_samples + n_samples % 2
        uniforms = self.uniform((n_even,), dtype=dtype, nstreams=nstreams)
        radius = pt.sqrt(np.asarray(-2.0, dtype=dtype) * pt.log(uniforms[: n_even // 2]))
        angle = np.asarray(2.0 * np.pi, dtype=dtype) * uniforms[n_even // 2 :]
        samples = pt.concatenate([radius * pt.cos(angle), radius * pt.sin(angle)])[:n_samples]
        shape_options = {} if ndim is None else {"ndim": ndim}
        samples = samples.reshape(lengths if isinstance(lengths, Variable) else tuple(lengths), **shape_options)
        mean, deviation = np.asarray(avg, dtype=dtype), np.asarray(std, dtype=dtype)
        return samples if mean == 0 and deviation == 1 else mean + deviation * samples


class RandomStreams(Configurable):
    """Theano's other source of variates: each has a NumPy RandomState of its own, seeded from that of the source.

    A variate's seed is the next `randint(2 ** 30)` of RandomState(seed). In 2014 a source without a seed took one from
    the operating system, so that no run could be repeated; here it has a default.

    Parameters
    ----------
    seed : int, default 12345
        Seed of the source, at least 0.

    Examples
    --------
    >>> labels = RandomStreams(seed=17).integers((20,), 10)
    >>> labels.type.dtype, labels.type.ndim
    ('int32', 1)
    """

    def __init__(self, seed: Index = 12345):
        self.seeds = np.random.RandomState(seed)

    def integers(self, size: Sequence[Any], bound: Count) -> TensorVariable:
        """Make a variate of whole numbers from 0 to `bound` - 1, int32; each length is an int or symbolic."""
        return self._variate(RandomStateDraw("integers", len(size), "int32", bound), size)

    def normal(self, size: Sequence[Any]) -> TensorVariable:
        """Make a standard normal variate in floatX."""
        return self._variate(RandomStateDraw("normal", len(size), floatX()), size)

    def _variate(self, draw: RandomStateDraw, size: Sequence[Any]) -> TensorVariable:
        random = np.random.RandomState(int(self.seeds.randint(2**30)))
        state = pytensor.shared(state_of(random), name="random_state")
        lengths = pt.stack([pt.as_tensor(length, dtype="int64") for length in size])
        new_state, sample = cast(list[TensorVariable], draw(state, lengths))
        advance_by_default(state, new_state)
        return sample


def advance_by_default(state: SharedVariable, new_state: Variable) -> None:
    """Let any function that reads a variate's state move it on."""
    with warnings.catch_warnings():
        # Deprecated, but only this advances the stream in a function that a user compiles with pytensor.function.
        warnings.simplefilter("ignore", DeprecationWarning)
        state.default_update = new_state
