/*
 * change_private.h - what the files of change.h share.
 */
#ifndef CHANGE_PRIVATE_H
#define CHANGE_PRIVATE_H

/* log(Gamma(a + k) / Gamma(a)); a > 0, k whole and not negative. */
double change_log_rising(double a, double k);

#endif
