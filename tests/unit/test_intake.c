/*
 * test_intake.c - what came by which feed: ranges, quarter hours, ways.
 */
#include <stdlib.h>

#include "engine_site.h"
#include "intake.h"

TEST(quarters_count_like_a_plain_table)
{
    static uint32_t plain[4000];
    struct quarters q = {0}, other = {0};
    uint64_t dice = 7, sum = 0;
    int32_t first, last;

    CHECK(!quarters_range(&q, &first, &last));
    for (int i = 0; i < 100000; i++) {
        int32_t quarter;

        dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407;
        quarter = (int32_t)(dice >> 40) % 4000;
        plain[quarter] += 3;
        quarters_add(i % 2 ? &q : &other, quarter - 2000, 3);
    }
    quarters_add(&q, 99999, 0); /* nothing is no place */
    quarters_merge(&q, &other);
    for (size_t i = 0; i < q.size; i++)
        if (q.place[i].records) {
            CHECK_INT(q.place[i].records, plain[q.place[i].quarter + 2000]);
            sum += q.place[i].records;
        }
    CHECK_INT(sum, 300000);
    CHECK(quarters_range(&q, &first, &last));
    CHECK(first >= -2000 && last < 2000);
    quarters_clear(&q);
    quarters_clear(&other);
}

/* --- through an engine, from its ledger --- */

static void
say_file(struct site *s, struct source *source, uint64_t offset, const char *text)
{
    struct answer a = {0};
    struct block b = site_block(source, text, &a);

    b.offset = offset;
    b.cursor.position = offset + b.n;
    snprintf(b.cursor.identity, sizeof b.cursor.identity, "file-1");
    CHECK_INT(engine_submit(s->engine, &b), ST_OK);
    SITE_UNTIL(a.told);
    CHECK_INT(a.st, ST_OK);
}

static struct ledger_reader *
reader_of_site(void)
{
    struct ledger_reader *r;
    struct error err;

    if (ledger_reader_open(&r, "st/ledger.db", &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return r;
}

static enum status
note_row(void *arg, const struct intake_row *row, struct error *err)
{
    struct buf *out = arg;

    (void)err;
    buf_printf(out, "%.*s %.*s %.*s %d %llu-%llu %llu/%llu batches %llu-%llu\n",
               SPAN_ARG(row->of.input), SPAN_ARG(row->of.stream), SPAN_ARG(row->of.identity),
               (int)row->of.unit, (unsigned long long)row->of.at, (unsigned long long)row->of.until,
               (unsigned long long)row->of.accepted, (unsigned long long)row->of.records,
               (unsigned long long)row->first_seq, (unsigned long long)row->last_seq);
    return ST_OK;
}

static enum status
note_way(void *arg, const struct way *w, struct error *err)
{
    (void)err;
    buf_printf(arg, "%c %.*s by %.*s\n", (char)w->kind, SPAN_ARG(w->name), SPAN_ARG(w->input));
    return ST_OK;
}

static enum status
note_quarter(void *arg, const struct feed_quarter *q, struct error *err)
{
    int64_t now = clock_now() / INTAKE_QUARTER;

    (void)err;
    CHECK(now - q->arrived <= 1);
    buf_printf(arg, "%.*s %lld quarters ago: %llu\n", SPAN_ARG(q->input),
               (long long)(q->arrived - q->quarter), (unsigned long long)q->records);
    return ST_OK;
}

TEST(what_came_can_be_followed_back_to_files_and_ranges)
{
    struct site s;
    struct error err;
    struct buf rows = {0}, ways = {0}, quarters = {0};
    struct ledger_reader *r;
    struct source *file, *line;
    char *one = legs("acme", 1, 4), *two = legs("zeta", 4, 6), *three = legs("acme", 6, 7);
    char *four = legs("acme", 8, 9);
    size_t n1 = strlen(one), n2 = strlen(two);
    char want[600];

    site_open(&s, "");
    file = site_source(&s, "bridge", "ndjson", IDENTITY_POSITION);
    line = site_source(&s, "wire", "ndjson", IDENTITY_NONE);
    say_file(&s, file, 0, one);
    say_file(&s, file, n1, two);
    site_say(&s, line, three);
    site_say(&s, line, "{\"broken\n");
    say_file(&s, file, n1 + n2 + 7, four); /* behind a gap */
    say_file(&s, file, 0, one);            /* again: nothing of it counts */
    site_settle(&s, SETTLE_COMMITTED);
    r = reader_of_site();
    CHECK_INT(ledger_scan_intake(r, INT32_MIN, INT32_MAX, note_row, &rows, &err), ST_OK);
    snprintf(want, sizeof want,
             "bridge test file-1 1 0-%zu 5/5 batches 1-2\nwire   0 0-0 1/2 batches 3-4\n"
             "bridge test file-1 1 %zu-%zu 1/4 batches 5-6\n",
             n1 + n2, (size_t)0, n1 + n2 + 7 + strlen(four));
    CHECK_STR(rows.p, want);
    CHECK_INT(ledger_scan_ways(r, note_way, &ways, &err), ST_OK);
    CHECK_STR(ways.p, "c acme by bridge\nc acme by wire\nc zeta by bridge\n");
    CHECK_INT(ledger_scan_feed_quarters(r, 0, note_quarter, &quarters, &err), ST_OK);
    CHECK(strstr(quarters.p, "quarters ago: 6\n") && strstr(quarters.p, "quarters ago: 1\n"));
    ledger_reader_close(r);
    source_unref(file);
    source_unref(line);
    site_close(&s);
    free(one);
    free(two);
    free(three);
    free(four);
    buf_clear(&rows);
    buf_clear(&ways);
    buf_clear(&quarters);
}

TEST(batches_are_asked_whose_records_they_hold)
{
    struct site s;
    struct error err;
    struct source *file;
    struct ledger_reader *r;
    struct kept_answer a;
    struct kept_question q = {CELL_CUSTOMER, SPAN("acme"), 0, INT64_MAX};
    char *one = legs("acme", 1, 4), *two = legs("zeta", 4, 6), *three = legs("acme", 6, 7);

    site_open(&s, "");
    file = site_source(&s, "bridge", "ndjson", IDENTITY_POSITION);
    site_say(&s, file, one);
    site_say(&s, file, two);
    site_say(&s, file, three);
    r = reader_of_site();
    CHECK_INT(ledger_count_kept(r, &q, 1, 3, &a, &err), ST_OK);
    CHECK_INT(a.kept, 6);
    CHECK_INT(a.records, 4);
    CHECK_INT(a.first_seq, 1);
    CHECK_INT(a.last_seq, 3);
    CHECK_INT(ledger_count_kept(r, &q, 2, 2, &a, &err), ST_OK);
    CHECK_INT(a.kept, 2);
    CHECK_INT(a.records, 0);
    q.to = clock_now() - 86400; /* all began later */
    CHECK_INT(ledger_count_kept(r, &q, 1, 3, &a, &err), ST_OK);
    CHECK_INT(a.records, 0);
    ledger_reader_close(r);
    source_unref(file);
    site_close(&s);
    free(one);
    free(two);
    free(three);
}
