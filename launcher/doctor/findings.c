/* findings.c: see findings.h. */
#include "findings.h"

#include <stdio.h>
#include <string.h>

#include "../plain/json.h"
#include "../plain/memory.h"
#include "../plain/show.h"

enum { NAME_WIDTH = 38, CELL_WIDTH = 16, DETAIL_LIMIT = 400 };

/* For people, and for programs. */
static const struct {
    const char *word;
    const char *name;
} states[] = {
    [STATE_HOLDS] = {"yes", "holds"},  [STATE_LESS] = {"less", "less"},    [STATE_OPEN] = {"open", "open"},
    [STATE_LACKS] = {"NO", "missing"}, [STATE_UNTRIED] = {"?", "untried"},
};

void findings_add(struct findings *all, const char *section, const char *name, const char *way,
                  enum state state, char *detail, const char *next)
{
    if (!(all->count & (all->count + 15) & 15))
        all->items = xrealloc(all->items, all->count + 16, sizeof *all->items);
    all->items[all->count++] =
        (struct finding){section, name, way, state, detail, state == STATE_HOLDS ? NULL : next};
}

void findings_free(struct findings *all)
{
    for (size_t i = 0; i < all->count; i++)
        free(all->items[i].detail);
    free(all->items);
}

static bool holds(const struct finding *finding)
{
    return finding->state != STATE_LACKS && finding->state != STATE_UNTRIED;
}

bool findings_hold(const struct findings *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (!holds(&all->items[i])) return false;
    return all->count > 0;
}

/* ---- For people ---- */

static void print_detail(const char *detail)
{
    if (!detail) return;
    char *shown cleanup_free = show_string(detail, DETAIL_LIMIT);
    fputs(shown, stdout);
}

static void print_line(const struct finding *finding)
{
    printf("  %-4s %-*s", states[finding->state].word, finding->detail ? NAME_WIDTH + 1 : 0, finding->name);
    print_detail(finding->detail);
    putchar('\n');
}

static bool is_same(const char *one, const char *other)
{
    return one && other && !strcmp(one, other);
}

/* The ways in which one act was tried follow one another: how many they are. */
static size_t cells_of(const struct findings *all, size_t first)
{
    const struct finding *head = &all->items[first];
    size_t i = first;
    while (i < all->count && all->items[i].way && is_same(all->items[i].section, head->section) &&
           is_same(all->items[i].name, head->name))
        i++;
    return i - first;
}

static void print_cells(const struct finding *cells, size_t count,
                        const char *(*text)(const struct finding *))
{
    for (size_t i = 0; i < count; i++)
        printf("%-*s", i + 1 < count ? CELL_WIDTH : 0, text(&cells[i]));
    putchar('\n');
}

static const char *state_of(const struct finding *finding)
{
    return states[finding->state].word;
}

static const char *way_of(const struct finding *finding)
{
    return finding->way;
}

static void print_head(const struct findings *all, size_t first)
{
    const struct finding *head = &all->items[first];
    printf("%s%-*s", first ? "\n" : "", head->way ? NAME_WIDTH + 8 : 0, head->section);
    if (head->way)
        print_cells(head, cells_of(all, first), way_of);
    else
        putchar('\n');
}

/* What the same cause did to several is explained once. */
static bool was_said(const struct findings *all, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (all->items[i].state == all->items[index].state &&
            is_same(all->items[i].section, all->items[index].section) &&
            is_same(all->items[i].detail, all->items[index].detail) &&
            is_same(all->items[i].next, all->items[index].next))
            return true;
    return false;
}

static void print_next(const struct findings *all)
{
    bool any = false;
    for (size_t i = 0; i < all->count; i++) {
        const struct finding *finding = &all->items[i];
        if (!finding->next || was_said(all, i)) continue;
        if (!any) puts("\nwhat to do");
        any = true;
        printf("  %s: %s%s%s: ", finding->section, finding->name, finding->way ? ", " : "",
               finding->way ? finding->way : "");
        print_detail(finding->detail);
        printf("\n    next: %s\n", finding->next);
    }
}

void findings_print(const struct findings *all)
{
    const char *section = NULL;
    for (size_t i = 0; i < all->count;) {
        if (!is_same(section, all->items[i].section)) print_head(all, i);
        section = all->items[i].section;
        size_t cells = cells_of(all, i);
        if (cells) {
            printf("  %-*s", NAME_WIDTH + 6, all->items[i].name);
            print_cells(&all->items[i], cells, state_of);
            i += cells;
        } else {
            print_line(&all->items[i++]);
        }
    }
    print_next(all);
    puts(findings_hold(all) ? "\nall of it holds here" : "\nnot all of it holds here");
}

/* ---- For programs ---- */

static void add_json(struct json *json, const struct finding *finding)
{
    json_open(json, NULL, '{');
    json_string(json, "section", finding->section);
    json_string(json, "name", finding->name);
    if (finding->way) json_string(json, "way", finding->way);
    json_string(json, "state", states[finding->state].name);
    if (finding->detail) {
        char *shown cleanup_free = show_string(finding->detail, 0);
        json_string(json, "detail", shown);
    }
    if (finding->next) json_string(json, "next", finding->next);
    json_close(json, '}');
}

void findings_print_json(const struct findings *all)
{
    struct json json = {0};
    json_open(&json, NULL, '{');
    json_string(&json, "verdict", findings_hold(all) ? "holds" : "missing");
    json_open(&json, "findings", '[');
    for (size_t i = 0; i < all->count; i++)
        add_json(&json, &all->items[i]);
    json_close(&json, ']');
    json_close(&json, '}');
    puts(json.text.data);
    text_free(&json.text);
}
