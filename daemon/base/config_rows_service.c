/*
 * config_rows_service.c - the rows of services, and what holds for those that nobody configured.
 */
#include "config_rows.h"

#include <string.h>

#include "share_text.h"

#define SERVICE(member) offsetof(struct config_service, member)
#define DAY             86400.0
#define LEGS_WORD       "legs:"

/* As the rows below say; a test holds them together. */
const struct config_service config_service_defaults = {
    .service_level = 0.8,
    .answer_within = 20,
    .max_occupancy = 0.85,
    .shrinkage = 0.3,
    .interval = 30,
    .max_abandon = 1,
    .per = 10,
};

const struct option_row config_service_rows[] = {
    {"match", V_TEXT, SERVICE(match), NULL, .example = "feature:operator_assist",
     .help = "\"feature:NAME\": uses of that feature are contacts of this service. Otherwise a "
             "pattern over the service names in records. Without it, the title itself."},
    {"service_level", V_REAL, SERVICE(service_level), "0.8", 1e-9, 1,
     .help = "Share of contacts to be answered in time."},
    {"answer_within", V_REAL, SERVICE(answer_within), "20", 0, DAY, .help = "Seconds in time."},
    {"max_occupancy", V_REAL, SERVICE(max_occupancy), "0.85", 1e-9, 1,
     .help = "Share of their time that people may be busy with contacts."},
    {"shrinkage", V_REAL, SERVICE(shrinkage), "0.3", 0, 0.999999,
     .help = "Share of paid time in which people are not there: breaks, leave, training."},
    {"interval", V_INT, SERVICE(interval), "30", 15, 60, .choices = "15 30 60",
     .help = "Minutes of one planning interval: 15, 30 or 60."},
    {"minimum_staff", V_INT, SERVICE(minimum_staff), "0", 0, 100000,
     .help = "People wanted even when nobody calls."},
    {"patience", V_REAL, SERVICE(patience), "0", 0, DAY,
     .help = "Seconds that callers wait on average before they hang up (Erlang A). 0: learned from "
             "waits and from who gave up; as long as those are too few, nobody hangs up (Erlang "
             "C)."},
    {"max_abandon", V_REAL, SERVICE(max_abandon), "1", 1e-9, 1,
     .help = "Share of callers who may hang up, where their patience is known; 1 is no limit."},
    {"concurrent", V_TEXT, SERVICE(concurrent), NULL, .elsewhere = true, .example = "conferences",
     .help = "The work is not contacts but what goes on at once: \"legs\" (of all regions), "
             "\"legs:REGION\", or \"conferences\" (known by joins and leaves). Then people are "
             "planned for the peak of each interval, and there is no `match`."},
    {"per", V_REAL, SERVICE(per), "10", 1e-3, 1e6,
     .help = "Of what goes on at once one person looks after so many."},
    {"rate", V_REAL, SERVICE(rate), "0", 0, 1e9,
     .help = "What an hour on the roster costs, in whatever currency; 0: costs are not told."},
    {"availability", V_REAL, SERVICE(availability), "0", 0, 1.5,
     .help = "Share of those on the roster, after shrinkage, who really take contacts. 0: learned, "
             "as the share with which callers would have waited as long as they did."},
    {"skills", V_LIST, SERVICE(skills), NULL, .elsewhere = true,
     .example = "french=20%|top=segment:gold",
     .help = "Parts of the contacts that need specialists: a share, or that of a segment's "
             "customers. Each is planned for itself; on the roster it is the service "
             "\"SERVICE/SKILL\", and the service itself are those who have none of them."},
    {"can_serve", V_LIST, SERVICE(can_serve), NULL, .elsewhere = true, .example = "chat|booking",
     .help = "Services that people of this one can be lent to where they are short. Without it: "
             "to all; {\"\"}: to none."},
    {0}};

/* Shares of segments are not known here, and count as none. */
static enum status
check_skills(const struct config_service *s, struct error *err)
{
    double sum = 0;

    for (size_t i = 0; s->skills && s->skills[i]; i++) {
        struct skill_text t;

        if (i == SKILLS_MOST || !skill_read(s->skills[i], &t))
            return fail(err, ST_BAD_CONFIG,
                        "skills: \"%.60s\": expected SKILL=SHARE or SKILL=segment:NAME, at most %d"
                        " of them; shares are above 0 and below 1",
                        s->skills[i], SKILLS_MOST);
        sum += t.segment ? 0 : t.share;
    }
    return sum > 1 + 1e-9 ? fail(err, ST_BAD_CONFIG, "skills: shares are more than 1 together")
                          : ST_OK;
}

enum status
config_service_check(const struct config_service *s, const char **key, struct error *err)
{
    const char *what = s->concurrent;

    *key = "concurrent";
    if (what && strcmp(what, "legs") != 0 && strcmp(what, "conferences") != 0 &&
        (strncmp(what, LEGS_WORD, strlen(LEGS_WORD)) != 0 || what[strlen(LEGS_WORD)] == '\0'))
        return fail(err, ST_BAD_CONFIG, "concurrent: expected legs, legs:REGION or conferences");
    *key = "match";
    if (what && s->match)
        return fail(err, ST_BAD_CONFIG,
                    "match: a service of what goes on at once (concurrent) has no contacts");
    *key = "skills";
    return check_skills(s, err);
}
