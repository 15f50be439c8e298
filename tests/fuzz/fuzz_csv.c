/*
 * fuzz_csv.c - the csv parser on any bytes. The first byte chooses the format, the second the
 * size of pieces and the longest frame; the rest is a stream, header included.
 */
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
    fuzz_blocks(f, l, all, data[1] & 1 ? 64 : 4096, 1u + (data[1] >> 1));
    format_parser(f)->layout_free(l);
    return 0;
}
