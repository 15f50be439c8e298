/*
 * token_desk.c - tokens: made, revoked, read.
 */
#include "token_desk.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit_log.h"
#include "civil.h"
#include "sql.h"

static const char *const roles[] = {
    [ROLE_NONE] = "none", [ROLE_INGEST] = "ingest", [ROLE_READ] = "read", [ROLE_ADMIN] = "admin"};

const char *
role_name(enum role r)
{
    return roles[r];
}

bool
role_named(const char *name, enum role *out)
{
    for (enum role r = ROLE_INGEST; r <= ROLE_ADMIN; r++)
        if (strcmp(roles[r], name) == 0) {
            *out = r;
            return true;
        }
    return false;
}

bool
role_may(enum role role, enum role need)
{
    return need == ROLE_NONE || role == need || role == ROLE_ADMIN;
}

void
token_hash(struct span text, unsigned char out[TOKEN_HASH])
{
    unsigned n = 0;

    if (EVP_Digest(text.p ? text.p : "", text.n, out, &n, EVP_sha256(), NULL) != 1)
        abort(); /* no memory, or no SHA-256 */
}

/* base64url of 32 bytes, without padding. */
static enum status
make_text(char out[TOKEN_TEXT], struct error *err)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char random[33] = {0};
    char *p = out;

    if (RAND_bytes(random, 32) != 1)
        return fail(err, ST_IO, "there are no random numbers to be had");
    p += sprintf(p, "cswl_");
    for (unsigned bit = 0; bit < 256; bit += 6) {
        unsigned pair = (unsigned)random[bit / 8] << 8 | random[bit / 8 + 1];

        *p++ = letters[pair >> (10 - bit % 8) & 63];
    }
    *p = '\0';
    return ST_OK;
}

static bool
good_name(const char *name)
{
    size_t n = strlen(name);

    return n > 0 && n < TOKEN_NAME &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-") == n;
}

static enum status
insert(struct store *s, const char *name, enum role role, const char *owner, const char *at,
       struct span hash, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(s, &q,
                                 "INSERT INTO token(name, hash, role, owner, created) SELECT ?1,"
                                 " ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM token WHERE"
                                 " name = ?1 AND revoked IS NULL)",
                                 err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, name);
    query_set_blob(q, 2, hash);
    query_set_str(q, 3, roles[role]);
    query_set_str(q, 4, owner);
    query_set_str(q, 5, at);
    st = query_run(q, err);
    query_free(q);
    if (st == ST_OK && store_changes(s) == 0)
        return fail(err, ST_BAD_INPUT, "there is a token %s already; revoke it first", name);
    return st;
}

enum status
token_add(struct store *s, const char *name, enum role role, const char *owner, const char *who,
          int64_t now, char out[TOKEN_TEXT], struct error *err)
{
    struct audit_entry entry = {now, who, "command line", "token_add", name, roles[role]};
    unsigned char hash[TOKEN_HASH];
    char at[CIVIL_TEXT];
    enum status st;

    if (!good_name(name))
        return fail(err, ST_BAD_INPUT,
                    "\"%.80s\" is no name of a token: 1 to 63 of A-Z a-z 0-9"
                    " . _ @ -",
                    name);
    if (owner && (!owner[0] || strlen(owner) >= TOKEN_OWNER))
        return fail(err, ST_BAD_INPUT, "an owner has 1 to %d bytes", TOKEN_OWNER - 1);
    st = make_text(out, err);
    if (st != ST_OK)
        return st;
    token_hash(span_str(out), hash);
    st = store_begin(s, err);
    if (st == ST_OK)
        st = insert(s, name, role, owner, format_utc(at, now), span_of((char *)hash, sizeof hash),
                    err);
    if (st == ST_OK)
        st = audit_write(s, &entry, err);
    return store_end(s, st, err);
}

static enum status
mark_revoked(struct store *s, const char *name, const char *at, struct error *err)
{
    struct query *q = NULL;
    enum status st = store_query(
        s, &q, "UPDATE token SET revoked = ?2 WHERE name = ?1 AND revoked IS NULL", err);

    if (st != ST_OK)
        return st;
    query_set_str(q, 1, name);
    query_set_str(q, 2, at);
    st = query_run(q, err);
    query_free(q);
    if (st == ST_OK && store_changes(s) == 0)
        return fail(err, ST_NOT_FOUND, "there is no token %.63s", name);
    return st;
}

enum status
token_revoke(struct store *s, const char *name, const char *who, int64_t now, struct error *err)
{
    struct audit_entry entry = {now, who, "command line", "token_revoke", name, NULL};
    char at[CIVIL_TEXT];
    enum status st = store_begin(s, err);

    if (st == ST_OK)
        st = mark_revoked(s, name, format_utc(at, now), err);
    if (st == ST_OK)
        st = audit_write(s, &entry, err);
    return store_end(s, st, err);
}

bool
token_exists(const char *path)
{
    int64_t n = 0;
    sqlite3 *db = NULL;
    bool may = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
               sql_value(db, "SELECT count(*) FROM sqlite_master WHERE name = 'token'", 0, &n,
                         NULL) != ST_OK;

    if (!may && n > 0)
        may = sql_value(db, "SELECT count(*) FROM token", 0, &n, NULL) != ST_OK || n > 0;
    sqlite3_close_v2(db);
    return may && access(path, F_OK) == 0;
}

static bool
read_token(const struct query *q, struct token *t)
{
    struct span hash = query_text(q, 2);
    char role[16];

    *t = (struct token){.revoked = query_int(q, 4) != 0};
    snprintf(t->name, sizeof t->name, "%.*s", SPAN_ARG(query_text(q, 0)));
    snprintf(t->owner, sizeof t->owner, "%.*s", SPAN_ARG(query_text(q, 3)));
    snprintf(role, sizeof role, "%.*s", SPAN_ARG(query_text(q, 1)));
    for (size_t i = 0; i < TOKEN_HASH && hash.n == 2 * TOKEN_HASH; i++)
        t->hash[i] = (unsigned char)hex_byte(hash.p + 2 * i);
    return hash.n == 2 * TOKEN_HASH && role_named(role, &t->role);
}

enum status
token_load(struct store *s, struct token **out, size_t *count, struct error *err)
{
    struct query *q = NULL;
    struct token *list = NULL;
    size_t n = 0;
    enum status st = store_query(s, &q,
                                 "SELECT name, role, hex(hash), ifnull(owner, ''), revoked IS NOT"
                                 " NULL FROM token ORDER BY id",
                                 err);

    while (st == ST_OK && (st = query_next(q, err)) == ST_OK) {
        list = xrealloc(list, (n + 1) * sizeof *list);
        n += read_token(q, &list[n]);
    }
    query_free(q);
    if (st != ST_NOT_FOUND) {
        free(list);
        return st;
    }
    *out = list;
    *count = n;
    return ST_OK;
}
