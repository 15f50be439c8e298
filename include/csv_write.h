/*
 * csv_write.h - fields of a CSV file (RFC 4180), quoted where they must be.
 */
#ifndef CSV_WRITE_H
#define CSV_WRITE_H

#include "memory.h"

void csv_field(struct buf *out, struct span s);

#endif
