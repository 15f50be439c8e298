/*
 * engine_disk.c - room on the disk: the reserve, the ballast, and the length of the log.
 *
 * Below the reserve nothing more is taken in, so that what was taken can always be committed,
 * folded and sent to Redis. The ballast is a file that only takes room: it is given up at a
 * start and at an end that would not have enough, because SQLite cannot even open a database on a
 * disk that is full to the last byte. The write-ahead log cannot be emptied past a reader's
 * snapshot: from a quarter of its limit on that is said, at the limit nothing more is taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "clock.h"
#include "engine_internal.h"
#include "log.h"

#define LOOK_EVERY_MS 500
#define SLOW_MS       2000
#define MIB           (1024.0 * 1024)

static bool
find_free(const struct engine *e, uint64_t *bytes)
{
    struct statvfs fs;

    if (statvfs(e->config->state_dir, &fs) != 0)
        return false;
    *bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    return true;
}

/* --- the ballast --- */

static bool
ballast_stands(const char *path, uint64_t bytes)
{
    struct stat st;

    return stat(path, &st) == 0 && (uint64_t)st.st_size == bytes &&
           (uint64_t)st.st_blocks * 512 >= bytes;
}

static void
make_ballast(struct engine *e, uint64_t room)
{
    uint64_t bytes = e->config->limits.disk_ballast;
    char *path = config_state_path(e->config, "ballast");
    int fd, failed;

    if (!ballast_stands(path, bytes)) {
        unlink(path);
        if (bytes > 0 && room > bytes) {
            fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
            failed = fd < 0 ? errno : posix_fallocate(fd, 0, (off_t)bytes);
            if (fd >= 0)
                close(fd);
            if (failed)
                unlink(path);
        }
    }
    e->ballast = ballast_stands(path, bytes);
    free(path);
}

static void
give_up_ballast(struct engine *e, const char *when)
{
    char *path = config_state_path(e->config, "ballast");

    if (unlink(path) == 0)
        log_warn("ballast_given_up", "at=%s", when);
    e->ballast = false;
    free(path);
}

void
engine_open_disk(struct engine *e)
{
    uint64_t room;

    if (find_free(e, &room) && room < e->config->limits.disk_reserve)
        give_up_ballast(e, "start");
}

void
engine_close_disk(struct engine *e)
{
    uint64_t room;

    if (e->lock_fd >= 0 && find_free(e, &room) && room < e->config->limits.disk_reserve)
        give_up_ballast(e, "stop");
}

/* --- looking --- */

/* Why nothing more may be taken, or "". */
static void
judge(const struct engine *e, uint64_t room, uint64_t wal, char *out, size_t size)
{
    const struct config_limits *limits = &e->config->limits;

    out[0] = '\0';
    if (room < limits->disk_reserve)
        snprintf(out, size,
                 "the disk of %.60s has %.1f MiB left, less than disk_reserve (%.1f MiB): nothing"
                 " is taken until there is room",
                 e->config->state_dir, (double)room / MIB, (double)limits->disk_reserve / MIB);
    else if (wal >= limits->max_wal)
        snprintf(out, size,
                 "the ledger's write-ahead log holds %.1f MiB, no less than max_wal, because"
                 " somebody keeps reading ledger.db: nothing is taken until that ends",
                 (double)wal / MIB);
}

static void
find_alarm(const struct engine *e, uint64_t wal, char *out, size_t size)
{
    const struct config_limits *limits = &e->config->limits;

    out[0] = '\0';
    if (wal >= limits->max_wal / 4)
        snprintf(out, size,
                 "The ledger's write-ahead log holds %.1f MiB: somebody keeps reading ledger.db. At"
                 " %.1f MiB nothing more is taken.",
                 (double)wal / MIB, (double)limits->max_wal / MIB);
    else if (!e->ballast && e->ledger_running && limits->disk_ballast > 0)
        snprintf(out, size, "There is no room for the ballast of %.1f MiB.",
                 (double)limits->disk_ballast / MIB);
}

static void
say(const char *before, const char *now)
{
    if (now[0] && !before[0])
        log_error("not_taking", "reason=\"%s\"", now);
    else if (before[0] && !now[0])
        log_info("taking_again", "reason=\"there is room\"");
}

/* Now and then; and at once when a commit took the log past its limit, which under load would
 * otherwise be passed by all that fits between two looks. */
static bool
look_is_due(const struct engine *e, int64_t now)
{
    return now - e->last_disk_ms >= LOOK_EVERY_MS ||
           (!e->disk_full[0] && ledger_wal_bytes(e->ledger) >= e->config->limits.max_wal);
}

void
engine_watch_disk(struct engine *e)
{
    int64_t now = clock_mono_ms();
    char full[sizeof e->disk_full], alarm[sizeof e->disk_alarm];
    uint64_t room, wal;

    if (e->dry_run || !look_is_due(e, now))
        return;
    e->last_disk_ms = now;
    if (!find_free(e, &room))
        return;
    if (!e->ballast && e->ledger_running) /* not before inputs can be heard */
        make_ballast(e, room);
    ledger_limit_wal(e->ledger, e->config->limits.max_wal);
    ledger_shorten_wal(e->ledger);
    wal = ledger_wal_bytes(e->ledger);
    judge(e, room, wal, full, sizeof full);
    find_alarm(e, wal, alarm, sizeof alarm);
    pthread_mutex_lock(&e->lock);
    say(e->disk_full, full);
    memcpy(e->disk_full, full, sizeof full);
    memcpy(e->disk_alarm, alarm, sizeof alarm);
    engine_wake_room(e);
    pthread_mutex_unlock(&e->lock);
}

void
engine_disk_status(const struct engine *e, struct engine_status *out)
{
    int64_t waited = e->commit_since_ms ? clock_mono_ms() - e->commit_since_ms : 0;

    snprintf(out->stalled, sizeof out->stalled, "%s", e->stalled[0] ? e->stalled : e->disk_full);
    if (!e->stalled[0] && waited >= SLOW_MS)
        snprintf(out->disk_problem, sizeof out->disk_problem,
                 "The disk is slow: a commit has been under way for %lld s, and nobody is answered"
                 " meanwhile.",
                 (long long)waited / 1000);
    else
        snprintf(out->disk_problem, sizeof out->disk_problem, "%s", e->disk_alarm);
}
