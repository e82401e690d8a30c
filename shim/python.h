/* python.h: which line of Python is about to act. */
#ifndef ASKFIRST_SHIM_PYTHON_H
#define ASKFIRST_SHIM_PYTHON_H

#include <stdbool.h>
#include <stdint.h>

/* Adds the hook, in a program that is Python 3.8 or later; nothing in any other. */
void python_begin(void);

/* Address of the notes (struct wire_notes) to go with a request; 0: there are none. */
uint64_t python_note(void);

/* An interpreter that checks its own memory gets the hook only when it has begun: the first file that it
 * opens from then on tells of that. */
extern bool python_waits;
void python_attend(void);

#endif
