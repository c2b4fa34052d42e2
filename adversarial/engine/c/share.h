// Loops whose parts several threads make, on the library of thread_pool.h; without it, all in the thread that calls.
// What a part makes does not depend on who makes it, nor when: neither does any figure.
#ifndef ADVERSARIAL_SHARE
#define ADVERSARIAL_SHARE
#include <numpy/npy_common.h>

extern "C" {
typedef void (*AdversarialPart)(const void* work, npy_int64 lane, npy_int64 part);
__attribute__((weak)) int adversarial_threads();
__attribute__((weak)) int adversarial_blas_is_split();
__attribute__((weak)) void adversarial_share(AdversarialPart part, const void* work, npy_int64 lanes, npy_int64 parts,
                                             npy_int64 spared);
}

namespace adversarial {
// Values from which on a second thread brings more than it costs; and most parts of what a thread makes as a rule, so
// that others can make what is left of it where that thread is late.
enum { ENOUGH_FOR_THREADS = 8192, MOST_PARTS = 8 };
// Columns that stay together: each part but the last is whole vectors, however many threads there are.
enum { COLUMNS_TOGETHER = 64 };

static inline npy_intp threads() { return adversarial_threads ? adversarial_threads() : 1; }
static inline bool blas_is_split() { return adversarial_blas_is_split && adversarial_blas_is_split(); }

// Call work(lane, part) for each of both. A thread that helps in a lane not its own leaves `spared` parts of it.
template <typename Work>
static void share_lanes(npy_intp lanes, npy_intp parts, npy_intp spared, const Work& work)
{
    struct Call {
        // (A copy, whose members the compiler keeps in registers.)
        static void part(const void* all, npy_int64 lane, npy_int64 part) { Work(*(const Work*)all)(lane, part); }
    };
    if (adversarial_share && lanes * parts > 1) return adversarial_share(Call::part, &work, lanes, parts, spared);
    for (npy_intp lane = 0; lane < lanes; ++lane)
        for (npy_intp part = 0; part < parts; ++part) work(lane, part);
}

// Call work(from, to) for stretches of 0 to `count`, each a multiple of `grain` long but the last one; at once where
// there are too few values, of which each of the `count` is or reads `values`.
template <typename Work>
static void share(npy_intp count, npy_intp values, npy_intp grain, const Work& work,
                  npy_intp enough = ENOUGH_FOR_THREADS)
{
    const npy_intp grains = (count + grain - 1) / grain, lanes = grains < threads() ? grains : threads();
    if (lanes < 2 || count * values < enough) return (void)work((npy_intp)0, count);
    const npy_intp lane_length = (grains + lanes - 1) / lanes * grain;
    npy_intp parts = count * values / enough / lanes;
    parts = parts < 1 ? 1 : parts > MOST_PARTS ? (npy_intp)MOST_PARTS : parts;
    const npy_intp length = ((lane_length + parts - 1) / parts + grain - 1) / grain * grain;
    share_lanes(lanes, parts, 0, [=](npy_intp lane, npy_intp part) {
        const npy_intp first = lane * lane_length + part * length;
        const npy_intp end = (lane + 1) * lane_length < count ? (lane + 1) * lane_length : count;
        const npy_intp to = first + length < end ? first + length : end;
        if (first < to) work(first, to);
    });
}
}  // namespace adversarial
#endif
