/*
 * fuzz_relp.c - RELP frames, offers and answers on arbitrary bytes.
 *
 * A stream is read as a session reads it: head after head, each with its data and a line feed. A
 * head that is not all there must become the same whole head with more bytes, whatever they are;
 * one that was refused stays refused; a head written again from what was understood says that.
 * The bytes end where their memory ends.
 */
#include "../../daemon/input/relp_frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool so)
{
    if (!so)
        abort();
}

/* Every beginning of a whole or refused head: "more" up to where it is decided, then the same. */
static void
check_beginnings(struct span in, enum status st, const struct relp_head *whole)
{
    size_t most = in.n < RELP_HEAD_MAX + 2 ? in.n : RELP_HEAD_MAX + 2;
    bool decided = false;

    for (size_t n = 0; n <= most; n++) {
        char *p = xmalloc(n ? n : 1); /* of its own: what is read beyond it is noticed */
        struct relp_head h = {0};
        struct error err;
        enum status now;

        memcpy(p, in.p, n);
        now = relp_head_parse(span_of(p, n), &h, &err);
        must(now == ST_MORE ? !decided : now == st);
        decided |= now != ST_MORE;
        if (now == ST_OK)
            must(h.n == whole->n && h.txnr == whole->txnr && h.data_n == whole->data_n &&
                 h.command.n == whole->command.n && h.n <= n);
        free(p);
    }
    must(decided || in.n <= most);
}

static void
check_head(const struct relp_head *h, struct span in)
{
    must(h->n <= in.n && h->n <= RELP_HEAD_MAX && h->txnr <= 999999999 && h->data_n <= 999999999);
    must(h->command.n > 0 && h->command.n <= 32);
    must(h->command.p > in.p && h->command.p + h->command.n <= in.p + h->n);
}

/* What is understood of a head, written by relp_write and read again. */
static void
check_round(const struct relp_head *h)
{
    char *command = xstrndup(h->command.p, h->command.n);
    struct relp_head again = {0};
    struct buf out = {0};
    struct error err;

    relp_write(&out, h->txnr, command, "200 OK");
    must(relp_head_parse(span_of(out.p, out.n), &again, &err) == ST_OK);
    must(again.txnr == h->txnr && again.data_n == 6 && span_is(again.command, command));
    must(again.n + again.data_n + 1 == out.n && out.p[out.n - 1] == '\n');
    buf_clear(&out);
    free(command);
}

static void
check_offer(struct span data)
{
    struct relp_offer offer;

    relp_offer_parse(data, &offer);
    must(offer.version >= -1 && offer.version <= 9);
    must(memchr(offer.peer, '\0', sizeof offer.peer) != NULL);
    for (const char *p = offer.peer; *p; p++)
        must((unsigned char)*p >= ' ' && *p != '"' && *p != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of((const char *)data, size);

    check_offer(in);
    while (in.n > 0) {
        struct relp_head h = {0};
        struct error err;
        enum status st = relp_head_parse(in, &h, &err);

        must(st == ST_OK || st == ST_MORE || st == ST_BAD_INPUT);
        check_beginnings(in, st, &h);
        if (st != ST_OK)
            break;
        check_head(&h, in);
        check_round(&h);
        if (in.n - h.n <= h.data_n) /* its data are not all there */
            break;
        check_offer(span_of(in.p + h.n, h.data_n));
        in = span_of(in.p + h.n + h.data_n + 1, in.n - h.n - h.data_n - 1);
    }
    return 0;
}
