// Whether denormal numbers are flushed is a setting of each thread: threads that help take it from the one they help.
#ifndef ADVERSARIAL_FLOATING_POINT_MODE
#define ADVERSARIAL_FLOATING_POINT_MODE
#ifdef __SSE__
#include <xmmintrin.h>
#endif

namespace adversarial {
static inline unsigned int floating_point_mode()
{
#ifdef __SSE__
    return _mm_getcsr();
#else
    return 0;
#endif
}

static inline void set_floating_point_mode(unsigned int mode)
{
#ifdef __SSE__
    _mm_setcsr(mode);
#else
    (void)mode;
#endif
}
}  // namespace adversarial
#endif
