/*
 * trial.c - reading the beginning of a file by a format, to be looked at.
 */
#include "trial.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "pairing.h"
#include "unpack.h"

#define MAX_RECORD   (64 * 1024)
#define MAX_DOCUMENT (16 * 1024 * 1024)
#define MAX_DURATION (31 * 86400)

/* Where a column was before it was copied, and which of its frame's records it belongs to. */
struct origin {
    size_t record;
    struct span place;
};

struct trial {
    const struct trial_input *in;
    const struct parser_ops *ops;
    void *state;
    struct layout *layout;
    struct span header, rest;
    size_t max_frame;
    size_t line, counted; /* line on which text[counted] stands */
    struct mapping_context mapping;
    struct arena mem; /* of one frame */
    struct trial_count *count;
    trial_visit *visit;
    void *arg;
    size_t records;
    struct trial_column *columns; /* of the frame: of a document all records' */
    struct origin *origin;        /* of each */
    size_t column_count, column_room;
};

/* --- columns --- */

static void
add_column(struct trial *t, size_t owner, struct span name, struct span text, enum field field)
{
    if (t->column_count == t->column_room) {
        t->column_room = t->column_room ? 2 * t->column_room : 64;
        t->columns = xrealloc(t->columns, t->column_room * sizeof *t->columns);
        t->origin = xrealloc(t->origin, t->column_room * sizeof *t->origin);
    }
    t->columns[t->column_count] =
        (struct trial_column){arena_copy(&t->mem, name), arena_copy(&t->mem, text), field, 0};
    t->origin[t->column_count++] = (struct origin){owner, text};
}

static void
line_column(void *arg, struct span name, struct span value, enum field field)
{
    add_column(arg, 0, name, value, field);
}

static void
document_column(void *arg, size_t record, struct span name, struct span value, enum field field)
{
    add_column(arg, record, name, value, field);
}

static bool
lies_in(struct span part, struct span all)
{
    uintptr_t p = (uintptr_t)part.p, a = (uintptr_t)all.p;

    return part.n > 0 && p >= a && p + part.n <= a + all.n;
}

/* What a parser takes without being told by a map is known by where it lies. */
static uint64_t
taken_from(struct span place, const struct fields *f)
{
    uint64_t gave = 0;

    for (int i = 0; f && i < FIELD_COUNT; i++)
        if ((f->has & FIELD_BIT(i)) && lies_in(f->v[i], place))
            gave |= FIELD_BIT(i);
    return gave;
}

/* The columns of the nth record of the frame, as a run of them. One that is only called like a
 * field feeds nothing where that is made of others. */
static void
give_columns(struct trial *t, size_t nth, struct trial_record *r)
{
    uint64_t made = r->fields ? format_joined(t->in->format, r->fields->has) : 0;
    size_t first = 0, n = 0;

    while (first < t->column_count && t->origin[first].record != nth)
        first++;
    for (; first + n < t->column_count && t->origin[first + n].record == nth; n++) {
        struct trial_column *c = &t->columns[first + n];

        c->gave = taken_from(t->origin[first + n].place, r->fields) & ~made;
        if (c->field < FIELD_COUNT && (made & FIELD_BIT(c->field)))
            c->field = FIELD_COUNT;
    }
    r->columns = n ? t->columns + first : NULL;
    r->column_count = n;
}

/* --- records --- */

/* What the daemon would still say of a record that is right in itself. */
static const char *
what_lacks(const struct record *r)
{
    if (!is_paired(r->kind) && r->kind != KIND_VOID &&
        !(r->has & (FIELD_BIT(FIELD_CUSTOMER) | FIELD_BIT(FIELD_PARTICIPANT))))
        return "customer: missing, and no participant whose customer could be known";
    if (is_paired(r->kind) && pair_objection(r))
        return pair_objection(r);
    return record_lacks(r);
}

static void
count_record(struct trial *t, const struct trial_record *r)
{
    if (r->st == ST_OK) {
        t->count->read++;
        t->count->fields += (size_t)__builtin_popcountll(r->record->has);
    } else if (r->st == ST_IGNORE) {
        t->count->left_out++;
    } else {
        t->count->refused++;
    }
}

/* False: the visitor has enough. */
static bool
take_answer(struct trial *t, enum status st, size_t nth, struct fields *fields, struct span raw,
            struct error *err)
{
    struct trial_record r = {.number = ++t->records, .st = st, .line = t->line};
    struct record record;

    r.offset = (size_t)(raw.p - t->in->text.p);
    r.pos = st == ST_BAD_INPUT && err->pos > 0 ? (size_t)err->pos : 0;
    if (st == ST_OK) {
        r.fields = fields;
        r.st = record_from_fields(t->in->format, &t->mapping, fields, &t->mem, &record, err);
    }
    if (r.st == ST_OK) {
        const char *lacks = what_lacks(&record);

        r.right = true;
        r.record = &record;
        if (lacks) {
            r.st = fail(err, ST_BAD_INPUT, "%s", lacks);
            r.record = NULL;
        }
    }
    r.why = r.st == ST_OK ? NULL : err->text;
    give_columns(t, nth, &r);
    count_record(t, &r);
    return !t->visit || t->visit(t->arg, &r);
}

/* Up to the line on which a record begins: a document comes with what separates it from the one
 * before. */
static void
count_lines(struct trial *t, struct span raw)
{
    const char *text = t->in->text.p;
    size_t begin = (size_t)(raw.p - text), end = begin + raw.n;

    while (begin < end && isspace((unsigned char)text[begin]))
        begin++;
    for (; t->counted < begin; t->counted++)
        t->line += text[t->counted] == '\n';
}

static bool
take_frame(struct trial *t)
{
    struct error err = {.text = ""};
    struct fields fields;
    struct span raw;
    enum status st;
    bool more;

    t->column_count = 0;
    arena_reset(&t->mem);
    st = t->ops->next(t->state, t->in->format, t->layout, t->max_frame, &t->rest, &t->mem, &fields,
                      &raw, &err);
    if (st == ST_SKIP)
        return true;
    count_lines(t, raw);
    if (t->ops->show && t->in->columns)
        t->ops->show(t->in->format, t->header, raw, &t->mem, line_column, t);
    more = take_answer(t, st, 0, &fields, raw, &err);
    for (size_t nth = 1; more && t->ops->more; nth++) {
        st = t->ops->more(t->state, &fields, &err);
        if (st == ST_NOT_FOUND)
            break;
        more = take_answer(t, st, nth, &fields, raw, &err);
    }
    return more;
}

static bool
take_header(struct trial *t)
{
    struct error err;

    if (!t->ops->wants_header || !t->ops->wants_header(t->in->format))
        return true;
    if (t->rest.n == 0 || next_line(&t->rest, t->max_frame, &t->header, &err) != ST_OK ||
        t->ops->read_header(t->in->format, t->header, &t->layout, &err) != ST_OK) {
        snprintf(t->count->header_problem, sizeof t->count->header_problem, "%s",
                 t->in->text.n ? err.text : "the file is empty");
        return false;
    }
    return true;
}

void
trial_run(const struct trial_input *in, trial_visit *visit, void *arg, struct trial_count *out)
{
    const struct parser_ops *ops = format_parser(in->format);
    struct trial t = {.in = in, .ops = ops, .rest = in->text, .line = 1};
    int64_t now = clock_now();

    t.max_frame = parser_takes_documents(ops) ? MAX_DOCUMENT : MAX_RECORD;
    t.mapping = (struct mapping_context){.now = now,
                                         .max_future = 300,
                                         .max_duration = MAX_DURATION,
                                         .max_name = 128,
                                         .arrived = now};
    t.count = out;
    t.visit = visit;
    t.arg = arg;
    *out = (struct trial_count){0};
    arena_init(&t.mem);
    t.state = ops->open ? ops->open(in->format) : NULL;
    if (ops->begin)
        ops->begin(t.state, span_str(in->name));
    if (ops->watch && in->columns)
        ops->watch(t.state, document_column, &t);
    if (take_header(&t)) {
        t.rest.n = ops->cut(in->format, t.rest, t.max_frame, in->whole);
        while (t.rest.n > 0 && take_frame(&t))
            continue;
    }
    if (t.layout)
        ops->layout_free(t.layout);
    if (ops->close)
        ops->close(t.state);
    arena_clear(&t.mem);
    free(t.columns);
    free(t.origin);
}

enum status
trial_file(const char *path, size_t most, struct trial_input *out, struct error *err)
{
    bool own = strcmp(path, "-") != 0;
    int fd = own ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    enum status st = ST_OK;
    struct unpack *u;
    size_t n = 0, got = 1;
    char *p;

    if (fd < 0)
        return fail(err, ST_IO, "%s: %s", path, strerror(errno));
    p = xmalloc(most + 1);
    u = unpack_open(fd, NULL);
    while (n <= most && got > 0 && st == ST_OK) {
        st = unpack_read(u, p + n, most + 1 - n, &got, err);
        n += st == ST_OK ? got : 0;
    }
    unpack_close(u);
    if (own)
        close(fd);
    if (st != ST_OK && n == 0) {
        free(p);
        return st;
    }
    *out = (struct trial_input){
        .text = span_of(p, n <= most ? n : most), .whole = st == ST_OK && n <= most, .name = path};
    return ST_OK;
}
