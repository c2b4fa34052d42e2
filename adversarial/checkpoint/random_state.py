"""The random state of a model: where each of its sources of random numbers stands.

2014 pickled the generator's stream and each MLP's RandomState with the model, so that a second stage of training
went on with new noise and new dropout seeds where the first had stopped. A saved model has the same states, by the
attributes that lead to each source: `generator.theano_rng`, `discriminator.rng`, `generator.mlp.layers.1.theano_rng`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from adversarial.checkpoint.training_state import random_state, set_random_state
from adversarial.errors import CheckpointError
from adversarial.options import Configurable
from adversarial.random_streams import MRG_RandomStreams
from adversarial.serialization.reachable import reachable

Source = np.random.RandomState | MRG_RandomStreams


def sources_of(model: Configurable) -> dict[str, Source]:
    """Return each source of random numbers in a model, once, by the first path of attributes that leads to it."""
    found: dict[str, Source] = {}
    for path, part in reachable(model):
        is_source = isinstance(part, (np.random.RandomState, MRG_RandomStreams))
        if is_source and all(part is not other for other in found.values()):
            found[path] = part
    return found


def get_random_state(model: Configurable) -> dict[str, Any]:
    """Return the state of each source, by its path: six integers of a stream, or the parts of a RandomState."""
    return {path: _state_of(source) for path, source in sources_of(model).items()}


def _state_of(source: Source) -> Any:
    return source.rstate.copy() if isinstance(source, MRG_RandomStreams) else random_state(source)


def set_random_state_of(model: Configurable, states: Mapping[str, Any]) -> None:
    """Set what `get_random_state` returned; a source that it lacks stays as it was made.

    Raises
    ------
    CheckpointError
        If a state is not one of its source.
    """
    for path, source in sources_of(model).items():
        if path not in states:
            continue
        try:
            if isinstance(source, MRG_RandomStreams):
                source.rstate = MRG_RandomStreams(np.asarray(states[path]).tolist()).rstate
            else:
                set_random_state(source, states[path])
        except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
            raise CheckpointError(f"the random state {path} in it is not one") from error
