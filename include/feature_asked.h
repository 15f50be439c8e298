/*
 * feature_asked.h - who uses and wants which features in a period, of a segment, of a region: one
 * question for the command line and HTTP.
 */
#ifndef FEATURE_ASKED_H
#define FEATURE_ASKED_H

#include "answer.h"
#include "civil.h"
#include "feature_period.h"
#include "region_use.h"
#include "store.h"

struct feature_wish {
    int32_t from, to;             /* days, UTC, [from, to) */
    const char *segment, *region; /* NULL: all */
    const char *viewer;           /* an owner: that one's customers only; NULL: everybody's */
};

/* Days that are asked for as text (2026-11-22, whatever follows), NULL: as usual, which is up to
 * the day of the newest pass, and 90 of them. ST_BAD_INPUT: no days, or in the wrong order.
 * ST_NOT_FOUND: nothing was analysed yet. */
enum status feature_days(struct feature_wish *w, struct store *s, const char *from, const char *to,
                         struct error *err);

struct feature_asked {
    struct feature_wish wish;
    char from[CIVIL_TEXT], to[CIVIL_TEXT]; /* as text */
    struct feature_period period;
    struct region_use regions; /* read if a region is asked for */
    struct arena mem;
    struct span *asked; /* customers of the segment and the viewer, sorted by name; NULL: all */
    size_t asked_count;
};

/* ST_BAD_INPUT: nobody belongs to such a segment, or came from such a region; err says from which
 * they came. feature_asked_clear frees, in any case. */
enum status feature_ask(struct feature_asked *a, struct store *s, const char *ledger_path,
                        const struct feature_wish *wish, struct error *err);
/* The regions of the same question, instead of the features; wish.region is not looked at. */
enum status feature_ask_regions(struct feature_asked *a, struct store *s, const char *ledger_path,
                                const struct feature_wish *wish, struct error *err);
void feature_asked_clear(struct feature_asked *a);

/* The answer's rows: of features by place in a->period.uses, of regions in a->regions.regions. */
#define FEATURE_USE_COLUMNS 19
extern const struct answer feature_use_rows, region_rows;
void feature_use_row(const struct feature_asked *a, size_t i, struct row_value *values);
void region_row(const struct feature_asked *a, size_t i, struct row_value *values);

#endif
