/*
 * test_window.c - the duplicate window when it is shorter than it should be: said, and never quiet.
 */
#include "engine_site.h"

/* As it begins now, so that it is late only where the window begins later still. */
static char *
fresh_legs(const char *name, unsigned n)
{
    struct buf out = {0};

    for (unsigned i = 0; i < n; i++)
        buf_printf(&out, "{\"id\":\"%s%u\",\"customer\":\"acme\",\"start\":%lld,\"duration\":60}\n",
                   name, i, (long long)clock_now());
    return out.p;
}

static struct outcome_count
say(struct site *s, const char *text)
{
    struct source *source = site_source(s, "in", "ndjson", IDENTITY_NONE);
    struct outcome_count n = site_say(s, source, text);

    source_unref(source);
    return n;
}

TEST(ids_that_gave_way_make_their_records_late)
{
    struct site s;
    char *one = fresh_legs("a", 100), *two = fresh_legs("b", 100);

    site_open(&s, "limits { duplicate_records = 100 }");
    CHECK_INT(say(&s, one).accepted, 100);
    CHECK_INT(say(&s, one).duplicates, 100);
    CHECK_INT(site_status(&s).late, 0);
    CHECK_INT(site_status(&s).dedup_complete_since, 0);
    CHECK_STR(site_status(&s).dedup_problem, "");
    CHECK_INT(say(&s, two).accepted, 100);
    SITE_UNTIL(site_status(&s).dedup_ids == 100);
    CHECK(site_status(&s).dedup_complete_since > clock_now() - 3600);
    CHECK(strstr(site_status(&s).dedup_problem, "ids are known since 2"));
    CHECK_INT(say(&s, one).accepted, 100); /* nobody knows any more, but that is said */
    CHECK_INT(site_status(&s).late, 100);
    site_close(&s);
    free(one);
    free(two);
}

/* One batch holds more than may be kept: all of it goes. */
TEST(a_window_that_holds_nothing_says_so_after_a_restart_too)
{
    struct site s;
    char *one = fresh_legs("a", 100);

    site_open(&s, "limits { duplicate_records = 50 }");
    CHECK_INT(say(&s, one).accepted, 100);
    SITE_UNTIL(site_status(&s).dedup_ids == 0);
    CHECK(site_status(&s).dedup_problem[0]);
    site_close(&s);
    site_open(&s, "limits { late = \"quarantine\" }");
    CHECK(site_status(&s).dedup_problem[0]);
    CHECK_INT(say(&s, one).quarantined, 100);
    CHECK_INT(site_status(&s).dedup_ids, 0);
    site_close(&s);
    site_open(&s, "limits { duplicate_window = \"1s\" correction_window = \"0s\" }");
    SITE_UNTIL(site_status(&s).dedup_problem[0] == '\0'); /* more than that was never promised */
    site_close(&s);
    CHECK_INT(legs_on_disk("acme"), 100);
    free(one);
}

/* A longer window begins where the shorter one did. */
TEST(a_window_made_longer_is_short_until_it_has_filled)
{
    struct site s;
    char *one = fresh_legs("a", 10);
    uint64_t late;

    site_open(&s, "limits { duplicate_window = \"1s\" correction_window = \"0s\" }");
    CHECK_INT(say(&s, one).accepted, 10);
    SITE_UNTIL(site_status(&s).dedup_ids == 0);
    CHECK_STR(site_status(&s).dedup_problem, "");
    site_close(&s);
    site_open(&s, "");
    CHECK(site_status(&s).dedup_problem[0]);
    late = site_status(&s).late;
    CHECK_INT(say(&s, one).accepted, 10);
    CHECK_INT(site_status(&s).late, late + 10);
    site_close(&s);
    free(one);
}

TEST(memory_is_accounted_for_with_its_limits)
{
    struct memory_use m;
    struct site s;
    char *one = fresh_legs("a", 1000);

    site_open(&s,
              "limits { duplicate_records = 1000000 max_queue = \"1MiB\" max_customers = 1000 }");
    CHECK_INT(say(&s, one).accepted, 1000);
    engine_memory(s.engine, &m);
    CHECK_INT(m.held[HOLDER_DUPLICATES], site_status(&s).dedup_bytes);
    CHECK_INT(m.held[HOLDER_TOTALS], site_status(&s).totals_bytes);
    CHECK_INT(m.held[HOLDER_QUEUE], 0);
    CHECK_INT(m.limit[HOLDER_QUEUE], 1 << 20);
    CHECK(m.limit[HOLDER_DUPLICATES] > 8000000 && m.limit[HOLDER_DUPLICATES] < 32000000);
    CHECK(m.held[HOLDER_BATCHES] > 0 && m.held[HOLDER_NAMES] > 0 && m.held[HOLDER_CUSTOMERS] > 0);
    CHECK(m.held[HOLDER_WORKERS] > 0);
    CHECK(m.held[HOLDER_NAMES] <= m.limit[HOLDER_NAMES]);
    CHECK(m.resident > m.held[HOLDER_PROGRAM] && m.held[HOLDER_PROGRAM] > 0);
    site_close(&s);
    free(one);
}
