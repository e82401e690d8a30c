/* main.c: askfirst(1): the table of its commands. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../policy/suggest.h"
#include "command.h"
#include "options.h"
#include "plain/memory.h"
#include "plain/show.h"

static const struct {
    const char *name;
    const char *about;
    command_main *main;
} commands[] = {
    {"run", "guard a command: run -- python3 job.py", command_run},
    {"check", "what the policy says to an act: check exec -- git push", command_check},
    {"policy", "show the policy, look for mistakes in it, run its tests", command_policy},
    {"doctor", "what this machine can enforce, tried out, not looked up", command_doctor},
    {NULL, NULL, NULL},
};

static void help(void)
{
    puts("usage: askfirst COMMAND [OPTION...] ...\n\n"
         "Programs ask before they act: what the policy allows goes through, what it forbids fails,\n"
         "and what it is unsure of waits until somebody has answered.\n");
    for (size_t i = 0; commands[i].name; i++)
        printf("  %-8s %s\n", commands[i].name, commands[i].about);
    puts("\n  askfirst COMMAND --help   its options\n"
         "  askfirst --version        the version");
}

static int unknown(const char *word)
{
    char *shown cleanup_free = show_string(word, 40);
    const char *what = word[0] == '-' ? "option" : "command";
    const char *meant = suggest(word, suggest(word, NULL, "--help"), "--version");
    for (size_t i = 0; commands[i].name; i++)
        meant = suggest(word, meant, commands[i].name);
    if (meant)
        complain("%s: no such %s: did you mean \"askfirst %s\"?", shown, what, meant);
    else
        complain("%s: no such %s: askfirst --help lists them", shown, what);
    return STATUS_FAILED;
}

/* What was printed and did not arrive (a full disk, a closed pipe) must not look like success. */
static int flushed(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    complain("standard output: %s", strerror(errno));
    return STATUS_FAILED;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        complain("no command given: askfirst --help lists them");
        return STATUS_FAILED;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
        help();
        return flushed(0);
    }
    if (!strcmp(argv[1], "--version")) {
        puts("askfirst " VERSION);
        return flushed(0);
    }
    memory_settle();
    for (size_t i = 0; commands[i].name; i++)
        if (!strcmp(argv[1], commands[i].name)) return flushed(commands[i].main(argc - 1, argv + 1));
    return unknown(argv[1]);
}
