/*
 * web_text.h - texts as they come over the web: percent-encoded, as forms, in base64.
 */
#ifndef WEB_TEXT_H
#define WEB_TEXT_H

#include "memory.h"
#include "span.h"

/* "%2B" is "+"; with `plus`, "+" is a blank. What is no escape stays as it is. Without any the text
 * itself, else a copy. */
struct span web_decode(struct span s, bool plus, struct arena *mem);

/* RFC 4648 section 4, or 5 ("-" and "_"); padding and line ends may be missing or there. False: it
 * is none. */
bool web_base64(struct span s, struct arena *mem, struct span *out);

/* One "name=value" off the front of a form body (application/x-www-form-urlencoded), decoded; false
 * at its end. */
bool web_form_next(struct span *rest, struct arena *mem, struct span *name, struct span *value);
/* The value of a name in a form; false: it is not there. */
bool web_form_find(struct span form, const char *name, struct arena *mem, struct span *value);

#endif
