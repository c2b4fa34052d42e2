// Jobs of OpenBLAS on the threads of OpenMP: the source of a library of its own.
#ifndef ADVERSARIAL_THREAD_POOL
#define ADVERSARIAL_THREAD_POOL
#include <cstddef>
#include "floating_point_mode.h"

typedef void (*Job)(int thread, void* data, int argument);

extern "C" void adversarial_run_jobs(int /* wait */, Job job, int jobs, size_t size, void* data, int argument)
{
    const unsigned int mode = adversarial::floating_point_mode();
    // All at once: the parts of a product wait for one another.
    #pragma omp parallel for num_threads(jobs) schedule(static, 1)
    for (int i = 0; i < jobs; ++i) {
        adversarial::set_floating_point_mode(mode);
        job(i, (char*)data + i * size, argument);
    }
}
#endif
