/*
 * relp_frame.h - frames of the Reliable Event Logging Protocol.
 *
 *     TXNR SP COMMAND SP DATALEN [SP DATA] LF
 *     12 syslog 5 hello\n
 *
 * Specification: "RELP - The Reliable Event Logging Protocol", versions 0 and 1 (R. Gerhards).
 */
#ifndef RELP_FRAME_H
#define RELP_FRAME_H

#include <stdint.h>

#include "memory.h"
#include "span.h"
#include "status.h"

/* "999999999 " and as much for the length, and a command of 32 letters. */
enum { RELP_HEAD_MAX = 9 + 1 + 32 + 1 + 9 + 1 };

struct relp_head {
    uint32_t txnr;
    struct span command; /* borrowed */
    uint32_t data_n;
    size_t n; /* bytes up to the data: after them come data_n bytes and a line feed */
};

/* The head at the front of in. ST_MORE: it is not all there. ST_BAD_INPUT: it is none. */
enum status relp_head_parse(struct span in, struct relp_head *out, struct error *err);

/* What a session was opened with. */
struct relp_offer {
    int version;   /* of the protocol; -1 not given */
    bool syslog;   /* among its commands */
    char peer[64]; /* its software, without control characters; "" not given */
};
void relp_offer_parse(struct span data, struct relp_offer *out);

/* "TXNR rsp N TEXT\n" */
void relp_write(struct buf *out, uint32_t txnr, const char *command, const char *text);

#endif
