/*
 * folder.c - making and locking the state folder.
 */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "memory.h"

#define CIFS_MAGIC 0xFF534D42u

static enum status
make_folders(const char *path, struct error *err)
{
    char *copy = xstrdup(path);

    for (char *p = copy + 1; *p; p++)
        if (*p == '/') {
            *p = '\0';
            mkdir(copy, 0755);
            *p = '/';
        }
    if (mkdir(copy, 0750) != 0 && errno != EEXIST) {
        int why = errno;

        free(copy);
        return fail(err, ST_IO, "state_dir %s cannot be made: %s", path, strerror(why));
    }
    free(copy);
    return ST_OK;
}

/* SQLite's WAL needs memory that all its users share: there is none across a network. */
static enum status
refuse_network(const char *path, struct error *err)
{
    struct statfs fs;
    unsigned type;

    if (statfs(path, &fs) != 0)
        return ST_OK; /* opening the lock will say why */
    type = (unsigned)fs.f_type;
    if (type == NFS_SUPER_MAGIC || type == SMB_SUPER_MAGIC || type == SMB2_SUPER_MAGIC ||
        type == CIFS_MAGIC || type == AFS_FS_MAGIC)
        return fail(err, ST_BAD_CONFIG,
                    "state_dir %.120s is on a network file system: name a folder on a local disk",
                    path);
    return ST_OK;
}

enum status
folder_take(const char *path, int *fd, struct error *err)
{
    enum status st = make_folders(path, err);
    char *lock;

    *fd = -1;
    if (st == ST_OK)
        st = refuse_network(path, err);
    if (st != ST_OK)
        return st;
    lock = xasprintf("%s/lock", path);
    *fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (*fd < 0)
        st = fail(err, ST_IO, "%s cannot be opened: %s", lock, strerror(errno));
    else if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
        st = fail(err, ST_RETRY, "another process owns %s: one daemon or import at a time", path);
    free(lock);
    if (st != ST_OK && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    return st;
}
