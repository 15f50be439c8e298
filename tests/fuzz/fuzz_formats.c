/*
 * fuzz_formats.c - every shipped format that needs no header line, on any bytes. The first byte
 * chooses the format, in the order of their names; the second the size of pieces; the rest is a
 * stream. Its corpus is the tests' own samples, tests/data/formats.
 */
#include "config.h"
#include "parse_blocks.h"

#define MOST 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct format *formats[MOST];
static size_t count;

static void
make_all(void)
{
    struct config *c = NULL;

    FUZZ_CHECK(config_load(&c, NULL, NULL) == ST_OK);
    for (size_t i = 0; i < c->format_count && count < MOST; i++) {
        struct format *f = NULL;

        FUZZ_CHECK(format_new(&f, &c->formats[i], NULL) == ST_OK);
        if (format_parser(f)->wants_header(f))
            format_free(f);
        else
            formats[count++] = f;
    }
    config_free(c);
    FUZZ_CHECK(count > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (count == 0)
        make_all();
    if (size < 2)
        return 0;
    fuzz_blocks(formats[data[0] % count], NULL, span_of((const char *)data + 2, size - 2), 4096,
                1u + data[1]);
    return 0;
}
