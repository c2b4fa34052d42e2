// Vectors of numbers, as GCC has them: their types, and how their values change places.
#ifndef ADVERSARIAL_VECTORS
#define ADVERSARIAL_VECTORS
#include <numpy/npy_common.h>

namespace adversarial {
#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64 };
#elif defined(__AVX__)
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif

// Whether two of the largest vectors are multiplied in each cycle: Intel's servers from Sapphire Rapids on.
#if defined(__AVX512FP16__)
enum { TWO_MULTIPLIERS = 1 };
#else
enum { TWO_MULTIPLIERS = 0 };
#endif

template <typename real> struct Vector;
template <> struct Vector<float> {
    typedef float Aligned __attribute__((vector_size(VECTOR_BYTES)));
    typedef float Loose __attribute__((vector_size(VECTOR_BYTES), aligned(4)));
    typedef npy_int32 Index __attribute__((vector_size(VECTOR_BYTES)));
    typedef npy_int32 Offset;
    enum { LANES = VECTOR_BYTES / 4 };
};
template <> struct Vector<double> {
    typedef double Aligned __attribute__((vector_size(VECTOR_BYTES)));
    typedef double Loose __attribute__((vector_size(VECTOR_BYTES), aligned(8)));
    typedef npy_int64 Index __attribute__((vector_size(VECTOR_BYTES)));
    typedef npy_int64 Offset;
    enum { LANES = VECTOR_BYTES / 8 };
};

// Which values interleave the lower halves of two vectors, and the upper ones.
template <typename real> struct Interleave {
    enum { LANES = Vector<real>::LANES };
    typename Vector<real>::Index low, high;

    Interleave()
    {
        for (int i = 0; i < LANES / 2; ++i) {
            low[2 * i] = i;
            low[2 * i + 1] = LANES + i;
            high[2 * i] = LANES / 2 + i;
            high[2 * i + 1] = LANES + LANES / 2 + i;
        }
    }
};

// Transpose a square of LANES vectors: each step interleaves the upper and the lower half of them.
template <typename real> static void transpose(typename Vector<real>::Aligned* square)
{
    enum { LANES = Vector<real>::LANES };
    const Interleave<real> halves;
    typename Vector<real>::Aligned next[LANES];
    #pragma GCC unroll 8
    for (int step = 1; step < LANES; step *= 2) {
        #pragma GCC unroll 16
        for (int i = 0; i < LANES / 2; ++i) {
            next[2 * i] = __builtin_shuffle(square[i], square[i + LANES / 2], halves.low);
            next[2 * i + 1] = __builtin_shuffle(square[i], square[i + LANES / 2], halves.high);
        }
        #pragma GCC unroll 16
        for (int i = 0; i < LANES; ++i) square[i] = next[i];
    }
}

// Deinterleave LANES groups of `parts` values: all first values, all second ones, and so on. Each result takes from
// one vector after the other what belongs to it. (Of many parts, value by value: that would be much code.)
template <typename real, int parts>
static inline __attribute__((always_inline)) void
deinterleave(const typename Vector<real>::Aligned* groups, typename Vector<real>::Aligned* values)
{
    enum { LANES = Vector<real>::LANES };
    if (parts > 8) {
        for (int part = 0; part < parts; ++part)
            for (int lane = 0; lane < LANES; ++lane) values[part][lane] = ((const real*)groups)[lane * parts + part];
        return;
    }
    #pragma GCC unroll 8
    for (int part = 0; part < parts; ++part) {
        values[part] = groups[0];
        #pragma GCC unroll 8
        for (int vector = 1; vector < parts; ++vector) {
            typename Vector<real>::Index from;
            #pragma GCC unroll 16
            for (int lane = 0; lane < LANES; ++lane) {
                const int place = lane * parts + part;
                from[lane] = place / LANES == vector ? LANES + place % LANES : vector == 1 ? place % LANES : lane;
            }
            values[part] = __builtin_shuffle(values[part], groups[vector], from);
        }
    }
}
}  // namespace adversarial
#endif
