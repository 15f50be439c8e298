/*
 * managed_files.c - the log's words, and append-only files moved out of the way and in.
 */
#include "managed_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "log.h"
#include "memory.h"

#define LOG_READ 16384
#define LOG_TAIL 1200

/* What Redis 7 says before it ends because of its own files (src/aof.c, src/rdb.c). A torn tail is
 * not among them: that it cuts off by itself. */
static const char *const complaints[] = {
    "Bad file format reading the append only file",
    "Unexpected end of file reading the append only file",
    "Unrecoverable error reading the append only file",
    "Error reading the RDB preamble of the AOF file",
    "Error loading the RDB preamble of the AOF file",
    "Wrong signature trying to load DB from file",
    "Can't handle RDB format version",
    "Internal error in RDB reading",
    "Short read or OOM loading DB",
    "Invalid AOF manifest file",
    "Terminating server after rdb file reading failure",
    "The AOF file appendonly.aof",
    "RDB CRC error",
};

off_t
managed_files_log_end(const char *folder)
{
    char *path = xasprintf("%s/redis.log", folder);
    struct stat s;
    off_t end = stat(path, &s) == 0 ? s.st_size : 0;

    free(path);
    return end;
}

pid_t
managed_files_pid(const char *folder)
{
    char *path = xasprintf("%s/redis.pid", folder);
    FILE *f = fopen(path, "re");
    long pid = !f && errno == ENOENT ? 0 : -1;

    if (f && fscanf(f, "%ld", &pid) != 1)
        pid = -1;
    if (f)
        fclose(f);
    free(path);
    return (pid_t)pid;
}

void
managed_files_log_tail(const char *folder, char *out, size_t size)
{
    char *path = xasprintf("%s/redis.log", folder), text[LOG_TAIL + 1];
    FILE *f = fopen(path, "re");
    size_t n = 0, from;

    if (f) {
        if (fseek(f, 0, SEEK_END) == 0 && ftell(f) > LOG_TAIL)
            fseek(f, -LOG_TAIL, SEEK_END);
        else
            rewind(f);
        n = fread(text, 1, LOG_TAIL, f);
        fclose(f);
    }
    free(path);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    from = n >= size ? n - size + 1 : 0;
    for (size_t i = from; i < n; i++)
        out[i - from] = text[i];
    out[n - from] = '\0';
    for (char *p = out; *p; p++)
        if (*p == '\n' || *p == '"')
            *p = ' ';
}

/* The complaint found in the log, NULL if there is none. */
static const char *
find_complaint(const char *folder, off_t from)
{
    char *path = xasprintf("%s/redis.log", folder), text[LOG_READ + 1];
    FILE *f = fopen(path, "re");
    const char *found = NULL;
    size_t n = 0;

    if (f && fseeko(f, from, SEEK_SET) == 0)
        n = fread(text, 1, LOG_READ, f);
    if (f)
        fclose(f);
    free(path);
    text[n] = '\0';
    for (size_t i = 0; !found && i < sizeof complaints / sizeof *complaints; i++)
        if (strstr(text, complaints[i]))
            found = complaints[i];
    return found;
}

void
managed_files_remove(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;

    while (d && (e = readdir(d)) != NULL)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    rmdir(path);
}

bool
managed_files_set_aside(const char *folder, off_t log_from)
{
    const char *complaint = find_complaint(folder, log_from);
    char *files = xasprintf("%s/appendonlydir", folder);
    char *aside = xasprintf("%s.damaged", files);
    bool moved = false;

    if (complaint) {
        managed_files_remove(aside);
        moved = rename(files, aside) == 0;
        if (moved)
            log_error(
                "redis_files_damaged",
                "complaint=\"%s\" kept=%s text=\"the managed Redis starts empty and is filled "
                "again from the ledger\"",
                complaint, aside);
        else
            log_error("redis_files_damaged", "complaint=\"%s\" error=\"%s\"", complaint,
                      strerror(errno));
    }
    free(files);
    free(aside);
    return moved;
}

enum status
managed_files_replace(const char *folder, const char *by, struct error *err)
{
    char *files = xasprintf("%s/appendonlydir", folder);
    enum status st = ST_OK;

    managed_files_remove(files);
    fault_point("redis_files_gone");
    if (rename(by, files) != 0)
        st = fail(err, ST_IO, "Cannot rename %.120s: %s", by, strerror(errno));
    free(files);
    return st;
}
