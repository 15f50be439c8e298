/*
 * signals.h - the life of a signal: raised, kept up to date, closed when things are calm.
 *
 * There is at most one signal that is not closed for each kind and subject. Its id is made of
 * kind, subject and the window in which it was opened, so doing a pass again finds the same
 * one. The version counts changes of what a person sees. What people set (acknowledged) stays
 * until it is closed; one that somebody closed (signal_desk.h) stays closed while its cause lasts,
 * unless it gets more severe.
 *
 * A signal about a customer, service or feature whose data are incomplete (trust.h) is held: it is
 * written with the reason, and not told to anybody, until the data are there and it is raised
 * again, or found to be nothing and closed. One that stood before stays as it is meanwhile.
 *
 * Of each kind as many are open as `signals { most }` allows, the most important ones; the others
 * are rows of signal_rest, and one signal of kind KIND_more says how many they are.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>

#include "pass.h"
#include "span.h"
#include "status.h"

struct signals;

struct signal_row {
    struct span subject;
    const char *subject_type; /* customer, feature, service, node */
    const char *severity;     /* info, warning, critical */
    double value, baseline, delta, low, high, p_value, completeness; /* NAN: not known */
    const char *window_start, *window_end;
    const char *reason;   /* one sentence with the numbers in it */
    const char *evidence; /* JSON */
    struct span owner;    /* empty: nobody */
    /* Set by signals_raise for what depends on customers' and services' data. */
    const char *held; /* NULL, or why it is not certain yet: data are missing */
};

/* Reads what is open of a kind. */
enum status signals_begin(struct signals **out, struct pass *p, const char *kind,
                          struct error *err);
bool signals_is_open(const struct signals *s, struct span subject);
/* One that is open stays as it is: whether there is still cause for it is not known now. */
void signals_keep(struct signals *s, struct span subject);
/* Copies what it is given: new ones are written at the end. */
enum status signals_raise(struct signals *s, const struct signal_row *row, struct error *err);

/* Writes the new ones. What was open and was not raised is calm. Calm windows are told apart by
 * their end; `calm_end` NULL closes at once. Frees s (NULL allowed); does nothing else unless st
 * is ST_OK. */
#define SIGNALS_CLOSE_AT_ONCE NULL
enum status signals_end(struct signals *s, enum status st, const char *calm_end, struct error *err);

/* A step of each pass: closes what no pass has found again for two weeks. */
enum status signals_expire(struct pass *p, struct error *err);

#endif
