/*
 * generate_text.c - planned records as lines of CSV or NDJSON, and as broken ones.
 *
 * A record is first laid out as cells (one per column, empty is absent) and then written in
 * either format, so that both say the same.
 */
#include "generate_text.h"

#include <stdlib.h>
#include <string.h>

#include "civil.h"

enum cell {
    CELL_ID,
    CELL_KIND,
    CELL_CUSTOMER,
    CELL_CONFERENCE,
    CELL_PARTICIPANT,
    CELL_START,
    CELL_END,
    CELL_DURATION,
    CELL_OUTCOME,
    CELL_CAUSE,
    CELL_FEATURES,
    CELL_SERVICE,
    CELL_REGION,
    CELL_WAIT,
    CELL_HANDLE,
    CELL_AGENT,
    CELLS
};

static const char *const cell_names[CELLS] = {
    "id",      "kind",  "customer", "conference", "participant", "start", "end",    "duration",
    "outcome", "cause", "features", "service",    "region",      "wait",  "handle", "agent"};
/* Cells that are numbers in JSON, start and end when they are epoch times. */
#define NUMBERS (1u << CELL_DURATION | 1u << CELL_WAIT | 1u << CELL_HANDLE)

/* The cells' bytes one after the other in text, cell i from at[i] to at[i + 1]. */
struct layout {
    struct buf *text;
    uint32_t at[CELLS + 1];
    uint32_t numbers; /* bit per cell */
};

/* Bits of planned.looks: how a record is written. */
static bool
look(const struct planned *p, unsigned shift, unsigned bits)
{
    return (p->looks >> shift & ((1u << bits) - 1)) == 0;
}

#define LOOK_EPOCH(p)    look(p, 0, 3)
#define LOOK_FORM(p)     ((p)->looks >> 3 & 7)
#define LOOK_OFFSET(p)   look(p, 6, 1)
#define LOOK_FRACTION(p) look(p, 7, 3)
#define LOOK_SYNONYM(p)  look(p, 10, 3)
#define LOOK_STRINGS(p)  look(p, 13, 4)
#define LOOK_LIST(p)     look(p, 17, 3)
#define LOOK_QUOTED(p)   look(p, 5, 5)
#define LOOK_ESCAPED(p)  look(p, 9, 1)
#define LOOK_WORD(p)     ((p)->looks >> 29 & 3)
#define LOOK_KIND(p)     look(p, 31, 1)

void
text_clear(struct text_writer *t)
{
    buf_clear(&t->name);
}

static void
two_digits(char *p, unsigned v)
{
    p[0] = (char)('0' + v / 10);
    p[1] = (char)('0' + v % 10);
}

static void
add_rfc3339(struct text_writer *t, struct buf *out, int64_t utc, const struct planned *p)
{
    int minutes = LOOK_OFFSET(p) ? world_zone_minutes[p->zone] : 0;
    int64_t local = utc + minutes * 60;
    unsigned second = (unsigned)second_of_day(local), east = (unsigned)abs(minutes);
    char text[40];
    size_t n = 19;

    if (t->day != day_of(local)) {
        int year, month, day;

        t->day = day_of(local);
        civil_from_days(t->day, &year, &month, &day);
        two_digits(t->date_text, (unsigned)year / 100);
        two_digits(t->date_text + 2, (unsigned)year % 100);
        t->date_text[4] = t->date_text[7] = '-';
        two_digits(t->date_text + 5, (unsigned)month);
        two_digits(t->date_text + 8, (unsigned)day);
    }
    memcpy(text, t->date_text, 10);
    text[10] = 'T';
    two_digits(text + 11, second / 3600);
    two_digits(text + 14, second / 60 % 60);
    two_digits(text + 17, second % 60);
    text[13] = text[16] = ':';
    if (LOOK_FRACTION(p)) {
        text[n] = '.';
        text[n + 1] = (char)('0' + p->ms / 100);
        two_digits(text + n + 2, p->ms % 100);
        n += 4;
    }
    if (LOOK_OFFSET(p)) {
        text[n] = minutes < 0 ? '-' : '+';
        two_digits(text + n + 1, east / 60);
        text[n + 3] = ':';
        two_digits(text + n + 4, east % 60);
        n += 6;
    } else {
        text[n++] = 'Z';
    }
    buf_add(out, text, n);
}

static void
add_time(struct text_writer *t, struct layout *l, enum cell cell, int64_t utc,
         const struct planned *p)
{
    if (LOOK_EPOCH(p)) {
        buf_i64(l->text, utc * 1000 + p->ms);
        l->numbers |= 1u << cell;
    } else {
        add_rfc3339(t, l->text, utc, p);
    }
}

static const char *
outcome_text(const struct planned *p)
{
    static const char *const words[] = {"ok", "failed", "rejected", "abandoned"};
    static const char *const ok[] = {"completed", "answered", "success", "dropped"};
    static const char *const rejected[] = {"busy", "no_answer", "cancelled", "full"};

    if (LOOK_SYNONYM(p) && p->outcome == PLAN_OK)
        return ok[p->kind == PLAN_LEG ? LOOK_WORD(p) : LOOK_WORD(p) % 3];
    if (LOOK_SYNONYM(p) && p->outcome == PLAN_REJECTED)
        return rejected[LOOK_WORD(p)];
    return words[p->outcome];
}

static void
add_cause(struct buf *out, const struct planned *p)
{
    static const char *const causes[] = {"media timeout", "no licence", "network",
                                         "bad PIN, twice"};

    if (p->kind != PLAN_CONTACT && p->outcome == PLAN_FAILED)
        buf_str(out, causes[p->looks >> 15 & 3]);
}

static void
add_id(struct text_writer *t, struct buf *out, uint64_t serial)
{
    static const char hex[] = "0123456789abcdef";
    uint64_t v = dice_mix(dice_mix(t->seed + 1) + serial);
    char text[16];

    for (int i = 15; i >= 0; i--, v >>= 4)
        text[i] = hex[v & 15];
    buf_add(out, text, sizeof text);
}

static void
add_features(struct buf *out, uint32_t features)
{
    const char *between = "";

    for (int f = 0; f < WORLD_FEATURES; f++)
        if (features >> f & 1) {
            buf_str(out, between);
            buf_str(out, world_features[f]);
            between = ";";
        }
}

/* Start, end and duration: two of them or all three. */
static void
add_times(struct text_writer *t, struct layout *l, enum cell cell, const struct planned *p)
{
    unsigned form = p->kind == PLAN_LEG ? LOOK_FORM(p) : 2;

    if (cell == CELL_START && form != 0)
        add_time(t, l, cell, p->start, p);
    if (p->kind != PLAN_LEG)
        return;
    if (cell == CELL_END && form != 2 && form != 3)
        add_time(t, l, cell, p->start + p->duration, p);
    if (cell == CELL_DURATION && form != 1)
        buf_u64(l->text, p->duration);
}

static void
add_numbered(struct buf *out, const char *prefix, uint64_t n)
{
    buf_str(out, prefix);
    buf_u64(out, n);
}

static void
add_cell(struct text_writer *t, struct layout *l, enum cell cell, const struct planned *p)
{
    bool contact = p->kind == PLAN_CONTACT;

    switch (cell) {
    case CELL_ID:
        add_id(t, l->text, p->serial);
        break;
    case CELL_KIND:
        if (p->kind != PLAN_LEG || LOOK_KIND(p))
            buf_str(l->text, contact ? "contact" : p->kind == PLAN_FEATURE ? "feature" : "leg");
        break;
    case CELL_CUSTOMER:
        world_customer_name(l->text, p->customer);
        break;
    case CELL_CONFERENCE:
        if (!contact)
            add_numbered(l->text, "conf-", p->conference);
        break;
    case CELL_PARTICIPANT:
        if (p->person != PERSON_NONE)
            world_person_name(l->text, p->customer, p->person);
        break;
    case CELL_START:
    case CELL_END:
    case CELL_DURATION:
        add_times(t, l, cell, p);
        break;
    case CELL_OUTCOME:
        buf_str(l->text, outcome_text(p));
        break;
    case CELL_CAUSE:
        add_cause(l->text, p);
        break;
    case CELL_FEATURES:
        add_features(l->text, p->features);
        break;
    case CELL_SERVICE:
        buf_str(l->text, contact ? world_services[p->service] : "");
        break;
    case CELL_REGION:
        buf_str(l->text, p->region == WORLD_REGION_NONE ? "" : world_regions[p->region]);
        break;
    case CELL_WAIT:
        if (contact)
            buf_u64(l->text, p->wait);
        break;
    case CELL_HANDLE:
        if (contact && p->outcome == PLAN_OK)
            buf_u64(l->text, p->handle);
        break;
    case CELL_AGENT:
        if (contact && p->agent)
            add_numbered(l->text, "agent-", p->agent);
        break;
    case CELLS:
        break;
    }
}

static void
lay_out(struct text_writer *t, struct layout *l, const struct planned *p)
{
    buf_reset(&t->name);
    l->text = &t->name;
    l->numbers = NUMBERS;
    for (int i = 0; i < CELLS; i++) {
        l->at[i] = (uint32_t)l->text->n;
        add_cell(t, l, (enum cell)i, p);
    }
    l->at[CELLS] = (uint32_t)l->text->n;
}

/* --- CSV --- */

static void
write_csv(struct buf *out, const struct layout *l, const struct planned *p)
{
    for (int i = 0; i < CELLS; i++) {
        const char *s = l->text->p + l->at[i];
        size_t n = l->at[i + 1] - l->at[i];
        bool may_need = i == CELL_CUSTOMER || i == CELL_CAUSE;

        if (i > 0)
            buf_char(out, ',');
        if (n == 0)
            continue;
        if (!LOOK_QUOTED(p) && !(may_need && (memchr(s, ',', n) || memchr(s, '"', n)))) {
            buf_add(out, s, n);
            continue;
        }
        buf_char(out, '"');
        for (size_t k = 0; k < n; k++) {
            if (s[k] == '"')
                buf_char(out, '"');
            buf_char(out, s[k]);
        }
        buf_char(out, '"');
    }
    buf_char(out, '\n');
}

/* --- NDJSON --- */

static void
write_json_list(struct buf *out, const char *s, size_t n)
{
    const char *end = s + n;

    buf_char(out, '[');
    while (s < end) {
        const char *stop = memchr(s, ';', (size_t)(end - s));

        if (!stop)
            stop = end;
        buf_char(out, '"');
        buf_add(out, s, (size_t)(stop - s));
        buf_char(out, '"');
        s = stop + 1;
        if (stop < end)
            buf_char(out, ',');
    }
    buf_char(out, ']');
}

static void
write_ndjson(struct buf *out, const struct layout *l, const struct planned *p)
{
    char between = '{';

    for (int i = 0; i < CELLS; i++) {
        const char *s = l->text->p + l->at[i];
        size_t n = l->at[i + 1] - l->at[i];

        if (n == 0)
            continue;
        buf_char(out, between);
        between = ',';
        buf_char(out, '"');
        buf_str(out, cell_names[i]);
        buf_add(out, "\":", 2);
        if (l->numbers >> i & 1 && !LOOK_STRINGS(p)) {
            buf_add(out, s, n);
        } else if (i == CELL_FEATURES && !LOOK_LIST(p)) {
            write_json_list(out, s, n);
        } else if (i == CELL_CUSTOMER) {
            text_json_string(out, s, n, LOOK_ESCAPED(p));
        } else {
            buf_char(out, '"');
            buf_add(out, s, n);
            buf_char(out, '"');
        }
    }
    buf_add(out, "}\n", 2);
}

static void
write_layout(struct text_writer *t, struct buf *out, const struct layout *l,
             const struct planned *p)
{
    if (t->format == TEXT_CSV)
        write_csv(out, l, p);
    else
        write_ndjson(out, l, p);
}

void
text_header(struct text_writer *t, struct buf *out)
{
    if (t->format != TEXT_CSV)
        return;
    for (int i = 0; i < CELLS; i++) {
        buf_str(out, cell_names[i]);
        buf_char(out, i + 1 < CELLS ? ',' : '\n');
    }
}

void
text_record(struct text_writer *t, struct buf *out, const struct planned *p)
{
    struct layout l;

    buf_reserve(out, 2048);
    lay_out(t, &l, p);
    write_layout(t, out, &l, p);
}

/* --- broken records --- */

static void
replace_cell(struct layout *l, struct buf *scratch, enum cell cell, const char *s, size_t n)
{
    size_t old = l->at[cell + 1] - l->at[cell];

    buf_reset(scratch);
    buf_add(scratch, l->text->p, l->at[cell]);
    buf_add(scratch, s, n);
    buf_add(scratch, l->text->p + l->at[cell + 1], l->at[CELLS] - l->at[cell + 1]);
    for (int i = cell + 1; i <= CELLS; i++)
        l->at[i] = (uint32_t)(l->at[i] - old + n);
    buf_reset(l->text);
    buf_add(l->text, scratch->p, scratch->n);
}

#define NO_TIME  "yesterday, half past nine"
#define BEFORE   "1971-02-28T23:59:60Z"
#define FUTURE   "2999-01-31T12:00:00Z"
#define NUL_NAME "C00\0001"
#define BAD_UTF8 "C\xC3\x28\xFF"
#define LONG_NAME                                                                                  \
    "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"           \
    "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"

/* What is wrong, by replacing one cell; DURATION is emptied first where both stand. */
static const struct {
    enum cell cell;
    const char *text;
    size_t n;
} defects[] = {
    {CELL_START, NO_TIME, sizeof NO_TIME - 1},
    {CELL_START, FUTURE, sizeof FUTURE - 1},
    {CELL_END, BEFORE, sizeof BEFORE - 1},
    {CELL_CUSTOMER, "", 0},
    {CELL_DURATION, "-60", 3},
    {CELL_DURATION, "1e400", 5},
    {CELL_DURATION, "99999999", 8},
    {CELL_CUSTOMER, NUL_NAME, sizeof NUL_NAME - 1},
    {CELL_CUSTOMER, BAD_UTF8, sizeof BAD_UTF8 - 1},
    {CELL_OUTCOME, "perhaps", 7},
    {CELL_CUSTOMER, LONG_NAME, sizeof LONG_NAME - 1},
};
#define DEFECTS (sizeof defects / sizeof *defects)

void
text_broken(struct text_writer *t, struct buf *out, const struct planned *p, struct dice *dice)
{
    struct planned leg = *p;
    struct buf scratch = {0};
    struct layout l;
    size_t from = out->n, kind = dice_below(dice, DEFECTS + 2);

    /* Written with a start, in plain cells and without quotes, so that only the defect is
     * wrong and a line that is cut off has no quote left open. */
    leg.looks = UINT32_C(0xFFFFFFFF) & ~(3u << 3);
    leg.looks |= UINT32_C(2) << 3;
    leg.customer -= leg.customer % 37 == 36;
    buf_reserve(out, 2048);
    lay_out(t, &l, &leg);
    if (kind < DEFECTS) {
        /* Start with an end, without a duration, unless the duration is what is broken. */
        if (defects[kind].cell == CELL_START || defects[kind].cell == CELL_END)
            replace_cell(&l, &scratch, CELL_DURATION, "", 0);
        if (defects[kind].cell == CELL_DURATION)
            l.numbers &= ~(1u << CELL_DURATION);
        replace_cell(&l, &scratch, defects[kind].cell, defects[kind].text, defects[kind].n);
    }
    write_layout(t, out, &l, &leg);
    if (kind >= DEFECTS) { /* the writer died in the middle of the line, before the start */
        out->n = from + 1 + dice_below(dice, 25);
        buf_char(out, '\n');
    }
    buf_clear(&scratch);
}
