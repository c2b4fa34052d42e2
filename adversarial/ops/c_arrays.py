"""C code that Ops share: how an output finds its memory, and how threads round."""

from __future__ import annotations

#: `adversarial::has_room(array, ndim, dims, type)` makes `array` one of that shape and type, in C order, keeping it
#: where it is so already; false, with Python's error set, where there is no memory for it.
HAS_ROOM = r"""
#ifndef ADVERSARIAL_HAS_ROOM
#define ADVERSARIAL_HAS_ROOM
namespace adversarial {
static inline bool has_room(PyArrayObject*& array, int ndim, npy_intp* dims, int type)
{
    bool fits = array && PyArray_NDIM(array) == ndim && PyArray_TYPE(array) == type && PyArray_IS_C_CONTIGUOUS(array);
    for (int axis = 0; fits && axis < ndim; ++axis) fits = PyArray_DIM(array, axis) == dims[axis];
    if (!fits) {
        Py_XDECREF(array);
        array = (PyArrayObject*)PyArray_SimpleNew(ndim, dims, type);
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
