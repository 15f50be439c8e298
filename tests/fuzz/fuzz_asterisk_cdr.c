/*
 * fuzz_asterisk_cdr.c - the asterisk-cdr parser on any bytes. The first byte chooses between
 * Master.csv and listed columns, the second the size of pieces; the rest is a stream.
 */
#include "parse_blocks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct format *
choose(unsigned which)
{
    static const char *const columns[] = {"clid",        "start",    "billsec",  "disposition",
                                          "accountcode", "uniqueid", "sequence", "lastapp",
                                          "lastdata",    NULL};
    static const char *const map[] = {"customer=accountcode", "customer=peeraccount",
                                      "participant=src",      "duration=billsec",
                                      "outcome=disposition",  NULL};
    static struct format *formats[2];

    if (!formats[0]) {
        formats[0] = fuzz_format((struct format_options){.type = "asterisk-cdr", .map = map});
        formats[1] = fuzz_format(
            (struct format_options){.type = "asterisk-cdr", .map = map, .columns = columns});
    }
    return formats[which % 2];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    fuzz_blocks(choose(data[0]), NULL, span_of((const char *)data + 2, size - 2), 1024,
                1u + data[1]);
    return 0;
}
