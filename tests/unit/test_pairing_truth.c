/*
 * test_pairing_truth.c - streams of events whose truth is known: shuffled, repeated, with events
 * lost and the process restarted in between. Every stay of which anything arrived is a leg, once;
 * what arrived of it is as it was.
 */
#include "../../daemon/pipeline/pairing/pairing_internal.h"
#include "test.h"

#define T0 INT64_C(1710064800)

enum { CONFERENCES = 8, STAYS = 60, EVENTS = 2 * STAYS + 2 * CONFERENCES, ROWS = 200, BATCH = 12 };

struct truth {
    int conference, person;
    int64_t join, leave;
    bool joined, left; /* the event was sent at all */
    int found;
    int64_t start, seconds;
};

struct world {
    unsigned short draw[3];
    struct truth stay[STAYS];
    int64_t begun[CONFERENCES], ended[CONFERENCES];
    bool end_sent[CONFERENCES];
    struct pair_event event[EVENTS];
    size_t count;
    struct arena memory;
    struct pairing *p;
    struct pairing_options opt;
    struct {
        char key[64], values[512];
        size_t key_n, n;
    } row[ROWS];
    size_t rows;
    const char *failure;
};

static int
draw(struct world *w, int n)
{
    return (int)(nrand48(w->draw) % n);
}

static void
add_event(struct world *w, enum record_kind kind, int conference, const char *leg, int64_t at)
{
    struct record r = {.kind = kind};
    char name[16];

    snprintf(name, sizeof name, "c%d", conference);
    r.text[FIELD_CONFERENCE] = arena_copy(&w->memory, span_str(name));
    r.has = FIELD_BIT(FIELD_CONFERENCE);
    if (leg) {
        r.text[FIELD_LEG] = arena_copy(&w->memory, span_str(leg));
        r.has |= FIELD_BIT(FIELD_LEG);
    }
    /* Everybody's customer is known of the conference, at the latest. */
    r.text[FIELD_CUSTOMER] = SPAN("acme");
    r.has |= FIELD_BIT(FIELD_CUSTOMER);
    w->event[w->count++] = (struct pair_event){
        .kind = (uint8_t)kind,
        .at = at,
        .source = SPAN(""),
        .conference = r.text[FIELD_CONFERENCE],
        .key = pair_key(&r, &w->memory),
        .sides = pair_sides(&r, SPAN("in"), &w->memory),
    };
}

static void
send_stay(struct world *w, int i)
{
    struct truth *t = &w->stay[i];
    char leg[16];

    snprintf(leg, sizeof leg, "%d", i);
    if (t->joined)
        add_event(w, KIND_JOIN, t->conference, leg, t->join);
    if (t->left)
        add_event(w, KIND_LEAVE, t->conference, leg, t->leave);
}

static void
make_world(struct world *w, int lost)
{
    for (int c = 0; c < CONFERENCES; c++) {
        w->begun[c] = T0 + draw(w, 3600);
        w->ended[c] = w->begun[c] + 4000;
        w->end_sent[c] = draw(w, 4) != 0;
        if (draw(w, 2))
            add_event(w, KIND_CONFERENCE_START, c, NULL, w->begun[c]);
        if (w->end_sent[c])
            add_event(w, KIND_CONFERENCE_END, c, NULL, w->ended[c]);
    }
    for (int i = 0; i < STAYS; i++) {
        struct truth *t = &w->stay[i];

        t->conference = draw(w, CONFERENCES);
        t->join = w->begun[t->conference] + draw(w, 3000);
        t->leave = t->join + draw(w, 1000);
        t->joined = draw(w, 100) >= lost;
        t->left = draw(w, 100) >= lost;
        send_stay(w, i);
    }
}

static void
shuffle(struct world *w)
{
    for (size_t i = w->count; i > 1; i--) {
        size_t k = (size_t)draw(w, (int)i);
        struct pair_event e = w->event[k];

        w->event[k] = w->event[i - 1];
        w->event[i - 1] = e;
    }
}

/* --- what comes out --- */

static void
on_leg(void *arg, const struct paired_leg *leg)
{
    struct world *w = arg;
    char name[16];
    struct truth *t;

    snprintf(name, sizeof name, "%.*s", (int)leg->key.n - 1, leg->key.p + 1);
    t = &w->stay[atoi(name)];
    t->found++;
    t->start = leg->record.start;
    t->seconds = leg->record.duration;
}

static void
on_conference(void *arg, const struct paired_conference *c)
{
    struct world *w = arg;
    uint64_t found = 0;

    for (int i = 0; i < STAYS; i++)
        if (w->stay[i].conference == atoi(c->id.p + 1))
            found += (uint64_t)w->stay[i].found;
    if (w->opt.wait > 1000) /* with less it may have been forgotten meanwhile */
        CHECK_INT(c->legs, found);
}

static const char *
wrong_with(const struct world *w, const struct truth *t)
{
    bool ended = w->end_sent[t->conference];

    if (t->found != (t->joined || t->left))
        return "not once";
    if (t->joined && t->start != t->join)
        return "another start";
    if (t->left && t->start + t->seconds != t->leave)
        return "another end";
    if (t->joined && !t->left && ended && t->start + t->seconds != w->ended[t->conference])
        return "another end than the conference's";
    return NULL;
}

/* --- the ledger --- */

static void
keep(struct world *w)
{
    struct open_leg_row *changes;
    size_t n = pairing_changes(w->p, &changes, &w->memory);

    for (size_t i = 0; i < n; i++) {
        size_t k = 0;

        while (k < w->rows && !span_eq(span_of(w->row[k].key, w->row[k].key_n), changes[i].key))
            k++;
        CHECK(k < ROWS && changes[i].key.n < sizeof w->row[k].key);
        CHECK(changes[i].values.n < sizeof w->row[k].values);
        if (k == w->rows)
            w->rows++;
        memcpy(w->row[k].key, changes[i].key.p, changes[i].key.n);
        memcpy(w->row[k].values, changes[i].values.p, changes[i].values.n);
        w->row[k].key_n = changes[i].key.n;
        w->row[k].n = changes[i].values.n;
        if (changes[i].gone)
            w->row[k] = w->row[--w->rows];
    }
    pairing_settled(w->p);
}

static int
by_key(const void *a, const void *b)
{
    const struct {
        char key[64], values[512];
        size_t key_n, n;
    } *x = a, *y = b;

    return span_cmp(span_of(x->key, x->key_n), span_of(y->key, y->key_n));
}

static void
restart(struct world *w)
{
    struct error err;

    pairing_free(w->p);
    w->p = pairing_new();
    qsort(w->row, w->rows, sizeof *w->row, by_key);
    for (size_t i = 0; i < w->rows; i++) {
        const struct open_leg_row row = {.source = SPAN(""),
                                         .key = span_of(w->row[i].key, w->row[i].key_n),
                                         .values = span_of(w->row[i].values, w->row[i].n)};

        if (pairing_load(w->p, &row, &err) != ST_OK)
            test_fail(__FILE__, __LINE__, "%s", err.text);
    }
}

/* --- runs --- */

/* Some events of a batch twice: what comes again later is the duplicate filter's to find. */
static size_t
with_repeats(struct world *w, struct pair_event *out, const struct pair_event *from, size_t n)
{
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        out[m++] = from[i];
        if (draw(w, 4) == 0)
            out[m++] = from[i];
    }
    return m;
}

static void
live_through(struct world *w)
{
    const struct pairing_sink sink = {on_leg, on_conference, on_leg, w};
    int64_t now = T0 + 7200;

    for (size_t i = 0; i < w->count;) {
        struct pair_event batch[2 * BATCH];
        size_t n = (size_t)draw(w, BATCH), m;

        n = n < w->count - i ? n : w->count - i;
        m = with_repeats(w, batch, w->event + i, n);
        pairing_sort(batch, m);
        pairing_feed(w->p, &w->opt, batch, m, now, &sink);
        i += n;
        now += draw(w, 3);
        pairing_pass(w->p, &w->opt, now, false, &sink);
        keep(w);
        if (draw(w, 8) == 0)
            restart(w);
    }
    for (int k = 0; k < 3; k++) {
        now += 2000000;
        pairing_pass(w->p, &w->opt, now, false, &sink);
        keep(w);
        restart(w);
    }
}

static void
run(int lost, struct pairing_options opt, bool shuffled)
{
    for (unsigned short seed = 0; seed < 400; seed++) {
        struct world *w = xcalloc(1, sizeof *w);

        w->draw[0] = seed;
        w->opt = opt;
        w->p = pairing_new();
        arena_init(&w->memory);
        make_world(w, lost);
        if (shuffled)
            shuffle(w);
        else
            pairing_sort(w->event, w->count);
        live_through(w);
        for (int i = 0; i < STAYS; i++)
            if (wrong_with(w, &w->stay[i]))
                test_fail(__FILE__, __LINE__, "seed %u, stay %d: %s", seed, i,
                          wrong_with(w, &w->stay[i]));
        CHECK_INT(w->rows, 0);
        pairing_free(w->p);
        arena_clear(&w->memory);
        free(w);
    }
}

TEST(pairing_finds_the_truth_of_a_shuffled_stream)
{
    run(0, (struct pairing_options){.limit = 100000, .wait = 100000, .grace = 100000}, true);
}

TEST(pairing_finds_the_truth_of_what_is_left_of_a_shuffled_stream)
{
    run(15, (struct pairing_options){.limit = 100000, .wait = 100000, .grace = 100000}, true);
}

/* In order, with short times: repeats, losses and restarts are all that disturbs. */
TEST(pairing_finds_the_truth_of_an_orderly_stream_with_losses)
{
    run(15, (struct pairing_options){.limit = 43200, .wait = 10, .grace = 5}, false);
}

/* Legs that time has ended: their other halves come in any order and make no second leg. */
TEST(pairing_counts_each_stay_once_however_little_it_waits)
{
    const struct pairing_options opt = {.limit = 43200};

    for (unsigned short seed = 0; seed < 400; seed++) {
        struct world *w = xcalloc(1, sizeof *w);

        w->draw[0] = seed;
        w->opt = opt;
        w->p = pairing_new();
        arena_init(&w->memory);
        make_world(w, 10);
        shuffle(w);
        live_through(w);
        for (int i = 0; i < STAYS; i++)
            if (w->stay[i].found != (w->stay[i].joined || w->stay[i].left))
                test_fail(__FILE__, __LINE__, "seed %u, stay %d: counted %d times", seed, i,
                          w->stay[i].found);
        CHECK_INT(w->rows, 0);
        pairing_free(w->p);
        arena_clear(&w->memory);
        free(w);
    }
}

TEST(pairing_lists_the_largest_conferences)
{
    struct world *w = xcalloc(1, sizeof *w);
    const struct pairing_sink sink = {on_leg, on_conference, on_leg, w};
    const struct pairing_options opt = {.limit = 43200};
    struct live live;
    char leg[16];

    w->p = pairing_new();
    arena_init(&w->memory);
    for (int i = 1; i <= 30; i++)
        for (int k = 0; k < i; k++) {
            snprintf(leg, sizeof leg, "%d", k);
            w->count = 0;
            add_event(w, KIND_JOIN, i * 7 % 31, leg, T0 + k);
            pairing_feed(w->p, &opt, w->event, 1, T0 + 100, &sink);
        }
    pairing_live(w->p, &live, &w->memory);
    CHECK_INT(live.legs, 465);
    CHECK_INT(live.conferences, 30);
    CHECK_INT(live.conference_count, LIVE_ROWS);
    for (int i = 0; i < LIVE_ROWS; i++)
        CHECK_INT(live.conference[i].legs, 30 - i);
    pairing_free(w->p);
    arena_clear(&w->memory);
    free(w);
}
