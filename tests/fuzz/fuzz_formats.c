/*
 * fuzz_formats.c - every shipped format that is made of documents, on any bytes. The same input
 * goes to all of them, so that the samples of any format in tests/data/formats are seeds.
 */
#include "config.h"
#include "parse_blocks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 64

static struct format *formats[MOST];
static size_t format_count;

static void
load(void)
{
    struct config *c = NULL;

    FUZZ_CHECK(config_load(&c, NULL, NULL) == ST_OK);
    for (size_t i = 0; i < c->format_count && format_count < MOST; i++) {
        struct format *f = NULL;

        FUZZ_CHECK(format_new(&f, &c->formats[i], NULL) == ST_OK);
        if (format_parser(f)->document)
            formats[format_count++] = f;
        else
            format_free(f);
    }
    config_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (format_count == 0)
        load();
    for (size_t i = 0; i < format_count; i++)
        fuzz_blocks(formats[i], NULL, span_of((const char *)data, size), 1024, 1 + size % 251);
    return 0;
}
