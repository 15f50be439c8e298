/*
 * ledger_care.c - copies of a ledger, and the note that a damaged one leaves.
 */
#include "ledger_care.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger_care_internal.h"
#include "ledger_parts.h"
#include "log.h"

/* --- files --- */

enum status
care_sync_folder(const char *path, struct error *err)
{
    char *copy = xstrdup(path), *slash = strrchr(copy, '/');
    enum status st = ST_OK;
    int fd;

    if (slash)
        slash[slash == copy ? 1 : 0] = '\0';
    fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        st = fail(err, ST_IO, "the folder of %.150s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(copy);
    return st;
}

enum status
care_sync_file(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum status st = ST_OK;

    if (fd < 0 || fsync(fd) != 0)
        st = fail(err, ST_IO, "%.180s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return st;
}

/* --- copies --- */

struct first_sentence {
    char text[160];
};

static void
keep_first(void *arg, const char *sentence)
{
    struct first_sentence *f = arg;

    if (!f->text[0])
        snprintf(f->text, sizeof f->text, "%.150s", sentence);
}

static enum status
copy_into(const char *path, const char *part, struct error *err)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db;
    enum status result = ledger_open_file(&db, path, err);

    if (result != ST_OK)
        return result;
    result = sql_prepare(db, &st, "VACUUM INTO ?1", err);
    if (result == ST_OK) {
        sql_bind_text(st, 1, span_str(part));
        result = sql_run(st, err);
    }
    sqlite3_finalize(st);
    sqlite3_close(db);
    return result;
}

static enum status
prove(const char *part, struct ledger_check *out, struct error *err)
{
    struct first_sentence first = {""};
    enum status st = ledger_check(part, keep_first, &first, out, err);

    if (st == ST_OK && out->wrong)
        st = fail(err, ST_CORRUPT, "the copy fails its checks, and so does the ledger (%.100s)",
                  first.text);
    return st;
}

enum status
ledger_backup(const char *path, const char *to, struct ledger_check *out, struct error *err)
{
    char *part;
    enum status st;

    if (access(path, F_OK) != 0)
        return fail(err, ST_NOT_FOUND, "there is no ledger at %.180s", path);
    if (access(to, F_OK) == 0)
        return fail(err, ST_BAD_INPUT, "%.180s exists: name a new file", to);
    part = xasprintf("%s.%ld.part", to, (long)getpid());
    st = copy_into(path, part, err);
    if (st == ST_OK)
        st = prove(part, out, err);
    if (st == ST_OK && chmod(part, 0640) != 0)
        st = fail(err, ST_IO, "%.180s: %s", part, strerror(errno));
    if (st == ST_OK)
        st = care_sync_file(part, err);
    if (st == ST_OK && link(part, to) != 0) /* not rename: that would write over another's */
        st = fail(err, errno == EEXIST ? ST_BAD_INPUT : ST_IO, "%.180s: %s", to, strerror(errno));
    unlink(part);
    if (st == ST_OK)
        st = care_sync_folder(to, err);
    free(part);
    return st;
}

/* --- the note: its kind, why, about which file, and where a recovery set that aside --- */

static void
describe_file(const char *path, char *out, size_t size)
{
    struct stat st = {0};

    if (stat(path, &st) != 0)
        st.st_ino = 0;
    snprintf(out, size, "%llu %lld %lld", (unsigned long long)st.st_ino, (long long)st.st_size,
             (long long)st.st_mtim.tv_sec);
}

static char *
note_path(const char *path)
{
    return xasprintf("%s.trouble", path);
}

void
care_write_note(const char *path, const struct care_note *note)
{
    char *at = note_path(path), *made = xasprintf("%s.new", at);
    int fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    bool good = fd >= 0;
    char file[64];

    describe_file(path, file, sizeof file);
    if (good) {
        good = dprintf(fd, "%s\n%s\n%s\n%s\n", note->kind == TROUBLE_IO ? "io" : "damaged",
                       note->text, file, note->aside) > 0;
        good = fsync(fd) == 0 && good;
        good = close(fd) == 0 && good;
    }
    if (good)
        good = rename(made, at) == 0 && care_sync_folder(at, NULL) == ST_OK;
    if (!good)
        log_warn("note_not_left", "file=\"%s\" error=\"%s\"", at, strerror(errno));
    free(made);
    free(at);
}

static void
read_line(FILE *f, char *out, size_t size)
{
    if (!fgets(out, (int)size, f))
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

void
care_read_note(const char *path, struct care_note *note)
{
    char *at = note_path(path), kind[16];
    FILE *f = fopen(at, "re");

    free(at);
    memset(note, 0, sizeof *note);
    if (!f)
        return;
    read_line(f, kind, sizeof kind);
    note->kind = strcmp(kind, "io") == 0 ? TROUBLE_IO : TROUBLE_DAMAGED; /* also when cut off */
    read_line(f, note->text, sizeof note->text);
    read_line(f, note->file, sizeof note->file);
    read_line(f, note->aside, sizeof note->aside);
    fclose(f);
}

void
ledger_trouble_note(const char *path, enum ledger_trouble kind, const char *text)
{
    struct care_note note;

    care_read_note(path, &note);
    if (note.kind >= kind)
        return;
    note.kind = kind;
    snprintf(note.text, sizeof note.text, "%s", text);
    for (char *p = note.text; *p; p++)
        if (*p == '\n')
            *p = ' ';
    care_write_note(path, &note);
}

enum ledger_trouble
ledger_trouble_read(const char *path, char *text, size_t size)
{
    struct care_note note;

    care_read_note(path, &note);
    if (text)
        snprintf(text, size, "%s", note.text);
    return note.kind;
}

void
ledger_trouble_clear(const char *path)
{
    char *at = note_path(path);

    unlink(at);
    free(at);
}

/* A start looks at the whole ledger after an I/O error, and when another file stands in the place
 * of a damaged one. */
enum status
ledger_trouble_resolve(const char *path, struct error *err)
{
    struct first_sentence first = {""};
    struct ledger_check check;
    struct care_note note;
    enum status st;
    char file[64];

    care_read_note(path, &note);
    describe_file(path, file, sizeof file);
    if (note.kind == TROUBLE_NONE)
        return ST_OK;
    if (note.kind == TROUBLE_IO || strcmp(file, note.file) != 0) {
        log_warn("ledger_looked_at", "reason=\"%s\"", note.text);
        st = ledger_check(path, keep_first, &first, &check, err);
        if (st != ST_OK && st != ST_NOT_FOUND)
            return st;
        if (st == ST_OK && check.wrong == 0) {
            ledger_trouble_clear(path);
            return ST_OK;
        }
        note.kind = TROUBLE_DAMAGED;
        snprintf(note.text, sizeof note.text, "%s", st == ST_OK ? first.text : "it is gone");
        care_write_note(path, &note);
    }
    return fail(err, ST_CORRUPT,
                "%.50s is damaged (%.95s) and left as it is: run `callswell ledger recover`, or"
                " put a backup in its place",
                path, note.text);
}
