/*
 * answers_message.c - messages about signals to other programs: what waits, what was given up.
 */
#include "answers.h"

static const struct answer_column columns[] = {
    {"row", ANSWER_INT, NULL, "for replay and drop", "id", .must = true},
    {"webhook", ANSWER_TEXT, NULL, "its section in the configuration", .must = true},
    {"state", ANSWER_TEXT, NULL, "waiting, delivered, dead: given up", .must = true},
    {"event", ANSWER_TEXT, NULL, "raised, changed, acked, closed, ...", .must = true},
    {"subject", ANSWER_TEXT, NULL, "whom or what the signal is about", .must = true},
    {"tries", ANSWER_INT, "tries", "so far", "attempts", .must = true},
    {"last_status", ANSWER_INT, NULL, "of HTTP; 0: there was no answer"},
    {"created", ANSWER_TIME, NULL, "when it was written, or replayed", .must = true},
    {"message", ANSWER_TEXT, NULL, "its id, the same over all tries", .must = true},
    {"last_error", ANSWER_TEXT, NULL, "why the last try failed"},
    {"last_try", ANSWER_TIME, NULL, "when"},
    {"next_try", ANSWER_TIME, NULL, "not before",
     "CASE WHEN state = 'waiting' AND next_at > 0 THEN"
     " strftime('%Y-%m-%dT%H:%M:%SZ', next_at / 1000, 'unixepoch') END"},
};

static const struct answer_filter filters[] = {
    {ANSWER_FROM, "created >= ?1", NULL},
    {ANSWER_TO, "created < ?2", NULL},
    {ANSWER_STATE, "?10 = 'all' OR state = ?10", "state <> 'delivered'"},
    {ANSWER_SEARCH, "instr(lower(subject), lower(?12)) OR webhook = ?12", NULL},
};

const struct answer answer_webhook_messages = {
    .name = "webhook_messages",
    .title = "Messages to other programs that are not delivered, the newest first; state: waiting,"
             " dead, delivered, all",
    ANSWER_COLUMNS(columns),
    ANSWER_FILTERS(filters),
    .from = "outbox",
    .order = {{"row", true}},
    .key = {"row"},
    .admin = true,
};
