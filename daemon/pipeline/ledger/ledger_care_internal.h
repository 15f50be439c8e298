/*
 * ledger_care_internal.h - what checks, copies and recovery of a ledger share.
 */
#ifndef LEDGER_CARE_INTERNAL_H
#define LEDGER_CARE_INTERNAL_H

#include "ledger_care.h"

struct care_note {
    enum ledger_trouble kind;
    char text[200];  /* why */
    char file[64];   /* which file it is about: another one in its place is looked at anew */
    char aside[256]; /* "" or where a recovery that has begun set the ledger aside */
};

void care_write_note(const char *path, const struct care_note *note); /* as the disk lets us */
void care_read_note(const char *path, struct care_note *note);

enum status care_sync_file(const char *path, struct error *err);
enum status care_sync_folder(const char *path, struct error *err); /* the one path is in */

/* ledger_salvage.c: fills the new file `made` with what can be read of the ledger at `from`. */
enum status ledger_salvage(const char *from, const char *made, const char *node, ledger_say *say,
                           void *arg, struct ledger_recovery *out, struct error *err);

#endif
