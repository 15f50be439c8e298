/*
 * ledger_transplant.c - a ledger whose first page is damaged gets another one, in a copy.
 *
 * The first page holds the file's head and the list of tables with their roots. Every ledger is
 * made by the same statements, so an empty one has the same list; the head is the same but for
 * the number of pages. A ledger that was once a backup has its roots elsewhere: then what is
 * found is not a ledger, and nothing is lost by having looked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger_parts.h"
#include "ledger_salvage_internal.h"

static enum status
copy_file(const char *from, const char *to, struct error *err)
{
    int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
    char *buffer = xmalloc(1 << 20);
    enum status st = ST_OK;
    ssize_t n = 0;

    if (in >= 0)
        out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (in < 0 || out < 0)
        st = fail(err, ST_IO, "%.180s: %s", in < 0 ? from : to, strerror(errno));
    while (st == ST_OK && (n = read(in, buffer, 1 << 20)) > 0)
        if (write(out, buffer, (size_t)n) != n)
            st = fail(err, ST_IO, "%.180s: %s", to, strerror(errno));
    if (st == ST_OK && n < 0)
        st = fail(err, ST_IO, "%.180s: %s", from, strerror(errno));
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    free(buffer);
    return st;
}

/* Of an empty ledger made at path for the purpose. */
static enum status
first_page(const char *path, unsigned char page[LEDGER_PAGE_BYTES], struct error *err)
{
    sqlite3 *db = NULL;
    enum status st = ST_OK;
    int fd;

    unlink(path);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
        st = sql_fail(db, path, err);
    if (st == ST_OK)
        st = sql_exec(db, LEDGER_PAGES "BEGIN;" LEDGER_SCHEMA "COMMIT", err);
    sqlite3_close(db);
    if (st != ST_OK)
        return st;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, page, LEDGER_PAGE_BYTES) != LEDGER_PAGE_BYTES)
        st = fail(err, ST_IO, "%.180s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return st;
}

/* File format 1.3 of SQLite: 18 and 19 say WAL, 24 and 92 the counter of changes, 28 the number
 * of pages, 32 and 36 the list of free ones. */
static enum status
give_page(const char *path, unsigned char page[LEDGER_PAGE_BYTES], struct error *err)
{
    enum status st = ST_OK;
    struct stat file;
    uint32_t pages;
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &file) != 0)
        file.st_size = 0;
    pages = (uint32_t)(file.st_size / LEDGER_PAGE_BYTES);
    page[18] = page[19] = 2;
    memcpy(page + 92, page + 24, 4);
    for (int i = 0; i < 4; i++)
        page[28 + i] = (unsigned char)(pages >> (24 - 8 * i));
    memset(page + 32, 0, 8);
    if (fd < 0 || pages == 0 || pwrite(fd, page, LEDGER_PAGE_BYTES, 0) != LEDGER_PAGE_BYTES)
        st = fail(err, ST_CORRUPT, "%.180s: there is nothing to be read", path);
    if (fd >= 0)
        close(fd);
    return st;
}

enum status
salvage_transplant(const char *from, const char *copy, struct error *err)
{
    char *log = xasprintf("%s-wal", from), *copied_log = xasprintf("%s-wal", copy);
    unsigned char *page = xmalloc(LEDGER_PAGE_BYTES);
    enum status st = first_page(copy, page, err);

    if (st == ST_OK)
        st = copy_file(from, copy, err);
    if (st == ST_OK && access(log, F_OK) == 0)
        st = copy_file(log, copied_log, err);
    if (st == ST_OK)
        st = give_page(copy, page, err);
    free(page);
    free(log);
    free(copied_log);
    return st;
}

void
salvage_remove(const char *copy)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char *name = xasprintf("%s%s", copy, suffixes[i]);

        unlink(name);
        free(name);
    }
}
