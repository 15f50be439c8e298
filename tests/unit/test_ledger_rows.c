/*
 * test_ledger_rows.c - many totals at once: every cell in its row, whatever its name, and nothing
 * of a transaction that failed.
 */
#include <signal.h>
#include <sys/resource.h>

#include "ledger.h"
#include "ledger_file.h"
#include "memory.h"
#include "test.h"
#include "totals.h"

#define DAY 20779

enum { NAMES = 700, DAYS = 5 };

/* Names that share their beginnings, of every length around the part that is compared as a number,
 * with bytes that sort in odd ways. */
static struct span
name_of(unsigned i, char *room)
{
    static const char *const heads[] = {"", "c", "customer-with-long-name-", "\xff\xfe", "zero"};
    size_t n = strlen(heads[i % 5]);

    memcpy(room, heads[i % 5], n);
    n += (size_t)snprintf(room + n, 16, "%u", i / 5);
    for (unsigned k = 0; k < i % 4 && i % 5 == 4; k++)
        room[n++] = '\0';
    for (unsigned k = 0; k < i % 13 && i % 5 == 1; k++)
        room[n++] = 'x';
    return span_of(room, n);
}

/* What a cell is to hold after `rounds` rounds: every third name gains nothing after the first. */
static int64_t
legs_of(unsigned i, unsigned day, unsigned rounds)
{
    return (int64_t)(1 + i + 1000 * day) * (i % 3 == 0 ? 1 : rounds);
}

static void
put(struct cells *set, unsigned i, unsigned day, enum cell_kind kind, int64_t n)
{
    int64_t v[SERVICE_COLUMNS] = {n};
    char room[64];

    cell_add(cells_get(set, kind, name_of(i, room), DAY + (int32_t)day), 0, v);
}

/* One batch of the cells that a round changes, and the fold after it. */
static void
commit_and_fold(struct ledger *l, struct totals *t, struct cells *deltas)
{
    struct ledger_batch b = {.deltas = &deltas, .delta_count = 1};
    const uint64_t *none = NULL;
    struct cell **dirty;
    struct error err;
    uint64_t seq;
    size_t n;

    b.fingerprints = &none;
    b.fingerprint_counts = &(size_t){0};
    CHECK_INT(ledger_commit(l, &b, &seq, &err), ST_OK);
    CHECK_INT(totals_add(t, deltas, seq, &err), ST_OK);
    totals_publish(t, seq);
    dirty = totals_dirty(t, &n);
    CHECK_INT(n, cells_count(deltas));
    CHECK_INT(ledger_fold(l, dirty, n, seq, &err), ST_OK);
    free(dirty);
    totals_folded(t, 1u << 30);
}

struct tally {
    const struct cells *wanted;
    size_t rows;
    uint64_t newest, oldest;
};

/* A row that is read holds what the cell of that name was given, and each comes once. */
static enum status
compare(void *arg, const struct cell_view *c, struct error *err)
{
    struct tally *t = arg;
    const struct cell *w = cells_find(t->wanted, (enum cell_kind)c->kind, c->name, c->day);
    int64_t should[SERVICE_COLUMNS];

    (void)err;
    CHECK(w != NULL);
    cell_sum(w, should);
    CHECK_INT(c->sum[0], should[0]);
    t->rows++;
    t->newest = c->seq > t->newest ? c->seq : t->newest;
    t->oldest = c->seq < t->oldest ? c->seq : t->oldest;
    return ST_OK;
}

static struct tally
read_all(const struct cells *wanted, uint64_t after)
{
    struct tally t = {.wanted = wanted, .oldest = UINT64_MAX};
    struct ledger_reader *r;
    struct error err;

    CHECK_INT(ledger_reader_open(&r, "ledger.db", &err), ST_OK);
    CHECK_INT(ledger_scan_changed(r, after, compare, &t, &err), ST_OK);
    ledger_reader_close(r);
    return t;
}

TEST(every_cell_finds_its_row_whatever_its_name)
{
    struct ledger *l = ledger_here();
    struct totals *t = totals_new(l, 0);
    struct cells *wanted = cells_new();
    size_t changed = 0;
    struct tally seen;

    for (unsigned round = 1; round <= 3; round++) {
        struct cells *deltas = cells_new();

        for (unsigned i = 0; i < NAMES * DAYS; i++) {
            unsigned k = i * 7919 % (NAMES * DAYS), name = k / DAYS, day = k % DAYS;
            enum cell_kind kind = name % 2 ? CELL_CUSTOMER : CELL_SERVICE;

            if (round > 1 && name % 3 == 0)
                continue;
            put(deltas, name, day, kind, legs_of(name, day, 1));
            put(wanted, name, day, kind, legs_of(name, day, 1));
        }
        changed = cells_count(deltas);
        commit_and_fold(l, t, deltas);
        cells_free(deltas);
    }
    CHECK_INT(cells_count(wanted), NAMES * DAYS);
    seen = read_all(wanted, 0);
    CHECK_INT(seen.rows, NAMES * DAYS);
    CHECK_INT(seen.oldest, 1);
    CHECK_INT(seen.newest, 3);
    CHECK_INT(read_all(wanted, 2).rows, changed);
    CHECK_INT(read_all(wanted, 3).rows, 0);
    totals_free(t);
    ledger_close(l);
    cells_free(wanted);
}

/* A day that a failed transaction would have brought along is as new as before: if the next one
 * took it for known, a later start would not find the totals of that day. */
TEST(a_day_of_a_failed_fold_is_known_after_the_next_one)
{
    struct ledger *l = ledger_here();
    struct totals *t = totals_new(l, 0);
    struct cells *deltas = cells_new();
    struct ledger_batch b = {.deltas = &deltas, .delta_count = 1};
    const uint64_t *none = NULL;
    struct rlimit limit, full;
    struct cell **dirty, *c;
    struct error err;
    uint64_t seq;
    size_t n;

    b.fingerprints = &none;
    b.fingerprint_counts = &(size_t){0};
    put(deltas, 1, 0, CELL_CUSTOMER, 5);
    CHECK_INT(ledger_commit(l, &b, &seq, &err), ST_OK);
    CHECK_INT(totals_add(t, deltas, seq, &err), ST_OK);
    dirty = totals_dirty(t, &n);
    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    full = limit;
    full.rlim_cur = 4096;
    CHECK(setrlimit(RLIMIT_FSIZE, &full) == 0);
    CHECK_INT(ledger_fold(l, dirty, n, seq, &err), ST_FULL);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK_INT(ledger_fold(l, dirty, n, seq, &err), ST_OK);
    free(dirty);
    totals_free(t);
    ledger_close(l);

    l = ledger_here();
    c = cells_get(deltas, CELL_CUSTOMER, SPAN("other"), DAY);
    CHECK_INT(ledger_load_cell(l, c, &err), ST_NOT_FOUND);
    cells_reset(deltas);
    put(deltas, 1, 0, CELL_CUSTOMER, 0);
    c = cells_at(deltas, 0);
    CHECK_INT(ledger_load_cell(l, c, &err), ST_OK);
    CHECK_INT(cell_slot_at(c, 0).v[0], 5);
    ledger_close(l);
    cells_free(deltas);
}

/* No record is of such a day, and none of them may cost memory or be lost: what a later start adds
 * to it is added to what is there. */
TEST(days_that_no_record_can_have_are_kept_like_others)
{
    static const int32_t days[] = {INT32_MIN, -1, 0, 2932896, 2932897, INT32_MAX};
    const size_t n = sizeof days / sizeof days[0];
    struct cells *deltas = cells_new(), *wanted = cells_new();
    int64_t legs[SERVICE_COLUMNS] = {1};

    for (size_t i = 0; i < n; i++)
        cell_add(cells_get(deltas, CELL_CUSTOMER, SPAN("acme"), days[i]), 0, legs);
    for (int round = 0; round < 3; round++) {
        struct ledger *l = ledger_here();
        struct totals *t = totals_new(l, ledger_state(l)->folded_batch);

        commit_and_fold(l, t, deltas);
        totals_free(t);
        ledger_close(l);
        for (size_t i = 0; i < n; i++)
            cell_add(cells_get(wanted, CELL_CUSTOMER, SPAN("acme"), days[i]), 0, legs);
        CHECK_INT(read_all(wanted, 0).rows, n);
    }
    cells_free(deltas);
    cells_free(wanted);
}
