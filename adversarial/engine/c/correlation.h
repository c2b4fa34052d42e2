// Correlation of c01b images with kernels and its transposes, as products of matrices within the padded images.
//
// `pad_and_arrange` puts the padded images into lines (row, channel, column modulo stride, column over stride, batch):
// so the values that meet a column of kernels are contiguous whatever the stride.
#ifndef ADVERSARIAL_CORRELATION
#define ADVERSARIAL_CORRELATION
#include <algorithm>
#include <vector>
#include "arrays.h"
#include "products.h"

namespace adversarial {
// Columns of kernels are stacked until a product's inner length reaches this: flatter ones are slow.
enum { INNER_LENGTH = 128 };

struct Geometry {
    npy_intp channels, filters, batch;
    npy_intp rows, columns, kernel_rows, kernel_columns, map_rows, map_columns, row_stride, column_stride, pad;

    npy_intp padded_rows() const { return (map_rows - 1) * row_stride + kernel_rows; }
    npy_intp padded_columns() const { return (map_columns - 1) * column_stride + kernel_columns; }
    // The length, in values, of the padded columns that leave one remainder modulo `column_stride`.
    npy_intp remainder() const { return (padded_columns() + column_stride - 1) / column_stride * batch; }
    npy_intp line() const { return remainder() * column_stride; }
    // Where the values that meet kernel column j begin within a line.
    npy_intp start(npy_intp j) const { return j % column_stride * remainder() + j / column_stride * batch; }
    npy_intp height() const { return kernel_rows * channels; }
    npy_intp width() const { return map_columns * batch; }
    bool empty() const { return channels == 0 || filters == 0 || batch == 0; }
    // How many kernel columns are stacked: the fewest that make each stack INNER_LENGTH high.
    npy_intp together() const
    {
        const npy_intp stacks = std::max<npy_intp>(height() * kernel_columns / INNER_LENGTH, 1);
        return (kernel_columns - 1) / std::min(stacks, kernel_columns) + 1;
    }
};

// Call visit(a pixel of the images, the same of the lines) for every pixel of the image, each a batch of values.
template <typename real, typename Visit>
static void each_pixel(const Geometry& g, real* images, real* lines, Visit visit)
{
    share(g.rows, g.channels * g.columns * g.batch, 1, [=, &g](npy_intp from, npy_intp to) {
        for (npy_intp y = from; y < to; ++y)
            for (npy_intp c = 0; c < g.channels; ++c) {
                real* image_row = images + (c * g.rows + y) * g.columns * g.batch;
                real* line = lines + ((y + g.pad) * g.channels + c) * g.line();
                for (npy_intp x = 0; x < g.columns; ++x) visit(image_row + x * g.batch, line + g.start(x + g.pad));
            }
    });
}

// The kernels as (column, row, channel, filter), or back to (channel, row, column, filter).
template <typename real>
static void permute_kernels(const Geometry& g, real* kernels, real* permuted, bool back)
{
    for (npy_intp c = 0; c < g.channels; ++c)
        for (npy_intp i = 0; i < g.kernel_rows; ++i)
            for (npy_intp j = 0; j < g.kernel_columns; ++j) {
                real* one = kernels + ((c * g.kernel_rows + i) * g.kernel_columns + j) * g.filters;
                real* other = permuted + ((j * g.kernel_rows + i) * g.channels + c) * g.filters;
                std::copy_n(back ? other : one, g.filters, back ? one : other);
            }
}

// Stack copies of the matrices that meet `count` kernel columns, the first of them j.
template <typename real>
static void stack(const Geometry& g, const real* lines, npy_intp j, npy_intp count, real* stacked)
{
    share(count * g.height(), g.width(), 1, [=, &g](npy_intp from, npy_intp to) {
        for (npy_intp i = from; i < to; ++i)
            std::copy_n(lines + i % g.height() * g.line() + g.start(j + i / g.height()), g.width(),
                        stacked + i * g.width());
    });
}

template <typename real>
static std::vector<real> pad_and_arrange(const Geometry& g, real* images)
{
    std::vector<real> result(g.padded_rows() * g.channels * g.line(), 0);
    each_pixel(g, images, result.data(), [&g](real* image, real* pixel) { std::copy_n(image, g.batch, pixel); });
    return result;
}

// The values of the images that meet kernel column j for map row y: (kernel rows x channels, map columns x batch).
template <typename real>
static Matrix<real> window(const Geometry& g, real* lines, npy_intp y, npy_intp j)
{
    real* const first = lines + y * g.row_stride * g.channels * g.line() + g.start(j);
    return Matrix<real>(first, g.height(), g.width(), g.line(), 1);
}

// A row of the maps: (filters, map columns x batch).
template <typename real>
static Matrix<real> row_of(const Geometry& g, real* maps, npy_intp y)
{
    return Matrix<real>(maps + y * g.width(), g.filters, g.width(), g.map_rows * g.width(), 1);
}

// Columns of the permuted kernels from j on: (columns x kernel rows x channels, filters).
template <typename real>
static Matrix<real> columns_of(const Geometry& g, std::vector<real>& permuted, npy_intp j, npy_intp count)
{
    return Matrix<real>(&permuted[j * g.height() * g.filters], count * g.height(), g.filters, g.filters, 1);
}

// Call visit(matrix, the kernel columns that it meets, whether they are the first, map row) for every product of the
// images with the kernels or the maps.
template <typename real, typename Visit>
static void each_matrix(const Geometry& g, real* lines, std::vector<real>& permuted, Visit visit)
{
    const npy_intp together = g.together();
    std::vector<real> stacked(together > 1 ? together * g.height() * g.width() : 0);
    for (npy_intp y = 0; y < g.map_rows; ++y)
        for (npy_intp j = 0; j < g.kernel_columns; j += together) {
            const npy_intp count = std::min(together, g.kernel_columns - j);
            Matrix<real> matrix = window(g, lines, y, j);
            if (together > 1) {
                stack(g, matrix.data - g.start(j), j, count, stacked.data());
                matrix = Matrix<real>(stacked.data(), count * g.height(), g.width(), g.width(), 1);
            }
            visit(matrix, columns_of(g, permuted, j, count), j == 0, y);
        }
}

template <typename real>
static void make_maps(const Geometry& g, real* images, real* kernels, real* maps)
{
    if (g.empty()) return (void)std::fill_n(maps, g.filters * g.map_rows * g.width(), 0);
    std::vector<real> lines = pad_and_arrange(g, images), permuted(g.kernel_columns * g.height() * g.filters);
    permute_kernels(g, kernels, permuted.data(), false);
    each_matrix(g, lines.data(), permuted, [&](Matrix<real> matrix, Matrix<real> columns, bool first, npy_intp y) {
        multiply<real>(1, columns.transposed(), matrix, first ? 0 : 1, row_of(g, maps, y));
    });
}

template <typename real>
static void make_kernels(const Geometry& g, real* images, real* kernels, real* maps)
{
    if (g.empty()) return (void)std::fill_n(kernels, g.height() * g.kernel_columns * g.filters, 0);
    std::vector<real> lines = pad_and_arrange(g, images), permuted(g.kernel_columns * g.height() * g.filters);
    each_matrix(g, lines.data(), permuted, [&](Matrix<real> matrix, Matrix<real> columns, bool, npy_intp y) {
        multiply<real>(1, matrix, row_of(g, maps, y).transposed(), y ? 1 : 0, columns);
    });
    permute_kernels(g, kernels, permuted.data(), true);
}

template <typename real>
static void make_images(const Geometry& g, real* images, real* kernels, real* maps)
{
    if (g.empty()) return (void)std::fill_n(images, g.channels * g.rows * g.columns * g.batch, 0);
    std::vector<real> lines(g.padded_rows() * g.channels * g.line(), 0);
    std::vector<real> permuted(g.kernel_columns * g.height() * g.filters);
    permute_kernels(g, kernels, permuted.data(), false);
    for (npy_intp y = 0; y < g.map_rows; ++y)
        for (npy_intp j = 0; j < g.kernel_columns; ++j)
            multiply<real>(1, columns_of(g, permuted, j, 1), row_of(g, maps, y), 1, window(g, lines.data(), y, j));
    each_pixel(g, images, lines.data(), [&g](real* image, real* pixel) { std::copy_n(pixel, g.batch, image); });
}

enum Part { IMAGES, KERNELS, MAPS };

// Make one part from the other two by one of the functions above. `n` are the lengths of Geometry from `rows` on.
template <typename real>
static bool correlate(Part made, void make(const Geometry&, real*, real*, real*), const npy_int64* n,
                      PyArrayObject*& images, PyArrayObject*& kernels, PyArrayObject*& maps)
{
    PyArrayObject** const parts[3] = {&images, &kernels, &maps};
    const npy_intp channels = PyArray_DIM(made == IMAGES ? kernels : images, 0);
    const npy_intp filters = made == KERNELS ? PyArray_DIM(maps, 0) : PyArray_DIM(kernels, 3);
    const npy_intp batch = PyArray_DIM(made == IMAGES ? maps : images, 3);
    const Geometry g = {channels, filters, batch, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]};
    npy_intp dims[3][4] = {{channels, g.rows, g.columns, batch},
                           {channels, g.kernel_rows, g.kernel_columns, filters},
                           {filters, g.map_rows, g.map_columns, batch}};
    for (int part = 0; part < 3; ++part)
        if (part != made && !std::equal(dims[part], dims[part] + 4, PyArray_DIMS(*parts[part])))
            return refuse("the arrays given to a correlation do not fit");
    if (!allocate(*parts[made], 4, dims[made], PyArray_TYPE(made == IMAGES ? kernels : images))) return false;
    const Contiguous a(images), b(kernels), c(maps);
    if (!a || !b || !c) return false;
    make(g, a.data<real>(), b.data<real>(), c.data<real>());
    return true;
}
}  // namespace adversarial
#endif
