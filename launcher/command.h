/* command.h: what the commands of askfirst(1) have in common: how they are called, how they complain, how
 * they end.
 *
 * A command is a file in commands/ with one function, and a row in main.c's table.
 */
#ifndef ASKFIRST_COMMAND_H
#define ASKFIRST_COMMAND_H

/* argv[0] is the command's name; what is returned is the exit status. */
typedef int command_main(int argc, char **argv);

command_main command_check;
command_main command_doctor;
command_main command_policy;
command_main command_run;

enum {
    STATUS_ALLOW = 0,
    STATUS_WARNINGS = 1, /* policy lint, policy test and doctor: there is something to mend */
    STATUS_ASK = 2,
    STATUS_DENY = 3,
    STATUS_TIMEOUT = 124,
    STATUS_FAILED = 125, /* askfirst itself failed, or was called wrongly: nothing has run */
    STATUS_REFUSED = 126,
    STATUS_NOT_FOUND = 127
};

/* "askfirst: what: why" on standard error. Strings from outside go through show.h before.
 * (Its symbol has a name of its own: policy/ says what is wrong with a file by the same word.) */
void complain(const char *format, ...) __asm__("askfirst_complain") __attribute__((format(printf, 1, 2)));

#endif
