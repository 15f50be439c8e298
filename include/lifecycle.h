/*
 * lifecycle.h - at which stage of its life is a customer, since when, and is it stuck there?
 *
 * Pure: dated facts in, stage out. Days are civil day numbers; LIFE_NEVER where nothing happened.
 */
#ifndef LIFECYCLE_H
#define LIFECYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIFE_NEVER INT32_MIN
/* Silences as long as a holiday say nothing: `silent` is never sooner after the last use. Days. */
#define LIFE_MIN_GAP 14
/* Grows when the rules change: a change of stage names the rules that it was made by. */
#define LIFE_RULES 1

enum life_stage {
    LIFE_NONE,        /* nothing is known */
    LIFE_PROSPECT,    /* known, no sign of interest */
    LIFE_INTENT,      /* asked for a trial, a demonstration or a price, or two contacts in 14 days,
                         or tried and failed */
    LIFE_FIRST,       /* used or bought on one day */
    LIFE_REPEAT,      /* on a second day */
    LIFE_SURGE,       /* the same, rising beyond chance */
    LIFE_DECLINE,     /* the same, falling */
    LIFE_DORMANT,     /* silent for longer than 95 % of its gaps would be */
    LIFE_LOST,        /* twice as long, or cancelled */
    LIFE_RESURRECTED, /* used again after that, on one day so far */
    LIFE_STAGES
};

/* "prospect"; "" for LIFE_NONE. */
const char *life_stage_name(enum life_stage s);
enum life_stage life_stage_find(const char *name, size_t length); /* LIFE_NONE: no such name */

struct life_facts {
    int32_t today;
    int32_t known;               /* first heard of */
    int32_t intent;              /* first sign of interest */
    int32_t contact;             /* last inquiry, response, visit or booking */
    int32_t first, second, last; /* days of use or order */
    int32_t cancelled;           /* last said so */
    int32_t silent, lost;        /* without use dormant, and lost, from these days on */
    bool surge, decline;         /* such a signal is open */
};

struct life {
    enum life_stage stage;
    int32_t since; /* day of the event that led there */
};

/* Where these facts lead from what was known before ({LIFE_NONE, LIFE_NEVER} at first). */
struct life life_next(struct life before, const struct life_facts *f);

/* How long customers usually take; days. */
struct life_pace {
    double to_first;  /* three of four who showed intent were users within this */
    double to_second; /* three of four came again within this */
    double longest;   /* 95 of 100 did */
};

/* From what was observed; NAN-free, with usual values where fewer than 20 say something. Sorts. */
struct life_pace life_pace(double *to_first, size_t firsts, double *to_second, size_t seconds);

/* Has it been there for too long without anybody doing something? Days beyond what is usual, or -1:
 * no; not for longer than a quarter of a year: then it is no longer news. */
int32_t life_overstayed(const struct life *l, const struct life_facts *f,
                        const struct life_pace *pace);

#endif
