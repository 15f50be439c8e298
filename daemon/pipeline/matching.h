/*
 * matching.h - does a feed's format still match what comes? Held against the feed's own past.
 *
 * A record matches when it was counted, known already, waits for its other half, or was left out
 * for a reason of its own; it does not when it was refused, or when nothing in a whole document
 * was usage. Some feeds are noisy for ever, so what counts is how much less matches than used to:
 *
 *   a window is MATCHING_WINDOW records, or, once it has lasted a minute, fewer where these are
 *   enough to tell: MATCHING_EXPECTED of them should have matched, or nearly all do in this feed
 *   and there are ten;
 *   a feed stops matching with a window in which a quarter or less of what should have matched
 *   did, and matches again with one in which half did;
 *   while it does not match, its past stays what it was before;
 *   one of whose first MATCHING_FIRST records none matches has never matched, until one does.
 *
 * Pure: no clock of its own. Under the lock of its owner.
 */
#ifndef MATCHING_H
#define MATCHING_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MATCHING_WINDOW = 400,
    MATCHING_FIRST = 100,
    MATCHING_EXPECTED = 30,
    MATCHING_REASONS = 8,
    MATCHING_WHY = 64,
};

struct matching {
    uint64_t records, matched; /* of the window at hand */
    int64_t began;             /* UTC seconds, when it did */
    bool ever;                 /* did one match */
    double past;               /* share that matched until now */
    unsigned windows;          /* that is made of; 0: nothing is known yet */
    int64_t since;             /* stopped matching then; 0: it matches */
    double share;              /* that matched in the window which said so */
    struct {                   /* the commonest reasons of the window, or since it stopped */
        char why[MATCHING_WHY];
        uint64_t records;
    } reasons[MATCHING_REASONS];
};

/* So many records more, and how many of them matched. */
void matching_note(struct matching *m, uint64_t records, uint64_t matched, int64_t now);
/* One of those that will be noted next did not, for this reason. Copies. */
void matching_reason(struct matching *m, const char *why);
/* The commonest reason; "": there is none. */
const char *matching_commonest(const struct matching *m);

#endif
