/* tty_screen.c: see tty_screen.h. The few escape sequences here are understood by everything that is no dumb
 * terminal. */
#include "tty_screen.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../plain/text.h"

enum { STUCK_MS = 1000, DEFAULT_COLUMNS = 80, DEFAULT_ROWS = 24 };

static const char *const styles[] = {
    [TTY_PLAIN] = "",        [TTY_TITLE] = "\033[1;33m", [TTY_SUBJECT] = "\033[1m",
    [TTY_LABEL] = "\033[2m", [TTY_KEY] = "\033[1;36m",
};

/* A terminal that takes nothing for a while loses the rest: the prompter must not hang on it. */
static void put(struct tty_screen *screen, struct text *text)
{
    size_t done = 0;

    while (done < text->length) {
        ssize_t written = write(screen->fd, text->data + done, text->length - done);
        if (written >= 0) {
            done += (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd ready = {.fd = screen->fd, .events = POLLOUT};
            if (poll(&ready, 1, STUCK_MS) <= 0) break;
        } else if (errno != EINTR) {
            break;
        }
    }
    text_free(text);
}

void tty_screen_measure(struct tty_screen *screen)
{
    struct winsize size = {0};

    ioctl(screen->fd, TIOCGWINSZ, &size);
    screen->size.columns = size.ws_col ? size.ws_col : DEFAULT_COLUMNS;
    screen->size.rows = size.ws_row ? size.ws_row : DEFAULT_ROWS;
}

static void add_styled(struct text *out, const struct tty_screen *screen, const char *text, size_t length,
                       enum tty_style style)
{
    bool styled = screen->colour && *styles[style] && length;

    if (styled) text_string(out, styles[style]);
    text_add(out, text, length);
    if (styled) text_string(out, "\033[0m");
}

static void add_line(struct text *out, const struct tty_screen *screen, const struct tty_line *line)
{
    size_t length = tty_fitting(line->text, screen->size.columns);
    size_t lead =
        line->style == TTY_LABEL || line->style == TTY_KEY ? tty_fitting(line->text, line->lead) : length;

    if (lead > length) lead = length;
    add_styled(out, screen, line->text, lead, line->style);
    text_add(out, line->text + lead, length - lead);
}

void tty_screen_block(struct tty_screen *screen, const struct tty_page *page)
{
    struct text out = {0};

    for (size_t i = 0; i < page->count; i++) {
        add_line(&out, screen, &page->lines[i]);
        text_string(&out, "\n");
    }
    screen->rows += (unsigned)page->count;
    put(screen, &out);
}

static void add_status(struct text *out, const struct tty_screen *screen, const char *text)
{
    if (!screen->plain) text_string(out, "\r");
    text_add(out, text, tty_fitting(text, screen->size.columns - 1));
    if (!screen->plain) text_string(out, "\033[K");
}

void tty_screen_status(struct tty_screen *screen, const char *text)
{
    struct text out = {0};

    add_status(&out, screen, text);
    put(screen, &out);
}

void tty_screen_end(struct tty_screen *screen, const char *text)
{
    struct text out = {0};

    if (screen->plain) text_string(&out, "\n");
    add_status(&out, screen, text);
    text_string(&out, "\n");
    screen->rows = 0;
    put(screen, &out);
}

void tty_screen_erase(struct tty_screen *screen)
{
    struct text out = {0};

    if (screen->plain) {
        text_string(&out, "\n");
    } else {
        text_string(&out, "\r");
        if (screen->rows) text_format(&out, "\033[%uA", screen->rows);
        text_string(&out, "\033[J");
    }
    screen->rows = 0;
    put(screen, &out);
}

void tty_screen_say(struct tty_screen *screen, const char *text)
{
    struct text out = {0};

    text_format(&out, "\r\n%s\r\n", text);
    put(screen, &out);
}

void tty_screen_beep(struct tty_screen *screen)
{
    struct text out = {0};

    text_string(&out, "\a");
    put(screen, &out);
}

void tty_screen_whole(struct tty_screen *screen, const struct tty_page *page, size_t top, const char *status)
{
    struct text out = {0};
    size_t rows = screen->size.rows - 1;

    if (!screen->plain)
        text_string(&out, screen->whole ? "\033[H\033[J" : "\033[?1049h\033[H\033[J");
    else
        text_string(&out, "\n");
    for (size_t i = top; i < page->count && i < top + rows; i++) {
        add_line(&out, screen, &page->lines[i]);
        text_string(&out, "\n");
    }
    text_add(&out, status, tty_fitting(status, screen->size.columns - 1));
    screen->whole = true;
    put(screen, &out);
}

void tty_screen_back(struct tty_screen *screen)
{
    struct text out = {0};

    text_string(&out, screen->plain ? "\n" : "\033[?1049l");
    screen->whole = false;
    put(screen, &out);
}
