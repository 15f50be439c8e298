/*
 * status.h - how everything that can fail says so.
 *
 * A code exists only where some caller acts on it. Detail for people goes into the
 * caller's struct error; NULL is allowed wherever one is asked for.
 */
#ifndef STATUS_H
#define STATUS_H

enum status {
    ST_OK,
    ST_MORE,       /* not enough bytes yet: feed me */
    ST_SKIP,       /* nothing is here: blank line, comment, header */
    ST_IGNORE,     /* a record, and none to be counted: it is left out, and that is counted */
    ST_BAD_INPUT,  /* the data is wrong: quarantine it and go on */
    ST_BAD_CONFIG, /* the configuration is wrong: say file and line */
    ST_NOT_FOUND,
    ST_RETRY,   /* a peer is away or busy: the same call may succeed later */
    ST_FULL,    /* no room now: pause and try again later; nothing was taken */
    ST_IO,      /* the operating system refused */
    ST_CORRUPT, /* stored data fails its own checks */
};

struct error {
    enum status code;
    long pos;       /* byte position in the input, or -1 */
    char text[240]; /* one sentence: what, where, what to do */
};

/* Fills *err (NULL allowed) and returns code, so that failing is one statement. */
enum status fail(struct error *err, enum status code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As fail, with the byte position at which the input went wrong. */
enum status fail_at(struct error *err, enum status code, long pos, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
