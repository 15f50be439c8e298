/*
 * token_desk.h - the tokens by which programs and people prove who they are: table token of the
 * CRM store.
 *
 * A token is 256 random bits, shown once; the store has its SHA-256 only, which for so many bits
 * needs no salt. One that was revoked stays in the table, so that a house whose last token is
 * revoked is shut and not open to everybody.
 */
#ifndef TOKEN_DESK_H
#define TOKEN_DESK_H

#include <stddef.h>

#include "store.h"

#define TOKEN_TEXT  49 /* "cswl_", 43 characters of base64url, and NUL */
#define TOKEN_HASH  32
#define TOKEN_NAME  64 /* with NUL */
#define TOKEN_OWNER 128

/* ingest sends records; read reads; admin does all of it and changes things. */
enum role { ROLE_NONE, ROLE_INGEST, ROLE_READ, ROLE_ADMIN };
const char *role_name(enum role r);
bool role_named(const char *name, enum role *out);
/* Whether who has `role` may do what needs `need`; ROLE_NONE: everybody may. */
bool role_may(enum role role, enum role need);

struct token {
    char name[TOKEN_NAME];
    char owner[TOKEN_OWNER]; /* "": not limited to one owner's customers */
    enum role role;
    bool revoked;
    unsigned char hash[TOKEN_HASH];
};

void token_hash(struct span text, unsigned char out[TOKEN_HASH]);

/* Makes one and copies it to out. ST_BAD_INPUT: the name is no name ([A-Za-z0-9._@-]{1,63}), or
 * taken. Whether the owner has customers is not looked at. The store is open for editing; the
 * change is written down as who's (audit_log.h). */
enum status token_add(struct store *s, const char *name, enum role role, const char *owner,
                      const char *who, int64_t now, char out[TOKEN_TEXT], struct error *err);
/* From now on it proves nothing. ST_NOT_FOUND: there is none of this name that still does. */
enum status token_revoke(struct store *s, const char *name, const char *who, int64_t now,
                         struct error *err);
/* All of them, revoked ones too; the caller frees *out. */
enum status token_load(struct store *s, struct token **out, size_t *count, struct error *err);

/* Whether the store at this path has tokens, revoked ones too; of any schema, also none yet. No
 * file is no tokens; true of a store that cannot be read, which may have some. */
bool token_exists(const char *path);

#endif
