/*
 * fuzz_http.c - framing of heads and chunked bodies on arbitrary bytes.
 *
 * The first byte chooses the sizes of the pieces. Whatever arrives, the answer must not
 * depend on the pieces, and no more bytes may be claimed than there are.
 */
#include "../../daemon/serve/http_framing.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
head_in_pieces(struct span text, size_t piece, struct http_head *h)
{
    struct http_limits l;
    const char *why = NULL;
    int status = HTTP_MORE;

    http_limits_default(&l);
    memset(h, 0, sizeof *h);
    for (size_t n = piece; status == HTTP_MORE; n += piece) {
        status = http_frame_head(h, &l, span_of(text.p, n < text.n ? n : text.n), &why);
        if (n >= text.n)
            break;
    }
    if (status >= 400 && !why)
        abort();
    if (h->n + h->skipped > text.n)
        abort();
    return status;
}

static int
chunks_in_pieces(struct span text, size_t piece, struct http_chunks *c)
{
    struct http_limits l;
    const char *why = NULL;
    int status = HTTP_MORE;
    size_t used;

    http_limits_default(&l);
    memset(c, 0, sizeof *c);
    for (size_t at = 0; at < text.n && status == HTTP_MORE; at += used) {
        size_t n = text.n - at < piece ? text.n - at : piece;

        status = http_frame_chunks(c, &l, span_of(text.p + at, n), &used, &why);
        if (used > n || (status == HTTP_MORE && used != n))
            abort();
    }
    return status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_head one, many;
    struct http_chunks whole, parts;
    struct span text;
    size_t piece;

    if (size < 1)
        return 0;
    piece = (size_t)data[0] % 37 + 1;
    text = span_of((const char *)data + 1, size - 1);
    if (head_in_pieces(text, size, &one) != head_in_pieces(text, piece, &many) || one.n != many.n ||
        one.length != many.length)
        abort();
    if (chunks_in_pieces(text, size, &whole) != chunks_in_pieces(text, piece, &parts) ||
        whole.total != parts.total)
        abort();
    return 0;
}
