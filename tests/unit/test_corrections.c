/*
 * test_corrections.c - versions and voids: whatever the order in which they come, the last version
 * of each record counts.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine_site.h"

#define HOURS_AGO(n) ((long long)(clock_now() / 900 * 900 - 3600 * (n)))

static struct outcome_count
say(struct site *s, const char *text)
{
    struct source *source = site_source(s, "in", "ndjson", IDENTITY_NONE);
    struct outcome_count n = site_say(s, source, text);

    source_unref(source);
    return n;
}

/* A leg of acme; version 0: without one. */
static struct outcome_count
leg(struct site *s, const char *id, unsigned version, unsigned seconds)
{
    char v[40] = "", text[300];

    if (version)
        snprintf(v, sizeof v, "\"version\":%u,", version);
    snprintf(text, sizeof text,
             "{\"id\":\"%s\",%s\"customer\":\"acme\",\"start\":%lld,\"duration\":%u,"
             "\"region\":\"eu\",\"features\":[\"rec\"],\"participant\":\"p\"}\n",
             id, v, HOURS_AGO(2), seconds);
    return say(s, text);
}

/* --- everything that the ledger holds, as text --- */

static enum status
describe(void *arg, const struct cell_view *c, struct error *err)
{
    unsigned columns = cell_columns((enum cell_kind)c->kind);
    struct buf *out = arg;

    (void)err;
    for (unsigned i = 0; i < c->slot_count; i++) {
        const int64_t *v = c->slots[i].v;

        for (unsigned k = 0; k < columns; k++) {
            CHECK(v[k] >= 0);
            if (v[k])
                buf_printf(out, "%c %.*s %d slot %u.%u: %lld\n", c->kind, SPAN_ARG(c->name), c->day,
                           c->slots[i].slot, k, (long long)v[k]);
        }
    }
    for (unsigned i = 0; i < c->feature_count; i++)
        if (c->features[i].used || c->features[i].wanted)
            buf_printf(out, "%c %.*s %d feature %.*s: %lld %lld\n", c->kind, SPAN_ARG(c->name),
                       c->day, SPAN_ARG(c->features[i].name), (long long)c->features[i].used,
                       (long long)c->features[i].wanted);
    for (unsigned i = 0; i < c->part_count; i++) {
        const struct cell_feature *p = &c->parts[i];

        CHECK(p->used >= 0 && p->wanted >= 0);
        if (p->used || p->wanted)
            buf_printf(out, "%c %.*s %d part %.*s: %lld %lld\n", c->kind, SPAN_ARG(c->name), c->day,
                       SPAN_ARG(span_of(p->name.p + 1, p->name.n - 1)), (long long)p->used,
                       (long long)p->wanted);
    }
    return ST_OK;
}

/* A line for each counter that is not zero, in the order of the ledger; features of a customer are
 * in that of their first use. */
static char *
counts_on_disk(void)
{
    static const enum cell_kind kinds[] = {CELL_CUSTOMER, CELL_FEATURE, CELL_SERVICE, CELL_REGION,
                                           CELL_WORKLOAD};
    struct ledger_reader *r;
    struct buf out = {0};
    struct error err;

    buf_str(&out, "");
    if (ledger_reader_open(&r, "st/ledger.db", &err) != ST_OK)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (ledger_scan_kind(r, kinds[i], 0, describe, &out, &err) != ST_OK)
            test_fail(__FILE__, __LINE__, "%s", err.text);
    ledger_reader_close(r);
    return out.p;
}

/* Each line of one is in the other. */
static void
all_lines_are_in(char *lines, const char *text)
{
    for (char *line = lines, *end; *line; line = end) {
        char kept;

        end = strchr(line, '\n') + 1;
        kept = *end;
        *end = '\0';
        if (!strstr(text, line))
            test_fail(__FILE__, __LINE__, "only one has %s", line);
        *end = kept;
    }
}

static void
no_leg_is_left(struct site *s)
{
    char *text;

    site_settle(s, SETTLE_COMMITTED | SETTLE_ANALYSED);
    text = counts_on_disk();
    CHECK_STR(text, "");
    free(text);
}

/* --- one record --- */

static int64_t
seconds_on_disk(const char *customer)
{
    char *text = counts_on_disk(), *at = text, head[80];
    int64_t sum = 0;

    snprintf(head, sizeof head, "c %s ", customer);
    for (; (at = strstr(at, head)) != NULL; at = strchr(at, '\n')) {
        unsigned slot, column = 0;
        long long n;

        if (sscanf(at, "c %*s %*d slot %u.%u: %lld", &slot, &column, &n) == 3 &&
            column == CUSTOMER_SECONDS)
            sum += n;
    }
    free(text);
    return sum;
}

TEST(a_higher_version_takes_the_place_of_the_first)
{
    struct site s;

    site_open(&s, "");
    CHECK_INT(leg(&s, "a", 0, 100).accepted, 1);
    CHECK_INT(leg(&s, "a", 1, 2000).accepted, 1);
    CHECK_INT(leg(&s, "a", 3, 300).accepted, 1);
    CHECK_INT(leg(&s, "a", 2, 7).duplicates, 1);
    CHECK_INT(leg(&s, "a", 3, 300).duplicates, 1);
    CHECK_INT(leg(&s, "a", 0, 100).duplicates, 1);
    CHECK_INT(site_status(&s).corrections, 2);
    CHECK_INT(site_status(&s).voids, 0);
    site_settle(&s, SETTLE_COMMITTED | SETTLE_ANALYSED);
    CHECK_INT(seconds_on_disk("acme"), 300);
    site_close(&s);
    state_on_disk(); /* I3 */
}

TEST(a_void_takes_out_all_that_its_record_added)
{
    struct site s;

    site_open(&s, "service \"ops\" { match = \"feature:rec\" }");
    CHECK_INT(leg(&s, "a", 0, 100).accepted, 1);
    CHECK_INT(say(&s, "{\"kind\":\"contact\",\"id\":\"c\",\"service\":\"help\",\"customer\":\"x\","
                      "\"start\":\"2026-01-01T00:00:00Z\",\"wait\":5,\"handle\":7}")
                  .accepted,
              1);
    CHECK_INT(
        say(&s, "{\"kind\":\"void\",\"id\":\"a\"}\n{\"kind\":\"void\",\"id\":\"c\"}").accepted, 2);
    CHECK_INT(say(&s, "{\"kind\":\"void\",\"id\":\"a\"}").duplicates, 1);
    CHECK_INT(leg(&s, "a", 9, 100).duplicates, 1); /* a void without a version is the last word */
    CHECK_INT(site_status(&s).corrections, 2);
    CHECK_INT(site_status(&s).voids, 2);
    no_leg_is_left(&s);
    site_close(&s);
}

TEST(a_void_with_a_version_voids_all_up_to_it)
{
    struct site s;

    site_open(&s, "");
    CHECK_INT(leg(&s, "a", 1, 100).accepted, 1);
    CHECK_INT(say(&s, "{\"kind\":\"void\",\"id\":\"a\",\"version\":2}").accepted, 1);
    CHECK_INT(leg(&s, "a", 2, 100).duplicates, 1);
    no_leg_is_left(&s);
    CHECK_INT(leg(&s, "a", 3, 60).accepted, 1);
    CHECK_INT(say(&s, "{\"kind\":\"void\",\"id\":\"a\",\"version\":2}").duplicates, 1);
    site_settle(&s, SETTLE_COMMITTED | SETTLE_ANALYSED);
    CHECK_INT(seconds_on_disk("acme"), 60);
    site_close(&s);
}

TEST(a_void_before_its_record_is_waited_for)
{
    struct site s;

    site_open(&s, "");
    CHECK_INT(say(&s, "{\"kind\":\"void\",\"id\":\"a\"}").accepted, 1);
    CHECK_INT(leg(&s, "a", 0, 100).duplicates, 1);
    CHECK_INT(leg(&s, "a", 1, 100).duplicates, 1);
    CHECK_INT(site_status(&s).voids, 1);
    no_leg_is_left(&s);
    site_close(&s);
}

TEST(corrections_know_what_came_before_a_restart_and_an_import)
{
    char *text = legs("acme", 1, 2000);
    struct source *source;
    struct block b;
    struct site s;

    site_open(&s, "");
    source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
    b = site_block(source, text, NULL);
    b.bulk = true;
    CHECK_INT(engine_submit_wait(s.engine, &b), ST_OK);
    source_unref(source);
    site_settle(&s, SETTLE_COMMITTED | SETTLE_ANALYSED);
    CHECK_INT(leg(&s, "r7", 5, 1000).accepted, 1);
    site_close(&s);
    site_open(&s, "");
    CHECK_INT(leg(&s, "r7", 5, 1000).duplicates, 1);
    CHECK_INT(leg(&s, "r7", 6, 10).accepted, 1);
    CHECK_INT(say(&s, "{\"kind\":\"void\",\"id\":\"r1500\"}").accepted, 1);
    CHECK_INT(site_status(&s).corrections, 3);
    site_settle(&s, SETTLE_COMMITTED | SETTLE_ANALYSED);
    CHECK_INT(seconds_on_disk("acme"), 1997 * 60 + 10);
    site_close(&s);
    free(text);
}

TEST(what_was_merged_is_corrected_where_it_is_now)
{
    uint64_t cells;
    struct error err;
    struct site s;

    site_open(&s, "");
    CHECK_INT(leg(&s, "a", 0, 100).accepted, 1);
    CHECK_INT(leg(&s, "b", 0, 100).accepted, 1);
    CHECK_INT(engine_merge_customer(s.engine, SPAN("acme"), SPAN("sum"), &cells, &err), ST_OK);
    CHECK_INT(leg(&s, "a", 1, 30).accepted, 1); /* no list says that acme is sum now */
    CHECK_INT(say(&s, "{\"kind\":\"void\",\"id\":\"b\"}").accepted, 1);
    site_settle(&s, SETTLE_COMMITTED | SETTLE_ANALYSED);
    CHECK_INT(seconds_on_disk("sum"), 0);
    CHECK_INT(seconds_on_disk("acme"), 30);
    CHECK_INT(leg(&s, "a", 2, 40).accepted, 1);
    site_settle(&s, SETTLE_COMMITTED | SETTLE_ANALYSED);
    CHECK_INT(seconds_on_disk("acme"), 40);
    site_close(&s);
}

/* --- what cannot be corrected --- */

TEST(what_is_no_longer_known_is_not_corrected_but_set_aside)
{
    struct site s;

    site_open(&s, "limits { duplicate_records = 1 }");
    CHECK_INT(leg(&s, "a", 0, 100).accepted, 1);
    CHECK_INT(leg(&s, "b", 0, 100).accepted, 1);
    SITE_UNTIL(site_status(&s).dedup_ids <= 1 && site_status(&s).dedup_complete_since);
    CHECK_INT(leg(&s, "a", 2, 100).quarantined, 1);
    CHECK_INT(say(&s, "{\"kind\":\"void\",\"id\":\"a\"}").quarantined, 1);
    CHECK_INT(leg(&s, "c", 1, 100).accepted, 1); /* a first version is none of another */
    site_close(&s);
}

TEST(a_window_of_none_corrects_nothing)
{
    struct site s;

    site_open(&s, "limits { correction_window = \"0s\" }");
    CHECK_INT(leg(&s, "a", 0, 100).accepted, 1);
    CHECK_INT(leg(&s, "a", 1, 100).duplicates, 1);
    CHECK_INT(say(&s, "{\"kind\":\"void\",\"id\":\"a\"}").quarantined, 1);
    site_close(&s);
    site_open(&s, ""); /* nothing was kept of it */
    CHECK_INT(leg(&s, "a", 1, 100).quarantined, 1);
    CHECK_INT(say(&s, "{\"kind\":\"void\",\"id\":\"a\"}").quarantined, 1);
    CHECK_INT(say(&s, "{\"kind\":\"void\",\"version\":3}").quarantined, 1); /* of what? */
    site_settle(&s, SETTLE_COMMITTED | SETTLE_ANALYSED);
    CHECK_INT(seconds_on_disk("acme"), 100);
    site_close(&s);
}

TEST(what_is_forgotten_leaves_with_what_was_kept_of_it)
{
    struct site s;

    site_open(&s, "limits { correction_window = \"1s\" duplicate_window = \"1s\" }");
    CHECK_INT(leg(&s, "a", 0, 100).accepted, 1);
    CHECK_INT(leg(&s, "a", 1, 50).accepted, 1);
    SITE_UNTIL(site_status(&s).dedup_ids == 0);
    CHECK(system("test $(sqlite3 st/ledger.db 'SELECT count(*) FROM kept') = 0") == 0);
    CHECK(system("test $(sqlite3 st/ledger.db 'SELECT count(*) FROM correction') = 0") == 0);
    site_close(&s);
}

/* --- killed --- */

#ifdef CALLSWELL_FAULTS

/* In a child: a record and its correction. True: it was killed. */
static bool
correct_once(const char *fault)
{
    pid_t pid = fork();
    struct site s;
    int status;

    CHECK(pid >= 0);
    if (pid == 0) {
        if (fault)
            setenv("CALLSWELL_FAULT", fault, 1);
        site_open(&s, "fold_interval = 1h");
        leg(&s, "a", 0, 100);
        leg(&s, "a", 1, 2000);
        site_settle(&s, SETTLE_COMMITTED | SETTLE_ANALYSED);
        site_close(&s);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return false;
}

TEST(a_correction_is_whole_or_nothing_whenever_it_is_killed)
{
    static const char *const places[] = {"batch_begun:2",      "corrections_written:1",
                                         "transaction_open:2", "transaction_ended:2",
                                         "not_answered:2",     "answered:2"};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct site s;

        CHECK(system("rm -rf st") == 0);
        if (!correct_once(places[i]))
            test_fail(__FILE__, __LINE__, "%s: not killed", places[i]);
        CHECK(!correct_once(NULL));
        CHECK_INT(seconds_on_disk("acme"), 2000);
        site_open(&s, "");
        CHECK_INT(site_status(&s).corrections, 1);
        CHECK_INT(site_status(&s).accepted, 2);
        site_close(&s);
    }
}

#endif

/* --- any stream --- */

enum { IDS = 400, VERSIONS = 4, CUSTOMERS = 7 };

static unsigned short draw[3];

static unsigned
drawn(unsigned n)
{
    return (unsigned)nrand48(draw) % n;
}

/* Version v of a record, the same whenever it is asked for. Some are voids. */
static void
put_version(struct buf *out, unsigned id, unsigned v, int64_t now)
{
    static const char *const outcomes[] = {"ok", "ok", "ok", "failed", "rejected"};
    unsigned short was[3] = {draw[0], draw[1], draw[2]};

    draw[0] = (unsigned short)(id * 7919 + v);
    draw[1] = (unsigned short)(id * 31);
    draw[2] = 5;
    drawn(2);
    buf_printf(out, "{\"id\":\"i%u\"", id);
    if (v)
        buf_printf(out, ",\"version\":%u", v);
    if (v > 0 && drawn(4) == 0) {
        buf_printf(out, ",\"kind\":\"void\"}\n");
        memcpy(draw, was, sizeof was);
        return;
    }
    buf_printf(out, ",\"kind\":\"%s\",\"customer\":\"c%u\",\"start\":%lld,\"duration\":%u",
               drawn(5) == 0   ? "contact"
               : drawn(5) == 0 ? "feature"
                               : "leg",
               drawn(CUSTOMERS), (long long)(now - 86400 * (1 + drawn(3)) - drawn(86400)),
               drawn(20) == 0 ? 200000 : drawn(9000));
    buf_printf(out, ",\"outcome\":\"%s\",\"features\":[\"f%u\",\"g%u\"],\"participant\":\"p%u\"",
               outcomes[drawn(5)], drawn(4), drawn(3), drawn(50));
    buf_printf(out, ",\"service\":\"s%u\",\"wait\":%u,\"handle\":%u", drawn(3), drawn(90),
               drawn(900));
    if (drawn(3))
        buf_printf(out, ",\"region\":\"r%u\"", drawn(3));
    buf_str(out, "}\n");
    memcpy(draw, was, sizeof was);
}

/* The stream's records in any order, each at least once; or only the last version of each. */
static char *
stream(unsigned versions[IDS], bool last_only, int64_t now)
{
    struct line {
        unsigned id, version;
    } *line = calloc(IDS * VERSIONS * 2, sizeof *line);
    struct buf out = {0};
    size_t n = 0;

    for (unsigned i = 0; i < IDS; i++)
        for (unsigned v = last_only ? versions[i] - 1 : 0; v < versions[i]; v++)
            for (unsigned times = last_only ? 1 : 1 + drawn(2); times > 0; times--)
                line[n++] = (struct line){i, v};
    for (size_t i = n; i > 1; i--) {
        size_t j = drawn((unsigned)i);
        struct line l = line[j];

        line[j] = line[i - 1];
        line[i - 1] = l;
    }
    for (size_t i = 0; i < n; i++)
        put_version(&out, line[i].id, line[i].version, now);
    free(line);
    return out.p;
}

/* In blocks of any length, some of them an import's, with folds and restarts in between. */
static void
feed(const char *text, bool restarts)
{
    static const char options[] = "workers = 2\nfold_interval = 1h\n"
                                  "service \"ops\" { match = \"feature:f1\" }";
    struct site s;

    site_open(&s, options);
    while (*text) {
        struct source *source = site_source(&s, "in", "ndjson", IDENTITY_NONE);
        const char *end = text;
        struct block b;

        for (unsigned lines = 1 + drawn(200); lines > 0 && *end; lines--)
            end = strchr(end, '\n') + 1;
        b = (struct block){.p = xstrndup(text, (size_t)(end - text)),
                           .n = (size_t)(end - text),
                           .source = source_ref(source),
                           .bulk = drawn(3) == 0};
        CHECK_INT(engine_submit_wait(s.engine, &b), ST_OK);
        source_unref(source);
        text = end;
        if (restarts && drawn(4) == 0)
            site_settle(&s, SETTLE_COMMITTED | (drawn(2) ? SETTLE_ANALYSED : 0));
        if (restarts && drawn(8) == 0) {
            site_close(&s);
            site_open(&s, options);
        }
    }
    site_settle(&s, SETTLE_COMMITTED | SETTLE_ANALYSED);
    CHECK_INT(site_status(&s).quarantined, 0);
    site_close(&s);
    state_on_disk();
}

TEST(any_order_of_versions_and_voids_counts_as_the_last_ones_alone)
{
    const char *seed = getenv("CORRECTIONS_SEED");
    int64_t now = clock_now();

    for (unsigned round = 0; round < 4; round++) {
        unsigned versions[IDS];
        char *all, *last, *got, *want;

        draw[0] = (unsigned short)(round + (seed ? (unsigned)atoi(seed) * 4 : 0));
        draw[1] = draw[2] = 9;
        for (unsigned i = 0; i < IDS; i++)
            versions[i] = 1 + drawn(VERSIONS);
        all = stream(versions, false, now);
        last = stream(versions, true, now);
        CHECK(system("rm -rf st") == 0);
        feed(last, false);
        want = counts_on_disk();
        CHECK(system("rm -rf st") == 0);
        feed(all, true);
        got = counts_on_disk();
        all_lines_are_in(got, want);
        all_lines_are_in(want, got);
        CHECK(strlen(want) > 1000);
        free(all);
        free(last);
        free(got);
        free(want);
    }
}
