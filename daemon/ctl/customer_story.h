/*
 * customer_story.h - one customer's stage of life, what is expected of it, and how it came there.
 */
#ifndef CUSTOMER_STORY_H
#define CUSTOMER_STORY_H

#include <stdio.h>

#include "json_write.h"
#include "store.h"

/* Lines for people; nothing for a customer that no pass has seen. */
enum status customer_story_print(struct store *s, struct span id, FILE *out, struct error *err);
/* Members of the object that is open. */
enum status customer_story_json(struct store *s, struct span id, struct json_writer *w,
                                struct error *err);

#endif
