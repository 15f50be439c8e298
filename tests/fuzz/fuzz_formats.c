/*
 * fuzz_formats.c - every shipped format, described documents and positions, and syslog's envelope,
 * on any bytes. The first byte chooses the format (those of config/formats.d in the order of their
 * files, then xml, json, fixed, syslog: run.sh makes seeds so), the second the size of pieces and
 * the longest frame.
 */
#include <stdio.h>

#include "config.h"
#include "parse_blocks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define DESCRIBED 4
#define MOST      128

static struct format *formats[MOST];
static size_t count;

static int
by_file(const void *a, const void *b)
{
    const struct format_options *x = a, *y = b;
    char left[80], right[80];

    snprintf(left, sizeof left, "%s.conf", x->name);
    snprintf(right, sizeof right, "%s.conf", y->name);
    return strcmp(left, right);
}

static void
describe(void)
{
    const struct format_options own[DESCRIBED] = {
        {.type = "xml",
         .records = "report/day/call",
         .map = LIST("id=@id", "start=times/begin", "source=/report/@switch", "conference=../@date",
                     "features=used/f"),
         .join = LIST("leg=@id+times/begin")},
        {.type = "json",
         .records = "report.calls",
         .map = LIST("customer=who.account", "conference=^.meeting.id", "source=$.system",
                     "features=used", "wait=tries.1.wait"),
         .units = LIST("duration=iso", "wait=clock")},
        {.type = "fixed",
         .columns = LIST("date:1-8", "time:10-13", "account:15-20", "secs:22-25", "rest:27-"),
         .map = LIST("customer=account", "duration=secs"),
         .join = LIST("start=date+time", "id=date+time+account"),
         .units = LIST("duration=tenths"),
         .time_format = "%Y%m%d %H%M"},
        {.type = "ndjson",
         .envelope = "syslog",
         .timezone = "Europe/Berlin",
         .map = LIST("source=SYSLOG_HOST", "agent=SYSLOG_APP")},
    };

    for (size_t i = 0; i < DESCRIBED; i++)
        formats[count++] = fuzz_format(own[i]);
}

static void
prepare(void)
{
    struct config *c;
    struct error err;

    FUZZ_CHECK(config_load(&c, NULL, &err) == ST_OK && c->format_count + DESCRIBED <= MOST);
    qsort(c->formats, c->format_count, sizeof *c->formats, by_file);
    for (; count < c->format_count; count++)
        FUZZ_CHECK(format_new(&formats[count], &c->formats[count], &err) == ST_OK);
    config_free(c);
    describe();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct layout *l = NULL;
    struct span all, line;
    struct format *f;

    if (count == 0)
        prepare();
    if (size < 2)
        return 0;
    all = span_of((const char *)data + 2, size - 2);
    f = formats[data[0] % count];
    if (format_parser(f)->wants_header(f)) {
        if (all.n == 0)
            return 0;
        next_line(&all, 4096, &line, NULL);
        if (format_parser(f)->read_header(f, line, &l, NULL) != ST_OK)
            return 0;
    }
    fuzz_blocks(f, l, all, data[1] & 1 ? 64 : 8192, 1u + (data[1] >> 1));
    format_parser(f)->layout_free(l);
    return 0;
}
