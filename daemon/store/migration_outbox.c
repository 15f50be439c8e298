/*
 * migration_outbox.c - the step of the schema that makes signals write messages.
 */
#include "store_private.h"

#define SEVERITY_RANK "CASE NEW.severity WHEN 'critical' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END"
/* A message for every webhook that wants this kind of event of this kind of signal; written by
 * whoever changes the signal, in the same transaction. */
#define TELL(event)                                                                                \
    " BEGIN INSERT INTO outbox(webhook, message, subject, event, created, body)"                   \
    " SELECT w.name, 'msg_' || NEW.id || '_' || NEW.version,"                                      \
    " NEW.subject_type || ':' || NEW.subject, " event ","                                          \
    " strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), json_object('type', 'signal.' || " event ","          \
    " 'timestamp', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), 'data', json_object("                    \
    "'id', NEW.id, 'version', NEW.version, 'kind', NEW.kind, 'subject_type', NEW.subject_type,"    \
    " 'subject', NEW.subject, 'severity', NEW.severity, 'state', NEW.state, 'owner', NEW.owner,"   \
    " 'reason', NEW.reason, 'value', NEW.value, 'baseline', NEW.baseline, 'delta', NEW.delta,"     \
    " 'low', NEW.low, 'high', NEW.high, 'p_value', NEW.p_value,"                                   \
    " 'completeness', NEW.completeness, 'window_start', NEW.window_start,"                         \
    " 'window_end', NEW.window_end, 'first_seen', NEW.first_seen, 'last_seen', NEW.last_seen,"     \
    " 'expires', NEW.expires, 'rule', NEW.rule, 'closed_for', NEW.closed_for, 'note', NEW.note,"   \
    " 'evidence', CASE WHEN json_valid(NEW.evidence) THEN json(NEW.evidence) END))"                \
    " FROM webhook w WHERE " SEVERITY_RANK " >= w.least"                                           \
    " AND (w.kinds IS NULL OR EXISTS(SELECT 1 FROM json_each(w.kinds) WHERE value = NEW.kind))"    \
    " AND EXISTS(SELECT 1 FROM json_each(w.events) WHERE value = " event ")"                       \
    " AND NOT EXISTS(SELECT 1 FROM outbox o WHERE o.webhook = w.name"                              \
    " AND o.message = 'msg_' || NEW.id || '_' || NEW.version) ORDER BY w.place; END"
#define EVENT_OF_CHANGE                                                                            \
    "CASE WHEN NEW.state = 'closed' AND OLD.state <> 'closed' THEN 'closed'"                       \
    " WHEN OLD.held IS NOT NULL OR (OLD.state = 'closed' AND NEW.state <> 'closed') THEN 'raised'" \
    " WHEN NEW.state = 'acked' AND OLD.state <> 'acked' THEN 'acked' ELSE 'changed' END"

const char *const migration_outbox[] = {
    "CREATE TABLE webhook(place INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " least INTEGER NOT NULL, kinds TEXT, events TEXT NOT NULL)",
    "CREATE TABLE outbox("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, webhook TEXT NOT NULL, message TEXT NOT NULL,"
    " subject TEXT NOT NULL, event TEXT NOT NULL, body TEXT NOT NULL, created TEXT NOT NULL,"
    " state TEXT NOT NULL DEFAULT 'waiting' CHECK(state IN ('waiting', 'delivered', 'dead')),"
    " attempts INTEGER NOT NULL DEFAULT 0, next_at INTEGER NOT NULL DEFAULT 0,"
    " last_status INTEGER, last_error TEXT, last_try TEXT, ended TEXT,"
    " UNIQUE(webhook, message))",
    "CREATE INDEX outbox_line ON outbox(webhook, state, subject, id)",
    "CREATE TRIGGER signal_raised AFTER INSERT ON signal WHEN NEW.held IS NULL" TELL("'raised'"),
    "CREATE TRIGGER signal_changed AFTER UPDATE ON signal WHEN NEW.held IS NULL"
    " AND NEW.version <> OLD.version" TELL(EVENT_OF_CHANGE),
    NULL,
};
