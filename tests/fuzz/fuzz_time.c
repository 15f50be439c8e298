/*
 * fuzz_time.c - times in all their forms, and time patterns. The first byte chooses what the
 * rest is: a time for the default form, a time for one of some patterns, or a pattern and a
 * time with a newline between them, as a configuration and a record would bring them.
 */
#include "civil.h"
#include "parse_blocks.h"
#include "zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_by(const struct format *f, struct span time)
{
    struct fields in = {.has = FIELD_BIT(FIELD_START) | FIELD_BIT(FIELD_END), .longest = SIZE_MAX};
    struct arena mem;

    arena_init(&mem);
    in.v[FIELD_START] = in.v[FIELD_END] = time;
    fuzz_record(f, &in, &mem);
    arena_clear(&mem);
}

/* What was read can be written, and read again. */
static void
check_rfc3339(struct span s)
{
    static struct date_memo memo;
    char text[CIVIL_TEXT];
    int64_t utc, again;
    bool offset, usual_offset;

    if (parse_usual_time(s, &memo, &again, &usual_offset))
        FUZZ_CHECK(parse_rfc3339(s, &utc, &offset) && again == utc && usual_offset == offset);
    if (!parse_rfc3339(s, &utc, &offset) || utc < -62135596800 || utc > 253402300799)
        return;
    format_utc(text, utc);
    FUZZ_CHECK(parse_rfc3339(span_str(text), &again, &offset) && offset && again == utc);
}

static void
own_pattern(struct span s)
{
    const char *nl = memchr(s.p, '\n', s.n);
    struct format_options o = {.name = "fuzz", .type = "csv"};
    struct format *f;
    char *pattern;

    if (!nl)
        return;
    pattern = xstrndup(s.p, (size_t)(nl - s.p));
    o.time_format = pattern;
    if (format_new(&f, &o, NULL) == ST_OK) {
        read_by(f, span_of(nl + 1, s.n - (size_t)(nl + 1 - s.p)));
        format_free(f);
    }
    free(pattern);
}

static const struct format *
choose(unsigned which)
{
    static const char *const patterns[] = {"auto", "%Y-%m-%d %H:%M:%S", "%d/%m/%y %I:%M:%S %p %z",
                                           "%b %e %Y %T.%f", "%s"};
    static struct format *formats[5];

    if (!formats[0])
        for (int i = 0; i < 5; i++)
            formats[i] = fuzz_format((struct format_options){
                .type = "csv", .time_format = patterns[i], .timezone = "America/St_Johns"});
    return formats[which % 5];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span s;

    if (size < 1)
        return 0;
    s = span_of((const char *)data + 1, size - 1);
    if (data[0] == 0xFF) {
        own_pattern(s);
        return 0;
    }
    check_rfc3339(s);
    read_by(choose(data[0]), s);
    return 0;
}
