/* python.h: which line of Python is about to act. */
#ifndef ASKFIRST_SHIM_PYTHON_H
#define ASKFIRST_SHIM_PYTHON_H

#include <stdint.h>

/* Adds the hook, in a program that is Python 3.8 or later; nothing in any other. */
void python_begin(void);

/* Address of the notes (struct wire_notes) to go with a request; 0: there are none. */
uint64_t python_note(void);

#endif
