/*
 * routes.c - which path answers what.
 *
 * A new route is one function and one line in the table. One that is quick, and needs no store,
 * answers on the event loop; all others on a reader's thread (readers.h). The tables of the store
 * (answer.h) need neither.
 */
#include "routes.h"

#include "config.h"
#include "crm_export.h"
#include "erlang_calculator.h"
#include "events.h"

#define SMALL_BODY (64u << 10)
#define FILE_BODY  (8u << 20)
#define LIST_BODY  (64u << 20) /* limits.max_body comes first */

static void
post_login(struct serve *s, struct http_request *r)
{
    access_login(s->access, r);
}

static void
post_logout(struct serve *s, struct http_request *r)
{
    access_logout(s->access, r);
}

static void
get_session(struct serve *s, struct http_request *r)
{
    access_session(s->access, r);
}

static void
get_events(struct serve *s, struct http_request *r)
{
    events_listen(s->events, r);
}

static const struct route_param zone_only[] = {{"zone", "of local times; the configured one"},
                                               {NULL, NULL}};
static const struct route_param course[] = {
    {"from", "first day, UTC; 90 days before `to`"},
    {"to", "day behind the last; tomorrow"},
    {"by", "features: day or week (week)"},
    {"format", "json or csv, instead of Accept"},
    {"zone", "customers: of local hours; the configured one"},
    {NULL, NULL},
};
static const struct route_param feature_use[] = {
    {"from", "first day, UTC; 90 days before `to`"},
    {"to", "day behind the last; the one after the newest pass"},
    {"segment", "members of this segment"},
    {"region", "customers more than half of whose attempts in the period came from there"},
    {"format", "json or csv, instead of Accept"},
    {NULL, NULL},
};
static const struct route_param regions[] = {
    {"from", "first day, UTC; 90 days before `to`"},
    {"to", "day behind the last; the one after the newest pass"},
    {"segment", "members of this segment"},
    {"format", "json or csv, instead of Accept"},
    {NULL, NULL},
};
static const struct route_param why[] = {
    {"name", "whose; all customers"},
    {"kind", "what the name is, if there are several: customer, service or feature"},
    {"from", "first day of the period, UTC (the 7 before today)"},
    {"to", "last day of the period"},
    {"against", "what it is held against: DAY..DAY (the 28 days before)"},
    {"zone", "of hours; the configured one"},
    {"limit", "parts of each dimension at most, those that say most (100); CSV has all"},
    {"format", "json or csv, instead of Accept"},
    {NULL, NULL},
};
static const struct route_param explain[] = {
    {"format", "json or csv, instead of Accept"},
    {"table", "as CSV: days, inputs or ranges (days)"},
    {NULL, NULL},
};
static const struct route_param export[] = {
    {"owner", "customers of this owner"},
    {"segment", "members of this segment"},
    {NULL, NULL},
};
static const struct route_param what_if[] = {
    {"service", "one service"},
    {"volume", "contacts: +20%, -10%"},
    {"aht", "handling time: 4m, +10%"},
    {"sl", "share to be answered in time: 80%"},
    {"within", "time to be answered in: 20s"},
    {"occupancy", "most of their time that agents may be busy: 85%"},
    {"shrinkage", "share of paid time not at desks: 30%"},
    {"patience", "of callers: 2m"},
    {"availability", "share of scheduled people who are there"},
    {"customer", "CUSTOMER=+50%: of what that one brings; may come again"},
    {"feature", "FEATURE=+50%: likewise"},
    {"split", "skills: likewise"},
    {"by", "interval: people by interval, of services and skills"},
    {"format", "json or csv"},
    {NULL, NULL},
};

static const struct route_param quarantine[] = {{"input", "with `all`: only of this input"},
                                                {NULL, NULL}};
static const struct route_param message[] = {{"webhook", "with `all`: only to this one"},
                                             {NULL, NULL}};
static const struct route_param formats[] = {{"format", "json or csv, instead of Accept"},
                                             {NULL, NULL}};
static bool
erlang_param(size_t i, struct route_param *out)
{
    const struct erlang_input *in = erlang_input(i);

    if (in)
        *out = (struct route_param){in->name, in->what};
    return in != NULL;
}

static const struct route_param backtest[] = {
    {"first-origin", "weeks known before the first forecast (10)"},
    {"cycle-days", "days of a week; the weekdays that occur"},
    {NULL, NULL},
};

#define TEXT       "text/plain"
#define ROWS       "{\"type\":\"object\",\"required\":[\"rows\"],\"properties\":" ROWS_LIST "}"
#define ROWS_LIST  "{\"rows\":" LIST "}"
#define LIST       "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"
#define ROWS_OF(n) "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/" n "\"}}"
#define COUNTED(n)                                                                                 \
    "{\"type\":\"object\",\"required\":[\"" n "\"],\"properties\":{\"" n                           \
    "\":{\"type\":\"integer\"}}}"
#define SIGNAL "{\"$ref\":\"#/components/schemas/signals\"}"
#define WHO                                                                                        \
    "{\"type\":\"object\",\"required\":[\"login_needed\",\"name\",\"role\",\"owner\"],"            \
    "\"properties\":"                                                                              \
    "{\"login_needed\":{\"type\":\"boolean\"},\"name\":{\"type\":[\"string\",\"null\"]},\"role\":" \
    "{\"type\":[\"string\",\"null\"]},\"owner\":{\"type\":[\"string\",\"null\"]}}}"
#define HOURS                                                                                      \
    "{\"type\":\"array\",\"minItems\":168,\"maxItems\":168,\"items\":{\"type\":\"integer\"}}"
#define CUSTOMER                                                                                   \
    "{\"type\":\"object\",\"required\":[\"customer\",\"names\",\"days\",\"segments\",\"stages\","  \
    "\"signals\",\"rhythm\",\"features\",\"as_of\",\"completeness\"],\"properties\":{"             \
    "\"customer\":"                                                                                \
    "{\"$ref\":\"#/components/schemas/"                                                            \
    "customers\"},\"names\":{\"type\":\"object\"},\"days\":" ROWS_OF(                              \
        "customer_days") ",\"segment"                                                              \
                         "s\""                                                                     \
                         ":" ROWS_OF("segment_members") ",\"stages\":" ROWS_OF(                    \
                             "stage_history") ",\"signals\":" ROWS_OF("signal"                     \
                                                                      "s") ","                     \
                                                                           "\"rhythm\":{\"type\":" \
                                                                           "[\"object\","          \
                                                                           "\"null\"],"            \
                                                                           "\"properties\":{"      \
                                                                           "\"legs\":" HOURS ","   \
                                                                           "\"seconds\":" HOURS    \
                                                                           ","                     \
                                                                           "\"failed\":" HOURS "}" \
                                                                           "}"                     \
                                                                           ","                     \
                                                                           "\"features\":{"        \
                                                                           "\"type\":[\"array\","  \
                                                                           "\"null\"]}}}"
#define STATUS                                                                                     \
    "{\"type\":\"object\",\"required\":[\"version\",\"node\",\"uptime\",\"now\",\"ready\","        \
    "\"records\","                                                                                 \
    "\"pairing\",\"ledger\",\"redis\",\"analytics\",\"memory\",\"feeds\"],\"properties\":{"        \
    "\"feeds\":" LIST "}}"
#define LIVE                                                                                       \
    "{\"type\":\"object\",\"required\":[\"legs\",\"conferences\",\"by_conference\",\"by_"          \
    "customer\","                                                                                  \
    "\"by_input\"]}"

#define OUTCOME                                                                                    \
    "{\"type\":\"object\",\"required\":[\"records\",\"accepted\",\"duplicates\",\"quarantined\","  \
    "\"ignored\"]}"
#define VERIFY                                                                                     \
    "{\"type\":\"object\",\"required\":[\"state\",\"started\",\"ended\",\"error\",\"lines\"],"     \
    "\"properties\":{\"state\":{\"enum\":[\"never\",\"running\",\"done\",\"failed\"]},"            \
    "\"differences\":{\"type\":\"integer\"},\"lines\":{\"type\":\"array\"}}}"

static const struct route routes[] = {
    {"GET", "/healthz", "Whether the process answers at all", ROLE_NONE, true, .now = get_health,
     .type = TEXT},
    {"GET", "/readyz", "Whether batches can be committed", ROLE_NONE, true, .now = get_ready,
     .type = TEXT},
    {"GET", "/metrics", "Counters and gauges", ROLE_READ, true, .now = get_metrics,
     .type = "application/openmetrics-text"},
    {"GET", "/v1/openapi.json", "This description", ROLE_NONE, true, .now = get_openapi,
     .schema = "{\"type\":\"object\"}"},
    {"GET", "/v1/status", "How the daemon and its inputs are", ROLE_READ, true, .now = get_status,
     .schema = STATUS},
    {"GET", "/v1/live", "Who is in which conference now", ROLE_READ, true, .now = get_live,
     .schema = LIVE},
    {"GET", "/v1/events", "Server-sent events: status every second, changes of the store",
     ROLE_READ, true, .now = get_events, .type = "text/event-stream"},
    {"POST", "/v1/login", "Begins a session of the page with a token", ROLE_NONE, true,
     .now = post_login, .max_body = SMALL_BODY, .schema = WHO, .takes = "application/json",
     .takes_schema = "{\"type\":\"object\",\"required\":[\"token\"],\"properties\":{\"token\":"
                     "{\"type\":\"string\"}}}"},
    {"POST", "/v1/logout", "Ends the session", ROLE_NONE, true, .now = post_logout,
     .max_body = SMALL_BODY, .schema = WHO},
    {"GET", "/v1/session", "Who is logged in", ROLE_NONE, true, .now = get_session, .schema = WHO},
    {"GET", "/v1/customers/{id}", "All that is known of one customer", ROLE_READ, true,
     .read = get_customer, .stored = true, .params = zone_only, .schema = CUSTOMER},
    {"GET", CUSTOMER_HOURS, "A customer by hour of the week", ROLE_READ, true,
     .read = route_customer_hours, .params = course, .csv = true, .schema = ROWS},
    {"GET", CUSTOMER_FEATURES, "The features that a customer uses", ROLE_READ, true,
     .read = route_customer_features, .params = course, .csv = true, .schema = ROWS},
    {"GET", FEATURE_COURSE, "A feature over time", ROLE_READ, true, .read = route_feature_course,
     .params = course, .csv = true, .schema = ROWS},
    {"GET", "/v1/feature_use", "Features in a period, of a segment or a region", ROLE_READ, true,
     .read = route_feature_use, .params = feature_use, .csv = true,
     .schema = "{\"type\":\"object\",\"required\":[\"from\",\"to\",\"segment\",\"region\",\"rule\","
               "\"region_here\",\"region_covered\",\"region_known\",\"customers\",\"people\","
               "\"rows\"],\"properties\":" ROWS_LIST "}"},
    {"GET", "/v1/regions", "Regions that customers came from in a period", ROLE_READ, true,
     .read = route_regions, .params = regions, .csv = true, .schema = ROWS},
    {"GET", "/v1/signals/{id}", "One signal", ROLE_READ, true, .read = get_signal, .stored = true,
     .schema = SIGNAL},
    {"GET", "/v1/signals/{id}/explain", "From a signal back to its figures and sources", ROLE_READ,
     true, .read = get_signal_explain, .params = explain, .csv = true,
     .schema = "{\"type\":\"object\",\"required\":[\"signal\",\"rule\","
               "\"ranges\"]}"},
    {"POST", "/v1/signals/{id}/ack", "Marks a signal as seen to", ROLE_ADMIN, true,
     .read = post_signal_ack, .max_body = SMALL_BODY, .schema = SIGNAL, .takes = "application/json",
     .takes_schema = "{\"type\":\"object\"}", .may_take = true},
    {"POST", "/v1/signals/{id}/close", "Closes a signal", ROLE_ADMIN, true,
     .read = post_signal_close, .max_body = SMALL_BODY, .schema = SIGNAL,
     .takes = "application/json", .takes_schema = "{\"type\":\"object\"}", .may_take = true},
    {"GET", "/v1/what-if", "People needed if more came, or for longer", ROLE_READ, true,
     .read = route_what_if, .params = what_if, .csv = true, .schema = ROWS},
    {"GET", "/v1/why", "Why the use of a customer, a service, a feature or of all changed",
     ROLE_READ, true, .read = route_why, .params = why, .csv = true,
     .schema = "{\"type\":\"object\",\"required\":[\"kind\",\"unit\",\"usual\",\"now\","
               "\"causes\",\"dimensions\",\"minutes\",\"notes\"]}"},
    {"POST", "/v1/roster", "Takes over a roster", ROLE_ADMIN, false, .read = post_roster,
     .max_body = FILE_BODY, .params = zone_only, .takes = "text/csv",
     .takes_schema = "{\"type\":\"string\"}", .schema = COUNTED("rows")},
    {"POST", "/v1/calendar", "Takes over days that are unlike others", ROLE_ADMIN, false,
     .read = post_calendar, .max_body = FILE_BODY, .takes = "text/csv",
     .takes_schema = "{\"type\":\"string\"}", .schema = COUNTED("days")},
    {"POST", "/v1/customers", "Takes over the list of customers", ROLE_ADMIN, false,
     .read = post_customers, .changer = true, .max_body = LIST_BODY, .takes = "text/csv",
     .takes_schema = "{\"type\":\"string\"}", .schema = COUNTED("rows")},
    {"POST", CUSTOMER_MERGE, "Merges a customer into another, history and all", ROLE_ADMIN, false,
     .read = post_customer_merge, .changer = true, .max_body = SMALL_BODY,
     .takes = "application/json",
     .takes_schema = "{\"type\":\"object\",\"required\":[\"into\"],\"properties\":{\"into\":"
                     "{\"type\":\"string\"}}}",
     .schema = COUNTED("days")},
    {"POST", QUARANTINE_REPLAY, "Reads a refused record again, or `all`", ROLE_ADMIN, false,
     .read = post_quarantine_replay, .changer = true, .params = quarantine, .schema = OUTCOME},
    {"POST", QUARANTINE_DROP, "Forgets a refused record, or `all`", ROLE_ADMIN, false,
     .read = post_quarantine_drop, .changer = true, .params = quarantine,
     .schema = COUNTED("dropped")},
    {"POST", MESSAGE_REPLAY, "Tries a message again that was given up, or `all`", ROLE_ADMIN, false,
     .read = post_message_replay, .params = message, .schema = COUNTED("replayed")},
    {"POST", MESSAGE_DROP, "Forgets a message that was given up, or `all`", ROLE_ADMIN, false,
     .read = post_message_drop, .params = message, .schema = COUNTED("dropped")},
    {"GET", "/v1/verify", "How the last comparison of ledger, Redis and store ended", ROLE_READ,
     false, .now = get_verify, .schema = VERIFY},
    {"POST", "/v1/verify", "Begins to compare ledger, Redis and store", ROLE_ADMIN, false,
     .now = post_verify, .schema = VERIFY, .accepted = true},
    {"GET", "/v1/erlang", "The people that so many calls need, or what so many achieve", ROLE_READ,
     true, .read = get_erlang, .param_at = erlang_param, .needs = "calls=100&aht=180",
     .schema = "{\"type\":\"object\",\"required\":[\"agents\",\"scheduled\",\"service_level\","
               "\"state\"]}"},
    {"POST", "/v1/backtest", "How good forecasts of a calendar of the past would have been",
     ROLE_READ, true, .read = post_backtest, .max_body = FILE_BODY, .params = backtest,
     .takes = "text/csv", .takes_schema = "{\"type\":\"string\"}",
     .schema =
         "{\"type\":\"object\",\"required\":[\"origins\",\"wape_week1\",\"mase\",\"naive\"]}"},
    {"GET", "/v1/formats", "The formats that inputs and imports can name", ROLE_READ, true,
     .read = get_formats, .params = formats, .csv = true, .schema = ROWS},
    {"GET", EXPORT, "Customers as a file that a CRM loads in bulk: " CRM_NAMES, ROLE_READ, true,
     .read = route_export, .stored = true, .params = export, .type = "text/csv"},
};

const struct route *
route_at(size_t i)
{
    return i < sizeof routes / sizeof *routes ? &routes[i] : NULL;
}

bool
route_param(const struct route *r, size_t i, struct answer_param_info *out)
{
    struct route_param p = {NULL, NULL};
    size_t n = 0;

    while (n < i && r->params && r->params[n].name)
        n++;
    if (r->params)
        p = r->params[n];
    else if (r->param_at && !r->param_at(i, &p))
        return false;
    *out = (struct answer_param_info){p.name, p.what, NULL};
    return p.name != NULL;
}

/* What all of them know comes after what this one may be narrowed by. */
bool
route_answer_param(const struct answer *a, size_t i, struct answer_param_info *out)
{
    static const struct answer_param_info all[] = {
        {"sort", "a column; -COLUMN: downwards; what has none comes last", NULL},
        {"limit", "rows, 1 to 1000 (100); of CSV all if not given", NULL},
        {"after", "the cursor `next` of the page before", NULL},
        {"format", "instead of Accept", "json csv"},
        {"zone", "of times without an offset; the configured one", NULL},
    };

    for (int p = 1; p < ANSWER_PARAMS; p++) {
        if (!answer_knows(a, (enum answer_param)p))
            continue;
        if (i == 0) {
            *out = *answer_param_info((enum answer_param)p);
            return true;
        }
        i--;
    }
    if (i >= sizeof all / sizeof *all)
        return false;
    *out = all[i];
    return true;
}
