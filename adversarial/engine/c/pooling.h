// Max pooling of c01b images, over windows and pieces at once, and its gradient.
#ifndef ADVERSARIAL_POOLING
#define ADVERSARIAL_POOLING
#include <algorithm>
#include "arrays.h"
#include "share.h"

namespace adversarial {
struct Windows {
    npy_intp channels, batch, pieces;
    npy_intp rows, columns, pooled_rows, pooled_columns, pool_rows, pool_columns, row_stride, column_stride;

    // `n` are the numbers from `pieces` on.
    Windows(const npy_int64* n, PyArrayObject* images)
        : channels(PyArray_DIM(images, 0) / n[0]), batch(PyArray_DIM(images, 3)), pieces(n[0]), rows(n[1]),
          columns(n[2]), pooled_rows(n[3]), pooled_columns(n[4]), pool_rows(n[5]), pool_columns(n[6]),
          row_stride(n[7]), column_stride(n[8]) {}

    bool fit_images(PyArrayObject* array) const
    {
        const npy_intp dims[4] = {channels * pieces, rows, columns, batch};
        return std::equal(dims, dims + 4, PyArray_DIMS(array));
    }
    bool fit_pooled(PyArrayObject* array) const
    {
        const npy_intp dims[4] = {channels, pooled_rows, pooled_columns, batch};
        return std::equal(dims, dims + 4, PyArray_DIMS(array));
    }
};

template <typename real>
static void max_pool(const Windows& w, const real* images, real* all)
{
    const npy_intp line = w.columns * w.batch, plane = w.rows * line;
    share(w.channels, w.pieces * plane, 1, [=, &w](npy_intp begin, npy_intp end) {
        real* pooled = all + begin * w.pooled_rows * w.pooled_columns * w.batch;
        for (npy_intp c = begin; c < end; ++c)
            for (npy_intp y = 0; y < w.pooled_rows; ++y)
                for (npy_intp x = 0; x < w.pooled_columns; ++x, pooled += w.batch) {
                    const npy_intp top = y * w.row_stride, bottom = std::min(top + w.pool_rows, w.rows);
                    const npy_intp left = x * w.column_stride, right = std::min(left + w.pool_columns, w.columns);
                    const real* first = images + c * w.pieces * plane + top * line + left * w.batch;
                    std::copy_n(first, w.batch, pooled);
                    for (npy_intp piece = 0; piece < w.pieces; ++piece)
                        for (npy_intp i = top; i < bottom; ++i)
                            for (npy_intp j = left; j < right; ++j) {
                                const real* pixel = images + (c * w.pieces + piece) * plane + i * line + j * w.batch;
                                real* __restrict__ out = pooled;
                                for (npy_intp b = 0; b < w.batch; ++b)
                                    out[b] = (pixel[b] > out[b]) | (pixel[b] != pixel[b]) ? pixel[b] : out[b];
                            }
                }
    });
}

// The gradient is gathered: each pixel takes it from the windows that it is in, so that it is written once.
template <typename real>
static void max_pool_gradient(const Windows& w, const real* images, const real* pooled, const real* gradient,
                              real* all)
{
    const npy_intp line = w.pooled_columns * w.batch, plane = w.pooled_rows * line;
    const npy_intp values = w.rows * w.columns * w.batch;
    share(w.channels * w.pieces, values, 1, [=, &w](npy_intp begin, npy_intp end) {
        const real* pixel = images + begin * values;
        real* result = all + begin * values;
        for (npy_intp c = begin; c < end; ++c)
            for (npy_intp i = 0; i < w.rows; ++i)
                for (npy_intp j = 0; j < w.columns; ++j, pixel += w.batch, result += w.batch) {
                    const npy_intp top = std::max<npy_intp>(0, (i - w.pool_rows + w.row_stride) / w.row_stride);
                    const npy_intp left =
                        std::max<npy_intp>(0, (j - w.pool_columns + w.column_stride) / w.column_stride);
                    const npy_intp bottom = std::min(i / w.row_stride, w.pooled_rows - 1);
                    const npy_intp right = std::min(j / w.column_stride, w.pooled_columns - 1);
                    std::fill_n(result, w.batch, 0);
                    for (npy_intp y = top; y <= bottom; ++y)
                        for (npy_intp x = left; x <= right; ++x) {
                            const npy_intp place = c / w.pieces * plane + y * line + x * w.batch;
                            const real *largest = pooled + place, *from = gradient + place;
                            real* __restrict__ to = result;
                            for (npy_intp b = 0; b < w.batch; ++b) to[b] += pixel[b] == largest[b] ? from[b] : 0;
                        }
                }
    });
}

// `lengths` are those of `Windows`.
template <typename real>
static bool max_pool(const npy_int64* lengths, PyArrayObject* images, PyArrayObject*& pooled)
{
    const Windows w(lengths, images);
    npy_intp dims[4] = {w.channels, w.pooled_rows, w.pooled_columns, w.batch};
    if (!w.fit_images(images)) return refuse("the arrays given to MaxPool do not fit");
    if (!allocate(pooled, 4, dims, PyArray_TYPE(images))) return false;
    const Contiguous values(images);
    if (values) max_pool(w, values.data<real>(), (real*)PyArray_DATA(pooled));
    return (bool)values;
}

template <typename real>
static bool max_pool_gradient(const npy_int64* lengths, PyArrayObject* images, PyArrayObject* pooled,
                              PyArrayObject* gradient, PyArrayObject*& result)
{
    const Windows w(lengths, images);
    if (!w.fit_images(images) || !w.fit_pooled(pooled) || !w.fit_pooled(gradient))
        return refuse("the arrays given to MaxPoolGradient do not fit");
    if (!allocate(result, 4, PyArray_DIMS(images), PyArray_TYPE(images))) return false;
    const Contiguous values(images), maxima(pooled), gradients(gradient);
    if (!values || !maxima || !gradients) return false;
    max_pool_gradient(w, values.data<real>(), maxima.data<real>(), gradients.data<real>(), (real*)PyArray_DATA(result));
    return true;
}
}  // namespace adversarial
#endif
