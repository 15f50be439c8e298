/*
 * audit_log.h - who changed what, when and from where: table audit of the CRM store.
 *
 * An entry goes into the transaction of the change that it tells of: neither is there without the
 * other. Entries are never changed, and never deleted.
 */
#ifndef AUDIT_LOG_H
#define AUDIT_LOG_H

#include "store.h"

struct audit_entry {
    int64_t at;          /* UTC seconds */
    const char *who;     /* name of a token, or of a user of this machine */
    const char *from;    /* address and port, or "command line" */
    const char *action;  /* "signal_ack", "roster_import", "token_add" */
    const char *subject; /* what was changed: an id, a name; NULL: several */
    const char *detail;  /* a sentence or JSON, NULL: none */
};

/* In the transaction that is open, or as one of its own. */
enum status audit_write(struct store *s, const struct audit_entry *e, struct error *err);
/* The next commits of s write the entry, too, until audit_end. Borrowed until then. */
void audit_begin(struct store *s, struct audit_entry *e);
void audit_end(struct store *s);

#endif
