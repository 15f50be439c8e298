/*
 * faulty_disk.h - a disk under SQLite that fails when it is told to: reads, writes and syncs of
 * files whose path holds "ledger.db" are refused with an errno of choice, or take their time.
 */
#ifndef FAULTY_DISK_H
#define FAULTY_DISK_H

#include <errno.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

#include "test.h"

static atomic_int disk_read_errno, disk_write_errno, disk_sync_errno; /* 0: works */
static atomic_int disk_reads_left;                                    /* that still work */
static atomic_int disk_sync_wait; /* non-zero: a sync does not return */

struct faulty_file {
    sqlite3_file base;
    bool ours;
    _Alignas(8) char real[]; /* the file system's own; SQLite aligns to eight */
};

static sqlite3_vfs *faulty_below, faulty_vfs;

static sqlite3_file *
faulty_real(sqlite3_file *f)
{
    return (sqlite3_file *)((struct faulty_file *)f)->real;
}

#define FAULTY_PASS(name, parameters, arguments)                                                   \
    static int faulty_##name parameters                                                            \
    {                                                                                              \
        sqlite3_file *real = faulty_real(f);                                                       \
        return real->pMethods->x##name arguments;                                                  \
    }

FAULTY_PASS(Close, (sqlite3_file * f), (real))
FAULTY_PASS(Truncate, (sqlite3_file * f, sqlite3_int64 n), (real, n))
FAULTY_PASS(FileSize, (sqlite3_file * f, sqlite3_int64 *n), (real, n))
FAULTY_PASS(Lock, (sqlite3_file * f, int how), (real, how))
FAULTY_PASS(Unlock, (sqlite3_file * f, int how), (real, how))
FAULTY_PASS(CheckReservedLock, (sqlite3_file * f, int *out), (real, out))
FAULTY_PASS(FileControl, (sqlite3_file * f, int op, void *arg), (real, op, arg))
FAULTY_PASS(SectorSize, (sqlite3_file * f), (real))
FAULTY_PASS(DeviceCharacteristics, (sqlite3_file * f), (real))
FAULTY_PASS(ShmMap, (sqlite3_file * f, int page, int size, int extend, void volatile **out),
            (real, page, size, extend, out))
FAULTY_PASS(ShmLock, (sqlite3_file * f, int at, int n, int flags), (real, at, n, flags))
FAULTY_PASS(ShmUnmap, (sqlite3_file * f, int flag), (real, flag))

static void
faulty_ShmBarrier(sqlite3_file *f)
{
    sqlite3_file *real = faulty_real(f);

    real->pMethods->xShmBarrier(real);
}

/* As SQLite's own file system has it (unixRead). */
static int
faulty_Read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    sqlite3_file *real = faulty_real(f);

    if (((struct faulty_file *)f)->ours && disk_read_errno && disk_reads_left-- <= 0) {
        errno = disk_read_errno;
        return errno == EIO ? SQLITE_IOERR_CORRUPTFS : SQLITE_IOERR_READ;
    }
    return real->pMethods->xRead(real, p, n, at);
}

static int
faulty_Write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    sqlite3_file *real = faulty_real(f);

    if (((struct faulty_file *)f)->ours && disk_write_errno) {
        errno = disk_write_errno;
        return SQLITE_IOERR_WRITE;
    }
    return real->pMethods->xWrite(real, p, n, at);
}

static int
faulty_Sync(sqlite3_file *f, int flags)
{
    sqlite3_file *real = faulty_real(f);

    if (((struct faulty_file *)f)->ours) {
        while (disk_sync_wait)
            poll(NULL, 0, 5);
        if (disk_sync_errno) {
            errno = disk_sync_errno;
            return SQLITE_IOERR_FSYNC;
        }
    }
    return real->pMethods->xSync(real, flags);
}

static const sqlite3_io_methods faulty_methods = {
    .iVersion = 2,
    .xClose = faulty_Close,
    .xRead = faulty_Read,
    .xWrite = faulty_Write,
    .xTruncate = faulty_Truncate,
    .xSync = faulty_Sync,
    .xFileSize = faulty_FileSize,
    .xLock = faulty_Lock,
    .xUnlock = faulty_Unlock,
    .xCheckReservedLock = faulty_CheckReservedLock,
    .xFileControl = faulty_FileControl,
    .xSectorSize = faulty_SectorSize,
    .xDeviceCharacteristics = faulty_DeviceCharacteristics,
    .xShmMap = faulty_ShmMap,
    .xShmLock = faulty_ShmLock,
    .xShmBarrier = faulty_ShmBarrier,
    .xShmUnmap = faulty_ShmUnmap,
};

static int
faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    int code = faulty_below->xOpen(faulty_below, name, faulty_real(f), flags, out);

    (void)vfs;
    f->pMethods = code == SQLITE_OK ? &faulty_methods : NULL;
    ((struct faulty_file *)f)->ours = name && strstr(name, "ledger.db");
    return code;
}

/* From now on every file is opened on the faulty disk. */
static void
faulty_disk(void)
{
    faulty_below = sqlite3_vfs_find(NULL);
    faulty_vfs = *faulty_below;
    faulty_vfs.zName = "faulty";
    faulty_vfs.szOsFile = (int)sizeof(struct faulty_file) + faulty_below->szOsFile;
    faulty_vfs.xOpen = faulty_open;
    CHECK(sqlite3_vfs_register(&faulty_vfs, 1) == SQLITE_OK);
}

#endif
