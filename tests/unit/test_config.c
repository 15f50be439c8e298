/*
 * test_config.c - configurations as people write them; the example, the manual, reloads.
 */
#include "configuring.h"

TEST(config_defaults_without_a_file)
{
    struct config *c;

    CHECK(config_load(&c, NULL, NULL) == ST_OK);
    CHECK(!c->file);
    CHECK_STR(c->state_dir, "/var/lib/callswell");
    CHECK_STR(c->node, "1");
    CHECK_STR(c->timezone, "UTC");
    CHECK_INT(c->workers, 0);
    CHECK_STR(c->redis_url, "managed");
    CHECK_STR(c->redis_server, "redis-server");
    CHECK_STR(c->store_url, "sqlite:crm.db");
    CHECK_STR(c->http_listen, "127.0.0.1:8460");
    CHECK(!c->clock_data);
    CHECK_INT(c->fold_interval_ms, 30000);
    CHECK_INT(c->analytics_interval_ms, 30000);
    CHECK_INT(c->stop_timeout_ms, 30000);
    CHECK_STR(c->log_level, "info");
    CHECK_INT(c->retention.quarter, 35 * 86400);
    CHECK_INT(c->retention.day, 800 * 86400);
    CHECK_INT(c->retention.people, 35 * 86400);
    CHECK_INT(c->retention.feature_people, 400 * 86400);
    CHECK_INT(c->retention.service, 800 * 86400);
    CHECK_INT(c->retention.load, 35 * 86400);
    CHECK_INT(c->limits.max_record, 65536);
    CHECK_INT(c->limits.max_name, 128);
    CHECK_INT(c->limits.max_future, 300);
    CHECK_INT(c->limits.duplicate_window, 172800);
    CHECK_INT(c->limits.correction_window, 604800);
    CHECK_INT(c->limits.duplicate_records, 50000000);
    CHECK_INT(c->limits.max_body, 8 << 20);
    CHECK_INT(c->limits.max_unpacked, 32 << 20);
    CHECK_INT(c->limits.max_connections, 1024);
    CHECK_INT(c->limits.max_per_address, 64);
    CHECK_INT(c->limits.max_ratio, 200);
    CHECK_INT(c->limits.max_records, 50000);
    CHECK_INT(c->limits.max_request_line, 2048);
    CHECK_INT(c->limits.max_header, 8192);
    CHECK_INT(c->limits.max_header_lines, 64);
    CHECK_INT(c->limits.header_timeout_ms, 5000);
    CHECK_INT(c->limits.body_timeout_ms, 10000);
    CHECK_INT(c->limits.body_rate, 65536);
    CHECK_INT(c->limits.idle_timeout_ms, 30000);
    CHECK_INT(c->limits.max_requests, 1000);
    CHECK_INT(c->limits.max_datagram, 8192);
    CHECK_INT(c->limits.max_new_names, 100000);
    CHECK_INT(c->limits.max_customers, 5000000);
    CHECK_INT(c->limits.max_features, 10000);
    CHECK_INT(c->limits.max_services, 1000);
    CHECK_INT(c->limits.max_regions, 1000);
    CHECK_INT(c->limits.max_queue, 64 << 20);
    CHECK_INT(c->limits.quarantine_bytes, 1 << 30);
    CHECK_INT(c->limits.disk_reserve, 512 << 20);
    CHECK_INT(c->limits.disk_ballast, 64 << 20);
    CHECK_INT(c->limits.max_wal, 1 << 30);
    CHECK_STR(c->limits.late, "count");
    CHECK_INT(c->input_count + c->service_count + c->feature_count + c->segment_count, 0);
    config_free(c);
    config_free(NULL);
}

TEST(config_reads_every_kind_of_section)
{
    struct config *c;

    setenv("REDIS_SECRET", "s3cret", 1);
    c = load("state_dir = state # a comment\n"
             "node=\"a-B_9\"  /* another\n over lines */\n"
             "timezone = \"Europe/Berlin\"\n"
             "clock = data\n"
             "fold_interval = \"250ms\"\n"
             "redis { url = \"redis://me:${REDIS_SECRET}@10.0.0.1:6379/2\" }\n"
             "http { listen = \"[::1]:0\" }\n"
             "retention { quarter = \"36h\" day = 0 }\n"
             "limits { max_record = \"128KiB\" max_body = 65536 late = quarantine }\n"
             "input \"a\" { type = tail path = \"/x/*.csv\" format = legacy from = end }\n"
             "input \"b\" { type = \"tcp\" listen = \"0.0.0.0:6514\" format = \"legacy\" }\n"
             "input hooks { type = http format = legacy timezone = \"Asia/Shanghai\"\n"
             "  source = \"zoom\" }\n"
             "// the formats may come after their use\n"
             "format \"legacy\" { type = regex pattern =\n"
             "  '(?<customer>\\S+) (?<start>.+)(?<who>x)?(?<n>y)?(?<r>z)?'\n"
             "  map = { \"participant=who\", 'id=n' } map += { \"region=r\" } }\n"
             "service \"operator\" { match = \"feature:operator_assist\" service_level = 0.9\n"
             "  answer_within = 10 interval = 15 minimum_staff = 2 shrinkage = 0 }\n"
             "service \"NE\" {}\n"
             "feature \"recording\" { match = \"rec(ord(ing)?)?|\\\\*2\" }\n"
             "feature \"Bildschirm \xC3\xBC\" { }\n"
             "segment \"power user\" { where = \"legs_30d > 100 AND features_30d >= 5\" }\n");
    CHECK_STR(c->file, "c.conf");
    CHECK_STR(c->state_dir, "state");
    CHECK_STR(c->node, "a-B_9");
    CHECK(c->clock_data);
    CHECK_INT(c->fold_interval_ms, 250);
    CHECK_STR(c->redis_url, "redis://me:s3cret@10.0.0.1:6379/2");
    CHECK_STR(c->http_listen, "[::1]:0");
    CHECK_INT(c->http_listen_line, 8);
    CHECK_INT(c->retention.quarter, 36 * 3600);
    CHECK_INT(c->retention.day, 0);
    CHECK_INT(c->retention.people, 35 * 86400);
    CHECK_INT(c->limits.max_record, 128 * 1024);
    CHECK_INT(c->limits.max_body, 65536);
    CHECK_STR(c->limits.late, "quarantine");
    CHECK_INT(c->input_count, 3);
    CHECK(c->inputs[0].from_end && !c->inputs[1].from_end);
    CHECK_INT(c->inputs[0].line, 11);
    CHECK_INT(c->inputs[2].line, 13);
    CHECK_STR(c->inputs[1].framing, "auto");
    CHECK(!c->inputs[0].framing && !c->inputs[0].listen && !c->inputs[0].timezone);
    CHECK_STR(c->inputs[2].path, "/v1/ingest/hooks");
    CHECK_STR(c->inputs[2].source, "zoom");
    CHECK_STR(c->inputs[2].timezone, "Asia/Shanghai");
    CHECK(config_format(c, "legacy") == &c->formats[c->format_count - 1]);
    CHECK(!config_format(c, "other"));
    CHECK_STR(config_format(c, "legacy")->pattern,
              "(?<customer>\\S+) (?<start>.+)(?<who>x)?(?<n>y)?(?<r>z)?");
    CHECK_STR(config_format(c, "legacy")->map[0], "participant=who");
    CHECK_STR(config_format(c, "legacy")->map[2], "region=r");
    CHECK(!config_format(c, "legacy")->map[3] && !config_format(c, "legacy")->columns);
    CHECK_INT(c->service_count, 2);
    CHECK_NEAR(c->services[0].service_level, 0.9, 0);
    CHECK_NEAR(c->services[1].shrinkage, 0.3, 0);
    CHECK_INT(c->services[0].interval, 15);
    CHECK_INT(c->services[1].interval, 30);
    CHECK(!c->services[1].match);
    { /* a service that nobody configured is like one of whom only the name is written */
        struct config_service bare = c->services[1];

        bare.name = NULL;
        CHECK(memcmp(&bare, &config_service_defaults, sizeof bare) == 0);
    }
    CHECK_STR(c->features[0].match, "rec(ord(ing)?)?|\\*2");
    CHECK_STR(c->features[1].name, "Bildschirm \xC3\xBC");
    CHECK_STR(c->segments[0].where, "legs_30d > 100 AND features_30d >= 5");
    CHECK_INT(c->segments[0].line, 24);
    config_free(c);
}

TEST(config_own_format_takes_the_place_of_a_shipped_one)
{
    struct config *plain, *c;
    char text[256];

    CHECK(config_load(&plain, NULL, NULL) == ST_OK);
    if (plain->format_count == 0)
        test_skip("no shipped formats here");
    snprintf(text, sizeof text, "format \"%s\" { type = regex pattern = '(?<start>x)' }",
             plain->formats[0].name);
    c = load(text);
    CHECK_INT(c->format_count, plain->format_count);
    CHECK_STR(config_format(c, plain->formats[0].name)->pattern, "(?<start>x)");
    config_free(c);
    config_free(plain);
}

TEST(config_shipped_formats_are_sound)
{
    struct config *c;

    CHECK(config_load(&c, NULL, NULL) == ST_OK);
    for (size_t i = 0; i < c->format_count; i++) {
        struct format *f;
        struct error e;

        if (format_new(&f, &c->formats[i], &e) != ST_OK)
            test_fail(__FILE__, __LINE__, "%s: %s", c->formats[i].name, e.text);
        format_free(f);
    }
    config_free(c);
}

static char *
read_project_file(const char *name)
{
    FILE *f = fopen(test_path(name), "r");
    char *text = calloc(1, 1 << 20);

    CHECK(f && text && fread(text, 1, (1 << 20) - 1, f) > 0 && fclose(f) == 0);
    return text;
}

TEST(config_example_is_the_file_that_is_shipped)
{
    struct buf want = {0};
    char *text = read_project_file("config/callswelld.conf");

    config_print_example(&want);
    CHECK_STR(text, want.p);
    buf_clear(&want);
    free(text);
}

TEST(config_example_says_the_defaults)
{
    struct config *c, *plain;
    char *text = read_project_file("config/callswelld.conf"), *what;

    c = load(text);
    CHECK(config_load(&plain, NULL, NULL) == ST_OK);
    what = config_restart_option(plain, c);
    if (what)
        test_fail(__FILE__, __LINE__, "%s differs", what);
    CHECK_STR(c->timezone, plain->timezone);
    CHECK_STR(c->log_level, plain->log_level);
    config_free(c);
    config_free(plain);
    free(text);
}

/* The titled sections of the example, switched on. */
TEST(config_example_sections_can_be_switched_on)
{
    char *text = read_project_file("config/callswelld.conf"), *out = text, *p = text;
    struct config *c;

    CHECK(config_load(&c, NULL, NULL) == ST_OK);
    if (!config_format(c, "asterisk-cdr"))
        test_skip("the example uses a shipped format that is not there");
    config_free(c);
    while (*p) {
        size_t n = strcspn(p, "\n") + 1;

        if (p[0] == '#' && (strncmp(p + 1, "    ", 4) == 0 || (p[1] != ' ' && p[1] != '\n')))
            p++, n--;
        memmove(out, p, n);
        out += n;
        p += n;
    }
    *out = '\0';
    c = load(text);
    CHECK_INT(c->input_count, 1);
    CHECK_INT(c->service_count, 1);
    CHECK_INT(c->feature_count, 1);
    CHECK_INT(c->segment_count, 1);
    CHECK(config_format(c, "acme"));
    config_free(c);
    free(text);
}

TEST(config_manual_names_every_option_of_the_example)
{
    char *text = read_project_file("config/callswelld.conf");
    char *manual = read_project_file("man/callswell.conf.5");

    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char key[64], item[80];

        if (sscanf(line, "%*[# ]%63[a-z_] =", key) != 1 && sscanf(line, "%63[a-z_] =", key) != 1)
            continue;
        if (!strstr(line, " = "))
            continue;
        snprintf(item, sizeof item, ".B %s", key);
        if (!strstr(manual, item))
            test_fail(__FILE__, __LINE__, "%s is not in the manual", key);
    }
    free(text);
    free(manual);
}

TEST(config_listen_beyond_loopback_needs_tokens)
{
    static const struct {
        const char *listen;
        enum status want;
    } cases[] = {{"127.0.0.1:1", ST_OK},
                 {"127.9.9.9:1", ST_OK},
                 {"[::1]:0", ST_OK},
                 {"localhost:80", ST_OK},
                 {"", ST_OK},
                 {"0.0.0.0:80", ST_BAD_CONFIG},
                 {"[::]:80", ST_BAD_CONFIG},
                 {"128.0.0.1:80", ST_BAD_CONFIG},
                 {"10.0.0.1:80", ST_BAD_CONFIG}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[80];
        struct config *c;
        struct error e;

        snprintf(text, sizeof text, "http {\n\n listen = \"%s\" }", cases[i].listen);
        c = load(text);
        CHECK_INT(config_check_listen(c, &e), cases[i].want);
        if (cases[i].want != ST_OK)
            CHECK(strncmp(e.text, "c.conf:3: listen: expected a loopback", 37) == 0);
        config_free(c);
    }
}

TEST(config_tells_what_a_reload_cannot_change)
{
    static const struct {
        const char *was, *is, *what;
    } cases[] = {
        {"node = 1", "", NULL},
        {"", "workers = 3", "workers"},
        {"", "log_level = debug timezone = \"UTC\"", NULL},
        {"", "timezone = \"Europe/Berlin\" limits { max_name = 64 }", NULL},
        {"", "retention { day = 1d }", "retention.day"},
        {"", "limits { max_body = 1MiB }", "limits.max_body"},
        {"", "feature \"x\" { match = y } service \"x\" { }", NULL},
        {"service \"x\" { }", "service \"x\" { minimum_staff = 1 } workers = 2", "workers"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config *a = load(cases[i].was), *b = load(cases[i].is);
        char *what = config_restart_option(a, b);

        if (cases[i].what)
            CHECK_STR(what ? what : "(nothing)", cases[i].what);
        else
            CHECK(!what);
        free(what);
        config_free(a);
        config_free(b);
    }
}

TEST(config_knows_which_inputs_a_reload_leaves_alone)
{
    static const char one[] = "format \"f\" { type = csv columns = { customer, start } }"
                              "input \"a\" { type = http format = f }"
                              "input \"b\" { type = http format = ndjson }";
    static const char two[] = "format \"f\" { type = csv columns = { start, customer } }"
                              "input \"b\" { type = http format = ndjson }"
                              "input \"a\" { type = http format = f }";
    struct config *a = load(one), *b = load(two), *c = load("node = 5 workers = 2");

    CHECK(config_input_equal(a, a, "a") && config_input_equal(a, b, "b"));
    CHECK(!config_input_equal(a, b, "a")); /* its format is another */
    CHECK(!config_input_equal(a, c, "b") && !config_input_equal(a, b, "none"));
    config_keep_fixed(c, a);
    CHECK_STR(c->node, "1");
    CHECK_INT(c->workers, 0);
    CHECK_INT(c->input_count, 0);
    config_free(a);
    config_free(b);
    config_free(c);
}

TEST(config_state_paths)
{
    struct config *c = load("state_dir = \"st\"");
    char *a = config_state_path(c, "crm.db"), *b = config_state_path(c, "/x/y");

    CHECK_STR(a, "st/crm.db");
    CHECK_STR(b, "/x/y");
    free(a);
    free(b);
    config_free(c);
}

TEST(config_durations)
{
    static const struct {
        const char *text;
        long long want; /* -1: refused */
    } cases[] = {{"35d", 3024000},
                 {"12h", 43200},
                 {"30m", 1800},
                 {"45s", 45},
                 {"0", 0},
                 {"0d", 0},
                 {"2000ms", 2},
                 {"", -1},
                 {"d", -1},
                 {"35", -1},
                 {" 1d", -1},
                 {"1d ", -1},
                 {"+1d", -1},
                 {"1.5h", -1},
                 {"1D", -1},
                 {"999999999999999999999d", -1},
                 {"106751991168d", -1},
                 {"1ms", -1}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t got = -1;
        enum status st = config_parse_duration(cases[i].text, &got, NULL);

        CHECK_INT(st, cases[i].want < 0 ? ST_BAD_CONFIG : ST_OK);
        CHECK_INT(got, cases[i].want);
    }
}
