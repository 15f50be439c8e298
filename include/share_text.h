/*
 * share_text.h - shares, and the skills that services are split into, as people write them.
 */
#ifndef SHARE_TEXT_H
#define SHARE_TEXT_H

#include <stdbool.h>

#include "span.h"

#define SKILLS_MOST   16       /* of a service, as configured or asked for */
#define SKILLS_OTHERS "others" /* what the named skills leave */

/* "20%" or "0.2": a number, whatever it is. */
bool share_read(const char *text, double *share);

/* "french=20%", "top=segment:gold". The name borrows from the text. */
struct skill_text {
    struct span name;
    double share;        /* above 0, below 1; NAN: that of a segment */
    const char *segment; /* NULL: a share is given */
};
/* False: neither, or the name of what is left. */
bool skill_read(const char *text, struct skill_text *out);

/* The name of a skill where services stand: "SERVICE/SKILL"; the caller frees. */
char *skill_name(const char *service, const char *skill);
/* The service in it. */
struct span skill_service(struct span name);

#endif
