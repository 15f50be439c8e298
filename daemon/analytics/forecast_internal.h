/*
 * forecast_internal.h - between the files of the forecast.
 */
#ifndef FORECAST_INTERNAL_H
#define FORECAST_INTERNAL_H

#include "forecast.h"

size_t forecast_cells(const struct forecast *f); /* in a cycle */

/* What both models say, each by how well it did lately. */
void forecast_mix(const struct forecast *f, const double *profile, const double *mean, double *out);

/* The forecast of a history shorter than three cycles. */
void forecast_short_mean(const struct forecast *f, double *out);
/* Sum and number of what was seen in a place of the cycle, in the first three cycles. */
unsigned forecast_slot_sum(const struct forecast *f, size_t place, double *sum);

#endif
