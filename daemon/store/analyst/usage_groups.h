/*
 * usage_groups.h - customers by the hours at which they use it: gathered while all are read, fitted
 * once a week, assigned each day.
 */
#ifndef USAGE_GROUPS_H
#define USAGE_GROUPS_H

#include "kmeans.h"
#include "pass.h"
#include "profile.h"
#include "usage_group.h"

/* Fewer legs in PROFILE_DAYS say nothing about hours. */
#define USAGE_MIN_LEGS 30

/* Groups as the store has them. */
struct known_group {
    char name[USAGE_NAME], base[16];
    double centroid[USAGE_HOURS];
};

/* One customer with legs enough. */
struct usage_row {
    struct span customer;
    uint16_t feature;            /* dominant one, by its number; 0: none */
    uint8_t nearest;             /* group */
    float distance[KMEANS_MOST]; /* to each known group, squared */
};

struct usage_gather {
    struct known_group group[KMEANS_MOST];
    unsigned groups;
    bool fitting;   /* it is time: a sample is taken, too */
    int32_t fitted; /* the day of the last fit; without one, that of the pass */
    struct arena mem;
    struct usage_row *rows; /* in the order of names */
    size_t count, cap;
    struct span *features; /* names by number; [0] is empty */
    size_t feature_count;
    double *sample; /* points of the customers with the lowest keys */
    uint64_t *keys;
    size_t sampled;
};

/* Reads the groups. *out is owned by the caller; NULL after a failure. */
enum status usage_gather_new(struct usage_gather **out, struct pass *p, struct error *err);
void usage_gather_free(struct usage_gather *g); /* accepts NULL */
void usage_gather_add(struct usage_gather *g, struct span customer, const struct profile *p);
/* Forgets the customers and begins again with other groups. */
void usage_gather_restart(struct usage_gather *g);

/* Somebody who is in another group than before. */
struct usage_move {
    struct span customer;
    const char *from, *to; /* NULL: none */
    const struct usage_row *row;
    int was; /* number of the former group, if it still is one */
    struct span evidence, back;
};

/* What the step has found out so far. */
struct usage_work {
    struct pass *pass;
    struct usage_gather *g;
    struct arena mem;
    struct query *members; /* all that are in a group, by name */
    struct known_group old[KMEANS_MOST];
    unsigned olds;
    size_t overlap[KMEANS_MOST * KMEANS_MOST]; /* customers in a new and an old group */
    double stability, inertia;
    size_t size[KMEANS_MOST];
    struct usage_move *moves;
    size_t move_count, move_cap;
    size_t compared, changed; /* were in a group before; are in another one now */
    bool fitted;
    char rule[96];
};

/* History first: a pass that is cut off between the two tells a move twice rather than never. */
enum status usage_write_moves(struct usage_work *w, struct error *err);
enum status usage_write_groups(struct usage_work *w, struct error *err);
enum status usage_write_model(struct usage_work *w, struct error *err); /* after a fit */

#endif
