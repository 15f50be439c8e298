/*
 * customer_rows.h - rows of customer_day, customer and customer_stat on their way into the store.
 *
 * They are gathered and written many to a statement. A first pass keeps the rows of customer_stat
 * until it knows the scores, so that each of them is written once.
 */
#ifndef CUSTOMER_ROWS_H
#define CUSTOMER_ROWS_H

#include "pass.h"
#include "profile.h"

struct stat_row {
    struct span customer, dominant, recent; /* in the rows' memory; dominant.p NULL: none */
    int32_t first_day, last_day;            /* INT32_MIN: never */
    int64_t days_since_last;                /* when there is a last day */
    int64_t sums[WINDOW_COUNT][CUSTOMER_COLUMNS];
    int64_t people, conferences;
    unsigned active_30d, active_90d, features_30d, features_90d;
    int quarter; /* -1: none */
    double dominant_share, quarter_share, office, evening, night, weekend, trend;
    const char *persona;
    unsigned r, f, m;
    const char *rfm_segment; /* NULL: not scored */
};

struct customer_rows;

enum status customer_rows_new(struct customer_rows **out, struct pass *p, struct error *err);
void customer_rows_free(struct customer_rows *r); /* accepts NULL; drops what is not written */

/* All copy what they are given, and may write what has been gathered. */
enum status customer_rows_day(struct customer_rows *r, const struct cell_view *c,
                              const int64_t values[5], struct error *err);
enum status customer_rows_seen(struct customer_rows *r, struct span id, const struct profile *f,
                               struct error *err);
enum status customer_rows_stat(struct customer_rows *r, struct span id, const struct profile *f,
                               struct error *err);
/* Writes all but the rows of customer_stat that a first pass keeps. */
enum status customer_rows_flush(struct customer_rows *r, struct error *err);

/* What a first pass has kept, in the order of names; to be scored and then written. */
struct stat_row *customer_rows_kept(struct customer_rows *r, size_t *count);
enum status customer_rows_write_stats(struct customer_rows *r, struct error *err);

#endif
