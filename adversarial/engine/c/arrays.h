// NumPy's arrays as the C code of Ops takes and makes them: outputs are allocated, inputs made contiguous.
#ifndef ADVERSARIAL_ARRAYS
#define ADVERSARIAL_ARRAYS
#include <Python.h>
#include <numpy/arrayobject.h>

namespace adversarial {
enum { CACHE_LINE = 64, LARGE = 1024 };

// An array in C order. Large ones begin at a cache line: NumPy's begin 16 bytes into one, so that each vector of 64
// bytes would cross two lines.
static inline PyArrayObject* new_array(int ndim, npy_intp* dims, int type)
{
    npy_intp count = 1;
    for (int axis = 0; axis < ndim; ++axis) count *= dims[axis];
    if (count < LARGE) return (PyArrayObject*)PyArray_SimpleNew(ndim, dims, type);
    count += CACHE_LINE;  // values of one byte at least
    PyArrayObject* const memory = (PyArrayObject*)PyArray_SimpleNew(1, &count, type);
    if (!memory) return NULL;
    char* const data = PyArray_BYTES(memory) + (-(npy_intp)PyArray_DATA(memory) & (CACHE_LINE - 1));
    PyArrayObject* const array = (PyArrayObject*)PyArray_SimpleNewFromData(ndim, dims, type, data);
    if (array) PyArray_SetBaseObject(array, (PyObject*)memory);
    else Py_DECREF(memory);
    return array;
}

// Make `array` an output of this shape and type, in C order: the array itself where it fits, or else a new one.
// False, with Python's error set, where there is no memory for it.
static inline bool allocate(PyArrayObject*& array, int ndim, npy_intp* dims, int type)
{
    bool fits = array && PyArray_NDIM(array) == ndim && PyArray_TYPE(array) == type && PyArray_IS_C_CONTIGUOUS(array);
    for (int axis = 0; fits && axis < ndim; ++axis) fits = PyArray_DIM(array, axis) == dims[axis];
    if (!fits) {
        Py_XDECREF(array);
        array = new_array(ndim, dims, type);
    }
    return array;
}

// An array in C order, held while this lives: the one given, where it is so, or else a copy. False where there is no
// memory for that, with Python's error set.
struct Contiguous {
    PyArrayObject* const array;

    explicit Contiguous(PyArrayObject* any) : array((PyArrayObject*)PyArray_GETCONTIGUOUS(any)) {}
    Contiguous(const Contiguous&) = delete;
    Contiguous& operator=(const Contiguous&) = delete;
    ~Contiguous() { Py_XDECREF(array); }

    explicit operator bool() const { return array; }
    template <typename real> real* data() const { return (real*)PyArray_DATA(array); }
};

// A new reference to an array in C order; a copy has the values only if `to_read`.
static inline PyArrayObject* contiguous(PyArrayObject* array, bool to_read)
{
    if (PyArray_IS_C_CONTIGUOUS(array)) {
        Py_INCREF(array);
        return array;
    }
    return (PyArrayObject*)(to_read ? PyArray_NewCopy(array, NPY_CORDER)
                                    : PyArray_NewLikeArray(array, NPY_CORDER, NULL, 0));
}

// Set Python's error to a ValueError; false.
static inline bool refuse(const char* message)
{
    PyErr_SetString(PyExc_ValueError, message);
    return false;
}
}  // namespace adversarial
#endif
