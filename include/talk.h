/*
 * talk.h - who has spoken with a customer, does it wait for an answer, and was it called on twice?
 *
 * Pure: dated records in, indices of those that matter out. A call is a response or a visit by
 * somebody with a name. Two calls of a kind are one too many where different people made them
 * within TALK_TWICE_DAYS and the customer gave no cause for the second:
 *   a response  answers one inquiry that is not older than that, so that of two inquiries both may
 *               be answered, by two people;
 *   a visit     may follow an inquiry or an order since the one before it.
 * Calls that name different services are about different things. Who has only one name for several
 * people, or none, is not warned of.
 */
#ifndef TALK_H
#define TALK_H

#include <stddef.h>
#include <stdint.h>

#include "span.h"

#define TALK_TWICE_DAYS 14
/* An inquiry that nobody answered for longer than that waits no more. */
#define TALK_WAIT_DAYS 90
#define TALK_NONE      SIZE_MAX

/* In the order in which they are taken at the same second. */
enum talk_kind { TALK_INQUIRY, TALK_BOOKING, TALK_RESPONSE, TALK_VISIT, TALK_ORDER, TALK_KINDS };

const char *talk_kind_name(enum talk_kind k);    /* "visit" */
enum talk_kind talk_kind_find(struct span name); /* TALK_KINDS: there is none */

struct talk {
    int64_t at; /* UTC seconds */
    enum talk_kind kind;
    struct span agent, service, id; /* borrowed; n is 0 where it is not known */
};

struct talk_standing {
    size_t last;          /* contact: anything but an order; TALK_NONE */
    size_t asked;         /* the first inquiry since somebody called; TALK_NONE: nobody waits */
    size_t first, second; /* the newest two calls of which one was too many; TALK_NONE */
    unsigned callers;     /* people who made calls of that kind in the TALK_TWICE_DAYS up to the
                             second, counted up to TALK_MOST_CALLERS */
};

#define TALK_MOST_CALLERS 16

/* All that is known of one customer up to `now`, in the order of time and kind. */
struct talk_standing talk_judge(const struct talk *t, size_t n, int64_t now);

#endif
