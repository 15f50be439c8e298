/*
 * answers_access.c - who may ask and change, and who did change things.
 */
#include "answers.h"

static const struct answer_column token_columns[] = {
    {"name", ANSWER_TEXT, NULL, "as it was called when it was made", .must = true},
    {"role", ANSWER_TEXT, NULL, "ingest, read, admin", .must = true},
    {"owner", ANSWER_TEXT, NULL, "whose customers alone it may see"},
    {"created", ANSWER_TIME, NULL, "when it was made", .must = true},
    {"revoked", ANSWER_TIME, NULL, "since when it proves nothing"},
};

static const struct answer_filter token_filters[] = {
    {ANSWER_OWNER, "owner = ?9", NULL},
    {ANSWER_STATE, "?10 = 'all' OR (?10 = 'revoked') = (revoked IS NOT NULL)", "revoked IS NULL"},
};

const struct answer answer_tokens = {
    .name = "tokens",
    .title = "Tokens, those that are valid if no state is given (valid, revoked, all)",
    ANSWER_COLUMNS(token_columns),
    ANSWER_FILTERS(token_filters),
    .from = "token",
    .order = {{"name", false}},
    .key = {"created", "name"},
    .admin = true,
};

static const struct answer_column audit_columns[] = {
    {"id", ANSWER_INT, NULL, "grows with every entry", .must = true},
    {"at", ANSWER_TIME, NULL, "when", .must = true},
    {"who", ANSWER_TEXT, NULL, "name of a token, or of a user of the machine", .must = true},
    {"origin", ANSWER_TEXT, NULL, "address, or: command line", .must = true},
    {"action", ANSWER_TEXT, NULL, "signal_ack, roster_import, token_add, ...", .must = true},
    {"subject", ANSWER_TEXT, NULL, "what was changed"},
    {"detail", ANSWER_TEXT, NULL, "how"},
};

static const struct answer_filter audit_filters[] = {
    {ANSWER_FROM, "at >= ?1", NULL},
    {ANSWER_TO, "at < ?2", NULL},
    {ANSWER_KIND, "action = ?7", NULL},
    {ANSWER_SEARCH, "instr(lower(who), lower(?12)) OR instr(lower(subject), lower(?12))", NULL},
};

const struct answer answer_audit = {
    .name = "audit",
    .title = "Who changed what, when and from where, the newest first; kind: the action",
    ANSWER_COLUMNS(audit_columns),
    ANSWER_FILTERS(audit_filters),
    .from = "audit",
    .order = {{"id", true}},
    .key = {"id"},
    .admin = true,
};
