/*
 * signal_rules.h - what each kind of signal means: the rule, its version and its thresholds.
 *
 * A signal keeps the name and version of the rule that raised it ("decline/1"). Whoever changes
 * when a kind is raised gives its row another version and says here what holds now; a new kind is
 * a new row.
 */
#ifndef SIGNAL_RULES_H
#define SIGNAL_RULES_H

#include <stddef.h>

struct signal_rule {
    const char *kind;
    int version;
    const char *says; /* sentences, without line ends */
    struct signal_threshold {
        const char *name;
        double value;
        const char *unit;
    } thresholds[10]; /* up to one without a name */
};

/* NULL: there is none of that kind. KIND_more has the rule of `more`. */
const struct signal_rule *signal_rule_find(const char *kind);
void signal_rule_name(const char *kind, char *out, size_t size); /* "decline/1" */

#endif
