// exp as vector instructions, for float: 2^t = 2^n 2^f with n the nearest integer, and for 2^f a polynomial on
// [-.5, .5] that is off by 6e-11 of it, all in double; so the float is the nearest one except for a few in ten
// thousand, as the C library's is. For double it is the C library's.
#ifndef ADVERSARIAL_EXPONENTIAL
#define ADVERSARIAL_EXPONENTIAL
#include <math.h>
#include <numpy/npy_common.h>

namespace adversarial {
static inline float exp(float x)
{
    const double to_integer = 6755399441055744.;  // 1.5 * 2^52: the integer is then in the low bits
    double t = x * 1.4426950408889634;
    t = t < -1000 ? -1000 : t;
    t = t > 1000 ? 1000 : t;
    union { double real; npy_uint64 bits; } shifted, power;
    shifted.real = t + to_integer;
    const double f = t - (shifted.real - to_integer);
    double p = 0.000015310081143138150;
    p = p * f + 0.00015469731977475548;
    p = p * f + 0.0013333450560384466;
    p = p * f + 0.0096180256029558373;
    p = p * f + 0.055504109412154528;
    p = p * f + 0.24022651213595232;
    p = p * f + 0.69314718054593048;
    p = p * f + 0.99999999995954826;
    power.bits = (shifted.bits + 1023) << 52;
    return (float)(p * power.real);
}

static inline double exp(double x) { return ::exp(x); }
}  // namespace adversarial
#endif
