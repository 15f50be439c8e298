/*
 * fuzz_guess.c - a format found for any bytes is one that can be made.
 */
#include "../../daemon/ctl/guess.h"
#include "config.h"
#include "parse_blocks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct format *f = NULL;
    struct buf text = {0};
    struct guess g;

    if (size < 1)
        return 0;
    guess_begin(&g);
    if (guess_text(&g, span_of((const char *)data + 1, size - 1), data[0] & 1) && guess_map(&g)) {
        format_new(&f, &g.opt, NULL); /* a name may hold what no map can: refused, not more */
        format_free(f);
        config_print_format(&text, &g.opt);
        FUZZ_CHECK(text.n > 0);
    }
    buf_clear(&text);
    guess_clear(&g);
    return 0;
}
