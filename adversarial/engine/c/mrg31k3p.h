// MRG31k3p, many streams side by side. They are stepped in blocks whose state stays in registers or the first-level
// cache, one array per component, so that the compiler turns the steps into vector instructions. Unsigned arithmetic
// wraps where Theano's int32 did.
#ifndef ADVERSARIAL_MRG31K3P
#define ADVERSARIAL_MRG31K3P
#include "arrays.h"
#include "share.h"

namespace adversarial {
// The remainder of a value below twice the modulus: where the value is below it, the difference wraps and is larger.
static inline npy_uint32 reduced(npy_uint32 value, npy_uint32 modulus)
{
    return value - modulus < value ? value - modulus : value;
}

// Step the streams and fill `sample` with (their integers) scale + low.
template <typename real>
static void mrg31k3p(npy_int32* state, npy_intp streams, real* sample, npy_intp total, real scale, real low)
{
    const npy_uint32 M1 = 2147483647u, M2 = 2147462579u;
    const npy_intp BLOCK = 64;
    const npy_intp used = total < streams ? total : streams;
    const npy_intp blocks = (used + BLOCK - 1) / BLOCK;
    share(blocks, total / (blocks ? blocks : 1), 1, [=](npy_intp from, npy_intp to) {
        for (npy_intp block = from; block < to; ++block) {
            const npy_intp first = block * BLOCK;
            const npy_intp width = used - first < BLOCK ? used - first : BLOCK;
            npy_uint32 x11[BLOCK], x12[BLOCK], x13[BLOCK], x21[BLOCK], x22[BLOCK], x23[BLOCK];
            for (npy_intp k = 0; k < width; ++k) {
                const npy_int32* s = state + (first + k) * 6;
                x11[k] = s[0]; x12[k] = s[1]; x13[k] = s[2]; x21[k] = s[3]; x22[k] = s[4]; x23[k] = s[5];
            }
            for (npy_intp start = first; start < total; start += streams) {
                const npy_intp count = total - start < width ? total - start : width;
                real* out = sample + start;
                for (npy_intp k = 0; k < count; ++k) {
                    npy_uint32 y1 = (((x12[k] << 22) & 0x7fc00000u) | (x12[k] >> 9))
                                  + (((x13[k] << 7) & 0x7fffff80u) | (x13[k] >> 24));
                    y1 = reduced(reduced(y1, M1) + x13[k], M1);
                    x13[k] = x12[k]; x12[k] = x11[k]; x11[k] = y1;
                    const npy_uint32 y2 = reduced(((x21[k] & 65535u) << 15) + 21069u * (x21[k] >> 16), M2);
                    npy_uint32 y3 = reduced(((x23[k] & 65535u) << 15) + 21069u * (x23[k] >> 16), M2);
                    y3 = reduced(reduced(y3 + x23[k], M2) + y2, M2);
                    x23[k] = x22[k]; x22[k] = x21[k]; x21[k] = y3;
                    const npy_int32 value = (npy_int32)(y1 <= y3 ? y1 - y3 + M1 : y1 - y3);
                    out[k] = (real)value * scale + low;
                }
            }
            for (npy_intp k = 0; k < width; ++k) {
                npy_int32* s = state + (first + k) * 6;
                s[0] = x11[k]; s[1] = x12[k]; s[2] = x13[k]; s[3] = x21[k]; s[4] = x22[k]; s[5] = x23[k];
            }
        }
    });
}

// A sample of shape `size`, and the state after it, which takes the memory of the state before it if `inplace`.
template <typename real>
static bool mrg31k3p(PyArrayObject* state, PyArrayObject* size, int ndim, bool inplace, real scale, real low,
                     PyArrayObject*& new_state, PyArrayObject*& sample)
{
    npy_intp dims[NPY_MAXDIMS], total = 1;
    if (PyArray_DIM(size, 0) != ndim) return refuse("the size of a sample must have a number for each axis");
    for (int axis = 0; axis < ndim; ++axis) {
        dims[axis] = *(npy_int64*)PyArray_GETPTR1(size, axis);
        if (dims[axis] < 0) return refuse("the size of a sample must not be negative");
        total *= dims[axis];
    }
    if (!allocate(sample, ndim, dims, sizeof(real) == sizeof(float) ? NPY_FLOAT : NPY_DOUBLE)) return false;
    Py_XDECREF(new_state);
    new_state = inplace ? state : (PyArrayObject*)PyArray_NewCopy(state, NPY_CORDER);
    if (!new_state) return false;
    if (inplace) Py_INCREF(new_state);
    if (PyArray_DIM(new_state, 1) != 6 || !PyArray_IS_C_CONTIGUOUS(new_state))
        return refuse("the state must be contiguous, of 6 columns");
    mrg31k3p<real>((npy_int32*)PyArray_DATA(new_state), PyArray_DIM(new_state, 0), (real*)PyArray_DATA(sample), total,
                   scale, low);
    return true;
}
}  // namespace adversarial
#endif
