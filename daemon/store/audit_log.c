/*
 * audit_log.c - who changed what, when and from where.
 */
#include "audit_log.h"

#include "civil.h"
#include "store_private.h"

enum status
audit_write(struct store *s, const struct audit_entry *e, struct error *err)
{
    char at[CIVIL_TEXT];
    struct query *q = NULL;
    enum status st = store_query(s, &q,
                                 "INSERT INTO audit(at, who, origin, action, subject, detail)"
                                 " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                                 err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, format_utc(at, e->at));
    query_set_str(q, 2, e->who);
    query_set_str(q, 3, e->from);
    query_set_str(q, 4, e->action);
    query_set_str(q, 5, e->subject);
    query_set_str(q, 6, e->detail);
    st = query_run(q, err);
    query_free(q);
    return st;
}

static enum status
write_before_commit(void *arg, struct error *err)
{
    struct store *s = arg;

    return audit_write(s, s->audit, err);
}

void
audit_begin(struct store *s, struct audit_entry *e)
{
    s->audit = e;
    store_before_commit(s, write_before_commit, s);
}

void
audit_end(struct store *s)
{
    s->audit = NULL;
    store_before_commit(s, NULL, NULL);
}
