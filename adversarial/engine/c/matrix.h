// Matrices as BLAS sees them, for Ops that derive from PyTensor's BaseBLAS, which declares BLAS's functions.
#ifndef ADVERSARIAL_MATRIX
#define ADVERSARIAL_MATRIX
#include <algorithm>
#include <Python.h>
#include <numpy/arrayobject.h>

namespace adversarial {
// c = alpha a b + beta c, in column-major order as BLAS has it.
static inline void gemm(const char* ta, const char* tb, int m, int n, int k, float alpha, const float* a, int lda,
                        const float* b, int ldb, float beta, float* c, int ldc)
{
    sgemm_((char*)ta, (char*)tb, &m, &n, &k, &alpha, (float*)a, &lda, (float*)b, &ldb, &beta, c, &ldc);
}

static inline void gemm(const char* ta, const char* tb, int m, int n, int k, double alpha, const double* a, int lda,
                        const double* b, int ldb, double beta, double* c, int ldc)
{
    dgemm_((char*)ta, (char*)tb, &m, &n, &k, &alpha, (double*)a, &lda, (double*)b, &ldb, &beta, c, &ldc);
}

template <typename real> struct Matrix {
    real* data;
    npy_intp rows, columns, down, right;  // from an entry to the one below, and to the one to its right

    explicit Matrix(PyArrayObject* array)
        : data((real*)PyArray_DATA(array)), rows(PyArray_DIM(array, 0)), columns(PyArray_DIM(array, 1)),
          down(PyArray_STRIDE(array, 0) / (npy_intp)sizeof(real)),
          right(PyArray_STRIDE(array, 1) / (npy_intp)sizeof(real))
    {
        // An axis of length 1 may have any stride: let it be one that leaves the other as it is.
        if (columns == 1 && down != 1) right = 1;
        if (rows == 1 && right != 1) down = 1;
    }
    Matrix(real* data, npy_intp rows, npy_intp columns, npy_intp down, npy_intp right)
        : data(data), rows(rows), columns(columns), down(down), right(right) {}

    Matrix transposed() const { return Matrix(data, columns, rows, right, down); }
    Matrix some_rows(npy_intp from, npy_intp count) const
    {
        return Matrix(data + from * down, count, columns, down, right);
    }
    Matrix some_columns(npy_intp from, npy_intp count) const
    {
        return Matrix(data + from * right, rows, count, down, right);
    }
    // For BLAS: whether rows are contiguous, or else columns; and how far the next one is.
    bool by_rows() const { return right == 1 && (down >= columns || rows <= 1); }
    int leading() const
    {
        return (int)std::max<npy_intp>(by_rows() ? std::max(down, columns) : std::max(right, rows), 1);
    }
    real& at(npy_intp row, npy_intp column) const { return data[row * down + column * right]; }
};

// A new reference to a matrix that BLAS takes, or to a copy: one of its axes is contiguous, the other does not run
// backwards.
static PyArrayObject* with_unit_stride(PyArrayObject* array)
{
    const npy_intp size = PyArray_ITEMSIZE(array);
    const npy_intp down = PyArray_STRIDE(array, 0), right = PyArray_STRIDE(array, 1);
    const npy_intp rows = PyArray_DIM(array, 0), columns = PyArray_DIM(array, 1);
    const bool by_rows = (right == size || columns <= 1) && (down >= columns * size || rows <= 1);
    const bool by_columns = (down == size || rows <= 1) && (right >= rows * size || columns <= 1);
    if (PyArray_ISBEHAVED_RO(array) && down % size == 0 && right % size == 0 && (by_rows || by_columns)) {
        Py_INCREF(array);
        return array;
    }
    return (PyArrayObject*)PyArray_NewCopy(array, NPY_CORDER);
}
}  // namespace adversarial
#endif
