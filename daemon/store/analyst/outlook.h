/*
 * outlook.h - what is to be expected of each customer, and at which stage it is: what the steps of
 * that pass share.
 */
#ifndef OUTLOOK_H
#define OUTLOOK_H

#include "bgnbd.h"
#include "lifecycle.h"
#include "pass.h"
#include "talk.h"

/* So far back active days are counted: a year of whole weeks. */
#define OUTLOOK_DAYS 364
/* So many days on end without any input are no time at all; fewer are a holiday. */
#define OUTLOOK_HOLE 28
/* A silence that so few of the gaps exceed makes dormant. */
#define OUTLOOK_SILENT 0.05

struct outlook {
    struct span customer, owner; /* in the list's memory */
    struct life_facts facts;
    struct life before, now;
    struct bgnbd_customer habit; /* weeks without holes; of the days that are counted */
    int64_t active_days;         /* of these */
    int32_t gap;                 /* days since the last use on which there was any input at all */
    double expected_4w, expected_13w, silence; /* NAN: cannot be said */
    bool talked;                               /* there are inquiries, visits, bookings */
    struct talk last;   /* the last contact; agent and service as it gave them. at 0: none */
    int64_t asked;      /* since when it waits for an answer; 0: it does not */
    struct talk *twice; /* NULL, or two calls of which one was too many (talk.h), */
    unsigned callers;   /* and how many people made such calls around them */
};

struct outlooks {
    struct pass *pass;
    struct arena mem;
    struct outlook *rows; /* in the order of names */
    size_t count, cap;
    /* By the age of a last use, in days: the whole days since then with any input at all. */
    int32_t gap[OUTLOOK_DAYS + 1];
    int32_t time[OUTLOOK_DAYS + 1]; /* and the whole days but those in holes */
    bool fitted;
    struct bgnbd model;
    struct life_pace pace;
};

/* All customers, or those that this pass has touched (temp.touched). */
enum status outlooks_load(struct outlooks *o, bool all, struct error *err);
/* A part of it: what was said of those that anything was said of. */
enum status outlooks_load_talks(struct outlooks *o, struct error *err);

/* Days after the one up to the other, without those in holes in the last OUTLOOK_DAYS. */
int32_t outlook_days(const struct outlooks *all, int32_t from, int32_t to);

/* Fits the model and the pace of all and keeps them in the store; or reads what is kept. */
enum status outlooks_fit(struct outlooks *o, struct error *err);
enum status outlooks_read_fit(struct outlooks *o, struct error *err);

/* Writes customer_outlook, and stage_history where the stage is another one. */
enum status outlooks_write(struct outlooks *o, struct error *err);

/* Signals "overdue", "stuck" and "called_twice"; of all customers. */
enum status outlooks_signal(struct outlooks *o, struct error *err);

#endif
