/*
 * ledger_recover.c - a damaged ledger set aside whole, and a new one put in its place.
 *
 *   1  the note says where the ledger is set aside
 *   2  the file and its log get second names there: from now on nothing can be lost
 *   3  a new ledger is made of what can be read there, checked and synced
 *   4  the old log's first name goes, then the new ledger takes the old one's name: a new file
 *      never meets an old log
 *   5  the note goes
 *
 * Cut off at any step, it begins again from the files set aside; until the last step the note
 * keeps everybody from the ledger.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "civil.h"
#include "clock.h"
#include "fault.h"
#include "ledger_care_internal.h"
#include "ledger_salvage_internal.h"
#include "memory.h"

static bool
same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

/* One that is there was given by a recovery that was cut off: what stands under the first name now
 * may be a log that a reader has begun. */
static enum status
second_name(const char *path, const char *aside, const char *suffix, struct error *err)
{
    char *from = xasprintf("%s%s", path, suffix), *to = xasprintf("%s%s", aside, suffix);
    enum status st = ST_OK;

    if (link(from, to) != 0 && errno != EEXIST && !(errno == ENOENT && suffix[0]))
        st = fail(err, ST_IO, "%.100s cannot be set aside as %.60s: %s", from, to, strerror(errno));
    free(from);
    free(to);
    return st;
}

static void
choose_aside(const char *path, struct care_note *note)
{
    char when[CIVIL_TEXT];
    int n = 1;

    format_utc(when, clock_now());
    do {
        char number[16] = "";

        if (n > 1)
            snprintf(number, sizeof number, "-%d", n);
        snprintf(note->aside, sizeof note->aside, "%.200s.damaged-%s%s", path, when, number);
        n++;
    } while (access(note->aside, F_OK) == 0);
}

/* Steps 1 and 2, or where an earlier recovery had come to with them. */
static enum status
set_aside(const char *path, struct care_note *note, struct error *err)
{
    enum status st = ST_OK;

    care_read_note(path, note);
    if (!note->aside[0])
        choose_aside(path, note);
    note->kind = TROUBLE_DAMAGED;
    if (!note->text[0])
        snprintf(note->text, sizeof note->text, "a recovery was begun and not finished");
    care_write_note(path, note);
    if (ledger_trouble_read(path, NULL, 0) != TROUBLE_DAMAGED)
        return fail(err, ST_IO, "no note can be left beside %.150s: is the disk full?", path);
    fault_point("recovery_noted");
    if (access(note->aside, F_OK) != 0)
        st = second_name(path, note->aside, "", err);
    if (st == ST_OK && same_file(path, note->aside))
        st = second_name(path, note->aside, "-wal", err);
    return st == ST_OK ? care_sync_folder(path, err) : st;
}

static void
remove_suffixed(const char *path, const char *suffix)
{
    char *name = xasprintf("%s%s", path, suffix);

    unlink(name);
    free(name);
}

/* Whoever runs this, the daemon's user has to be able to open what is made. */
static enum status
give_to_owner(const char *made, const char *aside, struct error *err)
{
    struct stat st;

    if (stat(aside, &st) != 0 || chmod(made, st.st_mode & 0777) != 0 ||
        ((st.st_uid != geteuid() || st.st_gid != getegid()) &&
         chown(made, st.st_uid, st.st_gid) != 0 && geteuid() == 0))
        return fail(err, ST_IO, "%.180s: %s", made, strerror(errno));
    return ST_OK;
}

static void
said_before(void *arg, const char *sentence)
{
    struct error *err = arg;

    fail(err, ST_CORRUPT, "what was saved does not pass its checks: %.180s", sentence);
}

static enum status
put_in_place(const char *made, const char *path, struct error *err)
{
    remove_suffixed(path, "-wal");
    remove_suffixed(path, "-shm");
    fault_point("recovery_in_place");
    if (rename(made, path) != 0)
        return fail(err, ST_IO, "%.180s: %s", path, strerror(errno));
    return care_sync_folder(path, err);
}

enum status
ledger_recover(const char *path, const char *node, ledger_say *say, void *arg,
               struct ledger_recovery *out, struct error *err)
{
    char *made = xasprintf("%s.new", path);
    struct care_note note;
    enum status st;

    memset(out, 0, sizeof *out);
    st = set_aside(path, &note, err);
    snprintf(out->aside, sizeof out->aside, "%s", note.aside);
    if (st == ST_OK) {
        salvage_remove(made);
        st = ledger_salvage(note.aside, made, node, say, arg, out, err);
    }
    fault_point("recovery_saved");
    if (st == ST_OK)
        st = ledger_check(made, said_before, err, &out->made, err);
    if (st == ST_OK && out->made.wrong)
        st = ST_CORRUPT; /* err says why */
    if (st == ST_OK)
        st = give_to_owner(made, note.aside, err);
    if (st == ST_OK)
        st = care_sync_file(made, err);
    if (st == ST_OK)
        st = put_in_place(made, path, err);
    if (st == ST_OK)
        ledger_trouble_clear(path);
    remove_suffixed(note.aside, "-shm");
    free(made);
    return st;
}
