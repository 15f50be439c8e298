/*
 * numeric.h - special functions that several analytics need.
 */
#ifndef NUMERIC_H
#define NUMERIC_H

#include <stdint.h>

/* As lgamma, without its global sign. x > 0. */
double numeric_lgamma(double x);

/* Regularised incomplete beta function I_x(a, b): P(Beta(a, b) <= x). a, b > 0. */
double numeric_beta(double x, double a, double b);

/* The x with I_x(a, b) = p. */
double numeric_beta_quantile(double p, double a, double b);

/* The z with Phi(z) = p; infinite at 0 and 1. */
double numeric_normal_quantile(double p);

/* Nodes in (-1, 1) and weights of the Gauss-Legendre quadrature of n points. */
void numeric_legendre(unsigned n, double *node, double *weight);

/* splitmix64 (Steele et al. 2014) of a state: a bijection, so that counters make random numbers. */
uint64_t numeric_mix64(uint64_t x);

#endif
