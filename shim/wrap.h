/* wrap.h: how a function that stands before one of the C library's is written. */
#ifndef ASKFIRST_SHIM_WRAP_H
#define ASKFIRST_SHIM_WRAP_H

#include <stdarg.h>

#include "libc.h"
#include "raw/raw.h"
#include "session.h"

#define EXPORTED __attribute__((visibility("default")))
/* WRAP(int, unlink, const char *path) { … } */
#define WRAP(type, name, ...)                                                                                \
    EXPORTED type name(__VA_ARGS__);                                                                         \
    type name(__VA_ARGS__)
/* Another name of the same function. */
#define SAME(name, wrapped) extern EXPORTED __typeof__(wrapped) name __attribute__((alias(#wrapped)))

#endif
