/*
 * usage_group.h - what a group of customers that use it at the same hours is called.
 *
 * Pure. A profile is the share of a customer's legs in each of the 168 hours of its week, from
 * Monday 00:00 in local time; points are the roots of shares, so that distances are Hellinger's and
 * a busy customer is as far from another as a quiet one.
 */
#ifndef USAGE_GROUP_H
#define USAGE_GROUP_H

#include <stddef.h>
#include <stdint.h>

#define USAGE_HOURS 168
#define USAGE_NAME  96

/* Grows when the rules change. */
#define USAGE_RULES 1

void usage_point(const int64_t legs[USAGE_HOURS], double out[USAGE_HOURS]);

struct usage_shape {
    double office, evening, night, weekend; /* shares of the legs, as in customer_profile */
    int peak;                               /* busiest hour of the day, 0 .. 23 */
};

/* Of a centroid of such points; bit 0 of the weekend is Monday. */
struct usage_shape usage_shape(const double centroid[USAGE_HOURS], unsigned weekend);

/* "office" (60 % from 08 to 18 on working days), "evening" (40 % from 18 to 23), "night" (25 % from
 * 23 to 06), "weekend" (45 % on its days), else "mixed"; the first that fits. */
const char *usage_base(const struct usage_shape *s);

/* Which old group is the same as which new one: overlap[n * olds + o] customers are in both. Each
 * new one that shares more than half of its own, or of the old one's, customers gets that old one,
 * the greatest overlaps first, if may[n * olds + o]; others -1. */
void usage_match(const size_t *overlap, const uint8_t *may, size_t news, size_t olds, int *out);

#endif
