/* reference.c: the policy language, decided slowly and plainly. See reference.h.
 *
 * From top to bottom: what is known of a command, its command line, options and words, what a shell or an
 * interpreter reads, the other facts around a command, one rule, a set of rules, the verdict. It must not
 * know how the image is laid out.
 */
#include "reference.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "reference_parts.h"

#define MOST_ARGUMENTS 512

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ---- What is known of a command ---- */

static bool any_name_fits(const struct strings *names, const char *name)
{
    for (size_t i = 0; name && i < names->count; i++)
        if (reference_text(names->items[i], name)) return true;
    return false;
}

static const struct command *command_named(const struct policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->command_count; i++)
        if (any_name_fits(&policy->commands[i].names, name)) return &policy->commands[i];
    return NULL;
}

/* What a program is weighs more than what it is called: a link's name must not choose how words are read. */
static const struct command *find_command(const struct policy *policy, const struct act *act)
{
    const struct command *command = command_named(policy, last_part(act->path));
    return command ? command : command_named(policy, act->name);
}

static bool is_kind(const struct command *command, enum command_kind kind)
{
    return command && command->kind == kind;
}

/* "-opt" and "--opt" where these are the same: the text behind the dashes. */
static const char *undashed(const char *option)
{
    return option + strspn(option, "-");
}

static bool has_option(const struct command *command, const struct strings *list, const char *option)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], option) == 0 ||
            (command->single_dash && strcmp(undashed(list->items[i]), undashed(option)) == 0))
            return true;
    return false;
}

static void letter_option(char letter, char option[3])
{
    option[0] = '-';
    option[1] = letter;
    option[2] = '\0';
}

/* "--opt=value" without its value. */
static const char *option_name(const char *argument, char *buffer, size_t size)
{
    size_t length = strcspn(argument, "=");
    if (length >= size) length = size - 1;
    memcpy(buffer, argument, length);
    buffer[length] = '\0';
    return buffer;
}

/* `other` is how a "-f=--force" in the command's `same` spells `option` in another way, or NULL. */
static const char *same_as(const char *pair, const char *option, char *buffer, size_t size)
{
    const char *second = strchr(pair, '=') + 1;
    option_name(pair, buffer, size);
    if (strcmp(buffer, option) == 0) return second;
    return strcmp(second, option) == 0 ? buffer : NULL;
}

/* The same option in a list, or in another spelling. */
static bool has_option_or_same(const struct command *command, const struct strings *list, const char *option)
{
    bool found = has_option(command, list, option);
    for (size_t i = 0; i < command->same.count && !found; i++) {
        char buffer[256];
        const char *other = same_as(command->same.items[i], option, buffer, sizeof buffer);
        found = other && has_option(command, list, other);
    }
    return found;
}

static bool names_program(const struct command *command, const char *option)
{
    return command && (has_option_or_same(command, &command->text, option) ||
                       has_option_or_same(command, &command->module, option));
}

/* An interpreter's -c and -m: what comes with them is a word (the text, the module), attached or not. A
 * shell's -c is a flag, and its text the first word that is left. */
static bool brings_program(const struct command *command, const char *option)
{
    return !is_kind(command, COMMAND_SHELL) && names_program(command, option);
}

static bool takes_value(const struct command *command, const char *option)
{
    return command && has_option_or_same(command, &command->values, option) &&
           !names_program(command, option);
}

static bool letter_takes_value(const struct command *command, char letter)
{
    char option[3];
    letter_option(letter, option);
    return takes_value(command, option) || brings_program(command, option);
}

/* What stands behind it in a bundle is its value. In a shell, the values of all letters come in the next
 * arguments. */
static bool letter_takes_rest(const struct command *command, char letter)
{
    return !is_kind(command, COMMAND_SHELL) && letter_takes_value(command, letter);
}

/* wget's -nc is listed as it stands, and is no -n -c. */
static bool is_one_option(const struct command *command, const char *argument)
{
    char name[256];
    option_name(argument, name, sizeof name);
    return strlen(name) > 2 &&
           (has_option_or_same(command, &command->flags, name) ||
            has_option_or_same(command, &command->values, name) ||
            has_option_or_same(command, &command->unsafe, name) || names_program(command, name));
}

/* How many letters of "-abc" are options of one letter; 0 where it is no bundle. Reading stops behind a
 * letter that takes a value, except in a shell, where the values of all letters come in the next arguments,
 * and where `sh +c TEXT` runs its text as well. */
static size_t bundle(const struct command *command, const char *argument)
{
    size_t letters = 0;
    bool is_signed = argument[0] == '-' || (argument[0] == '+' && is_kind(command, COMMAND_SHELL));
    if (!is_signed || (command && (command->single_dash || is_one_option(command, argument)))) return 0;
    while (isalnum((unsigned char)argument[letters + 1]))
        if (letter_takes_rest(command, argument[++letters])) break;
    return letters;
}

/* Whether it is a bundle to its end, or to where a value begins. */
static bool is_whole_bundle(const struct command *command, const char *argument)
{
    size_t letters = bundle(command, argument);
    return letters > 0 && (argument[letters + 1] == '\0' || letter_takes_rest(command, argument[letters]));
}

/* What of a command's list counts as understood: an allow does not look past what is unsafe. */
enum listing { SAFE, SAFE_OR_UNSAFE };

static bool is_listed(const struct command *command, const char *option, enum listing listing)
{
    bool unsafe = has_option_or_same(command, &command->unsafe, option) ||
                  has_option_or_same(command, &command->text, option) ||
                  has_option_or_same(command, &command->module, option);
    bool listed = has_option_or_same(command, &command->flags, option) ||
                  has_option_or_same(command, &command->values, option);
    return unsafe ? listing == SAFE_OR_UNSAFE : listed;
}

static bool letters_listed(const struct command *command, const char *argument, enum listing listing)
{
    size_t letters = bundle(command, argument);
    for (size_t i = 1; i <= letters; i++) {
        char option[3];
        letter_option(argument[i], option);
        if (!is_listed(command, option, listing)) return false;
    }
    return is_whole_bundle(command, argument);
}

static bool is_known_option(const struct command *command, const char *argument, enum listing listing)
{
    char name[256];
    return command && (is_listed(command, option_name(argument, name, sizeof name), listing) ||
                       (!is_one_option(command, argument) && letters_listed(command, argument, listing)));
}

/* fish --command=TEXT */
static const char *text_behind_equals(const struct command *command, const char *argument)
{
    char name[256];
    const char *equals = strchr(argument, '=');
    size_t letters = bundle(command, argument);
    if (!equals) return NULL;
    if (names_program(command, option_name(argument, name, sizeof name))) return equals + 1;
    letter_option(argument[letters], name);
    return letters && argument + letters + 1 == equals && names_program(command, name) ? equals + 1 : NULL;
}

/* Where the program text or module of an interpreter's option begins in the argument itself: at its end where
 * it comes next, NULL where this option brings none. */
static const char *program_in(const struct command *command, const char *argument)
{
    char name[256];
    size_t length = strlen(option_name(argument, name, sizeof name));
    if (is_kind(command, COMMAND_SHELL)) return text_behind_equals(command, argument);
    if (brings_program(command, name)) return argument[length] ? argument + length + 1 : argument + length;
    size_t letters = bundle(command, argument);
    if (letters == 0) return NULL;
    letter_option(argument[letters], name);
    if (!brings_program(command, name)) return NULL;
    return argument + letters + 1 + (argument[letters + 1] == '=');
}

/* How many of the arguments behind this option are its value. */
static size_t values_eaten(const struct command *command, const char *argument)
{
    if (!command || (!is_kind(command, COMMAND_SHELL) && program_in(command, argument))) return 0;
    if (takes_value(command, argument)) return 1;
    if (is_one_option(command, argument)) return 0;
    size_t letters = bundle(command, argument);
    size_t eaten = 0;
    for (size_t i = 1; i <= letters; i++)
        if (letter_takes_value(command, argument[i]))
            eaten += argument[i + 1] == '\0' || (is_kind(command, COMMAND_SHELL) && argument[i + 1] != '=');
    return eaten;
}

/* ---- A command line ---- */

enum role { ROLE_PROGRAM, ROLE_OPTION, ROLE_VALUE, ROLE_END, ROLE_WORD };

struct line {
    const struct command *command;
    const struct act *act;
    enum role roles[MOST_ARGUMENTS];
    size_t words[MOST_ARGUMENTS];      /* indexes into argv */
    const char *texts[MOST_ARGUMENTS]; /* what stands there; a part of it for `python3 -mpip` */
    size_t word_count;
};

/* One of the list, by itself or in a bundle; `sh +c TEXT` runs its text as well. */
static bool has_one_of(const struct command *command, const struct strings *list, const char *argument)
{
    char name[256];
    size_t letters = bundle(command, argument);
    if (has_option_or_same(command, list, option_name(argument, name, sizeof name))) return true;
    for (size_t i = 1; i <= letters; i++) {
        letter_option(argument[i], name);
        if (has_option_or_same(command, list, name)) return true;
    }
    return false;
}

static bool has_text_option(const struct line *line, const struct strings *options, size_t before)
{
    for (size_t i = 1; i < before; i++)
        if (line->roles[i] == ROLE_OPTION && has_one_of(line->command, options, line->act->argv[i]))
            return true;
    return false;
}

static bool looks_like_option(const struct command *command, const char *argument)
{
    bool signed_word = argument[0] == '-' || (argument[0] == '+' && is_kind(command, COMMAND_SHELL));
    return signed_word && argument[1] != '\0';
}

/* A shell reads `sh - x` as `sh -- x`. */
static bool ends_options(const struct command *command, const char *argument)
{
    return strcmp(argument, "--") == 0 || (strcmp(argument, "-") == 0 && is_kind(command, COMMAND_SHELL));
}

/* What follows the first word is the affair of the script, or of the program that is started. */
static bool first_word_ends_options(const struct command *command)
{
    return command && command->kind != COMMAND_PLAIN;
}

static void add_word(struct line *line, size_t index, const char *text, bool *ended)
{
    line->texts[line->word_count] = text;
    line->words[line->word_count++] = index;
    *ended |= first_word_ends_options(line->command);
}

static void read_line(const struct policy *policy, const struct act *act, struct line *line)
{
    line->act = act;
    line->command = find_command(policy, act);
    line->roles[0] = ROLE_PROGRAM;
    line->word_count = 0;
    bool ended = false;
    bool program_next = false;
    size_t eaten = 0;
    for (size_t i = 1; i < act->argc && i < MOST_ARGUMENTS; i++) {
        const char *argument = act->argv[i];
        if (eaten > 0) {
            line->roles[i] = ROLE_VALUE;
            eaten--;
        } else if (!ended && !program_next && ends_options(line->command, argument)) {
            line->roles[i] = ROLE_END;
            ended = true;
        } else if (!ended && !program_next && looks_like_option(line->command, argument)) {
            const char *program = program_in(line->command, argument);
            line->roles[i] = ROLE_OPTION;
            eaten = values_eaten(line->command, argument);
            program_next = program && *program == '\0' && program[-1] != '=';
            if (program && !program_next) add_word(line, i, program, &ended);
        } else {
            line->roles[i] = ROLE_WORD;
            program_next = false;
            add_word(line, i, argument, &ended);
        }
    }
}

static const char *word(const struct line *line, size_t n)
{
    return line->texts[n];
}

/* How many arguments stand before the first word; the option that it is attached to is one of them. */
static size_t before_first_word(const struct line *line)
{
    if (line->word_count == 0) return line->act->argc;
    return line->words[0] + (line->roles[line->words[0]] == ROLE_OPTION);
}

/* ---- Spellings of an option ---- */

static bool has_glob(const char *option)
{
    return strpbrk(option, "*?[\\") != NULL;
}

/* A rule's option may be a glob: it is every option that this fits. */
static bool letter_in_bundle(const struct command *command, const char *option, const char *argument)
{
    size_t letters = bundle(command, argument);
    for (size_t i = 1; i <= letters; i++) {
        char letter[3];
        letter_option(argument[i], letter);
        if (reference_text(option, letter)) return true;
    }
    return false;
}

static bool is_option_or_has_value(const char *option, const char *argument)
{
    char name[256];
    return reference_text(option, option_name(argument, name, sizeof name));
}

static bool is_abbreviation(const char *option, const char *argument)
{
    size_t length = strcspn(argument, "=");
    return strncmp(option, "--", 2) == 0 && length > 2 && length < strlen(option) &&
           length <= strcspn(option, "*?[\\") && strncmp(option, argument, length) == 0;
}

/* LOOSELY is how an ask or deny finds an option, and how an allow makes sure that it is absent. */
enum strictness { LOOSELY, STRICTLY };

static bool spelling_fits(const struct command *command, const char *option, const char *argument,
                          enum strictness how)
{
    if (is_option_or_has_value(option, argument)) return true;
    if (argument[0] == '-' && letter_in_bundle(command, option, argument)) /* +x takes -x back */
        return how == LOOSELY || (command && letters_listed(command, argument, SAFE_OR_UNSAFE));
    return how == LOOSELY && is_abbreviation(option, argument);
}

/* The same for "-opt" and "--opt" where the command takes them as one. */
static bool spellings_fit(const struct command *command, const char *option, const char *argument,
                          enum strictness how)
{
    if (spelling_fits(command, option, argument, how)) return true;
    if (!command || !command->single_dash) return false;
    char other[256] = "--";
    strncat(other, undashed(option), sizeof other - 3);
    return spelling_fits(command, strncmp(option, "--", 2) == 0 ? other + 1 : other, argument, how);
}

/* Whether a rule's option is this one of a `same`. */
static bool is_spelt(const struct command *command, const char *option, const char *name)
{
    if (reference_text(option, name)) return true;
    return command->single_dash && reference_text(option + (option[1] == '-'), name + (name[1] == '-'));
}

static bool argument_is(const struct command *command, const char *option, const char *argument,
                        enum strictness how)
{
    if (spellings_fit(command, option, argument, how)) return true;
    for (size_t i = 0; command && i < command->same.count; i++) {
        char first[256];
        const char *second = strchr(command->same.items[i], '=') + 1;
        option_name(command->same.items[i], first, sizeof first);
        if (is_spelt(command, option, first) && spellings_fit(command, second, argument, how)) return true;
        if (is_spelt(command, option, second) && spellings_fit(command, first, argument, how)) return true;
    }
    return false;
}

/* ---- What a rule says of options and words ---- */

#define MOST_WANTED 64

/* An option; `value` is a glob, or NULL where any will do. */
struct wanted {
    char name[256];
    const char *value;
};

/* One option that a rule speaks of. Where it can be read as a bundle, its letters may as well be there. */
struct spoken {
    struct wanted whole;
    struct wanted letters[MOST_WANTED];
    size_t letter_count;
    bool behind_a_word;
};

/* The words of a rule, read as those of a command line are: "kubectl -n prod delete" has a valued option. In
 * "sudo rm -rf", -rf is an option of a program of which nothing is known. */
struct phrase {
    struct spoken options[MOST_WANTED];
    size_t option_count;
    const char *words[MOST_WANTED];
    size_t word_count;
};

static bool is_option_word(const char *text)
{
    return text[0] == '-' && text[1] != '\0';
}

/* "-rf" stands for -r and -f, "-nprod" for -n with its value, which may hold a "=" as well; a value may also
 * be the rule's next word, and *next is set to NULL where it was used. */
static void read_letters(const struct command *command, const char *text, const char **next,
                         struct spoken *spoken)
{
    size_t letters = is_whole_bundle(command, text) ? bundle(command, text) : 0;
    if (letters == 0 || text[2] == '\0' || text[2] == '=') return;
    for (size_t i = 0; i < letters; i++) {
        struct wanted *letter = &spoken->letters[spoken->letter_count++];
        letter_option(text[i + 1], letter->name);
        letter->value = NULL;
        if (command && brings_program(command, letter->name) && text[i + 2]) {
            spoken->letter_count = 0;
            return;
        }
        if (!takes_value(command, letter->name) || is_kind(command, COMMAND_SHELL)) continue;
        letter->value = text[i + 2] ? text + i + 2 : *next;
        if (text[i + 2] == '\0') {
            spoken->whole.value = *next;
            *next = NULL;
        }
    }
}

static void read_spoken(const struct command *command, const char *text, const char **next,
                        struct spoken *spoken)
{
    const char *equals = strchr(text, '=');
    option_name(text, spoken->whole.name, sizeof spoken->whole.name);
    spoken->whole.value = equals ? equals + 1 : NULL;
    spoken->letter_count = 0;
    if (!equals && takes_value(command, text)) {
        spoken->whole.value = *next;
        *next = NULL;
    } else {
        read_letters(command, text, next, spoken);
    }
}

/* What follows a "--" are words in a rule too; but before the program that is started it ends only the
 * options of who starts it. */
static bool ends_rules_options(const struct phrase *phrase, const struct command *command, const char *text)
{
    return strcmp(text, "--") == 0 && (phrase->word_count > 0 || !first_word_ends_options(command));
}

static void read_phrase(const struct rule *rule, const struct command *command, struct phrase *phrase)
{
    bool ended = false;
    phrase->option_count = 0;
    phrase->word_count = 0;
    for (size_t i = 0; i < rule->words.count; i++) {
        const char *text = rule->words.items[i];
        if (ended || !is_option_word(text)) {
            phrase->words[phrase->word_count++] = text;
            continue;
        }
        ended = ends_rules_options(phrase, command, text);
        const char *next = i + 1 < rule->words.count ? rule->words.items[i + 1] : NULL;
        if (next && is_option_word(next)) next = NULL;
        bool had_next = next != NULL;
        struct spoken *spoken = &phrase->options[phrase->option_count++];
        spoken->behind_a_word = phrase->word_count > 0;
        bool is_others = spoken->behind_a_word && first_word_ends_options(command);
        read_spoken(is_others ? NULL : command, text, &next, spoken);
        i += had_next && !next;
    }
}

/* ---- Options ---- */

/* "--opt=VALUE"; and in "-abVALUE" and "-ab=VALUE", the value is that of -b, and of no other. NULL: the
 * option has none there. */
static const char *attached_value(const struct command *command, const char *option, const char *argument)
{
    size_t letters = bundle(command, argument);
    const char *value = argument + letters + 1, *equals = strchr(argument, '=');
    char last[3];
    if (letters == 0 || is_option_or_has_value(option, argument)) return equals ? equals + 1 : NULL;
    if (*value != '=' && (*value == '\0' || !letter_takes_rest(command, argument[letters]))) return NULL;
    letter_option(argument[letters], last);
    if (!argument_is(command, option, last, STRICTLY)) return NULL;
    return *value == '=' ? value + 1 : value;
}

/* One letter may be another spelling of a later one. */
static bool is_letter_before_last(const struct command *command, const char *option, const char *argument)
{
    size_t letters = bundle(command, argument);
    for (size_t i = 1; i < letters; i++) {
        char letter[3];
        letter_option(argument[i], letter);
        if (argument_is(command, option, letter, LOOSELY)) return true;
    }
    return false;
}

/* Whether an argument brings the option's value. LOOSELY, the next argument may be one whatever is known. */
static bool value_fits(const struct line *line, const struct command *command, size_t index,
                       const struct wanted *wanted, enum strictness how)
{
    const char *argument = line->act->argv[index];
    const char *attached = attached_value(command, wanted->name, argument);
    if (attached && reference_text(wanted->value, attached)) return true;
    if (attached && !is_letter_before_last(command, wanted->name, argument)) return false;
    if (index + 1 == line->act->argc || (how == STRICTLY && line->roles[index + 1] != ROLE_VALUE))
        return false;
    return reference_text(wanted->value, line->act->argv[index + 1]);
}

/* What an option takes for its value before a subcommand may be an option after it: `git branch -C
 * --force`. */
static bool is_doubtful_value(const struct line *line, size_t index)
{
    return line->roles[index] == ROLE_VALUE && line->command->subcommands && line->word_count > 0 &&
           index > line->words[0] && is_option_word(line->act->argv[index]);
}

static bool has_role(const struct line *line, size_t index, enum role role, enum strictness how)
{
    if (role == ROLE_WORD && (index <= line->words[0] || !is_option_word(line->act->argv[index])))
        return false;
    return line->roles[index] == role ||
           (role == ROLE_OPTION && how == LOOSELY && is_doubtful_value(line, index));
}

/* Some arguments of a line that have one role, as they are read by who knows `command`. */
struct part {
    size_t from, to;
    enum role role; /* if these are words, then those behind the first */
    const struct command *command;
};

/* Strictly, a valued option is there when all that may be it have that value. */
static bool wanted_among(const struct line *line, const struct part *part, const struct wanted *wanted,
                         enum strictness how)
{
    bool found = false;
    for (size_t i = part->from; i < part->to; i++) {
        const char *argument = line->act->argv[i];
        bool ends = line->roles[i] == ROLE_END && part->role == ROLE_OPTION;
        if (ends && strcmp(wanted->name, "--") == 0) return true;
        if (!has_role(line, i, part->role, how) ||
            !argument_is(part->command, wanted->name, argument, LOOSELY))
            continue;
        bool fits = argument_is(part->command, wanted->name, argument, how) &&
                    (!wanted->value || value_fits(line, part->command, i, wanted, how));
        if (!fits && wanted->value && how == STRICTLY) return false;
        found |= fits;
    }
    return found;
}

/* Where a rule's option is looked for. PASSED_ON: among the words that a command whose options end at its
 * first word hands on to a script or a program, of which nothing is known. */
enum reach { BEFORE_WORDS, OWN_OPTIONS, BEHIND_SUBCOMMAND, PASSED_ON_TOO, PASSED_ON };

/* What the command is known to take for a flag and with a value is one thing before the subcommand and
 * another behind it: `git -C DIR switch -C BRANCH`. */
static bool is_two_things(const struct command *command, const char *option)
{
    return command && has_option_or_same(command, &command->flags, option) &&
           has_option_or_same(command, &command->values, option);
}

static bool is_own(const struct line *line, enum reach reach, const struct wanted *wanted,
                   enum strictness how)
{
    bool behind = reach == BEHIND_SUBCOMMAND && is_two_things(line->command, wanted->name);
    size_t first_word = line->word_count ? line->words[0] : line->act->argc;
    struct part own = {behind ? first_word : 1,
                       reach == BEFORE_WORDS ? before_first_word(line) : line->act->argc, ROLE_OPTION,
                       line->command};
    return reach != PASSED_ON && wanted_among(line, &own, wanted, how);
}

/* Up to a "--" that is handed on, and it. */
static size_t behind_passed_end(const struct line *line)
{
    for (size_t i = line->word_count ? line->words[0] + 1 : 1; i < line->act->argc; i++)
        if (strcmp(line->act->argv[i], "--") == 0) return i + 1;
    return line->act->argc;
}

/* What is handed on may yet be the command's own, where one looks for what may be meant. */
static bool is_passed_on(const struct line *line, enum reach reach, const struct wanted *wanted,
                         enum strictness how)
{
    struct part part = {1, line->act->argc, ROLE_WORD, NULL};
    if (reach < PASSED_ON_TOO || !first_word_ends_options(line->command)) return false;
    if (reach == PASSED_ON) part.to = behind_passed_end(line);
    if (wanted_among(line, &part, wanted, how)) return true;
    part.command = line->command;
    return reach == PASSED_ON_TOO && wanted_among(line, &part, wanted, how);
}

static bool wanted_within(const struct line *line, enum reach reach, const struct wanted *wanted,
                          enum strictness how)
{
    return is_own(line, reach, wanted, how) || is_passed_on(line, reach, wanted, how);
}

static bool spoken_within(const struct line *line, enum reach reach, const struct spoken *spoken,
                          enum strictness how)
{
    if (wanted_within(line, reach, &spoken->whole, how)) return true;
    for (size_t i = 0; i < spoken->letter_count; i++)
        if (!wanted_within(line, reach, &spoken->letters[i], how)) return false;
    return spoken->letter_count > 0;
}

/* Whether the options before the first word are all understood. */
static bool knows_all_before_first_word(const struct line *line)
{
    for (size_t i = 1; i < before_first_word(line); i++)
        if (line->roles[i] == ROLE_OPTION &&
            !is_known_option(line->command, line->act->argv[i], SAFE_OR_UNSAFE))
            return false;
    return true;
}

/* Where something before the first word is not understood, that word may be a value, and an ask or a deny
 * looks on; so it does behind an interpreter's script. */
static enum reach reach_of_own(const struct line *line, enum strictness how)
{
    bool looks_on = is_kind(line->command, COMMAND_INTERPRETER) || !knows_all_before_first_word(line);
    return how == LOOSELY && looks_on ? PASSED_ON_TOO : OWN_OPTIONS;
}

static bool option_present(const struct line *line, const char *option, enum strictness how)
{
    struct spoken spoken;
    const char *next = NULL;
    read_spoken(line->command, option, &next, &spoken);
    return spoken_within(line, reach_of_own(line, how), &spoken, how);
}

static bool any_option_present(const struct line *line, const struct strings *options, enum strictness how)
{
    for (size_t i = 0; i < options->count; i++)
        if (option_present(line, options->items[i], how)) return true;
    return false;
}

/* "sudo rm -rf": behind a plain word, an option is one of what is started; an ask or a deny does not miss it
 * either where it is sudo's. And `allow: git --version` is no `git push --version`: what follows a subcommand
 * is its own. */
static enum reach reach_of(const struct spoken *spoken, const struct line *line, enum strictness how)
{
    bool has_subcommands = line->command && line->command->subcommands;
    if (!spoken->behind_a_word)
        return how == STRICTLY && has_subcommands ? BEFORE_WORDS : reach_of_own(line, how);
    if (first_word_ends_options(line->command)) return how == STRICTLY ? PASSED_ON : PASSED_ON_TOO;
    return has_subcommands ? BEHIND_SUBCOMMAND : OWN_OPTIONS;
}

static bool option_words_present(const struct phrase *phrase, const struct line *line, enum strictness how)
{
    for (size_t i = 0; i < phrase->option_count; i++) {
        const struct spoken *spoken = &phrase->options[i];
        if (!spoken_within(line, reach_of(spoken, line, how), spoken, how)) return false;
    }
    return true;
}

static bool names_option(const struct spoken *spoken, const char *argument)
{
    bool named = !has_glob(spoken->whole.name) && is_option_or_has_value(spoken->whole.name, argument);
    for (size_t i = 0; i < spoken->letter_count; i++)
        named |= is_option_or_has_value(spoken->letters[i].name, argument);
    return named;
}

/* An option that an allow names itself is one that it knows; but not by the options of what is started. */
static bool is_named(const struct rule *rule, const struct phrase *phrase, const struct command *command,
                     const char *argument)
{
    for (size_t i = 0; i < phrase->option_count; i++) {
        const struct spoken *spoken = &phrase->options[i];
        bool is_others = spoken->behind_a_word && first_word_ends_options(command);
        if (!is_others && names_option(spoken, argument)) return true;
    }
    for (size_t i = 0; i < rule->options.count; i++) {
        struct spoken spoken;
        const char *next = NULL;
        read_spoken(command, rule->options.items[i], &next, &spoken);
        if (names_option(&spoken, argument)) return true;
    }
    return false;
}

static bool letters_known_or_named(const struct rule *rule, const struct phrase *phrase,
                                   const struct command *command, const char *argument)
{
    size_t letters = bundle(command, argument);
    for (size_t i = 1; i <= letters; i++) {
        char option[3];
        letter_option(argument[i], option);
        if (!(command && is_listed(command, option, SAFE)) && !is_named(rule, phrase, command, option))
            return false;
    }
    return is_whole_bundle(command, argument);
}

/* ---- Words ---- */

/* Whether an allow trusts the options before the first word: it does not look past what is unsafe, and may
 * name options itself. */
static bool trusts_all_before_first_word(const struct rule *rule, const struct phrase *phrase,
                                         const struct line *line)
{
    for (size_t i = 1; i < before_first_word(line); i++) {
        const char *argument = line->act->argv[i];
        if (line->roles[i] == ROLE_OPTION && !is_known_option(line->command, argument, SAFE) &&
            !is_named(rule, phrase, line->command, argument) &&
            !letters_known_or_named(rule, phrase, line->command, argument))
            return false;
    }
    return true;
}

/* Whether a word that is handed on is an option which the rule has among what is handed on. */
static bool is_rules_option(const struct phrase *phrase, const struct line *line, size_t at)
{
    if (!first_word_ends_options(line->command) || at == 0 || !is_option_word(word(line, at))) return false;
    for (size_t i = 0; i < phrase->option_count; i++) {
        const struct spoken *spoken = &phrase->options[i];
        if (spoken->behind_a_word && argument_is(NULL, spoken->whole.name, word(line, at), STRICTLY))
            return true;
    }
    return false;
}

/* An allow: the command's first words are the rule's, and nothing unknown comes before them. */
static bool words_fit_exactly(const struct rule *rule, const struct phrase *phrase, const struct line *line)
{
    size_t at = 0;
    bool ended = false;
    for (size_t i = 0; i < phrase->word_count; i++, at++) {
        while (at < line->word_count && !ended && is_rules_option(phrase, line, at))
            ended = strcmp(word(line, at++), "--") == 0;
        if (at == line->word_count || !reference_text(phrase->words[i], word(line, at))) return false;
    }
    return phrase->word_count == 0 || trusts_all_before_first_word(rule, phrase, line);
}

/* Whether the first word is surely the subcommand: all that comes before it is understood. */
static bool first_word_is_subcommand(const struct line *line)
{
    if (!line->command || !line->command->subcommands || line->word_count == 0) return false;
    return knows_all_before_first_word(line);
}

/* An ask or a deny: the rule's words occur in their order. */
static bool words_are_found(const struct phrase *phrase, const struct line *line)
{
    size_t found = 0;
    for (size_t i = 0; i < line->word_count && found < phrase->word_count; i++) {
        bool fits = reference_text(phrase->words[found], word(line, i));
        if (!fits && i == 0 && first_word_is_subcommand(line)) return false;
        found += fits;
    }
    return found == phrase->word_count;
}

static bool is_whole_command(const struct rule *rule, const struct act *act)
{
    size_t given = act->argc ? act->argc - 1 : 0;
    if (given != rule->words.count) return false;
    for (size_t i = 0; i < given; i++)
        if (!reference_text(rule->words.items[i], act->argv[i + 1])) return false;
    return true;
}

static bool words_fit(const struct rule *rule, const struct line *line)
{
    if (rule->exact) return is_whole_command(rule, line->act);
    bool exact = rule->verdict == VERDICT_ALLOW;
    struct phrase phrase;
    read_phrase(rule, line->command, &phrase);
    if (!(exact ? words_fit_exactly(rule, &phrase, line) : words_are_found(&phrase, line))) return false;
    if (!option_words_present(&phrase, line, exact ? STRICTLY : LOOSELY)) return false;
    if (rule->options.count && !any_option_present(line, &rule->options, exact ? STRICTLY : LOOSELY))
        return false;
    return !any_option_present(line, &rule->without, exact ? LOOSELY : STRICTLY);
}

/* ---- Shells, interpreters and what they read ---- */

static const char *shell_text(const struct line *line)
{
    if (!is_kind(line->command, COMMAND_SHELL) || line->word_count == 0) return NULL;
    return has_text_option(line, &line->command->text, before_first_word(line)) ? word(line, 0) : NULL;
}

static bool shell_fits(const struct rule *rule, const struct line *line)
{
    const char *text = shell_text(line);
    for (size_t i = 0; text && i < rule->shell.count; i++)
        if (reference_text(rule->shell.items[i], text)) return true;
    return rule->shell.count == 0;
}

static bool reads_programs(const struct command *command)
{
    return is_kind(command, COMMAND_SHELL) || is_kind(command, COMMAND_INTERPRETER);
}

/* The N of /dev/fd/N, /proc/self/fd/N and the thread's; 0 for /dev/stdin; -1 for any other path. */
static int named_descriptor(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"};
    if (strcmp(path, "/dev/stdin") == 0) return 0;
    for (size_t i = 0; i < 3; i++) {
        size_t length = strlen(folders[i]);
        if (strncmp(path, folders[i], length) == 0 && isdigit((unsigned char)path[length]))
            return atoi(path + length);
    }
    return -1;
}

/* `sh -s FILE` reads its standard input all the same. */
static bool has_dash_s(const struct line *line, size_t before)
{
    if (!is_kind(line->command, COMMAND_SHELL) || line->command->single_dash) return false;
    for (size_t i = 1; i < before; i++) {
        const char *argument = line->act->argv[i];
        bool is_option = line->roles[i] == ROLE_OPTION && argument[0] == '-';
        if (is_option && letter_in_bundle(line->command, "-s", argument)) return true;
    }
    return false;
}

/* It will run nothing, neither a script nor its standard input. */
static bool only_informs(const struct line *line, size_t before)
{
    for (size_t i = 1; i < before; i++) {
        const char *argument = line->act->argv[i];
        bool asks = strcmp(argument, "--version") == 0 || strcmp(argument, "--help") == 0;
        if (asks && line->roles[i] == ROLE_OPTION) return true;
    }
    return false;
}

/* An interpreter's -V, -h and -v alone; but python -v goes on, and only tells more. */
static bool asks_what_it_is(const struct line *line)
{
    if (is_kind(line->command, COMMAND_SHELL) || line->act->argc != 2) return false;
    const char *argument = line->act->argv[1];
    if (strncmp(argument, "-V", 2) == 0 || strcmp(argument, "-h") == 0) return true;
    return strcmp(argument, "-v") == 0 && !has_option_or_same(line->command, &line->command->flags, "-v");
}

static size_t script_of(const struct line *line)
{
    if (!reads_programs(line->command)) return SCRIPT_NONE;
    size_t first = before_first_word(line);
    if (only_informs(line, first) || asks_what_it_is(line)) return SCRIPT_NONE;
    if (has_text_option(line, &line->command->text, first) ||
        has_text_option(line, &line->command->module, first))
        return SCRIPT_NONE;
    if (has_dash_s(line, first)) return SCRIPT_STDIN;
    if (line->word_count == 0 || strcmp(word(line, 0), "-") == 0 || named_descriptor(word(line, 0)) == 0)
        return SCRIPT_STDIN;
    return line->words[0];
}

enum answer { NO, YES, UNKNOWN };

static enum answer standard_input_is(const struct act *act, enum stdin_kind kind)
{
    if (act->stdin_kind == STDIN_UNKNOWN) return UNKNOWN;
    return act->stdin_kind == kind ? YES : NO;
}

/* For a shell or an interpreter, what counts is where its program comes from. */
static enum answer stdin_fits(const struct rule *rule, const struct line *line)
{
    if (rule->stdin_kind == STDIN_UNKNOWN) return YES;
    if (!reads_programs(line->command)) return standard_input_is(line->act, rule->stdin_kind);
    size_t script = script_of(line);
    if (script == SCRIPT_STDIN) return standard_input_is(line->act, rule->stdin_kind);
    bool from_pipe =
        script != SCRIPT_NONE && (line->act->script_is_pipe || named_descriptor(line->act->argv[script]) > 0);
    return from_pipe && rule->stdin_kind == STDIN_PIPE ? YES : NO;
}

/* ---- The other facts around a command ---- */

static bool is_writable(const struct policy *policy, const char *path);

static bool program_pattern_fits(const struct policy *policy, const struct rule *rule,
                                 const struct pattern *pattern, const char *path, const char *name,
                                 const char *zero)
{
    bool is_path = strchr(pattern->text, '/') != NULL;
    bool fits =
        is_path ? reference_path(pattern->text, path) : reference_text(pattern->text, last_part(path));
    if (rule->verdict != VERDICT_ALLOW)
        return fits || (!is_path && ((name && reference_text(pattern->text, name)) ||
                                     (zero && *zero && reference_text(pattern->text, zero))));
    return fits && !(pattern->bare && is_writable(policy, path));
}

/* The last part of argv[0], without the dash of a login shell. */
static const char *name_given(const struct act *act)
{
    const char *zero = act->argv && act->argc ? act->argv[0] : "";
    return last_part(*zero == '-' ? zero + 1 : zero);
}

static bool program_fits(const struct policy *policy, const struct rule *rule, const struct act *act)
{
    for (size_t i = 0; i < rule->patterns.count; i++)
        if (program_pattern_fits(policy, rule, &rule->patterns.items[i], act->path, act->name,
                                 name_given(act)))
            return true;
    return rule->patterns.count == 0;
}

static enum answer sha256_fits(const struct rule *rule, const struct act *act)
{
    if (rule->sha256_count == 0) return YES;
    if (!act->sha256) return UNKNOWN;
    for (size_t i = 0; i < rule->sha256_count; i++)
        if (memcmp(rule->sha256[i], act->sha256, 32) == 0) return YES;
    return NO;
}

static bool any_path_fits(const struct patterns *patterns, const char *path)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (reference_path(patterns->items[i].text, path)) return true;
    return false;
}

static enum answer cwd_fits(const struct rule *rule, const struct act *act)
{
    if (rule->cwd.count == 0) return YES;
    if (!act->cwd) return UNKNOWN;
    return any_path_fits(&rule->cwd, act->cwd) ? YES : NO;
}

static enum answer parent_fits(const struct policy *policy, const struct rule *rule, const struct act *act)
{
    if (rule->parent.count == 0) return YES;
    if (!act->parent) return UNKNOWN;
    for (size_t i = 0; i < rule->parent.count; i++)
        if (program_pattern_fits(policy, rule, &rule->parent.items[i], act->parent, NULL, NULL)) return YES;
    return NO;
}

static bool exec_fits(const struct policy *policy, const struct rule *rule, const struct act *act,
                      unsigned *needs)
{
    struct line line;
    if (!program_fits(policy, rule, act)) return false;
    read_line(policy, act, &line);
    if (!words_fit(rule, &line) || !shell_fits(rule, &line)) return false;

    enum answer answers[] = {stdin_fits(rule, &line), sha256_fits(rule, act), cwd_fits(rule, act),
                             parent_fits(policy, rule, act)};
    static const enum need bits[] = {NEED_STDIN, NEED_SHA256, NEED_CWD, NEED_PARENT};
    unsigned unknown = 0;
    for (size_t i = 0; i < 4; i++) {
        if (answers[i] == NO) return false;
        unknown |= answers[i] == UNKNOWN ? bits[i] : 0;
    }
    *needs |= unknown;
    return !unknown || rule->verdict != VERDICT_ALLOW;
}

/* A file, and perhaps who acts on it. */
static bool file_fits(const struct policy *policy, const struct rule *rule, const struct act *act,
                      unsigned *needs)
{
    if (!any_path_fits(&rule->patterns, act->path)) return false;
    if (rule->program.count == 0) return true;
    if (act->by_any) return rule->verdict == VERDICT_ALLOW;
    if (!act->program) {
        *needs |= NEED_PROGRAM;
        return rule->verdict != VERDICT_ALLOW;
    }
    for (size_t i = 0; i < rule->program.count; i++)
        if (program_pattern_fits(policy, rule, &rule->program.items[i], act->program, NULL, NULL))
            return true;
    return false;
}

/* ---- Rules, sets, verdicts ---- */

static bool rule_fits(const struct policy *policy, const struct rule *rule, const struct act *act,
                      unsigned *needs)
{
    if (rule->act != act->kind) return false;
    if (act->kind == ACT_EXEC) return exec_fits(policy, rule, act, needs);
    if (act->kind != ACT_CONNECT) return file_fits(policy, rule, act, needs);
    for (size_t i = 0; i < rule->patterns.count; i++)
        if (reference_address(rule->patterns.items[i].text, rule, act)) return true;
    return false;
}

static uint32_t first_that_fits(const struct policy *policy, enum rule_set set, const struct act *act,
                                unsigned *needs)
{
    for (size_t i = 0; i < policy->rule_count; i++)
        if (policy->rules[i].set == set && rule_fits(policy, &policy->rules[i], act, needs))
            return (uint32_t)i;
    return RULE_NONE;
}

static bool has_opinion(const struct policy *policy, enum rule_set set, const struct act *act,
                        const struct decision *decision)
{
    return set == SET_MAIN || decision->rule != RULE_NONE || policy->has_otherwise[set][act->kind];
}

/* Which program acts makes no difference where only allows for certain programs were passed over, and it
 * comes to an allow, or to nothing, all the same. */
static void decide_set(const struct policy *policy, enum rule_set set, const struct act *act,
                       struct decision *decision)
{
    unsigned needs = 0;
    decision->rule = first_that_fits(policy, set, act, &needs);
    decision->verdict = decision->rule == RULE_NONE ? policy->otherwise[set][act->kind]
                                                    : policy->rules[decision->rule].verdict;
    if (!has_opinion(policy, set, act, decision) || decision->verdict == VERDICT_ALLOW)
        needs &= ~(unsigned)NEED_PROGRAM;
    decision->needs |= needs;
}

static void tighten_by_project(const struct policy *policy, const struct act *act, struct decision *decision)
{
    struct decision project = {.needs = decision->needs};
    decide_set(policy, SET_PROJECT, act, &project);
    decision->needs = project.needs;
    if (has_opinion(policy, SET_PROJECT, act, &project) && project.verdict > decision->verdict)
        *decision = project;
}

/* What a person said yes to counts only where it would be asked, and never for what protects askfirst itself.
 */
static void look_up_approvals(const struct policy *policy, const struct act *act, struct decision *decision)
{
    if (decision->verdict != VERDICT_ASK) return;
    if (decision->needs & NEED_PROGRAM) return; /* it might be a deny, if it were known who acts */
    if (decision->rule != RULE_NONE && policy->rules[decision->rule].layer == LAYER_CORE) return;
    unsigned needs = 0;
    uint32_t approval = first_that_fits(policy, SET_APPROVALS, act, &needs);
    if (approval != RULE_NONE) needs &= ~(unsigned)NEED_PROGRAM;
    decision->needs |= needs;
    if (approval == RULE_NONE) return;
    decision->rule = approval;
    decision->verdict = VERDICT_ALLOW;
}

/* Whether the guarded code may replace this program, by whichever program it likes. The project's file has no
 * say: it lies where that code writes, and by forbidding the write it would make the program trusted. */
static bool is_writable(const struct policy *policy, const char *path)
{
    struct act write = {.kind = ACT_WRITE, .path = path, .path_length = strlen(path), .by_any = true};
    struct decision decision = {.needs = 0};
    decide_set(policy, SET_MAIN, &write, &decision);
    look_up_approvals(policy, &write, &decision);
    return decision.verdict == VERDICT_ALLOW;
}

void reference_decide(const struct policy *policy, const struct act *act, struct decision *decision)
{
    *decision = (struct decision){.needs = 0};
    decide_set(policy, SET_MAIN, act, decision);
    tighten_by_project(policy, act, decision);
    look_up_approvals(policy, act, decision);
}

/* ---- What a command line really runs ---- */

static bool goes_by_own_name(const struct command *command, const struct act *act)
{
    const char *called = last_part(act->argv[0]);
    return any_name_fits(&command->names, *called == '-' ? called + 1 : called);
}

static bool is_assignment(const char *text)
{
    return *text && strchr(text + 1, '=');
}

/* The program stands behind what the wrapper wants first (timeout's 10) and env's and sudo's NAME=value. */
static size_t skip_to_wrapped(const struct line *line)
{
    size_t to_skip = line->command->skip_words;
    size_t n = 0;
    for (; n < line->word_count; n++)
        if (!is_assignment(word(line, n)) && to_skip-- == 0) break;
    return n;
}

/* busybox looks at what it was called first, and only then at its first argument. */
static void runs_applet(const struct line *line, struct runs *runs)
{
    const struct act *act = line->act;
    if (!goes_by_own_name(line->command, act))
        *runs = (struct runs){RUNS_APPLET, 0};
    else if (act->argc > 1 && act->argv[1][0] != '-' && act->argv[1][0] != '\0')
        *runs = (struct runs){RUNS_APPLET, 1};
}

void reference_runs(const struct policy *policy, const struct act *act, struct runs *runs)
{
    struct line line;
    read_line(policy, act, &line);
    *runs = (struct runs){RUNS_PLAIN, 0};
    if (!line.command || act->argc == 0) return;
    if (line.command->kind == COMMAND_MULTICALL)
        runs_applet(&line, runs);
    else if (line.command->kind == COMMAND_LOADER && line.word_count > 0)
        *runs = (struct runs){RUNS_LOADER, line.words[0]};
    else if (line.command->kind == COMMAND_WRAPPER && skip_to_wrapped(&line) < line.word_count)
        *runs = (struct runs){RUNS_WRAPPER, line.words[skip_to_wrapped(&line)]};
}

size_t reference_script(const struct policy *policy, const struct act *act)
{
    struct line line;
    read_line(policy, act, &line);
    return script_of(&line);
}

const char *reference_shell_text(const struct policy *policy, const struct act *act)
{
    struct line line;
    read_line(policy, act, &line);
    return shell_text(&line);
}
