/*
 * erlang_calculator.h - every input and output of erlang.h by name: the people that so many calls
 * need, or what so many achieve. Asked by `callswell erlang` and GET /v1/erlang.
 */
#ifndef ERLANG_CALCULATOR_H
#define ERLANG_CALCULATOR_H

#include <stddef.h>

#include "erlang.h"
#include "json_write.h"

struct erlang_question {
    struct erlang_demand d;
    double in_progress;   /* calls that the interval begins with; NAN: steady state */
    double phi, blocking; /* NAN: not asked */
    long agents;          /* -1: how many? */
    long minimum;
};

/* One input, as an option and in a URL. */
struct erlang_input {
    const char *name; /* "in-progress" */
    bool whole;       /* a long, else a double */
    size_t offset;    /* in struct erlang_question */
    const char *unit, *what;
};
const struct erlang_input *erlang_input(size_t i); /* NULL after the last */

/* The usual target; calls and handling time have yet to be said. */
struct erlang_question erlang_usual(void);
/* What is wrong with the numbers, after the name of the one that is ("calls is needed"), or
 * NULL. */
const char *erlang_wrong(const struct erlang_question *q);

#define ERLANG_OUTPUTS 32

/* What it comes to, in the order in which it is shown. */
struct erlang_answer {
    struct erlang_output {
        const char *name;
        double value; /* not finite: without an end, or not known */
        int digits;   /* for people */
        const char *note;
    } at[ERLANG_OUTPUTS];
    size_t count;
    bool overload; /* more comes than they can answer, and who waits does not hang up */
    bool capped;   /* not met by ERLANG_MAX_AGENTS */
};

void erlang_answer(const struct erlang_question *q, struct erlang_answer *out);
const char *erlang_state(const struct erlang_answer *a);                 /* OK, OVERLOAD, CAPPED */
void erlang_write(struct json_writer *w, const struct erlang_answer *a); /* an object */

#endif
