/*
 * test_names.c - how many names there may be, in all and new ones in a minute.
 */
#include "../../daemon/pipeline/names.h"
#include "engine_site.h"

#include <pthread.h>

static struct span
name_of(char text[32], unsigned i)
{
    return span_of(text, (size_t)snprintf(text, 32, "name %u", i));
}

TEST(names_are_known_once_and_bounded_when_asked)
{
    static const uint32_t most[NAME_KINDS] = {5, 1000000, 0, 1};
    static const uint64_t none[NAME_KINDS];
    struct names *n = names_new(most);
    uint64_t added = 0;
    char text[32];

    CHECK_INT(name_kind_of(CELL_CUSTOMER), NAME_CUSTOMER);
    CHECK_INT(name_kind_of(CELL_WORKLOAD), NAME_KINDS);
    for (unsigned i = 0; i < 5; i++)
        CHECK(names_admit(n, NAME_CUSTOMER, name_of(text, i), &added));
    CHECK(!names_admit(n, NAME_CUSTOMER, name_of(text, 5), &added));
    CHECK(names_admit(n, NAME_CUSTOMER, name_of(text, 4), &added));
    CHECK(!names_admit(n, NAME_SERVICE, name_of(text, 0), &added));
    CHECK(names_add(n, NAME_CUSTOMER, name_of(text, 6))); /* already counted: cannot be refused */
    CHECK(!names_add(n, NAME_CUSTOMER, name_of(text, 6)));
    CHECK_INT(names_count(n, NAME_CUSTOMER), 6);
    CHECK(names_tight(n, none));
    CHECK_INT(added, 5);
    for (unsigned i = 0; i < 100000; i++)
        CHECK(names_add(n, NAME_FEATURE, name_of(text, i)));
    for (unsigned i = 0; i < 100000; i++)
        CHECK(!names_add(n, NAME_FEATURE, name_of(text, i)));
    CHECK_INT(names_count(n, NAME_FEATURE), 100000);
    names_free(n);
    names_free(NULL);
}

TEST(names_that_are_removed_make_room)
{
    static const uint32_t most[NAME_KINDS] = {100, 1000000, 1, 1};
    struct names *n = names_new(most);
    uint64_t added = 0;
    char text[32];

    for (unsigned i = 0; i < 100; i++)
        CHECK(names_admit(n, NAME_CUSTOMER, name_of(text, i), &added));
    CHECK(!names_admit(n, NAME_CUSTOMER, name_of(text, 100), &added));
    names_remove(n, NAME_CUSTOMER, name_of(text, 7));
    names_remove(n, NAME_CUSTOMER, name_of(text, 7));
    names_remove(n, NAME_CUSTOMER, name_of(text, 1000));
    CHECK_INT(names_count(n, NAME_CUSTOMER), 99);
    CHECK(names_admit(n, NAME_CUSTOMER, name_of(text, 100), &added));
    CHECK(!names_admit(n, NAME_CUSTOMER, name_of(text, 7), &added));
    /* Many come and go; whoever stays is known at every moment. */
    for (unsigned i = 0; i < 1000; i++)
        CHECK(names_add(n, NAME_FEATURE, name_of(text, i)));
    for (unsigned i = 1000; i < 200000; i++) {
        CHECK(names_add(n, NAME_FEATURE, name_of(text, i)));
        CHECK(!names_add(n, NAME_FEATURE, name_of(text, i % 1000)));
        if (i >= 2000)
            names_remove(n, NAME_FEATURE, name_of(text, i - 1000));
    }
    CHECK_INT(names_count(n, NAME_FEATURE), 2000);
    for (unsigned i = 199000; i < 200000; i++)
        CHECK(!names_add(n, NAME_FEATURE, name_of(text, i)));
    names_free(n);
}

#define THREADS   4
#define ALL_NAMES 50000

static void *
add_all(void *arg)
{
    struct names *n = arg;
    uintptr_t mine = 0;
    char text[32];

    for (unsigned i = 0; i < ALL_NAMES; i++)
        mine += names_add(n, NAME_CUSTOMER, name_of(text, i));
    return (void *)mine;
}

TEST(threads_that_add_the_same_names_add_each_once)
{
    static const uint32_t most[NAME_KINDS] = {1, 1, 1, 1};
    struct names *n = names_new(most);
    pthread_t thread[THREADS];
    uintptr_t sum = 0;

    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, add_all, n) == 0);
    for (int i = 0; i < THREADS; i++) {
        void *mine;

        pthread_join(thread[i], &mine);
        sum += (uintptr_t)mine;
    }
    CHECK_INT(sum, ALL_NAMES);
    CHECK_INT(names_count(n, NAME_CUSTOMER), ALL_NAMES);
    names_free(n);
}

/* Its own names come and go; the others' do not disturb it. */
static void *
come_and_go(void *arg)
{
    struct names *n = arg;
    static _Atomic unsigned threads;
    unsigned first = ++threads * ALL_NAMES;
    char text[32];

    for (unsigned i = 0; i < ALL_NAMES; i++) {
        CHECK(names_add(n, NAME_CUSTOMER, name_of(text, first + i)));
        CHECK(!names_add(n, NAME_CUSTOMER, name_of(text, 0)));
        if (i >= 100)
            names_remove(n, NAME_CUSTOMER, name_of(text, first + i - 100));
    }
    return NULL;
}

TEST(threads_whose_names_come_and_go_do_not_disturb_each_other)
{
    static const uint32_t most[NAME_KINDS] = {1, 1, 1, 1};
    struct names *n = names_new(most);
    pthread_t thread[THREADS];
    char text[32];

    CHECK(names_add(n, NAME_CUSTOMER, name_of(text, 0)));
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, come_and_go, n) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    CHECK_INT(names_count(n, NAME_CUSTOMER), 1 + THREADS * 100);
    names_free(n);
}

/* --- in an engine --- */

/* One record on which the names depend: a leg, or a contact of that service. */
static struct outcome_count
say(struct site *s, struct source *source, const char *customer, const char *fields)
{
    char text[512];

    snprintf(text, sizeof text, "{\"customer\":\"%s\",\"start\":%lld,\"duration\":60%s}\n",
             customer, (long long)clock_now() - 3600, fields);
    return site_say(s, source, text);
}

TEST(engine_sets_records_with_too_many_names_aside)
{
    static const char options[] =
        "limits { max_customers = 3\n max_features = 3\n max_services = 1\n max_regions = 1 }\n"
        "feature \"same\" { match = 'same|alike' }";
    struct engine_status st;
    struct source *source;
    struct site s;

    for (int again = 0; again < 2; again++) {
        site_open(&s, options);
        SITE_UNTIL(site_status(&s).names_known); /* the second time: as the ledger has them */
        source = site_source(&s, "import", "ndjson", IDENTITY_NONE);
        CHECK_INT(say(&s, source, "a", ",\"features\":[\"x\",\"alike\"]").accepted, 1);
        CHECK_INT(say(&s, source, "b", ",\"features\":[\"same\"],\"region\":\"r\"").accepted, 1);
        CHECK_INT(say(&s, source, "c", ",\"features\":[\"y\"]").accepted, 1);
        CHECK_INT(say(&s, source, "c", ",\"kind\":\"contact\",\"service\":\"s\"").accepted, 1);
        CHECK_INT(say(&s, source, "d", "").quarantined, 1);
        CHECK_INT(say(&s, source, "a", ",\"features\":[\"z\"]").quarantined, 1);
        CHECK_INT(say(&s, source, "a", ",\"region\":\"q\"").quarantined, 1);
        CHECK_INT(say(&s, source, "a", ",\"kind\":\"contact\",\"service\":\"t\"").quarantined, 1);
        CHECK_INT(say(&s, source, "a", "").accepted, 1);
        st = site_status(&s);
        CHECK_INT(st.customers, 3);
        CHECK_INT(st.features, 3);
        CHECK_INT(st.services, 1);
        CHECK_INT(st.regions, 1);
        site_settle(&s, SETTLE_ANALYSED);
        source_unref(source);
        site_close(&s);
    }
    /* With a higher limit what was set aside can be counted. */
    {
        struct outcome_count replayed;
        struct error err;

        site_open(&s, "");
        CHECK_INT(engine_replay(s.engine, 0, NULL, &replayed, &err), ST_OK);
        CHECK_INT(replayed.accepted, 8);
        site_close(&s);
    }
}

TEST(engine_stops_an_input_that_makes_up_names)
{
    static const char options[] = "limits { max_new_names = 50 }\n"
                                  "input \"hooks\" { type = http format = ndjson }\n"
                                  "input \"other\" { type = http format = ndjson }\n"
                                  "input \"files\" { type = tail path = \"x\" format = ndjson }";
    struct source *hooks, *other, *files;
    struct answer a = {0};
    struct feed feeds[8];
    struct buf many = {0};
    struct site s;
    size_t n;

    for (int i = 0; i < 49; i++) {
        char name[16];

        snprintf(name, sizeof name, "c%d", i);
        add_leg(&many, name, 0);
    }
    buf_char(&many, '\0');
    site_open(&s, options);
    SITE_UNTIL(site_status(&s).names_known);
    hooks = site_source(&s, "hooks", "ndjson", IDENTITY_NONE);
    other = site_source(&s, "other", "ndjson", IDENTITY_NONE);
    files = site_source(&s, "files", "ndjson", IDENTITY_NONE);
    for (int i = 0; i < 5; i++) /* the same names again are no new ones */
        CHECK_INT(site_say(&s, hooks, many.p).accepted, 49);
    CHECK_INT(source_wait_ms(hooks), 0);
    CHECK_INT(say(&s, hooks, "one more", "").accepted, 1);
    CHECK(source_wait_ms(hooks) > 0 && source_wait_ms(hooks) <= 60000);
    CHECK_INT(site_submit(&s, hooks, many.p, &a), ST_FULL);
    n = engine_feeds(s.engine, feeds, 8);
    for (size_t i = 0; i < n; i++)
        CHECK((strstr(feeds[i].problem, "max_new_names") != NULL) ==
              (strcmp(feeds[i].input, "hooks") == 0));
    CHECK_INT(say(&s, other, "yet one more", "").accepted, 1);
    buf_reset(&many); /* a file that somebody chose brings what it brings */
    for (int i = 0; i < 60; i++) {
        char name[16];

        snprintf(name, sizeof name, "f%d", i);
        add_leg(&many, name, 0);
    }
    buf_char(&many, '\0');
    CHECK_INT(site_say(&s, files, many.p).accepted, 60);
    CHECK_INT(site_status(&s).customers, 49 + 2 + 60);
    CHECK_INT(source_wait_ms(files), 0);
    source_unref(hooks);
    source_unref(other);
    source_unref(files);
    site_close(&s);
    buf_clear(&many);
}
