/* tty_prompter.c: see tty_prompter.h. One loop; what a key means depends on what is shown. */
#include "tty_prompter.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../plain/characters.h"
#include "../plain/loop.h"
#include "../plain/memory.h"
#include "../plain/text.h"
#include "tty_keys.h"
#include "tty_screen.h"

enum {
    QUIET_MS = 300,  /* a key counts only after so long without any */
    LOOK_MS = 200,   /* how often a prompt in the background looks whether it has come to the foreground */
    RESUME_MS = 1000 /* after Ctrl-Z, when no shell has taken the terminal */
};

enum { CTRL_C = 3, BACKSPACE = 8, CTRL_U = 21, CTRL_Z = 26, ESCAPE = 27, DELETE = 127 };

struct prompter {
    const struct tty_prompt *prompt;
    const struct question *question;
    struct tty_screen screen;
    int signals;
    size_t more;
    int64_t expires;     /* of loop_now(); INT64_MAX: never */
    int64_t quiet_since; /* no key has come since */
    enum mode { AWAY, ASKING, CONFIRMING, TYPING, VIEWING } mode;
    int64_t away_since; /* AWAY after Ctrl-Z; 0: in the background from the start, or seen there since */
    bool noticed;       /* that it waits in the background has been said */
    int missed; /* a signal of the terminal's that came to us because the terminal was ours; 0: none */
    struct text typed;
    struct tty_page view;
    size_t top;
};

/* --- What is shown --- */

static void show_asking(struct prompter *prompter);

static char *time_left(const struct prompter *prompter)
{
    int64_t left = (prompter->expires - loop_now() + 999) / 1000;

    if (prompter->expires == INT64_MAX) return xstrdup("");
    if (left < 0) left = 0;
    if (left >= 3600)
        return xasprintf("%" PRId64 ":%02d:%02d left", left / 3600, (int)(left / 60 % 60), (int)(left % 60));
    return xasprintf("%d:%02d left", (int)(left / 60), (int)(left % 60));
}

static char *status(const struct prompter *prompter)
{
    cleanup_free char *left = time_left(prompter);
    cleanup_free char *more = prompter->more ? xasprintf("%zu more wait", prompter->more) : xstrdup("");
    const char *comma = *left && *more ? ", " : "";

    if (!*left && !*more) return xstrdup("Your answer: ");
    return xasprintf("%s%s%s. Your answer: ", left, comma, more);
}

static void show_status(struct prompter *prompter)
{
    cleanup_free char *text = NULL;

    if (prompter->mode == ASKING || prompter->mode == CONFIRMING)
        text = status(prompter);
    else if (prompter->mode == TYPING)
        text = xasprintf("no, because: %s", prompter->typed.length ? prompter->typed.data : "");
    else
        return;
    /* Of what is longer than the line, its end is shown: that is where one types. */
    const char *visible = text;
    while (tty_width(visible) + 1 > prompter->screen.size.columns && *visible)
        visible += tty_fitting(visible, 2) ? tty_fitting(visible, 2) : 1;
    tty_screen_status(&prompter->screen, visible);
}

static void show_asking(struct prompter *prompter)
{
    struct tty_page page;

    prompter->mode = ASKING;
    tty_page_question(&page, prompter->question, prompter->screen.size);
    tty_screen_block(&prompter->screen, &page);
    tty_page_free(&page);
    show_status(prompter);
    prompter->quiet_since = loop_now();
}

static void show_confirming(struct prompter *prompter)
{
    struct tty_page page;

    prompter->mode = CONFIRMING;
    tty_screen_erase(&prompter->screen);
    tty_page_rule(&page, prompter->question, prompter->screen.size);
    tty_screen_block(&prompter->screen, &page);
    tty_page_free(&page);
    show_status(prompter);
    prompter->quiet_since = loop_now();
}

static void show_asking_again(struct prompter *prompter)
{
    tty_screen_erase(&prompter->screen);
    show_asking(prompter);
}

static size_t view_rows(const struct prompter *prompter)
{
    return prompter->screen.size.rows > 2 ? prompter->screen.size.rows - 1 : 1;
}

static void show_view(struct prompter *prompter)
{
    size_t last = prompter->view.count > view_rows(prompter) ? prompter->view.count - view_rows(prompter) : 0;

    if (prompter->top > last) prompter->top = last;
    bool end = prompter->top == last;
    cleanup_free char *line = xasprintf("%zu of %zu lines%s, q: back",
                                        prompter->top + view_rows(prompter) > prompter->view.count
                                            ? prompter->view.count
                                            : prompter->top + view_rows(prompter),
                                        prompter->view.count, end ? "" : ", space: on");
    tty_screen_whole(&prompter->screen, &prompter->view, prompter->top, line);
}

static void fill_view(struct prompter *prompter, bool help)
{
    tty_page_free(&prompter->view);
    if (help)
        tty_page_help(&prompter->view);
    else
        tty_page_whole(&prompter->view, prompter->question);
    tty_page_wrap(&prompter->view, prompter->screen.size.columns);
    prompter->top = 0;
    prompter->mode = VIEWING;
    show_view(prompter);
}

/* --- Taking the terminal, and the ways out --- */

static void give_back(struct prompter *prompter)
{
    struct tty_hold *hold = prompter->prompt->hold;

    tty_give_back(prompter->prompt->tty, hold);
    if (prompter->missed && hold->foreground > 0) kill(-hold->foreground, prompter->missed);
    prompter->missed = 0;
}

static void tell_launcher(const struct prompter *prompter, const struct tty_says *says)
{
    send(prompter->prompt->link, says, sizeof *says, MSG_NOSIGNAL);
}

/* Does not return: the terminal is given back, then the launcher is told. An end of the run is told first, so
 * that the run does not go on in between. */
static void leave(struct prompter *prompter, const struct tty_says *says, const char *word)
{
    if (prompter->screen.whole) tty_screen_back(&prompter->screen);
    if (prompter->mode != AWAY) {
        cleanup_free char *line = xasprintf("askfirst: %s", word);
        tty_screen_end(&prompter->screen, line);
    }
    bool first = says && says->decision == TTY_INTERRUPT;
    if (first) tell_launcher(prompter, says);
    give_back(prompter);
    if (says && !first) tell_launcher(prompter, says);
    _exit(0);
}

static void fail(struct prompter *prompter, const char *why)
{
    struct tty_says says = {.decision = TTY_FAILED};

    strncpy(says.note, why, sizeof says.note - 1);
    leave(prompter, &says, why);
}

static void hang_up(struct prompter *prompter)
{
    prompter->missed = SIGHUP;
    fail(prompter, "the terminal has hung up");
}

static void say_yes(struct prompter *prompter, enum scope scope)
{
    static const char *const words[SCOPES] = {
        [SCOPE_ONCE] = "yes, once",
        [SCOPE_EXACT] = "yes, and to exactly this in this run",
        [SCOPE_LIKE] = "yes, and to what is like it in this run",
        [SCOPE_TREE] = "yes, and to everything that the process does and starts",
        [SCOPE_ALWAYS] = "yes, always",
    };

    leave(prompter, &(struct tty_says){.decision = TTY_ALLOW, .scope = scope}, words[scope]);
}

static void say_no_to_all(struct prompter *prompter)
{
    leave(prompter, &(struct tty_says){.decision = TTY_DENY, .scope = SCOPE_LIKE},
          "no, and to what is like it in this run");
}

static void say_no(struct prompter *prompter, const char *note)
{
    struct tty_says says = {.decision = TTY_DENY};

    strncpy(says.note, note, sizeof says.note - 1);
    cleanup_free char *line = xasprintf("no%s%s", *note ? ": " : "", note);
    leave(prompter, &says, line);
}

static void interrupt(struct prompter *prompter)
{
    leave(prompter, &(struct tty_says){.decision = TTY_INTERRUPT}, "no, and the run ends");
}

static void go_away(struct prompter *prompter, const char *word)
{
    if (prompter->screen.whole) tty_screen_back(&prompter->screen);
    tty_screen_end(&prompter->screen, word);
    give_back(prompter);
    prompter->mode = AWAY;
}

/* As the terminal would have done. Where there is a shell with job control, it takes the terminal; where
 * there is none, the question comes back. */
static void suspend(struct prompter *prompter)
{
    go_away(prompter, "askfirst: put aside");
    prompter->away_since = loop_now();
    prompter->noticed = true;
    kill(-prompter->prompt->hold->foreground, SIGTSTP);
}

static void come_back(struct prompter *prompter)
{
    bool ours = tty_is_ours(prompter->prompt->tty, prompter->prompt->hold);

    if (!ours) {
        prompter->away_since = 0;
        if (!prompter->noticed)
            tty_screen_say(&prompter->screen,
                           "askfirst: a question waits: bring this job to the foreground (fg)");
        prompter->noticed = true;
        return;
    }
    if (prompter->away_since && loop_now() - prompter->away_since < RESUME_MS) return;
    /* What Ctrl-Z has stopped is to go on once this question is answered, and is not for others to
     * continue. */
    if (prompter->away_since) kill(-prompter->prompt->hold->foreground, SIGCONT);
    if (!tty_take(prompter->prompt->tty, prompter->prompt->hold)) return;
    prompter->away_since = 0;
    tty_screen_measure(&prompter->screen);
    show_asking(prompter);
}

/* --- Keys --- */

static void key_asking(struct prompter *prompter, char key)
{
    enum scope scope;

    if (tty_choice(prompter->question, key, &scope)) {
        if (scope == SCOPE_ALWAYS)
            show_confirming(prompter);
        else
            say_yes(prompter, scope);
        return;
    }
    switch (key) {
    case 'n': say_no(prompter, ""); break;
    case TTY_NO_LIKE:
        if (question_offers(prompter->question, SCOPE_LIKE))
            say_no_to_all(prompter);
        else
            tty_screen_beep(&prompter->screen);
        break;
    case 'N':
        prompter->mode = TYPING;
        text_clear(&prompter->typed);
        show_status(prompter);
        break;
    case 'v':
    case '?': fill_view(prompter, key == '?'); break;
    default: tty_screen_beep(&prompter->screen);
    }
}

static void key_confirming(struct prompter *prompter, char key)
{
    if (key == tty_key(SCOPE_ALWAYS))
        say_yes(prompter, SCOPE_ALWAYS);
    else
        show_asking_again(prompter);
}

static void scroll(struct prompter *prompter, long lines)
{
    prompter->top = lines < 0 && (size_t)-lines > prompter->top ? 0 : prompter->top + (size_t)lines;
    show_view(prompter);
}

static void end_view(struct prompter *prompter)
{
    tty_page_free(&prompter->view);
    tty_screen_back(&prompter->screen);
    prompter->mode = ASKING;
    if (prompter->screen.plain)
        show_asking(prompter);
    else
        show_status(prompter);
    prompter->quiet_since = loop_now();
}

static void key_viewing(struct prompter *prompter, const struct tty_key *key)
{
    long page = (long)view_rows(prompter);
    char c = key->kind == KEY_CHAR ? key->text[0] : '\0';

    if (c == 'q' || c == 'v' || key->kind == KEY_ESCAPE)
        end_view(prompter);
    else if (c == ' ' || c == 'f' || key->kind == KEY_PAGE_DOWN)
        scroll(prompter, page);
    else if (c == 'b' || key->kind == KEY_PAGE_UP)
        scroll(prompter, -page);
    else if (c == 'j' || c == '\r' || c == '\n' || key->kind == KEY_DOWN)
        scroll(prompter, 1);
    else if (c == 'k' || key->kind == KEY_UP)
        scroll(prompter, -1);
    else if (c == 'g')
        scroll(prompter, -(long)prompter->top);
    else if (c == 'G')
        scroll(prompter, (long)prompter->view.count);
}

static void drop_typed(struct text *typed)
{
    while (typed->length && ((unsigned char)typed->data[typed->length - 1] & 0xc0) == 0x80)
        typed->length--;
    if (typed->length) typed->length--;
    if (typed->data) typed->data[typed->length] = '\0';
}

/* What was typed or pasted, character by character. True: a line has ended with it. */
static bool take_typed(struct text *typed, const struct tty_key *key)
{
    uint32_t c = 0;

    for (size_t at = 0, step; at < key->length; at += step) {
        step = character_read(key->text + at, key->length - at, &c);
        if (!step)
            step = 1;
        else if (c == DELETE || c == BACKSPACE)
            drop_typed(typed);
        else if (c == CTRL_U)
            text_clear(typed);
        else if (!character_hidden(c) && typed->length + step < TTY_NOTE)
            text_add(typed, key->text + at, step);
    }
    return c == '\r' || c == '\n';
}

/* Where nothing can be redrawn, what was added is written behind the rest. */
static void show_typed(struct prompter *prompter, size_t before)
{
    if (!prompter->screen.plain)
        show_status(prompter);
    else if (prompter->typed.length > before)
        tty_screen_status(&prompter->screen, prompter->typed.data + before);
}

static void key_typing(struct prompter *prompter, const struct tty_key *key)
{
    size_t before = prompter->typed.length;

    if (key->kind == KEY_ESCAPE)
        prompter->mode = ASKING;
    else if ((key->kind == KEY_CHAR || key->kind == KEY_BURST) && take_typed(&prompter->typed, key))
        say_no(prompter, prompter->typed.length ? prompter->typed.data : "");
    show_typed(prompter, before);
}

/* Nothing can be read any more: it has hung up, or somebody has taken it. */
static void lose_terminal(struct prompter *prompter)
{
    pid_t foreground = tcgetpgrp(prompter->prompt->tty);

    if (foreground <= 0 || foreground == getpgrp()) hang_up(prompter);
    go_away(prompter, "askfirst: another process took the terminal");
}

static void on_key(struct prompter *prompter)
{
    struct tty_key key;

    tty_key_read(prompter->prompt->tty, &key);
    int64_t now = loop_now(), quiet = now - prompter->quiet_since;
    char c = key.kind == KEY_CHAR ? key.text[0] : '\0';

    if (key.kind == KEY_NONE) return;
    if (key.kind == KEY_GONE) {
        lose_terminal(prompter);
    } else if (c == CTRL_C) {
        interrupt(prompter);
    } else if (c == CTRL_Z) {
        suspend(prompter);
    } else if (prompter->mode == VIEWING) {
        key_viewing(prompter, &key);
    } else if (prompter->mode == TYPING) {
        key_typing(prompter, &key);
    } else if (key.kind != KEY_CHAR || quiet < QUIET_MS) {
        prompter->quiet_since = now;
    } else if (prompter->mode == CONFIRMING) {
        key_confirming(prompter, c);
    } else {
        key_asking(prompter, key.length == 1 ? c : '\0');
    }
}

/* --- Everything else that happens --- */

static void on_news(struct prompter *prompter)
{
    struct tty_told told;

    ssize_t length = recv(prompter->prompt->link, &told, sizeof told, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length != (ssize_t)sizeof told) leave(prompter, NULL, "the launcher has ended");
    if (told.news == TTY_WITHDRAWN) {
        leave(prompter, NULL,
              told.outcome == OUTCOME_TIMEOUT ? "nobody answered in time, so: no" : "the question has gone");
    }
    prompter->more = told.more;
    if (!prompter->screen.plain) show_status(prompter);
}

static void on_resize(struct prompter *prompter)
{
    tty_screen_measure(&prompter->screen);
    if (prompter->mode != AWAY) prompter->missed = SIGWINCH;
    if (prompter->mode == VIEWING) {
        tty_page_wrap(&prompter->view, prompter->screen.size.columns);
        show_view(prompter);
    } else if (prompter->mode == CONFIRMING) {
        show_confirming(prompter);
    } else if (prompter->mode != AWAY && !prompter->screen.plain) {
        enum mode mode = prompter->mode;
        show_asking_again(prompter);
        prompter->mode = mode;
        show_status(prompter);
    }
}

static void on_signal(struct prompter *prompter)
{
    struct signalfd_siginfo info;

    if (read(prompter->signals, &info, sizeof info) != (ssize_t)sizeof info) return;
    if (info.ssi_signo == SIGWINCH)
        on_resize(prompter);
    else if (info.ssi_signo == SIGHUP)
        hang_up(prompter);
    else
        fail(prompter, "the prompt was ended by a signal");
}

/* Until something is to be done without being told: the next second of the time left. */
static int pause_ms(const struct prompter *prompter)
{
    if (prompter->mode == AWAY) return LOOK_MS;
    if (prompter->screen.plain || prompter->expires == INT64_MAX) return -1;
    int64_t left = prompter->expires - loop_now();
    return left > 0 ? (int)(left % 1000) + 1 : 1000;
}

static void watch(struct prompter *prompter)
{
    struct pollfd ready[] = {
        {.fd = prompter->prompt->link, .events = POLLIN},
        {.fd = prompter->signals, .events = POLLIN},
        {.fd = prompter->mode == AWAY ? -1 : prompter->prompt->tty, .events = POLLIN},
    };

    int count = poll(ready, 3, pause_ms(prompter));
    if (ready[0].revents) on_news(prompter);
    if (ready[1].revents) on_signal(prompter);
    if (prompter->mode == AWAY)
        come_back(prompter);
    else if (ready[2].revents)
        on_key(prompter);
    else if (count == 0 && prompter->mode != VIEWING)
        show_status(prompter);
}

static void close_between(int first, int end)
{
    if (first < end) syscall(SYS_close_range, (unsigned)first, (unsigned)end - 1, 0u);
}

/* Nothing of the launcher's is kept: neither its descriptors nor its signals; nor may another process look
 * inside. */
static int detach(const struct tty_prompt *prompt)
{
    static const int taken[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT};
    int low = prompt->tty < prompt->link ? prompt->tty : prompt->link;
    int high = prompt->tty < prompt->link ? prompt->link : prompt->tty;
    sigset_t all, some;

    setpgid(0, 0);
    prctl(PR_SET_DUMPABLE, 0);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    close_between(0, low);
    close_between(low + 1, high);
    close_between(high + 1, INT_MAX);
    sigemptyset(&some);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        sigaddset(&some, taken[i]);
    return signalfd(-1, &some, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int64_t expiry(const struct question *question)
{
    struct timespec now;

    if (!question->expires_at) return INT64_MAX;
    clock_gettime(CLOCK_REALTIME, &now);
    return loop_now() + question->expires_at - ((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

void tty_prompter(const struct tty_prompt *prompt)
{
    struct prompter prompter = {
        .prompt = prompt,
        .question = prompt->question,
        .screen = {.fd = prompt->tty, .plain = prompt->plain, .colour = prompt->colour},
        .signals = detach(prompt),
        .more = prompt->more,
        .expires = expiry(prompt->question),
        .mode = AWAY,
    };

    tty_screen_measure(&prompter.screen);
    come_back(&prompter);
    for (;;)
        watch(&prompter);
}
