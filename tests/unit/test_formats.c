/*
 * test_formats.c - the shipped format files: read as users' files are, and put to work.
 */
#include <confuse.h>
#include <glob.h>

#include "parsing.h"

static cfg_opt_t format_rows[] = {
    CFG_STR("type", NULL, CFGF_NONE),
    CFG_STR("summary", NULL, CFGF_NONE),
    CFG_BOOL("header", cfg_false, CFGF_NONE),
    CFG_BOOL("conferences", cfg_false, CFGF_NONE),
    CFG_STR("separator", NULL, CFGF_NONE),
    CFG_STR("quote", NULL, CFGF_NONE),
    CFG_STR_LIST("columns", NULL, CFGF_NONE),
    CFG_STR("records", NULL, CFGF_NONE),
    CFG_STR_LIST("map", NULL, CFGF_NONE),
    CFG_STR_LIST("join", NULL, CFGF_NONE),
    CFG_STR_LIST("units", NULL, CFGF_NONE),
    CFG_STR_LIST("defaults", NULL, CFGF_NONE),
    CFG_STR_LIST("null", NULL, CFGF_NONE),
    CFG_STR_LIST("outcome", NULL, CFGF_NONE),
    CFG_STR_LIST("kind", NULL, CFGF_NONE),
    CFG_STR_LIST("ignore", NULL, CFGF_NONE),
    CFG_STR("features_separator", NULL, CFGF_NONE),
    CFG_STR("time_format", NULL, CFGF_NONE),
    CFG_STR("timezone", NULL, CFGF_NONE),
    CFG_STR("pattern", NULL, CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t file_rows[] = {
    CFG_SEC("format", format_rows, CFGF_MULTI | CFGF_TITLE),
    CFG_END(),
};

#define LISTS 7

static const char *const list_names[LISTS] = {"columns", "map",  "defaults", "null",
                                              "outcome", "kind", "ignore"};

static const char **
strings(cfg_t *sec, const char *name)
{
    size_t n = cfg_size(sec, name);
    const char **list = calloc(n + 1, sizeof *list);

    for (size_t i = 0; i < n; i++)
        list[i] = cfg_getnstr(sec, name, (unsigned)i);
    return list;
}

static struct format *
format_of(cfg_t *sec)
{
    const char **lists[LISTS];
    struct format *f;

    for (int i = 0; i < LISTS; i++)
        lists[i] = strings(sec, list_names[i]);
    f = make_format((struct format_options){
        .name = cfg_title(sec),
        .type = cfg_getstr(sec, "type"),
        .summary = cfg_getstr(sec, "summary"),
        .header = cfg_getbool(sec, "header"),
        .separator = cfg_getstr(sec, "separator"),
        .quote = cfg_getstr(sec, "quote"),
        .columns = lists[0],
        .map = lists[1],
        .defaults = lists[2],
        .null = lists[3],
        .outcome = lists[4],
        .kind = lists[5],
        .ignore = lists[6],
        .features_separator = cfg_getstr(sec, "features_separator"),
        .time_format = cfg_getstr(sec, "time_format"),
        .timezone = cfg_getstr(sec, "timezone"),
        .pattern = cfg_getstr(sec, "pattern"),
    });
    for (int i = 0; i < LISTS; i++)
        free(lists[i]);
    return f;
}

/* The one format of a file of config/formats.d. The format keeps nothing of what is freed. */
static struct format *
shipped(const char *name)
{
    cfg_t *cfg = cfg_init(file_rows, CFGF_NONE), *sec;
    struct format *f;
    char path[128];

    snprintf(path, sizeof path, "config/formats.d/%s.conf", name);
    CHECK_INT(cfg_parse(cfg, test_path(path)), CFG_SUCCESS);
    CHECK_INT(cfg_size(cfg, "format"), 1);
    sec = cfg_getnsec(cfg, "format", 0);
    CHECK_STR(cfg_title(sec), name);
    CHECK(cfg_getstr(sec, "summary") != NULL);
    f = format_of(sec);
    cfg_free(cfg);
    return f;
}

static enum status
next_record(struct stream *s, struct record *r)
{
    enum status st = stream_next(s);

    return st == ST_OK ? record_from_fields(s->f, &test_context, &s->fields, &s->mem, r, &s->err)
                       : st;
}

TEST(the_csv_format_reads_csv)
{
    struct format *f = shipped("csv");
    struct stream s;
    struct record r;

    stream_open(&s, f, read_whole(test_path("tests/data/csv/quoted.csv")));
    CHECK_INT(next_record(&s, &r), ST_OK);
    CHECK_SPAN(r.text[FIELD_CUSTOMER], "Example, Inc.");
    CHECK_INT(r.feature_count, 2);
    stream_close(&s);
    format_free(f);
}

TEST(the_asterisk_formats_read_their_files)
{
    struct format *f = shipped("asterisk-cdr"), *g = shipped("asterisk-cdr-custom");
    struct stream s;
    struct record r;

    stream_open(&s, f, read_whole(test_path("tests/data/asterisk_cdr/Master.csv")));
    for (int i = 0; i < 4; i++)
        CHECK_INT(next_record(&s, &r), i == 2 ? ST_IGNORE : ST_OK); /* the third is of two */
    CHECK_INT(s.rest.n, 0);
    stream_close(&s);
    stream_open(&s, g,
                SPAN("\"\"\"Ann\"\" <1001>\",\"1001\",\"8600\",\"x\",\"c\",\"\",\"ConfBridge\","
                     "\"4711,b\",\"2026-02-01 09:00:02\",\"2026-02-01 09:00:02\","
                     "\"2026-02-01 09:30:02\",\"1800\",\"1800\",\"ANSWERED\",\"DOCUMENTATION\","
                     "\"acme\",\"1769936402.42\",\"\",\"17\"\n"));
    CHECK_INT(next_record(&s, &r), ST_OK);
    CHECK_SPAN(r.text[FIELD_CUSTOMER], "acme");
    CHECK_SPAN(r.text[FIELD_CONFERENCE], "4711");
    CHECK_SPAN(r.text[FIELD_ID], "1769936402.42:17");
    CHECK_INT(r.start, 1769936402);
    CHECK_INT(r.duration, 1800);
    stream_close(&s);
    format_free(f);
    format_free(g);
}

/* 1999-01-01 in Jerusalem is two hours east. */
TEST(the_anonbank_format_reads_contacts)
{
    struct format *f = shipped("anonbank");
    struct stream s;
    struct record r;

    stream_open(&s, f,
                SPAN("t,cust,priority,type,vru_time,q_time,outcome,ser_time,agent\n"
                     "1999-01-01T00:00:31,77,2,PS,5,153,HANG,9,0\n"
                     "1999-07-01T12:00:00,0,0,IN,10,189,AGENT,277,11\n"
                     "1999-01-01T00:00:31,0,2,PS,5,153,PHANTOM,0,0\n"));
    CHECK_INT(next_record(&s, &r), ST_OK);
    CHECK_INT(r.kind, KIND_CONTACT);
    CHECK_INT(r.outcome, OUTCOME_ABANDONED);
    CHECK_INT(r.start, 915141631);
    CHECK_INT(r.wait, 153);
    CHECK_INT(r.handle, 9);
    CHECK_SPAN(r.text[FIELD_CUSTOMER], "77");
    CHECK_SPAN(r.text[FIELD_SERVICE], "PS");
    CHECK(!(r.has & FIELD_BIT(FIELD_AGENT)));
    CHECK_INT(next_record(&s, &r), ST_OK);
    CHECK_INT(r.outcome, OUTCOME_OK);
    CHECK_INT(r.start, 930819600);
    CHECK_SPAN(r.text[FIELD_CUSTOMER], "unidentified");
    CHECK_SPAN(r.text[FIELD_AGENT], "11");
    CHECK_INT(next_record(&s, &r), ST_IGNORE);
    stream_close(&s);
    format_free(f);
}

/* Totals by awk over the same file. */
TEST(the_whole_call_log)
{
    const char *path = test_beside("shared/data/anonbank_calls_1999_jan_oct_pseudonymised.csv");
    struct format *f;
    struct stream s;
    struct record r;
    long contacts = 0, ignored = 0, abandoned = 0, identified = 0, agents = 0;
    long long wait = 0, handle = 0;

    if (!path)
        test_skip("no call log");
    f = shipped("anonbank");
    stream_open(&s, f, read_whole(path));
    while (s.rest.n > 0) {
        enum status st = next_record(&s, &r);

        CHECK(st == ST_OK || st == ST_IGNORE);
        ignored += st == ST_IGNORE;
        if (st != ST_OK)
            continue;
        contacts++;
        abandoned += r.outcome == OUTCOME_ABANDONED;
        identified += !span_is(r.text[FIELD_CUSTOMER], "unidentified");
        agents += (r.has & FIELD_BIT(FIELD_AGENT)) != 0;
        wait += r.wait;
        handle += r.outcome == OUTCOME_OK ? r.handle : 0;
    }
    CHECK_INT(contacts, 65835);
    CHECK_INT(ignored, 387);
    CHECK_INT(abandoned, 7914);
    CHECK_INT(identified, 21653);
    CHECK_INT(agents, 56915);
    CHECK_INT(wait, 2017949);
    CHECK_INT(handle, 10522483);
    stream_close(&s);
    format_free(f);
}

TEST(the_ndjson_format_reads_json)
{
    struct format *f = shipped("ndjson");
    struct stream s;
    struct record r;

    stream_open(&s, f,
                SPAN("{\"customer\":\"acme\",\"start\":\"2026-03-01T09:00:00Z\","
                     "\"duration\":1800,\"features\":[\"video\"],\"x\":null}\n"));
    CHECK_INT(next_record(&s, &r), ST_OK);
    CHECK_SPAN(r.text[FIELD_CUSTOMER], "acme");
    CHECK_INT(r.start, 1772355600);
    CHECK_INT(r.duration, 1800);
    CHECK_INT(r.feature_count, 1);
    stream_close(&s);
    format_free(f);
}

/* Every file is one format whose parser is there and whose options it takes. */
TEST(all_files_make_formats)
{
    glob_t g;

    CHECK_INT(glob(test_path("config/formats.d/*.conf"), 0, NULL, &g), 0);
    CHECK(g.gl_pathc >= 5);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        char name[64];
        const char *base = strrchr(g.gl_pathv[i], '/') + 1;

        snprintf(name, sizeof name, "%.*s", (int)(strlen(base) - 5), base);
        format_free(shipped(name));
    }
    globfree(&g);
}
