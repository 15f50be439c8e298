/*
 * forecast_internal.h - between forecast.c and forecast_spread.c.
 */
#ifndef FORECAST_INTERNAL_H
#define FORECAST_INTERNAL_H

#include "forecast.h"

/* The forecast of a history shorter than three cycles. */
void forecast_short_mean(const struct forecast *f, double *out);

#endif
