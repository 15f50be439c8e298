/*
 * optimise.h - the least value of a smooth function of a few numbers.
 *
 * Nelder and Mead's simplex finds the valley, whatever the start; BFGS (Nocedal and Wright 2006,
 * chapter 6) with differences for the slope finds its bottom. Same function, same answer.
 */
#ifndef OPTIMISE_H
#define OPTIMISE_H

#define OPTIMISE_MOST 8 /* numbers */

/* INFINITY where there is no value. */
typedef double optimise_cost(void *arg, const double *v);

/* Moves v, at first a guess with a finite value, to where f is least, and answers that value. Steps
 * of about 1 must mean something: hand over logarithms. */
double optimise(optimise_cost *f, void *arg, double *v, int count);

#endif
