/*
 * fuzz_radius.c - RADIUS accounting on any bytes: packets, what stands behind them, JSON. The first
 * byte chooses the size of pieces; attributes are walked apart from the parser, too.
 */
#include "../../parsers/radius_packet.h"
#include "parse_blocks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
walk(struct span all)
{
    struct span rest = all, value;
    uint8_t type;

    while (radius_next(&rest, &type, &value)) {
        FUZZ_CHECK(value.p + value.n == rest.p && value.n <= 253);
        FUZZ_CHECK(rest.p + rest.n == all.p + all.n);
    }
    FUZZ_CHECK(radius_length(all) == 0 ||
               (radius_length(all) >= RADIUS_HEADER && radius_length(all) <= RADIUS_LONGEST));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const map[] = {"customer=User-Name", "service=h323-gw-id", NULL};
    static struct format *f;
    struct span all;

    if (size < 2)
        return 0;
    if (!f)
        f = fuzz_format((struct format_options){.type = "radius", .map = map});
    all = span_of((const char *)data + 1, size - 1);
    walk(all);
    fuzz_blocks(f, NULL, all, data[0] & 1 ? 256 : 8192, 1u + (data[0] >> 1));
    return 0;
}
