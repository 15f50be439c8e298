/*
 * kmeans.h - groups of points that lie together, and whether they would be found again.
 *
 * Pure; the same points, in the same order, with the same seed give the same groups. Points are
 * rows of `dim` numbers. k-means++ (Arthur and Vassilvitskii 2007), Lloyd's iteration, the best of
 * many starts.
 */
#ifndef KMEANS_H
#define KMEANS_H

#include <stddef.h>
#include <stdint.h>

#define KMEANS_MOST 6 /* groups */

struct kmeans_points {
    const double *v; /* count * dim */
    size_t count, dim;
};

struct kmeans {
    unsigned k;
    double *centroid; /* k * dim; the caller frees */
    uint8_t *label;   /* of each point, 0 .. k - 1; the caller frees; group 0 is the largest */
    size_t size[KMEANS_MOST];
    double inertia; /* sum of squared distances to the centroids */
};

/* 1 <= k <= KMEANS_MOST and k <= count. */
void kmeans_fit(struct kmeans *out, const struct kmeans_points *p, unsigned k, unsigned starts,
                uint64_t seed);
void kmeans_clear(struct kmeans *m);

/* The largest number of groups, from 2 on, that is found again in 80 % of the points (adjusted Rand
 * index 0.95 in the mean of 30 such fits) and whose smallest holds 3 % of them. *stability is that
 * mean. Answers 0, and fits nothing: there is no such number. */
unsigned kmeans_choose(struct kmeans *out, const struct kmeans_points *p, unsigned starts,
                       uint64_t seed, double *stability);

/* The same mean, which ends early where it cannot reach 0.95 any more. */
double kmeans_stability(const struct kmeans *m, const struct kmeans_points *p, uint64_t seed);

/* Adjusted Rand index (Hubert and Arabie 1985): 1 the same groups, about 0 by chance. */
double kmeans_agreement(const uint8_t *a, const uint8_t *b, size_t count);

double kmeans_distance(const double *a, const double *b, size_t dim); /* squared */

#endif
