/*
 * privacy.c - people are counted and not named: HMAC-SHA256 under a key of this state folder.
 */
#include "privacy.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_BYTES  32
#define KEPT_BYTES 16 /* of a hash: two people of a thousand million meet once in 10^20 */
#define MARK       "h-"

struct privacy {
    unsigned char key[KEY_BYTES];
};

/* --- the key --- */

/* ST_NOT_FOUND: there is none. */
static enum status
read_key(struct privacy *p, const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    unsigned char extra;
    enum status st = ST_OK;

    if (fd < 0)
        return fail(err, errno == ENOENT ? ST_NOT_FOUND : ST_IO, "%s: %s", path, strerror(errno));
    if (read(fd, p->key, KEY_BYTES) != KEY_BYTES || read(fd, &extra, 1) != 0)
        st = fail(err, ST_CORRUPT,
                  "%s is no key of %d bytes: put the right one back; without it everybody is "
                  "counted anew",
                  path, KEY_BYTES);
    close(fd);
    return st;
}

static bool
sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return good;
}

/* Whole or not at all, and there before the first name is hidden with it. */
static enum status
write_key(const struct privacy *p, const char *folder, const char *path, struct error *err)
{
    char *fresh = xasprintf("%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, p->key, KEY_BYTES) == KEY_BYTES &&
                fsync(fd) == 0;

    if (fd >= 0)
        good = close(fd) == 0 && good;
    good = good && rename(fresh, path) == 0 && sync_folder(folder);
    free(fresh);
    return good ? ST_OK : fail(err, ST_IO, "%s: %s", path, strerror(errno));
}

enum status
privacy_open(struct privacy **out, const char *state_dir, bool make, struct error *err)
{
    struct privacy *p = xcalloc(1, sizeof *p);
    char *path = xasprintf("%s/privacy.key", state_dir);
    enum status st = read_key(p, path, err);

    if (st == ST_NOT_FOUND) {
        st = getrandom(p->key, KEY_BYTES, 0) == KEY_BYTES
                 ? ST_OK
                 : fail(err, ST_IO, "no random bytes for a key");
        if (st == ST_OK && make)
            st = write_key(p, state_dir, path, err);
    }
    free(path);
    if (st == ST_OK)
        *out = p;
    else
        privacy_close(p);
    return st;
}

void
privacy_close(struct privacy *p)
{
    if (!p)
        return;
    OPENSSL_cleanse(p->key, KEY_BYTES);
    free(p);
}

/* --- names --- */

static struct span
hidden(const struct privacy *p, struct span name, struct arena *mem)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[EVP_MAX_MD_SIZE];
    size_t n = sizeof MARK - 1;
    unsigned got = 0;
    char *text;

    HMAC(EVP_sha256(), p->key, KEY_BYTES, (const unsigned char *)name.p, name.n, hash, &got);
    text = arena_alloc(mem, n + 2 * KEPT_BYTES);
    memcpy(text, MARK, n);
    for (size_t i = 0; i < KEPT_BYTES; i++) {
        text[n++] = digits[hash[i] >> 4];
        text[n++] = digits[hash[i] & 15];
    }
    return span_of(text, n);
}

void
privacy_hide(const struct privacy *p, struct record *r, struct arena *mem)
{
    static const uint64_t names = FIELD_BIT(FIELD_PARTICIPANT) | FIELD_BIT(FIELD_PARTICIPANT_NAME) |
                                  FIELD_BIT(FIELD_AGENT) | FIELD_BIT(FIELD_LEG);

    if (!p)
        return;
    for (uint64_t left = r->has & names; left; left &= left - 1) {
        int f = __builtin_ctzll(left);

        r->text[f] = hidden(p, r->text[f], mem);
    }
}
