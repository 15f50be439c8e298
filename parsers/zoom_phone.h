/*
 * zoom_phone.h - calls of Zoom Phone among the events that Zoom posts.
 */
#ifndef ZOOM_PHONE_H
#define ZOOM_PHONE_H

#include "json_document.h"

/* Takes down the calls of an event of Zoom Phone, whose name begins with "phone.". */
void zoom_phone_event(struct document *d, struct span name, const struct json_value *root);

#endif
