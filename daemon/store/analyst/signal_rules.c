/*
 * signal_rules.c - the rules of all kinds, one row each.
 */
#include "signal_rules.h"

#include <stdio.h>
#include <string.h>

#define MORE "_more"

static const struct signal_rule rules[] = {
    {"surge",
     1,
     "The last 7 whole days (UTC) have so many more legs than the 28 before that chance does not "
     "explain it: negative-binomial test given the total of both windows, dispersion shrunk "
     "towards that of all customers, Benjamini-Hochberg over all customers. Days without input "
     "count for nobody. It closes after two windows in a row without cause.",
     {{"false discovery rate at most", 0.05, ""},
      {"events in both windows at least", 10, "legs"},
      {"rate at least", 1.5, "times the usual"},
      {"away from the usual at least", 5, "legs"},
      {"days of baseline at least", 14, "d"}}},
    {"decline",
     1,
     "The last 7 whole days (UTC) have so many fewer legs than the 28 before that chance does not "
     "explain it: the same test as for a surge, in the other direction, with a family of its own. "
     "It closes after two windows in a row without cause.",
     {{"false discovery rate at most", 0.05, ""},
      {"events in both windows at least", 10, "legs"},
      {"rate at most", 0.667, "of the usual"},
      {"away from the usual at least", 5, "legs"},
      {"days of baseline at least", 14, "d"}}},
    {"service_shift",
     1,
     "Yesterday and today a service had by so much more or fewer contacts than was forecast before "
     "that a CUSUM over its intervals reached its threshold, which follows from how seldom it may "
     "be wrong (why { service_alarm }). It stands for two days at most, and closes after two days "
     "without.",
     {{"shift looked for", 1.5, "times the forecast, or a third less"},
      {"away from the forecast at least", 5, "contacts"},
      {"days of forecast before at least", 22, "d"}}},
    {"overdue",
     1,
     "A customer with a habit has been silent for longer than its own past explains: the chance of "
     "such a gap, judged together for all who have a habit (Benjamini-Hochberg). It stays until "
     "they are back, or until it is no longer news.",
     {{"false discovery rate at most", 0.05, ""},
      {"active days at least", 5, "d"},
      {"gap at least", 14, "d"},
      {"news for", 182, "d"}}},
    {"stuck",
     1,
     "A customer has been at one stage of its life for longer than is usual there: see the "
     "evidence for the stage, since when, and the usual time.",
     {{0}}},
    {"called_twice",
     1,
     "Two people visited, or answered, a customer so soon after each other without a cause for the "
     "second: no inquiry or order between two visits, no inquiry that was left to answer. Calls "
     "for different services, and by people without a name, are not compared. It closes when a "
     "further call would no longer be one too many.",
     {{"people at least", 2, "people"}, {"within", 14, "d"}}},
    {"understaffed",
     1,
     "In the coming week intervals of the service have fewer people on the roster than the "
     "forecast and the service's promise need. Critical when even everybody at their desk would "
     "not do. It closes when the roster suffices.",
     {{"short by at least", 1, "people"}, {"looks ahead", 7, "d"}}},
    {"overstaffed",
     1,
     "In the coming week the service has more people on the roster than the forecast and its "
     "promise "
     "need. It closes when less is to spare.",
     {{"to spare at least", 8, "hours of work"},
      {"of the roster at least", 0.15, ""},
      {"looks ahead", 7, "d"}}},
    {"feature_demand",
     1,
     "As many distinct people used or wanted the feature in the window, of enough customers and "
     "without one that makes up most of it. It stays until reach falls clearly below the line.",
     {{"people at least", 10000, "people"}, {"window", 90, "d"}}},
    {"feed_stopped_matching",
     1,
     "Of a window of records a quarter or less of what used to match the input's format did. It "
     "closes with a window in which half did.",
     {{"matches at most", 0.25, "of what did before"}, {"window", 400, "records"}}},
    {"feed_silent",
     1,
     "Nothing has come by the input for longer than is usual at these hours of the week: either "
     "the silence has by its past a smaller chance than the threshold and is longer than every "
     "other one that touched the same hours, or it is clearly longer than any, where these are "
     "alike. It closes with the next record, of whatever kind.",
     {{"chance less than", 1e-5, ""},
      {"or longer than", 1.25, "times the longest"},
      {"and than the mean of long ones by", 6, "deviations"},
      {"learned from", 9, "weeks"}}},
    {"redis",
     1,
     "Redis could not be written to, or answered too slowly, for longer than the threshold.",
     {{"for at least", 60, "s"}}},
    {"more",
     1,
     "There are more signals of a kind than may be open: the most important ones are, by severity "
     "and by how far they are from what is usual. The others stand in signal_rest.",
     {{0}}},
};

const struct signal_rule *
signal_rule_find(const char *kind)
{
    size_t n = strlen(kind), tail = sizeof MORE - 1;

    if (n > tail && strcmp(kind + n - tail, MORE) == 0)
        kind = "more";
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (strcmp(rules[i].kind, kind) == 0)
            return &rules[i];
    return NULL;
}

void
signal_rule_name(const char *kind, char *out, size_t size)
{
    const struct signal_rule *r = signal_rule_find(kind);

    snprintf(out, size, "%s/%d", r ? r->kind : kind, r ? r->version : 0);
}
