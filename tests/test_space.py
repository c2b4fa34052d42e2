"""Spaces: conversions are rearrangements, the same for arrays as for graphs, and can be taken back."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytensor.compile.mode import Mode

from adversarial.backend import floatX
from adversarial.index_space import IndexSpace
from adversarial.options import OptionError
from adversarial.space import CompositeSpace, Conv2DSpace, NullSpace, Space, VectorSpace, check_axes

ORDERS = list(permutations(["b", 0, 1, "c"]))
orders = st.sampled_from(ORDERS)
lengths = st.integers(1, 4)


@st.composite
def image_spaces(draw, axes=orders):
    return Conv2DSpace([draw(lengths), draw(lengths)], num_channels=draw(lengths), axes=draw(axes))


def reordered(space: Conv2DSpace, axes) -> Conv2DSpace:
    """The space of the same images with another order of axes."""
    return Conv2DSpace(space.shape, num_channels=space.num_channels, axes=axes)


def counted(space: Space, examples: int) -> np.ndarray:
    """A batch whose values all differ."""
    origin = space.get_origin_batch(examples)
    return np.arange(origin.size, dtype=origin.dtype).reshape(origin.shape)


def evaluated(inputs, outputs, values):
    """What a graph gives, by PyTensor's plainest means."""
    return pytensor.function(inputs, outputs, mode=Mode(linker="py", optimizer=None))(*values)


@given(image_spaces(), st.integers(1, 5))
def test_vectors_to_images_and_back_are_the_same_vectors(space, examples):
    vectors = VectorSpace(space.get_total_dimension())
    batch = counted(vectors, examples)
    images = vectors.np_format_as(batch, space)
    space.np_validate(images)
    np.testing.assert_array_equal(space.np_format_as(images, vectors), batch)


@given(image_spaces(), st.integers(1, 5))
def test_vectors_hold_rows_then_columns_then_channels(space, examples):
    vectors = VectorSpace(space.get_total_dimension())
    batch = counted(vectors, examples)
    images = vectors.np_format_as(batch, reordered(space, ["b", 0, 1, "c"]))
    for row, column, channel in np.ndindex(*space.shape, space.num_channels):
        place = (row * space.shape[1] + column) * space.num_channels + channel
        np.testing.assert_array_equal(images[:, row, column, channel], batch[:, place])


@given(image_spaces(), orders, orders, st.integers(1, 5))
def test_an_order_of_axes_by_way_of_another_is_that_order(space, between, last, examples):
    batch = counted(space, examples)
    middle, end = reordered(space, between), reordered(space, last)
    at_once = space.np_format_as(batch, end)
    np.testing.assert_array_equal(middle.np_format_as(space.np_format_as(batch, middle), end), at_once)
    np.testing.assert_array_equal(end.np_format_as(at_once, space), batch)
    np.testing.assert_array_equal(at_once, np.einsum(batch, [ORDERS[0].index(a) for a in space.axes],
                                                     [ORDERS[0].index(a) for a in last]))  # fmt: skip


@given(image_spaces(), orders, st.integers(1, 5))
def test_the_vector_of_an_image_does_not_depend_on_the_order_of_its_axes(space, axes, examples):
    batch, other = counted(space, examples), reordered(space, axes)
    vectors = VectorSpace(space.get_total_dimension())
    np.testing.assert_array_equal(
        other.np_format_as(space.np_format_as(batch, other), vectors), space.np_format_as(batch, vectors)
    )


@given(st.lists(st.one_of(image_spaces(), lengths.map(VectorSpace)), min_size=1, max_size=3), st.integers(1, 4))
def test_a_composite_is_its_parts_side_by_side(components, examples):
    composite = CompositeSpace(components)
    vectors = VectorSpace(composite.get_total_dimension())
    batch = counted(vectors, examples)
    parts = vectors.np_format_as(batch, composite)
    composite.np_validate(parts)
    np.testing.assert_array_equal(composite.np_format_as(parts, vectors), batch)
    start = 0
    for component, part in zip(components, parts, strict=True):
        width = component.get_total_dimension()
        as_vectors = component.np_format_as(part, VectorSpace(width))
        np.testing.assert_array_equal(as_vectors, batch[:, start : start + width])
        start += width


CONVERSIONS = [
    (VectorSpace(24), Conv2DSpace([2, 3], num_channels=4, axes=["c", 0, 1, "b"])),
    (Conv2DSpace([2, 3], num_channels=4, axes=["c", 0, 1, "b"]), VectorSpace(24)),
    (Conv2DSpace([2, 3], num_channels=4, axes=["b", "c", 0, 1]), Conv2DSpace([2, 3], 4, axes=["c", 0, 1, "b"])),
    (Conv2DSpace([1, 3], num_channels=1, axes=[1, "b", "c", 0]), VectorSpace(3)),
    (VectorSpace(3), VectorSpace(3)),
]


@pytest.mark.parametrize("examples", [1, 5])
@pytest.mark.parametrize("source, target", CONVERSIONS, ids=str)
def test_a_graph_gives_what_arrays_give(source, target, examples):
    symbol, batch = source.make_theano_batch(name="x", batch_size=examples), counted(source, examples)
    source.validate(symbol)
    formatted = source.format_as(symbol, target)
    target.validate(formatted)
    found, size = evaluated([symbol], [formatted, source.batch_size(symbol)], [batch])
    np.testing.assert_array_equal(found, source.np_format_as(batch, target))
    assert found.dtype == batch.dtype == floatX()
    assert size == source.np_batch_size(batch) == target.np_batch_size(found) == examples


@pytest.mark.parametrize("source, target", CONVERSIONS, ids=str)
def test_the_gradient_of_a_conversion_is_its_way_back(source, target):
    # Conversions only move values, so the adjoint is the inverse.
    symbol, weight = source.make_theano_batch("x"), counted(target, 5)
    gradient = pytensor.grad((source.format_as(symbol, target) * weight).sum(), symbol)
    found = evaluated([symbol], gradient, [counted(source, 5)])
    np.testing.assert_array_equal(found, target.np_format_as(weight, source))


def test_graphs_of_composites_are_tuples():
    parts = CompositeSpace([VectorSpace(2), Conv2DSpace([1, 2], num_channels=2, axes=["c", "b", 0, 1])])
    batch = parts.make_theano_batch(name="x")
    assert [part.name for part in batch] == ["x[0]", "x[1]"]
    values = tuple(counted(component, 3) for component in parts.components)
    found = evaluated(list(batch), parts.format_as(batch, VectorSpace(6)), values)
    np.testing.assert_array_equal(found, parts.np_format_as(values, VectorSpace(6)))
    assert parts.np_batch_size(values) == 3
    again = evaluated(
        list(batch), list(VectorSpace(6).format_as(parts.format_as(batch, VectorSpace(6)), parts)), values
    )
    for part, value in zip(again, values, strict=True):
        np.testing.assert_array_equal(part, value)


@pytest.mark.parametrize("space", [VectorSpace(3), Conv2DSpace([2, 2], 3, axes=["c", 0, 1, "b"])], ids=str)
def test_batches_are_of_floatX_unless_another_dtype_is_asked_for(space, float64):
    assert space.make_theano_batch().dtype == space.get_origin_batch(2).dtype == "float64"
    assert space.make_theano_batch(dtype="int32").dtype == space.get_origin_batch(2, "int32").dtype == "int32"
    shared = space.make_shared_batch(4, name="x")
    assert (shared.name, space.np_batch_size(shared.get_value())) == ("x", 4)
    assert space.get_origin().size == space.get_total_dimension()


@settings(deadline=None)
@given(st.sampled_from(["float32", "float64", "uint8"]), st.sampled_from([None, "float32", "float64"]), orders)
def test_a_space_without_a_dtype_keeps_what_comes(given_dtype, asked, axes):
    vectors, images = VectorSpace(6, dtype=None), Conv2DSpace([1, 2], 3, dtype=None)
    batch = np.arange(12).reshape(2, 6).astype(given_dtype)
    for target in (VectorSpace(6, dtype=asked), Conv2DSpace([1, 2], 3, axes=axes, dtype=asked)):
        assert vectors.np_format_as(batch, target).dtype == (asked or given_dtype)
        as_images = vectors.np_format_as(batch, images)
        assert images.np_format_as(as_images, target).dtype == (asked or given_dtype)


def test_one_example_can_be_broadcast():
    for space in (VectorSpace(3), Conv2DSpace([2, 2], 3, axes=["c", 0, 1, "b"])):
        axis = space.get_batch_axis()
        assert space.make_theano_batch(batch_size=1).type.shape[axis] == 1
        assert space.make_theano_batch(batch_size=5).type.shape[axis] is None


def test_spaces_are_equal_if_all_is_equal():
    spaces = [
        VectorSpace(12),
        VectorSpace(11),
        VectorSpace(12, dtype="float64"),
        Conv2DSpace([2, 3], 2),
        Conv2DSpace([3, 2], 2),
        Conv2DSpace([2, 3], 2, axes=["b", "c", 0, 1]),
        Conv2DSpace([2, 2], 3),
        CompositeSpace([VectorSpace(12)]),
        CompositeSpace([VectorSpace(12), VectorSpace(12)]),
        NullSpace(),
    ]
    assert len(set(spaces)) == len(spaces)
    for i, space in enumerate(spaces):
        assert [space == other for other in spaces] == [i == j for j in range(len(spaces))]
    assert Conv2DSpace([2, 3], num_channels=2) == Conv2DSpace([2, 3], channels=2, axes=["b", 0, 1, "c"])


def test_parts_of_composites_can_be_chosen():
    spaces = [VectorSpace(1), VectorSpace(2), VectorSpace(3)]
    composite = CompositeSpace(spaces)
    assert composite.restrict([1]) == VectorSpace(2)
    assert composite.restrict([2, 0]) == CompositeSpace([VectorSpace(3), VectorSpace(1)])
    assert composite.restrict_batch(("a", "b", "c"), [1]) == "b"
    assert composite.restrict_batch(("a", "b", "c"), [2, 0]) == ("c", "a")


def test_a_null_space_has_no_data():
    null = NullSpace()
    null.validate(null.make_theano_batch())
    null.np_validate(None)
    assert null.np_format_as(None, NullSpace()) is None
    assert null.np_batch_size(None) == 0
    with_data = CompositeSpace([null, CompositeSpace([]), VectorSpace(2)])
    assert with_data.np_batch_size((None, (), np.zeros((7, 2)))) == 7
    assert CompositeSpace([null]).np_batch_size((None,)) == 0


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: VectorSpace(0), "dim is 0, but must be a whole number of at least 1"),
        (lambda: VectorSpace(3, sparse=True), "sparse"),
        (lambda: Conv2DSpace([2, 2]), "channels or num_channels"),
        (lambda: Conv2DSpace([2, 2], channels=1, num_channels=1), "channels or num_channels"),
        (lambda: Conv2DSpace([2, 2, 2], 1), "a list of 2 values"),
        (lambda: Conv2DSpace([2, 0], 1), "at least 1"),
        (lambda: Conv2DSpace([2, 2], 1, axes=["b", 0, 0, "c"]), "each once"),
        (lambda: Conv2DSpace([2, 2], 1, axes=["b", 0, 1]), "each once"),
        (lambda: Conv2DSpace([2, 2], 1, axes=["b", 0, 1, 2]), "each once"),
        (lambda: check_axes("bc02", "X"), "each once"),
    ],
)
def test_spaces_that_cannot_be_are_refused(make, words):
    with pytest.raises(OptionError, match=words):
        make()


def test_an_order_of_axes_may_be_text():
    assert check_axes("c01b", "X") == ("c", 0, 1, "b")


VECTORS, IMAGES = VectorSpace(4), Conv2DSpace([2, 2], 1, axes=["c", 0, 1, "b"])


@pytest.mark.parametrize(
    "space, batch, error, words",
    [
        (VECTORS, np.zeros(4), ValueError, "must have 2 axes"),
        (VECTORS, np.zeros((2, 5)), ValueError, "must have 4 columns"),
        (VECTORS, [[0.0] * 4], TypeError, "must be an array, not of type list"),
        (IMAGES, np.zeros((2, 4)), ValueError, "must have 4 axes"),
        (IMAGES, np.zeros((2, 2, 2, 5)), ValueError, "must have 1 along its axis 'c', but this one has 2"),
        (IMAGES, np.zeros((1, 2, 3, 5)), ValueError, "must have 2 along its axis 1, but this one has 3"),
        (CompositeSpace([VECTORS]), np.zeros((2, 4)), TypeError, "must be a tuple of 1 parts"),
        (CompositeSpace([VECTORS]), (np.zeros((2, 4)),) * 2, TypeError, "not 2 parts"),
        (NullSpace(), np.zeros((2, 4)), TypeError, "must be None"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(space, batch, error, words):
    with pytest.raises(error, match=words):
        space.np_validate(batch)


@pytest.mark.parametrize(
    "space, batch, error, words",
    [
        (VECTORS, np.zeros((2, 4)), TypeError, "must be symbolic"),
        (VECTORS, pt.vector("x"), ValueError, "must have 2 axes, but x has 1"),
        (VECTORS, pt.tensor("x", shape=(None, 5)), ValueError, "must have 4 columns, but x has 5"),
        (IMAGES, pt.matrix("x"), ValueError, "must have 4 axes, but x has 2"),
        (IMAGES, pt.tensor("x", shape=(1, 2, 3, None)), ValueError, "must have 2 along its axis 1"),
        (CompositeSpace([VECTORS]), pt.matrix("x"), TypeError, "must be a tuple"),
    ],
)
def test_variables_that_do_not_fit_are_refused(space, batch, error, words):
    with pytest.raises(error, match=words):
        space.validate(batch)
    with pytest.raises(error, match=words):
        space.format_as(batch, VectorSpace(4))


@pytest.mark.parametrize(
    "source, target, words",
    [
        (VECTORS, VectorSpace(5), "4 values, .*5 values"),
        (VECTORS, Conv2DSpace([2, 2], 2), "4 values, .*8 values"),
        (IMAGES, VectorSpace(8), "4 values, .*8 values"),
        (IMAGES, Conv2DSpace([1, 4], 1), "images are of another shape"),
        (IMAGES, Conv2DSpace([2, 1], 2), "images are of another shape"),
        (CompositeSpace([VECTORS, VECTORS]), VectorSpace(9), "8 values, .*9 values"),
    ],
)
def test_conversions_that_lose_or_mix_values_are_refused(source, target, words):
    with pytest.raises(ValueError, match=words):
        source.np_format_as(source.get_origin_batch(2), target)
    with pytest.raises(ValueError, match=words):
        source.format_as(source.make_theano_batch(), target)


@pytest.mark.parametrize(
    "source, target", [(CompositeSpace([VECTORS]), CompositeSpace([VECTORS] * 2)), (VECTORS, NullSpace())], ids=str
)
def test_conversions_between_unlike_kinds_are_refused(source, target):
    with pytest.raises((TypeError, ValueError)):
        source.np_format_as(source.get_origin_batch(2), target)


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 5), st.data())
def test_labels_become_rows_with_a_one_at_each(max_labels, dim, examples, data):
    space = IndexSpace(max_labels=max_labels, dim=dim)
    batch = np.array(
        data.draw(st.lists(st.integers(0, max_labels - 1), min_size=examples * dim, max_size=examples * dim))
    )
    batch = batch.reshape(examples, dim)
    parts = np.eye(max_labels)[batch]
    symbolic = space.make_theano_batch("labels")
    for width, expected in ((max_labels * dim, parts.reshape(examples, -1)), (max_labels, parts.max(axis=1))):
        np.testing.assert_array_equal(space.np_format_as(batch, VectorSpace(width)), expected)
        converted = space.format_as(symbolic, VectorSpace(width))
        assert converted.dtype == floatX()
        np.testing.assert_array_equal(evaluated([symbolic], converted, [batch]), expected)
    np.testing.assert_array_equal(space.np_format_as(batch, IndexSpace(max_labels, dim, dtype="int32")), batch)


def test_labels_outside_of_their_space_are_refused():
    space = IndexSpace(max_labels=3, dim=2)
    with pytest.raises(ValueError, match="must be from 0 to 2, but there is 3"):
        space.np_format_as(np.array([[0, 3]]), VectorSpace(3))
    with pytest.raises(ValueError, match="must have 2 columns"):
        space.np_format_as(np.array([[0]]), VectorSpace(3))
    with pytest.raises(TypeError, match="must be of whole numbers"):
        space.np_format_as(np.array([[0.0, 1.0]]), VectorSpace(3))
    with pytest.raises(TypeError, match="cannot be formatted as VectorSpace"):
        space.np_format_as(np.array([[0, 1]]), VectorSpace(4))
    with pytest.raises(OptionError, match="must be an integer type"):
        IndexSpace(3, 1, dtype="float32")
