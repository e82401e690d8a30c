/* test_errors.c: every mistake in a policy is said with its place and what to do about it, and all at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "policies.h"

/* A policy with one mistake, and all that is said of it. */
static const struct {
    const char *text;
    const char *message;
} mistakes[] = {
    {"", "1:1: the file is empty: begin it with \"askfirst: 1\""},
    {"askfirst: 1\nread:\n- deny: [\n", "4:1: this is not YAML (did not find expected node content): check "
                                        "indentation (spaces, no tabs), colons and quotes; a "
                                        "value that begins with one of *&!%@`[{ has to stand in quotes"},
    {"askfirst: 1\nread: \"a\001\"\n", "2:9: this is not YAML (control characters are not allowed): check "
                                       "indentation (spaces, no tabs), colons and quotes; a "
                                       "value that begins with one of *&!%@`[{ has to stand in quotes"},
    {"askfirst: 1\nread:\n- deny: \"a\377\"\n", "3:11: the byte 0xff is no UTF-8 text: save the file as "
                                                "UTF-8, and match other bytes in a name with \"?\" or \"*\""},
    {"askfirst: !!int 1\n", "1:11: the tag \"tag:yaml.org,2002:int\" has no meaning here: remove it"},
    {"askfirst: 1\nread: !rules []\n", "2:7: the tag \"!rules\" has no meaning here: remove it"},
    {"askfirst: 1\nread:\n- deny: \"/a\\0b\"\n",
     "3:9: the text holds a NUL character: no path, word or name can, so remove it"},
    {"askfirst: 1\nread:\n- deny: *x\n", "3:9: the alias \"*x\" has no anchor before it: write \"&x\" at "
                                         "what it stands for, or put the text in quotes if it is a pattern"},
    {"askfirst: 1\nread: &x\n- deny: *x\n",
     "3:9: the alias \"*x\" stands inside what it stands for: it would never end, so remove it"},
    {"askfirst: 1\n[a, b]: 1\n",
     "2:1: a key has to be a word, not a list or a map: put it in quotes if it is meant as text"},
    {"askfirst: 1\naskfirst: 1\n",
     "2:1: the key \"askfirst\" stands here a second time (first in line 1): join the two"},
    {"askfirst: 1\nread: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
     "2:39: lists and maps are nested more than 32 deep: no policy needs that, so write it flatter"},
    {"%YAML 1.1\n---\naskfirst: 1\n",
     "1:1: a policy has no YAML directives: remove the line that begins with \"%\""},
    {"askfirst: 1\n---\naskfirst: 1\n",
     "2:1: a second document begins here: a policy is one, so remove this line or use another file"},
    {"- askfirst\n", "1:1: a policy has to be a map: begin it with \"askfirst: 1\""},
    {"read: []\n",
     "1:1: the policy does not say which version of the language it is in: begin it with \"askfirst: 1\""},
    {"askfirst: 2\n", "1:11: version \"2\" of the language is not known: write \"askfirst: 1\""},
    {"askfirst: [1]\n",
     "1:11: \"askfirst\" has to be text, not a list: write it on one line, in quotes if need be"},
    {"askfirst:\n", "1:10: \"askfirst\" is empty: write something or remove it"},
    {"askfirst: 1\nreed: []\n", "2:1: \"reed\" is no key of a policy: did you mean \"read\"?"},
    {"askfirst: 1\nsomething: []\n",
     "2:1: \"something\" is no key of a policy: use askfirst, extends, variables, read, write, exec, "
     "connect, debug, otherwise, env, limits, ask, commands or tests"},
    {"askfirst: 1\n<<: {a: b}\n",
     "2:1: \"<<\" is no key of a policy: use askfirst, extends, variables, read, write, exec, connect, "
     "debug, otherwise, env, limits, ask, commands or tests"},
    {"askfirst: 1\nextends: nowhere.yaml\n",
     "2:10: the file \"DIR/nowhere.yaml\" cannot be found (No such file or directory): write default, strict "
     "or the path of a file"},
    {"askfirst: 1\nextends: p.yaml\n",
     "2:10: \"p.yaml\" extends this file in turn, so neither would ever be read: remove one \"extends\""},
    {"askfirst: 1\nextends: \"${session}/x\"\n",
     "2:10: \"${session}/x\" names no file here: write default, strict or the path of a file"},
    {"askfirst: 1\nread: /x\n",
     "2:7: \"read\" has to be a list of rules: begin each with \"- allow:\", \"- ask:\" or \"- deny:\""},
    {"askfirst: 1\nread: [x]\n", "2:8: a rule has to be a map: write \"allow: ...\""},
    {"askfirst: 1\nread:\n- becuase: x\n  deny: /x\n",
     "3:3: \"becuase\" is no key of a rule: did you mean \"because\"?"},
    {"askfirst: 1\nread:\n- because: x\n",
     "3:3: the rule has no verdict: begin it with \"allow:\", \"ask:\" or \"deny:\""},
    {"askfirst: 1\nread:\n- {deny: /x, allow: /y}\n",
     "3:3: the rule has both \"allow\" and \"deny\": make two rules of it"},
    {"askfirst: 1\nwrite:\n- hide: ~/.npmrc\n",
     "3:9: only what is read can be hidden: write \"deny\" or \"ask\""},
    {"askfirst: 1\notherwise: {read: hide}\n",
     "2:19: \"otherwise\" cannot be \"hide\": write allow, ask or deny"},
    {"askfirst: 1\nread:\n- {deny: /x, because: [y]}\n",
     "3:23: \"because\" has to be text, not a list: write it on one line, in quotes if need be"},
    {"askfirst: 1\nread:\n- {deny: /x, because: \"\"}\n",
     "3:23: \"because\" is empty: write something or remove it"},
    {"askfirst: 1\nread:\n- deny: []\n", "3:9: the list for deny is empty: write something or remove it"},
    {"askfirst: 1\nread:\n- deny: {a: b}\n",
     "3:9: a path has to be text, not a map: write it on one line, in quotes if need be"},
    {"askfirst: 1\nread:\n- deny:\n", "3:8: a path is empty: write something or remove it"},
    {"askfirst: 1\nread:\n- deny: \"~bob/x\"\n",
     "3:9: \"~bob/x\": another user's home is not looked up: write the path"},
    {"askfirst: 1\nread:\n- deny: \"**\"\n", "3:9: \"**\" is no path pattern: write \"/**\" for every file"},
    {"askfirst: 1\nread:\n- deny: x/y\n", "3:9: \"x/y\" is no path pattern, which begins with /, ~, ${name} "
                                          "or **/: write \"${workspace}/x/y\" or \"**/x/y\""},
    {"askfirst: 1\nread:\n- deny: ./x\n", "3:9: \"./x\" is no path pattern, which begins with /, ~, ${name} "
                                          "or **/: write \"${workspace}/x\" or \"**/x\""},
    {"askfirst: 1\nread:\n- deny: /x/\n",
     "3:9: the pattern \"/x/\" cannot be used: ends in a slash: write dir/** for all that is in it"},
    {"askfirst: 1\nread:\n- deny: /x//y\n",
     "3:9: the pattern \"/x//y\" cannot be used: empty name between two slashes"},
    {"askfirst: 1\nread:\n- deny: /x/../y\n",
     "3:9: the pattern \"/x/../y\" cannot be used: `.` and `..` are no names: write the path itself"},
    {"askfirst: 1\nread:\n- deny: /x[y\n",
     "3:9: the pattern \"/x[y\" cannot be used: bad [...]: it is not closed, is empty, or a range in it runs "
     "backwards; write \\[ for a ["},
    {"askfirst: 1\nread:\n- deny: /x**\n",
     "3:9: the pattern \"/x**\" cannot be used: ** must stand alone between slashes: write * within a name"},
    {"askfirst: 1\nread:\n- deny: /x\\\n",
     "3:9: the pattern \"/x\\\" cannot be used: a \\ at the end quotes nothing: write \\\\ for a backslash"},
    {"askfirst: 1\nread:\n- deny: /**/a/**/b/**/c/**/d/**\n",
     "3:9: the pattern \"/**/a/**/b/**/c/**/d/**\" cannot be used: more than four ** in a path pattern"},
    {"askfirst: 1\nread:\n- deny: \"${user}/x\"\n",
     "3:9: the pattern \"ada/x\" cannot be used: a path pattern begins with /, ~, ${name} or **/"},
    {"askfirst: 1\nread:\n- deny: \"${hom}/x\"\n",
     "3:9: the variable \"${hom}\" is not known: did you mean \"${home}\"?"},
    {"askfirst: 1\nread:\n- deny: \"${nothing_known}/x\"\n",
     "3:9: the variable \"${nothing_known}\" is not known: define it under \"variables:\", or write \"$${\" "
     "for the text itself"},
    {"askfirst: 1\nread:\n- deny: \"/${home\"\n",
     "3:9: \"${\" is not closed: write \"}\" after the variable's name, or \"$${\" for the text"},
    {"askfirst: 1\nvariables: [x]\n",
     "2:12: \"variables\" has to be a map: write \"NAME: value\" on a line each"},
    {"askfirst: 1\nvariables: {home: /x}\n", "2:13: the variable \"home\" is built in: choose another name"},
    {"askfirst: 1\nvariables: {a-b: /x}\n",
     "2:13: \"a-b\" is no name of a variable: use letters, digits and _"},
    {"askfirst: 1\nvariables: {a: []}\n",
     "2:16: the list for a variable is empty: write something or remove it"},
    {"askfirst: 1\nvariables: {a: [[b]]}\n",
     "2:17: a variable's value has to be text, not a list: write it on one line, in quotes if need be"},
    {"askfirst: 1\nvariables: {a: \"${b}\", b: x}\n",
     "2:16: the variable \"${b}\" is not known: define it under \"variables:\", or write \"$${\" for the "
     "text itself"},
    {"askfirst: 1\nvariables: {a: [a,b,c,d,e,f,g,h,i,j,k]}\nread:\n- deny: \"/${a}${a}${a}\"\n",
     "4:9: the variables in this unfold to more than 1000 values: use shorter lists"},
    {"askfirst: 1\notherwise: deny\n", "2:12: \"otherwise\" has to be a map: write \"read: ...\""},
    {"askfirst: 1\notherwise: {red: deny}\n",
     "2:13: \"red\" is no key of \"otherwise\": did you mean \"read\"?"},
    {"askfirst: 1\notherwise: {read: dney}\n",
     "2:19: \"otherwise\" cannot be \"dney\": did you mean \"deny\"?"},
    {"askfirst: 1\notherwise: {read: maybe}\n",
     "2:19: \"otherwise\" cannot be \"maybe\": write allow, ask or deny"},
    {"askfirst: 1\nexec:\n- ask: git \"push\n",
     "3:8: a quote in the command is not closed: close it, or write \\ before it"},
    {"askfirst: 1\nexec:\n- ask: git ''\n",
     "3:8: the command has an empty word: remove the quotes around nothing"},
    {"askfirst: 1\nexec:\n- ask: \" \"\n", "3:8: the command is empty: write a program's name"},
    {"askfirst: 1\nexec:\n- ask: [[git, push]]\n", "3:9: a command has to be text or a map, not a list: "
                                                   "write \"git push\", or {program: git, words: [push]}"},
    {"askfirst: 1\nexec:\n- ask: {}\n", "3:8: the command is empty: write a program's name"},
    {"askfirst: 1\nexec:\n- ask: {programm: x}\n",
     "3:9: \"programm\" is no key of a command: did you mean \"program\"?"},
    {"askfirst: 1\nexec:\n- ask: bin/x y\n", "3:8: \"bin/x\" is no path pattern, which begins with /, ~, "
                                             "${name} or **/: write \"${workspace}/bin/x\" or \"**/bin/x\""},
    {"askfirst: 1\nexec:\n- ask: \"x[\"\n",
     "3:8: the pattern \"x[\" cannot be used: bad [...]: it is not closed, is empty, or a range in it runs "
     "backwards; write \\[ for a ["},
    {"askfirst: 1\nexec:\n- ask: {program: \"x[\"}\n",
     "3:18: the pattern \"x[\" cannot be used: bad [...]: it is not closed, is empty, or a range in it runs "
     "backwards; write \\[ for a ["},
    {"askfirst: 1\nexec:\n- ask: {program: []}\n",
     "3:18: the list for \"program\" is empty: write something or remove it"},
    {"askfirst: 1\nexec:\n- ask: {program: x, words: \"a[\"}\n",
     "3:28: the pattern \"a[\" cannot be used: bad [...]: it is not closed, is empty, or a range in it runs "
     "backwards; write \\[ for a ["},
    {"askfirst: 1\nexec:\n- ask: {program: x, words: {}}\n",
     "3:28: \"words\" has to be text, not a map: write it on one line, in quotes if need be"},
    {"askfirst: 1\nvariables: {a: [b, c]}\nexec:\n- ask: x ${a}\n",
     "4:8: \"${a}\" stands for a list of words, of which each would have to be there: write a rule for each "
     "of them"},
    {"askfirst: 1\nexec:\n- ask: {program: x, options: r}\n",
     "3:30: \"r\" is no option, which begins with \"-\": put other words under \"words\""},
    {"askfirst: 1\nexec:\n- ask: {program: x, without: [--]}\n",
     "3:31: \"--\" is no option, which begins with \"-\": put other words under \"words\""},
    {"askfirst: 1\nexec:\n- ask: {program: sh, shell: [\"a[\"]}\n",
     "3:30: the pattern \"a[\" cannot be used: bad [...]: it is not closed, is empty, or a range in it runs "
     "backwards; write \\[ for a ["},
    {"askfirst: 1\nexec:\n- ask: {program: sh, stdin: pip}\n",
     "3:29: \"stdin\" cannot be \"pip\": did you mean \"pipe\"?"},
    {"askfirst: 1\nexec:\n- ask: {program: sh, sha256: abc}\n",
     "3:30: \"abc\" is no SHA-256 sum: write the 64 hexadecimal digits that sha256sum prints"},
    {"askfirst: 1\nexec:\n- ask: {program: sh, exact: maybe}\n",
     "3:29: \"exact\" cannot be \"maybe\": write false or true"},
    {"askfirst: 1\nexec:\n- ask: {program: sh, exact: true}\n",
     "3:8: \"exact\" belongs to an allow: an ask or a deny finds its words wherever they stand"},
    {"askfirst: 1\nexec:\n- allow: {program: rm, options: -r, exact: true}\n",
     "3:10: \"exact\" means that \"words\" are the whole command: put its options among them, and remove "
     "\"options\", \"without\" and \"shell\""},
    {"askfirst: 1\nexec:\n- ask: {program: sh, cwd: work}\n",
     "3:27: \"work\" is no path pattern, which begins with /, ~, ${name} or **/: write \"${workspace}/work\" "
     "or \"**/work\""},
    {"askfirst: 1\nexec:\n- ask: {program: sh, parent: ./x}\n",
     "3:30: \"./x\" is no path pattern, which begins with /, ~, ${name} or **/: write \"${workspace}/x\" or "
     "\"**/x\""},
    {"askfirst: 1\nwrite:\n- ask: /x\n  program: ./x\n",
     "4:12: \"./x\" is no path pattern, which begins with /, ~, ${name} or **/: write \"${workspace}/x\" or "
     "\"**/x\""},
    {"askfirst: 1\nwrite:\n- ask: /x\n  program: [git, \"x[\"]\n",
     "4:18: the pattern \"x[\" cannot be used: bad [...]: it is not closed, is empty, or a range in it runs "
     "backwards; write \\[ for a ["},
    {"askfirst: 1\nwrite:\n- ask: /x\n  program: []\n",
     "4:12: the list for \"program\" is empty: write something or remove it"},
    {"askfirst: 1\nwrite:\n- program: git\n",
     "3:3: the rule has no verdict: begin it with \"allow:\", \"ask:\" or \"deny:\""},
    {"askfirst: 1\nexec:\n- ask: push\n  program: git\n",
     "4:12: the program stands in the command: write \"- ask: git push\" or \"- ask: {program: git, words: "
     "push}\""},
    {"askfirst: 1\nconnect:\n- ask: udp\n  program: git\n",
     "4:12: only a rule of read or write says which program acts: remove \"program\""},
    {"askfirst: 1\ndebug:\n- ask: /x\n  program: git\n",
     "4:12: only a rule of read or write says which program acts: remove \"program\""},
    {"askfirst: 1\ntests:\n- {exec: git, program: git, expect: ask}\n",
     "3:24: only a test of read or write says which program acts: remove \"program\""},
    {"askfirst: 1\nconnect:\n- ask: \"a b\"\n",
     "3:8: the pattern \"a b\" cannot be used: no host name, address, unix:PATH or kind of socket"},
    {"askfirst: 1\nconnect:\n- ask: \"a:0\"\n",
     "3:8: the pattern \"a:0\" cannot be used: a port is a number from 1 to 65535, a range N-M, or *"},
    {"askfirst: 1\nconnect:\n- ask: \"10.0.0.1/33\"\n",
     "3:8: the pattern \"10.0.0.1/33\" cannot be used: the prefix of an IPv4 range is a number from 0 to 32"},
    {"askfirst: 1\nconnect:\n- ask: \"unix:x\"\n", "3:8: \"x\" is no path pattern, which begins with /, ~, "
                                                   "${name} or **/: write \"${workspace}/x\" or \"**/x\""},
    {"askfirst: 1\nconnect:\n- ask: [[a]]\n",
     "3:9: an address has to be text, not a list: write it on one line, in quotes if need be"},
    {"askfirst: 1\nenv: {dorp: [x]}\n", "2:7: \"dorp\" is no key of \"env\": did you mean \"drop\"?"},
    {"askfirst: 1\nenv: {drop: [\"x[\"]}\n",
     "2:14: the pattern \"x[\" cannot be used: bad [...]: it is not closed, is empty, or a range in it runs "
     "backwards; write \\[ for a ["},
    {"askfirst: 1\nlimits: {memory: 4Gib}\n",
     "2:18: \"memory\" cannot be \"4Gib\": write a number above 0 with KiB, MiB, GiB or TiB, such as 512MiB"},
    {"askfirst: 1\nlimits: {memory: 0}\n",
     "2:18: \"memory\" cannot be \"0\": write a number above 0 with KiB, MiB, GiB or TiB, such as 512MiB"},
    {"askfirst: 1\nlimits: {memory: 99999999999TiB}\n",
     "2:18: \"memory\" cannot be \"99999999999TiB\": write a number above 0 with KiB, MiB, GiB or TiB, such "
     "as 512MiB"},
    {"askfirst: 1\nlimits: {processes: many}\n",
     "2:21: \"processes\" cannot be \"many\": write a whole number above 0, such as 512"},
    {"askfirst: 1\nlimits: {time: 5 m}\n",
     "2:16: \"time\" cannot be \"5 m\": write a number above 0 with s, m, h or d, such as 10m"},
    {"askfirst: 1\nask: {timeout: soon}\n",
     "2:16: \"timeout\" cannot be \"soon\": write a number above 0 with s, m, h or d, such as 10m"},
    {"askfirst: 1\nask: {refusals: twice}\n", "2:17: \"refusals\" cannot be \"twice\": write once or sticky"},
    {"askfirst: 1\ncommands: {}\n",
     "2:11: \"commands\" has to be a list: begin each command with \"- names:\""},
    {"askfirst: 1\ncommands: [{kind: plain}]\n", "2:12: the command has no name: write \"names: [NAME]\""},
    {"askfirst: 1\ncommands: [{names: [/bin/x]}]\n",
     "2:20: \"/bin/x\" is no bare name: write only the last part of the program's path"},
    {"askfirst: 1\ncommands: [{names: x, kind: shel}]\n",
     "2:29: \"kind\" cannot be \"shel\": did you mean \"shell\"?"},
    {"askfirst: 1\ncommands: [{names: x, flags: [f]}]\n",
     "2:30: \"flags\": \"f\" is no option, which begins with \"-\" (or \"+\") and holds no \"=\": write only "
     "its name"},
    {"askfirst: 1\ncommands: [{names: x, values: [-f=g]}]\n",
     "2:31: \"values\": \"-f=g\" is no option, which begins with \"-\" (or \"+\") and holds no \"=\": write "
     "only its name"},
    {"askfirst: 1\ncommands: [{names: x, same: [-f]}]\n",
     "2:29: \"-f\" does not name two options: write \"-f=--force\""},
    {"askfirst: 1\nenv: {set: [LANG]}\n", "2:12: \"LANG\" sets no variable: write NAME=VALUE"},
    {"askfirst: 1\ncommands: [{names: x, skip_words: 17}]\n",
     "2:35: \"skip_words\" cannot be more than 16: no wrapper takes so many words"},
    {"askfirst: 1\ncommands: [{names: x, subcommands: yes}]\n",
     "2:36: \"subcommands\" cannot be \"yes\": write false or true"},
    {"askfirst: 1\ntests: {}\n",
     "2:8: \"tests\" has to be a list: write \"- {exec: git push, expect: ask}\""},
    {"askfirst: 1\ntests:\n- {exec: x}\n",
     "3:3: the test expects nothing: write \"expect: allow\", \"expect: ask\" or \"expect: deny\""},
    {"askfirst: 1\ntests:\n- {exec: x, read: /y, expect: ask}\n",
     "3:3: a test is about one act: write exactly one of read, write, exec, connect or debug"},
    {"askfirst: 1\ntests:\n- {read: y, expect: ask}\n",
     "3:10: the path of a test has to be a whole path, not \"y\": begin it with /, ~ or ${name}"},
    {"askfirst: 1\ntests:\n- {exec: [[x]], expect: ask}\n",
     "3:11: a word of a command has to be text: put it in quotes, or split it"},
    {"askfirst: 1\ntests:\n- {connect: \"*.a\", expect: ask}\n",
     "3:13: the address \"*.a\" cannot be used: a test is about one address, not about many"},
    {"askfirst: 1\ntests:\n- {connect: \"a b\", expect: ask}\n",
     "3:13: the address \"a b\" cannot be used: no host name, address, unix:PATH or kind of socket"},
    {"askfirst: 1\nvariables: {a: [/b, /c]}\ntests:\n- {read: \"${a}\", expect: ask}\n",
     "4:10: \"${a}\" stands for a list: a test is about one of them"},
    {"askfirst: 1\ntests:\n- {read: /y, expect: deny}\n",
     "3:3: the test fails: expected deny, got ask because no rule fits: write a rule for it or change the "
     "test"},
    {"askfirst: 1\notherwise: {read: allow}\ntests:\n- {read: /y, expect: deny}\n",
     "4:3: the test fails: expected deny, got allow by otherwise (DIR/p.yaml:2): write a rule for it or "
     "change the test"},
    {"askfirst: 1\nread:\n- allow: /y\ntests:\n- {read: /y, expect: deny}\n",
     "5:3: the test fails: expected deny, got allow by DIR/p.yaml:3 (/y): change that rule or the test"},
};

static void each_mistake_is_said_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct policies policies;
        policies_begin(&policies);
        assert_false(policies_load(&policies, mistakes[i].text));
        assert_string_equal(policies_message(&policies, 0), mistakes[i].message);
        assert_int_equal(policies.diagnostics.count, 1);
        policies_end(&policies);
    }
}

/* `count` times `piece` between `before` and `after`; to be freed. */
static char *repeat(const char *before, const char *piece, size_t count, const char *after)
{
    size_t size = strlen(piece);
    char *text = malloc(strlen(before) + size * count + strlen(after) + 1), *to = text;
    assert_non_null(text);
    to = stpcpy(to, before);
    for (size_t i = 0; i < count; i++)
        to = stpcpy(to, piece);
    strcpy(to, after);
    return text;
}

static void fails_with(char *text, const char *message)
{
    struct policies policies;
    policies_begin(&policies);
    assert_false(policies_load(&policies, text));
    assert_string_equal(policies_message(&policies, 0), message);
    assert_int_equal(policies.diagnostics.count, 1);
    policies_end(&policies);
    free(text);
}

static void what_is_too_much_is_refused(void **state)
{
    (void)state;
    fails_with(repeat("askfirst: 1\n", "# filled up\n", 100000, ""),
               "0:0: the file is larger than 1 MiB: split it with extends:, or use wider patterns");
    fails_with(repeat("askfirst: 1\nread:\n- deny: [", "/x, ", 10001, "]\n"),
               "3:40010: the file has more than 10000 rules: use wider patterns");
    fails_with(repeat("askfirst: 1\nread:\n- deny: /", "x", 4096, "\n"),
               "3:9: this is longer than 4096 bytes, as no path is: shorten it");
}

static void a_map_of_too_many_keys_is_refused(void **state)
{
    (void)state;
    char *text = malloc(32768), *to = text;
    assert_non_null(text);
    to = stpcpy(to, "askfirst: 1\nvariables:\n");
    for (int i = 0; i < 1001; i++)
        to += sprintf(to, " v%d: x\n", i);
    fails_with(text, "1003:2: the map has more than 1000 keys: split it");
}

static void too_many_anchors_are_refused(void **state)
{
    (void)state;
    fails_with(repeat("askfirst: 1\nvariables:\n  a: [", "&a x, ", 1001, "]\n"),
               "3:6007: the file has more than 1000 anchors: remove those that nothing refers to");
}

static void aliases_that_explode_are_refused(void **state)
{
    (void)state;
    char *text = repeat("askfirst: 1\nvariables:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n"
                        "  b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
                        "  c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
                        "  d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
                        "  e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d",
                        ", *d", 10, "]\n");
    fails_with(text, "7:38: the aliases unfold to more than 100000 values: write out fewer of them");
}

static void variables_that_explode_are_refused(void **state)
{
    (void)state;
    struct policies policies;
    char *text = repeat("askfirst: 1\nvariables:\n  a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\nread:\n",
                        "- deny: \"/${a}${a}${a}\"\n", 2000, "");
    policies_begin(&policies);
    assert_false(policies_load(&policies, text));
    assert_non_null(strstr(policies_message(&policies, 0),
                           "the variables unfold to more than 32 MiB of text: use shorter lists of values"));
    assert_int_equal(policies.diagnostics.errors, 1);
    policies_end(&policies);
    free(text);
}

static void a_nul_byte_is_refused(void **state)
{
    (void)state;
    struct policies policies;
    policies_begin(&policies);
    const char *path = policies_write(&policies, "p.yaml", "askfirst: 1\nread: []\n");
    FILE *file = fopen(path, "r+e");
    assert_non_null(file);
    fseek(file, 14, SEEK_SET);
    fputc(0, file);
    fclose(file);
    policies.options.policy_file = path;
    assert_false(policies_load_options(&policies));
    assert_string_equal(
        policies_message(&policies, 0),
        "2:3: the byte 0x00 is no UTF-8 text: save the file as UTF-8, and match other bytes in a name "
        "with \"?\" or \"*\"");
    policies_end(&policies);
}

/* Shortest form, no surrogates, nothing above U+10FFFF, nothing cut off. */
static void what_is_no_utf8_is_refused(void **state)
{
    static const char *const wrong[] = {"\xc0\xaf",         "\xe0\x80\xaf", "\xed\xa0\x80",
                                        "\xf4\x90\x80\x80", "\xe2\x82",     "\x80"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct policies policies;
        char text[64];
        snprintf(text, sizeof text, "askfirst: 1 # \xc3\xa4 %s", wrong[i]);
        policies_begin(&policies);
        assert_false(policies_load(&policies, text));
        assert_non_null(strstr(policies_message(&policies, 0), "1:17: the byte 0x"));
        policies_end(&policies);
    }
}

static void ten_mistakes_are_said_in_the_order_of_their_lines(void **state)
{
    (void)state;
    struct policies policies;
    policies_begin(&policies);
    assert_false(policies_load(&policies, "askfirst: 1\n"
                                          "limits: {memory: lots}\n"
                                          "exec:\n"
                                          "- alow: git\n"
                                          "- ask: {program: rm, optoins: [-r]}\n"
                                          "- deny: git 'push\n"
                                          "read:\n"
                                          "- deny: x\n"
                                          "- deny: \"${hom}\"\n"
                                          "- {deny: /x, ask: /y}\n"
                                          "connect:\n"
                                          "- allow: \"host:99999\"\n"
                                          "otherwise: {exec: no}\n"
                                          "extnds: default\n"));
    assert_int_equal(policies.diagnostics.count, 10);
    for (size_t i = 1; i < 10; i++)
        assert_true(policies.diagnostics.items[i - 1].place.line < policies.diagnostics.items[i].place.line);
    policies_end(&policies);
}

static void at_most_twenty_mistakes_of_a_file_are_shown(void **state)
{
    (void)state;
    struct policies policies;
    char *text = repeat("askfirst: 1\nread:\n", "- deny: x\n", 30, "");
    policies_begin(&policies);
    assert_false(policies_load(&policies, text));
    assert_int_equal(policies.diagnostics.count, 20);
    assert_int_equal(policies.diagnostics.errors, 30);
    policies_end(&policies);
    free(text);
}

static void braces_are_warned_of(void **state)
{
    (void)state;
    struct policies policies;
    policies_begin(&policies);
    assert_true(policies_load(
        &policies, "askfirst: 1\nread:\n- deny: [\"/a/{b,c}\", \"${home}/{b}\", \"/x{,y}${user},\"]\n"));
    assert_int_equal(policies.diagnostics.count, 2);
    assert_string_equal(policies_message(&policies, 0),
                        "3:10: warning: the braces in \"/a/{b,c}\" are letters like "
                        "others: write a list with a pattern for each");
    assert_string_equal(policies_rule(&policies, LAYER_USER, 0)->patterns.items[0].text, "/a/{b,c}");
    policies_end(&policies);
}

static void diagnostics_are_printed_with_their_place(void **state)
{
    (void)state;
    struct diagnostics all = {0};
    char *text = NULL;
    size_t size = 0;
    diagnostics_add(&all, SEVERITY_WARNING, (struct place){"b", 3, 4}, "this: %d", 1);
    diagnostics_add(&all, SEVERITY_ERROR, (struct place){"a", 0, 0}, "that");
    diagnostics_add(&all, SEVERITY_ERROR, (struct place){"b", 2, 9}, "other");
    diagnostics_sort(&all);
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    diagnostics_print(&all, file);
    fclose(file);
    assert_string_equal(text, "b:2:9: other\nb:3:4: warning: this: 1\na: that\n");
    assert_int_equal(all.errors, 2);
    free(text);
    diagnostics_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_is_said_with_its_place),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(a_map_of_too_many_keys_is_refused),
        cmocka_unit_test(too_many_anchors_are_refused),
        cmocka_unit_test(aliases_that_explode_are_refused),
        cmocka_unit_test(variables_that_explode_are_refused),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(what_is_no_utf8_is_refused),
        cmocka_unit_test(ten_mistakes_are_said_in_the_order_of_their_lines),
        cmocka_unit_test(at_most_twenty_mistakes_of_a_file_are_shown),
        cmocka_unit_test(braces_are_warned_of),
        cmocka_unit_test(diagnostics_are_printed_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
