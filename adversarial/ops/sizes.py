"""Sizes of random samples: what is known of them while a graph is built, and how JAX learns them."""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.op import Op
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.tensor.variable import TensorVariable

from adversarial.errors import ConfigurationError


def size_vector(size: pt.TensorLike) -> TensorVariable:
    """Return `size` as a vector of integers; TypeError if it is none."""
    vector = pt.as_tensor(size, ndim=1)
    if vector.dtype not in ("int64", "int32", "int16", "int8"):
        raise TypeError(f"the size must be a vector of integers, not {vector.type}")
    return vector


def static_shape(size: TensorVariable, ndim: int) -> tuple[int | None, ...]:
    """Return the lengths of a sample of `ndim` axes that its size, a vector, says without being computed."""
    shape = getattr(size, "data", [None] * ndim)
    if size.owner is not None and len(size.owner.inputs) == ndim:
        shape = [getattr(part, "data", None) for part in size.owner.inputs]
    return tuple(None if length is None else int(length) for length in shape)


def shape_on_jax(size: Any, node: Apply, ndim: int) -> tuple[int, ...]:
    """Return the lengths of the last output of `node`, which JAX must know while it traces; `size` is its input."""
    static = node.outputs[-1].type.shape
    if isinstance(node.inputs[1], Constant):
        static = tuple(node.inputs[1].data)
    try:
        shape = tuple(int(length) for length in (size if None in static else static))
    except TypeError as error:  # JAX's, for a length that is known only when the function runs
        raise ConfigurationError(
            "on JAX the size of a random variate must be constant or taken from the shape of an input"
        ) from error
    if len(shape) != ndim or min(shape, default=0) < 0:
        raise ValueError(f"a sample of {ndim} axes cannot have the size {shape}")
    return shape


def pass_size_as_tuple_on_jax(op: type[Op]) -> None:
    """Let Ops (state, size) have their lengths as a tuple: JAX knows them while it traces, unless in an array."""
    from pytensor.link.jax.dispatch.shape import JAXShapeTuple
    from pytensor.tensor.basic import MakeVector

    @node_rewriter([op])
    def size_as_tuple(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
        state, size = node.inputs
        if size.owner is None or not isinstance(size.owner.op, MakeVector):
            return None
        return node.clone_with_new_inputs([state, *JAXShapeTuple().make_node(*size.owner.inputs).outputs]).outputs

    optdb.register(f"size_as_tuple_of_{op.__name__}", dfs_rewriter(size_as_tuple), "jax", position=110)
