"""Sizes of random samples: what is known of them while a graph is built, and how JAX learns them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode, optdb
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.op import Op
from pytensor.graph.rewriting.basic import dfs_rewriter, graph_rewriter, node_rewriter
from pytensor.graph.traversal import walk
from pytensor.tensor.basic import Split
from pytensor.tensor.shape import Shape, Shape_i
from pytensor.tensor.variable import TensorVariable

from adversarial.engine import compat, registry
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


class ComputedLength(Op):
    """Compute a length from lengths of axes; on JAX while it traces, where lengths are numbers and arrays are not.

    Inputs: the lengths that it depends on, in the order of `graph`'s inputs. Output: the length, a scalar.
    """

    def __init__(self, graph: FunctionGraph) -> None:
        self.graph = graph

    def make_node(self, *lengths: Variable) -> Apply:
        return Apply(self, list(lengths), [self.graph.outputs[0].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: list[list[Any]]) -> None:
        output_storage[0][0] = self.function()(*inputs)

    def function(self) -> Callable[..., np.ndarray]:
        """Return the graph as a function of numbers, which PyTensor's Python linker runs."""
        graph = self.graph.clone()
        return pytensor.function(graph.inputs, graph.outputs[0], mode=Mode("py", "merge"))


def is_scalar_integer(variable: Variable) -> bool:
    """Return whether a variable is one integer, as tensor or as scalar."""
    return getattr(variable.type, "ndim", None) == 0 and variable.type.dtype.startswith("int")


def lengths_of(variable: Variable) -> list[Variable]:
    """Return the lengths of axes that an integer is computed from; none if it is one, or depends on anything else."""

    def is_length(variable: Variable) -> bool:
        return variable.owner is not None and isinstance(variable.owner.op, (Shape, Shape_i, ComputedLength))

    def inputs_of(variable: Variable) -> list[Variable]:
        return [] if variable.owner is None or is_length(variable) else variable.owner.inputs

    if is_length(variable) or not is_scalar_integer(variable):
        return []
    leaves = [leaf for leaf in walk([variable], inputs_of) if not inputs_of(leaf)]
    lengths = [leaf for leaf in leaves if not isinstance(leaf, Constant)]
    return lengths if all(map(is_length, lengths)) else []


@graph_rewriter
def lengths_while_jax_traces(fgraph: FunctionGraph) -> None:
    """Compute what follows from shapes alone before JAX stages it: sizes and slices must be numbers there."""
    for node in fgraph.toposort():
        if any(lengths_of(output) for output in node.outputs):
            continue  # a step on the way to a length
        for index, variable in enumerate(node.inputs):
            lengths = lengths_of(variable)
            if lengths:
                graph = FunctionGraph(lengths, [variable], clone=True)
                fgraph.change_node_input(
                    node, index, ComputedLength(graph).make_node(*lengths).outputs[0], reason="computed length"
                )


def pass_size_as_tuple_on_jax(op: type[Op]) -> None:
    """Let Ops (state, size) have their lengths as a tuple: JAX knows them while it traces, unless in an array."""
    from pytensor.link.jax.dispatch.shape import JAXShapeTuple
    from pytensor.tensor.basic import MakeVector
    from pytensor.tensor.elemwise import DimShuffle

    @node_rewriter([op])
    def size_as_tuple(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
        state, size = node.inputs
        if size.owner is None or not isinstance(size.owner.op, (MakeVector, DimShuffle)) or size.owner.inputs[0].ndim:
            return None
        return node.clone_with_new_inputs([state, *JAXShapeTuple().make_node(*size.owner.inputs).outputs]).outputs

    optdb.register(f"size_as_tuple_of_{op.__name__}", dfs_rewriter(size_as_tuple), "jax", position=110)


@node_rewriter([Split])
def split_into_slices(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Replace a Split, as the gradient of a Join has it, by slices, whose ends JAX can know as it traces."""
    axis, array, lengths = compat.axis_array_and_lengths(node)
    if isinstance(lengths, Constant) or axis is None:
        return None
    array, lengths = cast(TensorVariable, array), cast(TensorVariable, lengths)
    start: Any = 0
    slices: list[Variable] = []
    for index in range(node.op.len_splits):
        end = start + lengths[index]
        slices.append(array[(slice(None),) * axis + (slice(start, end),)])
        start = end
    return slices


@registry.registers_for("jax")
def _register_jax() -> None:
    from pytensor.link.jax.dispatch import jax_funcify

    @jax_funcify.register(ComputedLength)
    def jax_funcify_computed_length(op: ComputedLength, **kwargs: Any) -> Callable[..., int]:
        function = op.function()
        return lambda *lengths: int(function(*(np.asarray(length, "int64") for length in lengths)))

    # Before PyTensor fuses what is computed elementwise, at 49: a length could be fused with what is none.
    optdb.register("split_into_slices", dfs_rewriter(split_into_slices), "jax", position=48.8)
    optdb.register("lengths_while_jax_traces", lengths_while_jax_traces, "jax", position=48.9)
