/* load_patterns.c: what is written as a pattern -> the patterns that are compared: variables are filled in,
 * links in the literal beginning of a path are followed, a bare name is looked for in PATH. */
#include <string.h>

#include "address.h"
#include "load.h"
#include "pattern.h"
#include "scout.h"
#include "seen.h"

static enum reading complain_of_pattern(struct reader *reader, const struct node *at, const char *text,
                                        const char *wrong)
{
    complain(reader, at, "the pattern \"%.200s\" cannot be used: %s", text, wrong);
    return READING_ERROR;
}

bool find_real(const struct reader *reader, const char *path, enum last_name last, char out[PATH_MAX])
{
    return resolve_path_seen(reader->so_far->seen, path, last, out);
}

const char *find_program(const struct reader *reader, const char *name, bool *is_link)
{
    struct seen *seen = reader->so_far->seen;
    return seen ? seen_program(seen, name, reader->options->places->search_path, is_link) : NULL;
}

/* How much of a path pattern, in whole names, is literal. */
static size_t literal_length(const char *pattern)
{
    size_t end = 0, plain = strcspn(pattern, "*?[\\");
    if (pattern[0] != '/' || !pattern[plain]) return pattern[0] == '/' ? plain : 0;
    while (pattern[end] == '/') {
        size_t name = name_length(pattern + end + 1);
        if (end + 1 + name > plain && pattern_has_glob(pattern + end + 1, name)) break;
        end += 1 + name;
    }
    return end;
}

static void add_once(struct arena *arena, struct patterns *into, size_t from, char *text, bool bare)
{
    for (size_t i = from; i < into->count; i++)
        if (strcmp(into->items[i].text, text) == 0) return;
    add_pattern(arena, into, text, bare);
}

/* The pattern with its literal beginning led to where it really is. */
static char *led_to(struct reader *reader, char *pattern, size_t length, const char *real)
{
    const char *quoted = real[1] == '\0' && pattern[length] ? "" : glob_quote(reader->arena, real);
    char *made = arena_join(reader->arena, quoted, pattern + length);
    bool fits = strcmp(made, pattern) == 0 || !path_pattern_error(made);
    return fits ? made : pattern; /* following the links made it too long */
}

/* With what leads to the last literal name resolved (a link is a file too, and can be changed), and with that
 * name followed as well. */
void add_path_pattern(struct reader *reader, char *pattern, struct patterns *into)
{
    size_t from = into->count, length = literal_length(pattern);
    struct seen *seen = reader->so_far->seen;
    if (length <= 1 || reader->options->no_links) {
        add_pattern(reader->arena, into, pattern, false);
        return;
    }
    bool quotes = memchr(pattern, '\\', length), last_is_link = true;
    const char *literal = glob_unquote(reader->arena, pattern, length);
    char real[PATH_MAX];
    if (!resolve_path_look(seen, literal, real, &last_is_link)) strcpy(real, literal);
    bool as_written = !quotes && strcmp(real, literal) == 0;
    add_once(reader->arena, into, from, as_written ? pattern : led_to(reader, pattern, length, real), false);
    if (!last_is_link) return;
    if (!find_real(reader, literal, LAST_FOLLOW, real)) strcpy(real, literal);
    add_once(reader->arena, into, from, led_to(reader, pattern, length, real), false);
}

static bool begins_as_path(const char *text)
{
    return text[0] == '/' || strncmp(text, "**/", 3) == 0 || strncmp(text, "${", 2) == 0 ||
           (text[0] == '~' && (text[1] == '/' || text[1] == '\0'));
}

static enum reading complain_of_beginning(struct reader *reader, const struct node *at, const char *text)
{
    if (text[0] == '~')
        complain(reader, at, "\"%.200s\": another user's home is not looked up: write the path", text);
    else if (strcmp(text, "**") == 0 || strcmp(text, "*") == 0)
        complain(reader, at, "\"%s\" is no path pattern: write \"/**\" for every file", text);
    else
        complain(reader, at,
                 "\"%.200s\" is no path pattern, which begins with /, ~, ${name} or **/: write "
                 "\"${workspace}/%.200s\" or \"**/%.200s\"",
                 text, text + (strncmp(text, "./", 2) == 0 ? 2 : 0),
                 text + (strncmp(text, "./", 2) == 0 ? 2 : 0));
    return READING_ERROR;
}

static enum reading add_path_values(struct reader *reader, const struct node *at,
                                    const struct strings *values, struct patterns *into)
{
    for (size_t i = 0; i < values->count; i++) {
        const char *wrong = path_pattern_error(values->items[i]);
        if (wrong) return complain_of_pattern(reader, at, values->items[i], wrong);
        add_path_pattern(reader, values->items[i], into);
    }
    return values->count > 0 ? READING_DONE : READING_NOTHING;
}

/* People know braces from their shell. They are letters here, which is rarely what was meant. */
static void warn_of_braces(struct reader *reader, const struct node *at, const char *text)
{
    const char *brace = strchr(text, '{');
    while (brace && brace > text && brace[-1] == '$')
        brace = strchr(brace + 1, '{');
    if (brace && brace[strcspn(brace, ",}")] == ',')
        warn(reader, at,
             "the braces in \"%.200s\" are letters like others: write a list with a pattern for each", text);
}

enum reading read_path_pattern(struct reader *reader, const struct node *at, const char *text,
                               struct patterns *into)
{
    struct strings values;
    if (!begins_as_path(text)) return complain_of_beginning(reader, at, text);
    warn_of_braces(reader, at, text);
    if (!expand(reader, at, text, EXPAND_PATTERN, TILDE_IS_HOME, &values)) return READING_ERROR;
    return add_path_values(reader, at, &values, into);
}

/* A bare name that is found in PATH as a link to a program of another name stands for that program too. */
static void add_linked_program(struct reader *reader, const char *name, struct patterns *into)
{
    char real[PATH_MAX];
    if (reader->options->no_links || pattern_has_glob(name, strlen(name))) return;
    const char *plain = glob_unquote(reader->arena, name, strlen(name));
    bool is_link;
    if (reader->options->scout && scout_saw_no_link(reader->options->scout, plain)) return;
    const char *found = find_program(reader, plain, &is_link);
    if (!found || !is_link || !find_real(reader, found, LAST_FOLLOW, real) ||
        strcmp(strrchr(real, '/') + 1, plain) == 0)
        return;
    char *pattern = glob_quote(reader->arena, real);
    if (!path_pattern_error(pattern)) add_pattern(reader->arena, into, pattern, true);
}

void add_program_pattern(struct reader *reader, char *value, struct patterns *into)
{
    if (strchr(value, '/')) {
        add_path_pattern(reader, value, into);
    } else {
        add_pattern(reader->arena, into, value, true);
        add_linked_program(reader, value, into);
    }
}

enum reading read_program_pattern(struct reader *reader, const struct node *at, const char *text,
                                  struct patterns *into)
{
    struct strings values;
    if (strchr(text, '/') && !begins_as_path(text)) return complain_of_beginning(reader, at, text);
    if (!expand(reader, at, text, EXPAND_PATTERN, TILDE_IS_HOME, &values)) return READING_ERROR;
    for (size_t i = 0; i < values.count; i++) {
        char *value = values.items[i];
        bool bare = strchr(value, '/') == NULL;
        const char *wrong = bare ? glob_error(value) : path_pattern_error(value);
        if (wrong) return complain_of_pattern(reader, at, value, wrong);
        add_program_pattern(reader, value, into);
    }
    return values.count > 0 ? READING_DONE : READING_NOTHING;
}

enum reading read_pattern_list(struct reader *reader, const struct node *value, const char *what,
                               pattern_reader *read, struct patterns *into)
{
    enum reading best = READING_NOTHING, worst = READING_DONE;
    size_t count = item_count(reader, value, what);
    for (size_t i = 0; i < count; i++) {
        const char *text = read_text(reader, item_at(value, i), what);
        enum reading reading = text ? read(reader, item_at(value, i), text, into) : READING_ERROR;
        if (reading < worst) worst = reading;
        if (reading > best) best = reading;
    }
    return worst == READING_ERROR ? worst : best;
}

void drop_if_any(struct patterns *programs)
{
    for (size_t i = 0; i < programs->count; i++)
        if (strcmp(programs->items[i].text, "*") == 0) programs->count = 0;
}

enum reading read_programs(struct reader *reader, const struct node *value, struct patterns *into)
{
    enum reading reading = read_pattern_list(reader, value, "\"program\"", read_program_pattern, into);
    drop_if_any(into);
    return reading;
}

/* unix:PATH is a path pattern behind its prefix. */
static enum reading read_socket_path(struct reader *reader, const struct node *at, const char *text,
                                     struct patterns *into)
{
    struct patterns paths = {0};
    enum reading reading = read_path_pattern(reader, at, text, &paths);
    for (size_t i = 0; i < paths.count; i++)
        add_pattern(reader->arena, into, arena_join(reader->arena, "unix:", paths.items[i].text), false);
    return reading;
}

enum reading read_address_pattern(struct reader *reader, const struct node *at, const char *text,
                                  struct patterns *into)
{
    struct strings values;
    if (strncmp(text, "unix:", 5) == 0 && text[5] != '@') return read_socket_path(reader, at, text + 5, into);
    if (!expand(reader, at, text, EXPAND_PATTERN, TILDE_IS_TEXT, &values)) return READING_ERROR;
    for (size_t i = 0; i < values.count; i++) {
        const char *wrong = NULL;
        if (address_pattern_check(values.items[i], &wrong) != 0)
            return complain_of_pattern(reader, at, values.items[i], wrong);
        add_pattern(reader->arena, into, values.items[i], false);
    }
    return values.count > 0 ? READING_DONE : READING_NOTHING;
}

enum reading read_globs(struct reader *reader, const struct node *at, const char *text, enum tilde tilde,
                        struct strings *into)
{
    struct strings values;
    if (!expand(reader, at, text, EXPAND_PATTERN, tilde, &values)) return READING_ERROR;
    for (size_t i = 0; i < values.count; i++) {
        const char *wrong = glob_error(values.items[i]);
        if (wrong) return complain_of_pattern(reader, at, values.items[i], wrong);
        add_string(reader->arena, into, values.items[i]);
    }
    return values.count > 0 ? READING_DONE : READING_NOTHING;
}
