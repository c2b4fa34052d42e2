// The threads that help with loops and products: the source of a library of its own, which compiled modules find
// through the names of share.h.
//
// A job is divided into lanes, one a thread as a rule, and these into parts. Who takes a part counts it as taken and
// takes it in one step, and the thread that has work to share takes what nobody else has. So it waits for parts that
// others are at, never for a thread that has not begun: where other programs compute, such a thread may come late.
#ifndef ADVERSARIAL_THREAD_POOL
#define ADVERSARIAL_THREAD_POOL
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <atomic>
#include "floating_point_mode.h"

typedef void (*Part)(const void* work, int64_t lane, int64_t part);

namespace {
// How often a thread looks for work before it sleeps, about 30 microseconds. A thread that spins longer takes time from
// other programs, and so from those that it waits for; without any spinning each job must wake the threads.
enum { SPINS = 1000, MOST_LANES = 256 };

// How many parts of a lane are left, in the lower 32 bits; above them the number of the job, so that nobody takes a
// part of a job for one of the job before.
struct alignas(64) Lane {
    std::atomic<uint64_t> left;
};

// Written before the lanes are, and read by who has taken a part: until that is finished, so is not the job.
struct Job {
    std::atomic<Part> part;
    std::atomic<const void*> work;
    std::atomic<unsigned int> mode;
    std::atomic<int> lanes;
    std::atomic<uint32_t> parts, spared;
};

Lane lanes[MOST_LANES];
Job job;
alignas(64) std::atomic<uint32_t> number;  // of the job
alignas(64) std::atomic<int64_t> finished;  // parts of it
std::atomic<int> sleeping;
std::atomic<bool> awaited;  // whether the thread that shares its work sleeps until the last part is finished
std::atomic_flag in_use = ATOMIC_FLAG_INIT;
int threads = 1, begun = 1, blas_is_split = 0;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t more = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;

inline void pause_briefly()
{
#ifdef __SSE__
    _mm_pause();
#endif
}

// Take a part of a lane; false where at most `spared` are left.
bool take(int lane, uint32_t spared, uint32_t& left)
{
    uint64_t found = lanes[lane].left.load(std::memory_order_acquire);
    do {
        left = (uint32_t)found;
        if (left <= spared) return false;
    } while (!lanes[lane].left.compare_exchange_weak(found, found - 1, std::memory_order_acq_rel));
    return true;
}

// Make parts until none is left, first those of a lane of one's own.
void work(int own, bool shares)
{
    const int count = job.lanes.load(std::memory_order_relaxed);
    for (int i = 0; i < count; ++i) {
        const int lane = (own + i) % count;
        const uint32_t spared = i == 0 || shares ? 0 : job.spared.load(std::memory_order_relaxed);
        for (uint32_t left; take(lane, spared, left);) {
            const uint32_t parts = job.parts.load(std::memory_order_relaxed);
            const int64_t all = (int64_t)job.lanes.load(std::memory_order_relaxed) * parts;
            if (!shares) adversarial::set_floating_point_mode(job.mode.load(std::memory_order_relaxed));
            job.part.load(std::memory_order_relaxed)(job.work.load(std::memory_order_relaxed), lane, parts - left);
            if (finished.fetch_add(1) + 1 == all && awaited.load()) {
                pthread_mutex_lock(&mutex);
                pthread_cond_signal(&done);
                pthread_mutex_unlock(&mutex);
            }
        }
    }
}

void* help(void* own)
{
    uint32_t seen = 0;
    for (;;) {
        for (int i = 0; i < SPINS && number.load(std::memory_order_acquire) == seen; ++i) pause_briefly();
        if (number.load(std::memory_order_acquire) == seen) {
            pthread_mutex_lock(&mutex);
            ++sleeping;
            while (number.load() == seen) pthread_cond_wait(&more, &mutex);
            --sleeping;
            pthread_mutex_unlock(&mutex);
        }
        seen = number.load(std::memory_order_acquire);
        if ((intptr_t)own < threads) work((int)(intptr_t)own, false);
    }
    return nullptr;
}

// A child process has none of its parent's threads.
void forget_threads()
{
    begun = 1;
    sleeping = 0;
    pthread_mutex_init(&mutex, nullptr);
    pthread_cond_init(&more, nullptr);
    pthread_cond_init(&done, nullptr);
}

// Begin the threads that there are not yet. Signals are left to the program's own threads.
void begin_threads()
{
    static const int once = pthread_atfork(nullptr, nullptr, forget_threads);
    (void)once;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (; begun < threads; ++begun) {
        pthread_t thread;
        if (pthread_create(&thread, nullptr, help, (void*)(intptr_t)begun)) break;
        pthread_detach(thread);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}
}  // namespace

extern "C" {
// How many threads work from now on, and whether products of BLAS are divided among them.
void adversarial_use_threads(int count, int split_blas)
{
    threads = count < 1 ? 1 : count > MOST_LANES ? (int)MOST_LANES : count;
    blas_is_split = split_blas;
}

int adversarial_threads() { return threads; }

int adversarial_blas_is_split() { return blas_is_split; }

// Call part(work, lane, i) for each lane and each i below `parts`. A thread that helps in a lane not its own leaves
// `spared` parts of it.
void adversarial_share(Part part, const void* work_, int64_t lanes_, int64_t parts, int64_t spared)
{
    const bool alone = threads == 1 || lanes_ > MOST_LANES || parts > INT32_MAX;
    if (alone || in_use.test_and_set(std::memory_order_acquire)) {
        for (int64_t lane = 0; lane < lanes_; ++lane)
            for (int64_t i = 0; i < parts; ++i) part(work_, lane, i);
        return;
    }
    if (begun < threads) begin_threads();
    job.part.store(part, std::memory_order_relaxed);
    job.work.store(work_, std::memory_order_relaxed);
    job.mode.store(adversarial::floating_point_mode(), std::memory_order_relaxed);
    job.lanes.store((int)lanes_, std::memory_order_relaxed);
    job.parts.store((uint32_t)parts, std::memory_order_relaxed);
    job.spared.store((uint32_t)spared, std::memory_order_relaxed);
    finished.store(0, std::memory_order_relaxed);
    const uint32_t next = number.load(std::memory_order_relaxed) + 1;
    for (int64_t lane = 0; lane < lanes_; ++lane)
        lanes[lane].left.store((uint64_t)next << 32 | (uint64_t)parts, std::memory_order_release);
    number.store(next);
    if (sleeping.load()) {
        pthread_mutex_lock(&mutex);
        pthread_cond_broadcast(&more);
        pthread_mutex_unlock(&mutex);
    }
    work(0, true);
    const int64_t all = lanes_ * parts;
    for (int i = 0; i < SPINS && finished.load(std::memory_order_acquire) < all; ++i) pause_briefly();
    if (finished.load(std::memory_order_acquire) < all) {
        pthread_mutex_lock(&mutex);
        awaited = true;
        while (finished.load() < all) pthread_cond_wait(&done, &mutex);
        awaited = false;
        pthread_mutex_unlock(&mutex);
    }
    in_use.clear(std::memory_order_release);
}
}
#endif
