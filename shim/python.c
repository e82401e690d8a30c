/* python.c: which line of Python is about to act: an audit hook that notes where the interpreter stands.
 *
 * The interpreter tells its hooks of what it is about to do, in the thread that does it and under its own
 * lock. Of the frames, the innermost outside of the standard library is noted; the launcher reads the note
 * when it asks or records. It is shown as what the program says, and never decides anything. No header of
 * Python is needed to build this.
 */
#include "python.h"

#include "bytes.h"
#include "environ.h"
#include "raw/raw.h"
#include "wire.h"

typedef struct object object;

extern int PySys_AddAuditHook(int (*hook)(const char *, object *, void *), void *data) __attribute__((weak));
extern object *PyEval_GetFrame(void) __attribute__((weak));
extern object *PyFrame_GetBack(object *frame) __attribute__((weak));
extern object *PyFrame_GetCode(object *frame) __attribute__((weak));
extern int PyFrame_GetLineNumber(object *frame) __attribute__((weak));
extern object *PyObject_GetAttrString(object *of, const char *name) __attribute__((weak));
extern const char *PyUnicode_AsUTF8AndSize(object *text, long *size) __attribute__((weak));
extern object *PyTuple_GetItem(object *tuple, long index) __attribute__((weak));
extern object *PySequence_GetItem(object *of, long index) __attribute__((weak));
extern char *PyBytes_AsString(object *bytes) __attribute__((weak));
extern int Py_IsInitialized(void) __attribute__((weak));
extern void PyErr_Clear(void) __attribute__((weak));
extern void Py_IncRef(object *of) __attribute__((weak));
extern void Py_DecRef(object *of) __attribute__((weak));

/* The only thing in the shim that changes after the start: one thread at a time writes it, under the
 * interpreter's lock. It lies where everybody looks for it, or else here. */
static struct wire_notes *notes, notes_here;
static uint32_t last_sequence;

/* Python 3.8 has no functions for these two, and will not change any more. */
struct frame_38 {
    uint64_t count;
    void *type;
    uint64_t size;
    object *back;
    object *code;
};

static object *frame_back(object *frame)
{
    if (PyFrame_GetBack) return PyFrame_GetBack(frame);
    object *back = ((struct frame_38 *)(void *)frame)->back;
    if (back) Py_IncRef(back);
    return back;
}

static object *frame_code(object *frame)
{
    if (PyFrame_GetCode) return PyFrame_GetCode(frame);
    object *code = ((struct frame_38 *)(void *)frame)->code;
    Py_IncRef(code);
    return code;
}

static bool is_event(const char *event)
{
    switch (event[0]) {
    case 'o': return (event[1] == 's' && event[2] == '.') || bytes_same(event, "open");
    case 's':
        return event[1] == 'u' ? bytes_same(event, "subprocess.Popen")
                               : bytes_begin(event, "socket.") || bytes_same(event, "sqlite3.connect");
    case 'c': return event[1] == 't' && bytes_begin(event, "ctypes.");
    default: return false;
    }
}

/* The standard library lies in lib/pythonX.Y, and what is installed beside it does not belong to it. */
enum origin { ORIGIN_OWN, ORIGIN_INSTALLED, ORIGIN_STANDARD };

static enum origin origin_of(const char *file)
{
    enum origin origin = ORIGIN_OWN;
    if (bytes_begin(file, "<frozen ")) return ORIGIN_STANDARD;
    for (; *file; file++) {
        if (*file != '/') continue;
        if (bytes_begin(file, "/lib/python3."))
            origin = ORIGIN_STANDARD;
        else if (bytes_begin(file, "/site-packages/") || bytes_begin(file, "/dist-packages/"))
            return ORIGIN_INSTALLED;
    }
    return origin;
}

static void write_cut(char *to, size_t room, const char *from)
{
    size_t length = 0;
    for (; length < room - 1 && from[length]; length++)
        to[length] = from[length];
    to[length] = 0;
}

/* The text of one of the code's attributes, which the code keeps alive. */
static const char *code_text(object *code, const char *attribute)
{
    object *text = PyObject_GetAttrString(code, attribute);
    const char *bytes = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
    if (!bytes) PyErr_Clear();
    if (text) Py_DecRef(text);
    return bytes;
}

/* The end says more of a path than its beginning; of a command it is the other way round. */
static void write_end(char *to, size_t room, const char *from)
{
    size_t length = strlen(from);
    write_cut(to, room, length < room ? from : from + length - (room - 1));
}

/* NULL: it is no text. */
static const char *text_of(object *value)
{
    const char *bytes = value ? PyUnicode_AsUTF8AndSize(value, NULL) : NULL;
    if (bytes) return bytes;
    PyErr_Clear();
    if (value) bytes = PyBytes_AsString(value);
    if (!bytes) PyErr_Clear();
    return bytes;
}

static object *item_of(object *tuple, long index)
{
    object *item = tuple ? PyTuple_GetItem(tuple, index) : NULL;
    if (!item) PyErr_Clear();
    return item;
}

/* The last word of a command. */
static void write_last_word(struct wire_python *note, object *arguments)
{
    object *words = item_of(arguments, 1), *word = words ? PySequence_GetItem(words, -1) : NULL;
    const char *text = text_of(word);
    if (text) write_end(note->subject, sizeof note->subject, text);
    PyErr_Clear();
    if (word) Py_DecRef(word);
}

/* What the event is about, where it names one thing: a rename has two names. Of sockets, it is the
 * address. */
static void write_subject(struct wire_python *note, const char *event, object *arguments)
{
    static const char *const silent[] = {"os.rename", "os.link", "os.symlink", "socket.__new__"};
    static const char *const commands[] = {"subprocess.Popen", "os.exec", "os.posix_spawn"};
    note->subject[0] = 0;
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        if (bytes_same(event, silent[i])) return;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (bytes_same(event, commands[i])) {
            write_last_word(note, arguments);
            return;
        }
    if (bytes_begin(event, "ctypes.")) return;
    bool method = bytes_same(event, "socket.connect") || bytes_same(event, "socket.bind") ||
                  bytes_begin(event, "socket.send");
    object *item = item_of(arguments, method);
    const char *text = text_of(item);
    if (!text && method && item) text = text_of(item_of(item, 0));
    if (!text || bytes_same(text, ".") || bytes_same(text, "..")) return;
    if (bytes_same(event, "os.system"))
        write_cut(note->subject, sizeof note->subject, text);
    else
        write_end(note->subject, sizeof note->subject, text);
}

/* The one that the thread had before, or else the oldest. */
static struct wire_python *note_of(uint32_t tid)
{
    struct wire_python *oldest = notes->of;
    for (size_t i = 0; i < WIRE_NOTES; i++) {
        if (notes->of[i].tid == tid) return &notes->of[i];
        if (notes->of[i].sequence < oldest->sequence) oldest = &notes->of[i];
    }
    return oldest;
}

/* Writes this thread's note. No frame: none of the program's own does it, and then no line is better than the
 * last one. */
static void write_note(const char *event, object *arguments, object *frame, object *code)
{
    const char *file = code ? code_text(code, "co_filename") : NULL;
    const char *function = code ? code_text(code, "co_name") : NULL;
    const uint32_t tid = (uint32_t)raw_gettid(), sequence = last_sequence += 2;
    struct wire_python *note = note_of(tid);
    __atomic_store_n(&note->sequence, sequence - 1, __ATOMIC_RELEASE);
    note->magic = WIRE_MAGIC;
    note->tid = tid;
    note->line = frame ? (uint32_t)PyFrame_GetLineNumber(frame) : 0;
    write_cut(note->file, sizeof note->file, file ? file : "");
    write_cut(note->function, sizeof note->function, function ? function : "");
    write_cut(note->event, sizeof note->event, event);
    write_subject(note, event, arguments);
    __atomic_store_n(&note->sequence, sequence, __ATOMIC_RELEASE);
}

struct where {
    object *frame, *code; /* NULL: there is none */
};

static void let_go(struct where where)
{
    if (where.frame) Py_DecRef(where.frame);
    if (where.code) Py_DecRef(where.code);
}

/* How far behind an installed package its caller is looked for. */
#define FAR_ENOUGH 64

/* The innermost frame that is the program's own, or else that of a package which is installed. The standard
 * library is neither. The caller lets it go. */
static struct where own_frame(void)
{
    struct where at = {PyEval_GetFrame(), NULL}, package = {NULL, NULL};
    unsigned behind = 0;
    if (at.frame) Py_IncRef(at.frame);
    while (at.frame && behind < FAR_ENOUGH) {
        at.code = frame_code(at.frame);
        const char *file = code_text(at.code, "co_filename");
        enum origin origin = file ? origin_of(file) : ORIGIN_STANDARD;
        if (origin == ORIGIN_OWN) {
            let_go(package);
            return at;
        }
        object *back = frame_back(at.frame);
        if (origin == ORIGIN_INSTALLED && !package.frame)
            package = at;
        else
            let_go(at);
        if (package.frame) behind++;
        at = (struct where){back, NULL};
    }
    let_go(at);
    return package;
}

/* Never raises and never decides: always 0. */
static int hook(const char *event, object *arguments, void *data)
{
    (void)data;
    if (!is_event(event)) return 0;
    struct where where = own_frame();
    write_note(event, arguments, where.frame, where.code);
    let_go(where);
    return 0;
}

#define COMMAND_SIZE 65536

/* The same of its words where the C library does not say where they are. */
static bool asks_to_check(void)
{
    long fd = raw_openat(AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC, 0);
    char *words = raw_map(COMMAND_SIZE);
    bool found = fd < 0 || !words; /* when in doubt, no hook */
    long size = found ? 0 : raw_read((int)fd, words, COMMAND_SIZE - 1);
    for (long at = 0; at < size; at += (long)strlen(words + at) + 1)
        found = found || bytes_same(words + at, "-Xdev") || bytes_same(words + at, "dev");
    if (words) raw_unmap(words, COMMAND_SIZE);
    if (fd >= 0) raw_close((int)fd);
    return found;
}

/* Whether the interpreter will check its own memory (python -X dev, PYTHONMALLOC=debug): from its start on it
 * knows what it has allocated, and would end the program when it frees a hook that was added before: then
 * that waits until it has begun. */
static bool checks_memory(void)
{
    const char *value;
    for (const char *const *entry = environ_own(); entry && *entry; entry++) {
        if ((value = bytes_value(*entry, "PYTHONDEVMODE")) && *value) return true;
        for (value = bytes_value(*entry, "PYTHONMALLOC"); value && *value; value++)
            if (bytes_begin(value, "debug")) return true;
    }
    const char *const *words = environ_words();
    for (const char *const *word = words; word && *word; word++)
        if (bytes_same(*word, "-Xdev") || bytes_same(*word, "dev")) return true;
    return words ? false : asks_to_check();
}

static struct wire_notes *make_notes(void)
{
    long place = raw_call(__NR_mmap, WIRE_NOTES_PLACE, sizeof *notes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (place == (long)WIRE_NOTES_PLACE) return (void *)place;
    if (!RAW_FAILED(place)) raw_unmap((void *)place, sizeof *notes); /* a kernel that takes it for a wish */
    return &notes_here;
}

static bool is_python(void)
{
    return PySys_AddAuditHook && PyEval_GetFrame && PyFrame_GetLineNumber && PyObject_GetAttrString &&
           PyUnicode_AsUTF8AndSize && PyBytes_AsString && PyTuple_GetItem && PySequence_GetItem &&
           PyErr_Clear && Py_IsInitialized && Py_IncRef && Py_DecRef;
}

bool python_waits;

void python_begin(void)
{
    if (!is_python()) return;
    notes = make_notes();
    if (checks_memory())
        python_waits = true;
    else
        PySys_AddAuditHook(hook, NULL);
}

void python_attend(void)
{
    if (Py_IsInitialized() && __atomic_exchange_n(&python_waits, false, __ATOMIC_ACQ_REL))
        PySys_AddAuditHook(hook, NULL);
}

uint64_t python_note(void)
{
    return last_sequence ? (uint64_t)(uintptr_t)notes : 0;
}
