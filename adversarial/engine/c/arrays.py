"""C code that Ops share: how an output finds its memory, and how threads round."""

from __future__ import annotations

#: `adversarial::has_room(array, ndim, dims, type)` makes `array` one of that shape and type, in C order, keeping it
#: where it is so already; false, with Python's error set, where there is no memory for it. Large arrays begin with a
#: line of the cache: NumPy's begin 16 bytes into one, so that each vector of 64 bytes lies in two lines.
HAS_ROOM = r"""
#ifndef ADVERSARIAL_HAS_ROOM
#define ADVERSARIAL_HAS_ROOM
namespace adversarial {
enum { LINE_OF_CACHE = 64, LARGE = 1024 };

static inline PyArrayObject* new_array(int ndim, npy_intp* dims, int type)
{
    npy_intp count = 1;
    for (int axis = 0; axis < ndim; ++axis) count *= dims[axis];
    if (count < LARGE) return (PyArrayObject*)PyArray_SimpleNew(ndim, dims, type);
    count += LINE_OF_CACHE;  // values of one byte at least
    PyArrayObject* const memory = (PyArrayObject*)PyArray_SimpleNew(1, &count, type);
    if (!memory) return NULL;
    char* const data = PyArray_BYTES(memory) + (-(npy_intp)PyArray_DATA(memory) & (LINE_OF_CACHE - 1));
    PyArrayObject* const array = (PyArrayObject*)PyArray_SimpleNewFromData(ndim, dims, type, data);
    if (array) PyArray_SetBaseObject(array, (PyObject*)memory);
    else Py_DECREF(memory);
    return array;
}

static inline bool has_room(PyArrayObject*& array, int ndim, npy_intp* dims, int type)
{
    bool fits = array && PyArray_NDIM(array) == ndim && PyArray_TYPE(array) == type && PyArray_IS_C_CONTIGUOUS(array);
    for (int axis = 0; fits && axis < ndim; ++axis) fits = PyArray_DIM(array, axis) == dims[axis];
    if (!fits) {
        Py_XDECREF(array);
        array = new_array(ndim, dims, type);
    }
    return array;
}
}
#endif
"""

#: Whether denormal numbers are flushed is set thread by thread: those that help do as the one that they help.
ROUNDING = """
#ifdef __SSE__
#include <xmmintrin.h>
#define ADVERSARIAL_ROUNDING _mm_getcsr()
#define ADVERSARIAL_ROUND_AS(rounding) _mm_setcsr(rounding);
#else
#define ADVERSARIAL_ROUNDING 0
#define ADVERSARIAL_ROUND_AS(rounding)
#endif
"""
