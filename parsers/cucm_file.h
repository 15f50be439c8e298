/*
 * cucm_file.h - files of Cisco Unified CM: which cell is which column; for parse_cisco_cucm.c.
 */
#ifndef CUCM_FILE_H
#define CUCM_FILE_H

#include "document.h"

enum column {
    COL_RECORD_TYPE,
    COL_MANAGER,
    COL_CALL,
    COL_CLUSTER,
    COL_PKID,
    /* CDR */
    COL_ORIG_LEG,
    COL_ORIGINATION,
    COL_CONNECT,
    COL_DISCONNECT,
    COL_DURATION,
    COL_CALLING,
    COL_CALLING_URI,
    COL_CALLING_USER,
    COL_ORIG_DEVICE,
    COL_ORIGINAL_CALLED,
    COL_FINAL_CALLED,
    COL_LAST_REDIRECT_DN,
    COL_ORIG_CAUSE,
    COL_DEST_CAUSE,
    COL_ORIG_CODEC,
    COL_ORIG_VIDEO,
    COL_ORIG_TERMINATION,
    COL_DEST_TERMINATION,
    COL_REDIRECT_BEHALF,
    COL_LAST_BEHALF,
    COL_LAST_REASON,
    COL_JOIN_BEHALF,
    COL_CONVERSATION,
    COL_COMMENT,
    /* CMR */
    COL_CALL_IDENTIFIER,
    COL_TIME_STAMP,
    COL_DIRECTORY_NUMBER,
    COL_DEVICE,
    COL_RECEIVED,
    COL_LOST,
    COL_JITTER,
    COL_METRICS,
    COL_COUNT
};

/* The parser's part that knows of files (parser.h). */
enum status cucm_prepare(void **shared, const struct format *f, struct error *err);
bool cucm_wants_header(const struct format *f);
enum status cucm_read_header(const struct format *f, struct span line, struct layout **out,
                             struct error *err);
void cucm_layout_free(struct layout *l);
size_t cucm_cut(const struct format *f, struct span buf, size_t max_frame, bool eof);

/* Takes one line off *rest: its cells go to `col`, which has COL_COUNT + 1 places (the last is for
 * columns of no meaning), and to the fields that the format's map says. ST_SKIP: the line of types,
 * or a header that comes again. */
enum status cucm_take(struct document *d, const struct layout *layout, size_t max_frame,
                      struct span *rest, struct span *col, struct fields *out, struct span *raw,
                      struct error *err);

#endif
