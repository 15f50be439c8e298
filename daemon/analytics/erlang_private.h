/*
 * erlang_private.h - what the two models of waiting share.
 */
#ifndef ERLANG_PRIVATE_H
#define ERLANG_PRIVATE_H

#include "erlang.h"

/* Erlangs; 0 if anything is not above 0. */
double erlang_offered(double calls, double interval_s, double aht_s);
/* A cap on a share: anything outside of (0, 1) is none. */
double erlang_cap(double share);
/* Erlangs that a demand means, whichever way it says so. */
double erlang_demanded(const struct erlang_demand *d);
/* Do callers hang up, as far as the formulas go? */
bool erlang_is_impatient(const struct erlang_demand *d, double offered);

/* Nodes and weights of the integrals over waits (numeric_legendre). */
#define ERLANG_NODES 64
struct erlang_quadrature {
    double node[ERLANG_NODES], weight[ERLANG_NODES];
};

const struct erlang_quadrature *erlang_nodes(void);

/* Nothing but the service level and who hangs up: for those who ask a thousand times. */
struct erlang_expected erlang_a_level(double offered, double aht_s, double patience_s,
                                      unsigned agents, double target_s);

/* The fewest agents with which callers who hang up are served as demanded, or ERLANG_MAX_AGENTS.
 * offered > 0. */
unsigned erlang_a_agents(const struct erlang_demand *d, double offered);

#endif
