/*
 * test_quarantine.c - refused records in the ledger: kept, numbered, dropped.
 */
#include <stdio.h>
#include <string.h>

#include "ledger.h"
#include "memory.h"
#include "test.h"

/* Commits one refused record of n bytes; its reason is its number. */
static void
refuse(struct ledger *l, const char *input, unsigned number, size_t n)
{
    char raw[1000], reason[16];
    const struct quarantine_row row = {
        .input = span_str(input),
        .source = SPAN(""),
        .format = SPAN("csv"),
        .stream = SPAN("s"),
        .timezone = SPAN(""),
        .reason = span_of(reason, (size_t)snprintf(reason, sizeof reason, "%u", number)),
        .raw = span_of(memset(raw, 'x', sizeof raw), n),
        .length = (uint32_t)n,
    };
    const struct ledger_batch b = {
        .quarantine = &row,
        .quarantine_count = 1,
        .count = {.records = 1, .quarantined = 1},
        .created = number,
    };
    struct error err;
    uint64_t seq;

    CHECK_INT(ledger_commit(l, &b, &seq, &err), ST_OK);
}

static struct ledger *
ledger_with(unsigned rows, size_t n)
{
    struct ledger *l = NULL;
    struct error err;

    CHECK_INT(ledger_open(&l, "ledger.db", "1", &err), ST_OK);
    for (unsigned i = 1; i <= rows; i++)
        refuse(l, i % 2 ? "odd" : "even", i, n);
    return l;
}

TEST(quarantine_counts_rows_and_bytes)
{
    struct ledger *l = ledger_with(10, 100);

    CHECK_INT(ledger_state(l)->quarantine_open, 10);
    CHECK_INT(ledger_state(l)->quarantine_bytes, 1000);
    ledger_close(l);
}

TEST(quarantine_drops_by_input)
{
    struct ledger *l = ledger_with(9, 100);
    uint64_t dropped = 0;
    struct error err;

    CHECK_INT(ledger_drop_quarantine(l, 0, "odd", &dropped, &err), ST_OK);
    CHECK_INT(dropped, 5);
    CHECK_INT(ledger_state(l)->quarantine_open, 4);
    CHECK_INT(ledger_state(l)->quarantine_bytes, 400);
    ledger_close(l);
}

static enum status
count_row(void *arg, const struct quarantine_row *row, struct error *err)
{
    (void)row, (void)err;
    ++*(uint64_t *)arg;
    return ST_OK;
}

TEST(quarantine_never_gives_a_number_twice)
{
    struct ledger *l = ledger_with(10, 100);
    struct ledger_reader *r = NULL;
    uint64_t dropped = 0, seen = 0;
    struct error err;

    CHECK_INT(ledger_drop_quarantine(l, 10, NULL, &dropped, &err), ST_OK);
    CHECK_INT(dropped, 1);
    refuse(l, "odd", 11, 100);
    CHECK_INT(ledger_reader_open(&r, "ledger.db", &err), ST_OK);
    CHECK_INT(ledger_scan_quarantine(r, "", 10, 0, count_row, &seen, &err), ST_OK);
    CHECK_INT(seen, 0);
    CHECK_INT(ledger_scan_quarantine(r, "", 11, 0, count_row, &seen, &err), ST_OK);
    CHECK_INT(seen, 1);
    ledger_reader_close(r);
    ledger_close(l);
}

static void
add_use(void *arg, const char *input, uint64_t bytes)
{
    ((uint64_t *)arg)[strcmp(input, "odd") == 0] += bytes;
}

TEST(quarantine_tells_what_each_input_keeps)
{
    struct ledger *l = ledger_with(9, 100);
    uint64_t use[2] = {0, 0};
    struct error err;

    CHECK_INT(ledger_quarantine_use(l, add_use, use, &err), ST_OK);
    CHECK_INT(use[1], 500);
    CHECK_INT(use[0], 400);
    ledger_close(l);
}
