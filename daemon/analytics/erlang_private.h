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
/* The fewest agents with which callers who hang up are served as demanded, or ERLANG_MAX_AGENTS.
 * offered > 0. */
unsigned erlang_a_agents(const struct erlang_demand *d, double offered);

#endif
