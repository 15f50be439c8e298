/*
 * fuzz_config.c - arbitrary bytes as a configuration: read, or refused with a file and a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    struct config *c;
    struct error err;
    char path[64];

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (config_load(&c, path, &err) == ST_OK) {
        config_free(c);
    } else {
        size_t n = strlen(path);

        if (strncmp(err.text, path, n) != 0 || err.text[n] != ':' || err.text[n + 1] < '1' ||
            err.text[n + 1] > '9')
            abort();
    }
    close(fd);
    return 0;
}
