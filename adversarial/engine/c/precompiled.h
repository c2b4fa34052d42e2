// What all C code of PyTensor's and of ours begins with: compiled once, not once a module.
#ifndef ADVERSARIAL_PRECOMPILED
#define ADVERSARIAL_PRECOMPILED
#include <Python.h>
#include <pytensor_mod_helper.h>
#include <math.h>
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
#include <numpy/npy_math.h>
#include <vector>
#include <algorithm>
#ifdef __SSE__
#include <xmmintrin.h>
#endif
#endif
