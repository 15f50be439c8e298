/*
 * pairing_rig.h - a table of open legs, fed with events that are written as words.
 */
#ifndef PAIRING_RIG_H
#define PAIRING_RIG_H

#include "../../daemon/pipeline/pairing/pairing_internal.h"
#include "test.h"

#define T0   INT64_C(1710064800) /* 2024-03-10T10:00:00Z */
#define WALL (T0 + INT64_C(86400) * 365)

/* What came out, one leg after the other: "who start+seconds[~]", times from T0 on; '~' is an
 * estimate, '?' a leg without a customer, '!' a feature. */
struct rig {
    struct pairing *p;
    struct pairing_options opt;
    struct arena memory;
    int64_t now;
    char legs[4096], conference[200]; /* told last */
    bool rooms;                       /* legs show where: "who@room@... start" */
    int told;
    size_t n;
    int64_t seconds;
    size_t count;
};

static inline void
note(struct rig *g, const struct paired_leg *leg, const char *mark)
{
    const struct record *r = &leg->record;
    struct span who = r->has & FIELD_BIT(FIELD_PARTICIPANT)
                          ? r->text[FIELD_PARTICIPANT]
                          : span_of(leg->key.p + 1, leg->key.n - 1);

    struct span where = g->rooms ? r->text[FIELD_CONFERENCE] : (struct span){0};

    g->seconds += r->duration;
    g->count++;
    g->n +=
        (size_t)snprintf(g->legs + g->n, sizeof g->legs - g->n, "%s%.*s%s%.*s %lld+%u%s%s",
                         g->n ? ", " : "", SPAN_ARG(who), where.n ? "@" : "", SPAN_ARG(where),
                         (long long)(r->start - T0), r->duration, leg->estimated ? "~" : "", mark);
    if (g->n > sizeof g->legs - 64)
        g->n = 0;
}

static inline void
on_leg(void *arg, const struct paired_leg *leg)
{
    CHECK_SPAN(leg->record.text[FIELD_CUSTOMER], "acme");
    if (leg->record.kind == KIND_FEATURE)
        CHECK_SPAN(leg->record.features[0], "mute");
    note(arg, leg, leg->record.kind == KIND_FEATURE ? "!" : "");
}

static inline void
on_conference(void *arg, const struct paired_conference *c)
{
    struct rig *g = arg;

    CHECK_SPAN(c->customer, "acme");
    snprintf(g->conference, sizeof g->conference,
             "%.*s %lld..%lld: %llu joins, %llu legs, %llu people, %llu estimated", SPAN_ARG(c->id),
             (long long)(c->start - T0), (long long)(c->until - T0), (unsigned long long)c->joins,
             (unsigned long long)c->legs, (unsigned long long)c->people,
             (unsigned long long)c->estimated);
    g->told++;
    CHECK_INT(c->first_seen, WALL);
}

static inline void
on_lost(void *arg, const struct paired_leg *leg)
{
    note(arg, leg, "?");
}

static inline struct pairing_sink
sink(struct rig *g)
{
    return (struct pairing_sink){on_leg, on_conference, on_lost, g};
}

static inline void
rig_open(struct rig *g)
{
    *g = (struct rig){
        .p = pairing_new(), .opt = {.limit = 43200, .wait = 300, .grace = 5}, .now = WALL};
    arena_init(&g->memory);
}

static inline void
rig_close(struct rig *g)
{
    pairing_settled(g->p);
    pairing_free(g->p);
    arena_clear(&g->memory);
}

/* "J ann 60", "L ann 60 45" (with a duration), "S 0", "E 900", "H #7 60", "W ann 60 45" (whole),
 * "F #7 60" (the feature "mute"); of conference "c" unless "@d" is behind it, or "@-" for none, or
 * "@%d" for room d. A name that begins with '#' is a leg's. Joins and whole legs bring the
 * customer. */
static inline struct pair_event
event_of(struct rig *g, const char *text, enum record_kind kind)
{
    struct record r = {.kind = kind};
    char name[32] = "", conference[32] = "c";
    const char *at = strchr(text, '@');
    long long moment = 0;
    unsigned duration = 0;
    bool room = at && at[1] == '%';
    int n = kind != KIND_CONFERENCE_START && kind != KIND_CONFERENCE_END
                ? sscanf(text + 1, "%31s %lld %u", name, &moment, &duration)
                : sscanf(text + 1, "%lld", &moment);

    CHECK(n > 0);
    if (at)
        CHECK(sscanf(at + 1 + room, "%31s", conference) == 1);
    if (conference[0] == '-')
        conference[0] = '\0';
    r.duration = duration;
    r.has = (n == 3 ? FIELD_BIT(FIELD_DURATION) : 0);
    r.has |= conference[0] ? FIELD_BIT(FIELD_CONFERENCE) : 0;
    r.text[FIELD_CONFERENCE] = arena_copy(&g->memory, span_str(conference));
    if (name[0]) {
        enum field f = name[0] == '#' ? FIELD_LEG : FIELD_PARTICIPANT;

        r.text[f] = arena_copy(&g->memory, span_str(name));
        r.has |= FIELD_BIT(f);
    }
    if (kind == KIND_JOIN || kind == KIND_LEG) {
        r.text[FIELD_CUSTOMER] = SPAN("acme");
        r.has |= FIELD_BIT(FIELD_CUSTOMER);
    }
    if (kind == KIND_FEATURE) {
        static const struct span mute[] = {{"mute", 4}};

        r.features = mute;
        r.feature_count = 1;
    }
    CHECK(!is_paired(kind) || pair_objection(&r) == NULL);
    return (struct pair_event){
        .kind = (uint8_t)kind,
        .room = room,
        .at = T0 + moment,
        .source = SPAN("hooks"),
        .conference = r.text[FIELD_CONFERENCE],
        .key = pair_key(&r, &g->memory),
        .sides = pair_sides(&r, SPAN("in"), &g->memory),
    };
}

static inline enum record_kind
kind_of(char c)
{
    return c == 'J'   ? KIND_JOIN
           : c == 'L' ? KIND_LEAVE
           : c == 'S' ? KIND_CONFERENCE_START
           : c == 'H' ? KIND_HANGUP
           : c == 'W' ? KIND_LEG
           : c == 'F' ? KIND_FEATURE
                      : KIND_CONFERENCE_END;
}

/* A batch: events with semicolons between. */
static inline void
feed(struct rig *g, const char *text)
{
    struct pair_event events[64];
    struct pairing_sink s = sink(g);
    char *copy = xstrdup(text), *left = copy, *one;
    size_t n = 0;

    while ((one = strsep(&left, ";")) != NULL) {
        one += strspn(one, " ");
        events[n++] = event_of(g, one, kind_of(*one));
    }
    n = pairing_sort(events, n);
    pairing_feed(g->p, &g->opt, events, n, g->now, &s);
    free(copy);
}

static inline void
pass(struct rig *g, int64_t seconds)
{
    struct pairing_sink s = sink(g);

    g->now += seconds;
    pairing_pass(g->p, &g->opt, g->now, false, &s);
}

static inline void
expect(struct rig *g, const char *want)
{
    CHECK_STR(g->n ? g->legs : "", want);
    g->n = 0;
}

/* The rows of the ledger and a new process: nothing but them is left. */
struct row {
    struct span source, key;
    char *values;
    size_t n;
};

static inline int
by_key(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int order = span_cmp(x->source, y->source);

    return order ? order : span_cmp(x->key, y->key);
}

static struct row table[4096];
static size_t rows;

static inline void
keep_rows(struct rig *g)
{
    struct open_leg_row *changes;
    size_t n = pairing_changes(g->p, &changes, &g->memory);

    for (size_t i = 0; i < n; i++) {
        struct row want = {.source = changes[i].source, .key = changes[i].key};
        size_t k = 0;

        while (k < rows && by_key(&table[k], &want) != 0)
            k++;
        CHECK(!changes[i].gone || k < rows);
        if (k == rows)
            table[rows++] = want;
        else
            free(table[k].values);
        table[k].values = xstrndup(changes[i].values.p, changes[i].values.n);
        table[k].n = changes[i].values.n;
        if (changes[i].gone) {
            free(table[k].values);
            table[k] = table[--rows];
        }
    }
    pairing_settled(g->p);
}

static inline void
restart(struct rig *g)
{
    struct error err;

    keep_rows(g);
    pairing_free(g->p);
    g->p = pairing_new();
    qsort(table, rows, sizeof *table, by_key);
    for (size_t i = 0; i < rows; i++) {
        struct open_leg_row row = {.source = table[i].source,
                                   .key = table[i].key,
                                   .values = span_of(table[i].values, table[i].n)};

        if (pairing_load(g->p, &row, &err) != ST_OK)
            test_fail(__FILE__, __LINE__, "%s", err.text);
    }
}

#endif
