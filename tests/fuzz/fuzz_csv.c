/*
 * fuzz_csv.c - the csv parser on any bytes. The first byte chooses the format, the second the
 * size of pieces and the longest frame; the rest is a stream, header included.
 */
#include "../unit/csv_walk.h"
#include "parse_blocks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct format *
choose(unsigned which)
{
    static const char *const columns[] = {"customer", "start", "duration", "features", "-", NULL};
    static struct format *formats[4];

    if (!formats[0]) {
        formats[0] = fuzz_format((struct format_options){.type = "csv", .columns = columns});
        formats[1] = fuzz_format((struct format_options){.type = "csv"});
        formats[2] = fuzz_format((struct format_options){
            .type = "csv", .separator = ";", .quote = "'", .timezone = "Europe/Berlin"});
        formats[3] =
            fuzz_format((struct format_options){.type = "csv", .columns = columns, .quote = ""});
    }
    return formats[which % 4];
}

/* Line by line, all ways of taking one apart find what the walk does, or leave it. */
static void
compare_ways(struct span all)
{
    static const struct csv_rules rules = {',', true, '"'};
    static struct layout *l;

    if (!l) {
        l = csv_layout_new(9);
        for (size_t i = 0; i < 9; i++) {
            l->field[i] = (uint8_t)(2 * i);
            l->bit[i] = FIELD_BIT(2 * i);
        }
    }
    while (all.n > 0) {
        const char *nl = memchr(all.p, '\n', all.n), *walked;
        size_t n = nl ? (size_t)(nl - all.p) + 1 : all.n;
        struct fields want, got;
        bool plain;

        walked = csv_walk(&rules, l, all, &want, &plain);
        for (const struct csv_way *w = csv_ways; w->name && (unsigned char)*all.p != 0xEF; w++) {
            const char *end;

            if (!w->works())
                continue;
            fields_begin(&got);
            end = w->split(&rules, l, all, SIZE_MAX, &got);
            FUZZ_CHECK(end || !walked || memchr(all.p, '"', n) || memchr(all.p, '\0', n));
            if (!end)
                continue;
            FUZZ_CHECK(end == walked && plain && got.has == want.has && fields_are_true(&got));
            for (int i = 0; i < FIELD_COUNT; i++)
                FUZZ_CHECK(!(want.has & FIELD_BIT(i)) || span_eq(got.v[i], want.v[i]));
        }
        all = span_of(all.p + n, all.n - n);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span all, line;
    struct layout *l = NULL;
    struct format *f;

    if (size < 2)
        return 0;
    all = span_of((const char *)data + 2, size - 2);
    f = choose(data[0]);
    if (format_parser(f)->wants_header(f)) {
        if (all.n == 0)
            return 0;
        next_line(&all, 1000, &line, NULL);
        if (format_parser(f)->read_header(f, line, &l, NULL) != ST_OK)
            return 0;
    }
    compare_ways(all);
    fuzz_blocks(f, l, all, data[1] & 1 ? 64 : 4096, 1u + (data[1] >> 1));
    format_parser(f)->layout_free(l);
    return 0;
}
