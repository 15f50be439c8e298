/*
 * configuring.h - what tests of the configuration share: text to a configuration.
 */
#ifndef CONFIGURING_H
#define CONFIGURING_H

#include "config.h"
#include "test.h"

static inline void
write_file(const char *path, const char *text, size_t n)
{
    FILE *f = fopen(path, "w");

    CHECK(f && fwrite(text, 1, n, f) == n && fclose(f) == 0);
}

static inline struct config *
load(const char *text)
{
    struct config *c;
    struct error e;

    write_file("c.conf", text, strlen(text));
    if (config_load(&c, "c.conf", &e) != ST_OK)
        test_fail(__FILE__, __LINE__, "refused: %s", e.text);
    return c;
}

#endif
