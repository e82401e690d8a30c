/* line.h: whether the line of Python that was noted is the one that does what is asked about. Not all that an
 * interpreter does is announced (an extension opens files on its own), and then the last note is of something
 * else. A wrong line is worse than none.
 */
#ifndef ASKFIRST_LINE_H
#define ASKFIRST_LINE_H

#include "facts.h"

/* Takes the line away from the question where what was noted is another act. */
void line_check(struct question *question, const struct caller *caller, const struct python_note *note);

#endif
