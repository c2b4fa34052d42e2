// The terms of products that skip zeros: what is not 0 of a matrix, gathered row by row.
#ifndef ADVERSARIAL_TERMS
#define ADVERSARIAL_TERMS
#include <string.h>
#include <algorithm>
#include <vector>
#include "matrix.h"
#include "vectors.h"

namespace adversarial {
// Vectors of a tile's row: they leave registers for sums and what these are made of.
enum { VECTORS = VECTOR_BYTES == 64 ? 4 : 8, TILE_BYTES = VECTORS * VECTOR_BYTES };
// Most rows of a tile of the right factor: of TILE_BYTES each, they nearly fill the first-level cache.
enum { DEPTH = 112 };

// A value of the sparse factor, and the offset, in bytes, of the tile's row that it multiplies.
template <typename real> struct Term {
    real value;
    typename Vector<real>::Offset offset;
};

#if defined(__AVX512F__)
// A bit for each value that is not 0, and the values that have one, packed. (GCC's own names for instructions: the
// header that has the usual ones takes longer to compile than all else.)
static inline unsigned int nonzero(const Vector<float>::Aligned& values)
{
    return __builtin_ia32_cmpps512_mask(values, Vector<float>::Aligned{}, 4, 0xffff, 4);
}

static inline unsigned int nonzero(const Vector<double>::Aligned& values)
{
    return __builtin_ia32_cmppd512_mask(values, Vector<double>::Aligned{}, 4, 0xff, 4);
}

static inline Vector<float>::Aligned packed(const Vector<float>::Aligned& values, unsigned int which)
{
    return __builtin_ia32_compresssf512_mask(values, Vector<float>::Aligned{}, which);
}

static inline Vector<double>::Aligned packed(const Vector<double>::Aligned& values, unsigned int which)
{
    return __builtin_ia32_compressdf512_mask(values, Vector<double>::Aligned{}, which);
}

// The value of a term in all lanes, via a general register: from memory it would take one more load, and loads are
// the bottleneck of these products (a term takes 5 cycles of a core for 4 vectors, not 6).
static inline Vector<float>::Index broadcast(const Term<float>* term, npy_intp& offset)
{
    npy_uint64 both;
    memcpy(&both, term, sizeof(both));
    asm("" : "+r"(both));
    offset = (npy_intp)(both >> 32);
    return (npy_int32)both - Vector<float>::Index{};
}

static inline Vector<double>::Index broadcast(const Term<double>* term, npy_intp& offset)
{
    npy_int64 value;
    memcpy(&value, &term->value, sizeof(value));
    asm("" : "+r"(value));
    offset = term->offset;
    return value - Vector<double>::Index{};
}
#else
template <typename real>
static inline typename Vector<real>::Aligned broadcast(const Term<real>* term, npy_intp& offset)
{
    offset = term->offset;
    return term->value - typename Vector<real>::Aligned{};
}
#endif

// The terms of some rows of the left factor, by blocks of its columns. Each row of each block has a segment of DEPTH
// entries, of which the first `counts` are terms.
template <typename real> struct Terms {
    typedef typename Vector<real>::Aligned Aligned;
    typedef typename Vector<real>::Loose Loose;
    typedef typename Vector<real>::Index Index;
    typedef typename Vector<real>::Offset Offset;
    enum { LANES = Vector<real>::LANES };

    const npy_intp blocks, depth;  // parts of a row, and the length of one
    const npy_intp from, to;
    Term<real>* entries;
    npy_int32* counts;

    // (`number` is the product's: the terms that a thread gathered last are kept for its next tiles.)
    Terms(const Matrix<real>& left, npy_intp blocks, npy_intp depth, npy_intp from, npy_intp to, bool needed,
          npy_uint64 number)
        : blocks(blocks), depth(depth), from(from), to(to), entries(nullptr), counts(nullptr)
    {
        if (!needed) return;
        // Reused from call to call: fresh memory costs as much as gathering the terms.
        static thread_local std::vector<Term<real>> reused_entries;
        static thread_local std::vector<npy_int32> reused_counts;
        static thread_local npy_uint64 product = 0;
        static thread_local npy_intp row = 0;
        const size_t segments = (size_t)(blocks * (to - from));
        const bool gathered = product == number && row == from;
        if (reused_counts.size() < segments) {
            reused_entries.resize(segments * DEPTH);
            reused_counts.resize(segments);
        }
        entries = reused_entries.data();
        counts = reused_counts.data();
        if (gathered) return;
        product = number;
        row = from;
        if (left.right == 1) gather_rows(left);
        else gather_columns(left);
    }

    npy_intp segment(npy_intp block, npy_intp row) const { return block * (to - from) + row - from; }

    void gather_rows(const Matrix<real>& left)
    {
        for (npy_intp row = from; row < to; ++row)
            for (npy_intp block = 0; block < blocks; ++block) {
                const npy_intp first = block * depth, last = std::min(first + depth, left.columns);
                counts[segment(block, row)] = 0;
                for (npy_intp q = first; q < last; q += LANES)
                    append(load(&left.at(row, q), last - q), q - first, segment(block, row));
            }
    }

    // The same where columns are contiguous: squares are transposed.
    void gather_columns(const Matrix<real>& left)
    {
        std::fill(counts, counts + blocks * (to - from), 0);
        for (npy_intp block = 0; block < blocks; ++block) {
            const npy_intp first = block * depth, last = std::min(first + depth, left.columns);
            for (npy_intp q = first; q < last; q += LANES)
                for (npy_intp row = from; row < to; row += LANES) {
                    Aligned square[LANES] = {};
                    for (npy_intp i = 0; i < std::min<npy_intp>(LANES, last - q); ++i)
                        square[i] = load(&left.at(row, q + i), to - row);
                    transpose<real>(square);
                    for (npy_intp i = 0; i < std::min<npy_intp>(LANES, to - row); ++i)
                        append(square[i], q - first, segment(block, row + i));
                }
        }
    }

    // The first values of a vector, and 0 for those from `count` on.
    static Aligned load(const real* values, npy_intp count)
    {
        if (count >= LANES) return *(const Loose*)values;
        Aligned all = {};
        for (npy_intp i = 0; i < count; ++i) ((real*)&all)[i] = values[i];
        return all;
    }

    // Append the terms of a vector that begins at the q-th column of a block. LANES entries are written to, however
    // few are terms.
    void append(const Aligned& values, npy_intp q, npy_intp segment)
    {
        const Offset step = TILE_BYTES;
        npy_int32& count = counts[segment];
        Term<real>* const to = entries + segment * DEPTH + count;
#if defined(__AVX512F__)
        Index offsets;
        for (int i = 0; i < LANES; ++i) offsets[i] = i * step;
        const unsigned int found = nonzero(values);
        const Interleave<real> halves;
        const Aligned left = packed(values, found);
        const Aligned right = packed((Aligned)(offsets + (Offset)(q * step)), found);
        ((Loose*)to)[0] = __builtin_shuffle(left, right, halves.low);
        ((Loose*)to)[1] = __builtin_shuffle(left, right, halves.high);
        count += __builtin_popcount(found);
#else
        int n = 0;
        // Each is written to the next entry, which only a value other than 0 takes: no branches.
        for (int i = 0; i < LANES; ++i) {
            to[n].value = values[i];
            to[n].offset = (Offset)((q + i) * step);
            n += values[i] != 0;
        }
        count += n;
#endif
    }
};
}  // namespace adversarial
#endif
