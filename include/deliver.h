/*
 * deliver.h - the threads that deliver messages of the outbox (outbox.h), one for each webhook.
 *
 * A receiver that stalls holds up nobody else. Each message goes out until it is answered with 2xx;
 * after a failure it waits, longer each time, and so do the later ones of its subject. Where nobody
 * answers, or the receiver is in trouble (5xx, 429), everything for it waits.
 */
#ifndef DELIVER_H
#define DELIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "memory.h"
#include "status.h"

struct deliver;

/* Starts a thread for each webhook of the configuration, which is borrowed to the end. */
enum status deliver_open(struct deliver **out, const struct config *c, struct error *err);
/* Ends what is under way (it will be tried again) and waits for the threads. Accepts NULL. */
void deliver_close(struct deliver *d);
/* Another configuration from now on. */
enum status deliver_change(struct deliver *d, const struct config *c, struct error *err);

struct deliver_count {
    char webhook[64];
    uint64_t delivered, failed; /* tries since the start */
    int64_t waiting, dead;      /* messages */
    int64_t failing_since;      /* UTC; 0: the last try succeeded */
    char problem[200];          /* of the last try; "" */
};
/* Any thread. At most `max`; how many there are. */
size_t deliver_counts(struct deliver *d, struct deliver_count *out, size_t max);

/* Milliseconds until the next try after so many that failed; chance in [0, 1) lengthens it by up to
 * a half. The receiver's wish (seconds, 0: none) is the least, within reason. */
int64_t deliver_pause(const struct config_webhook *h, int64_t failures, int64_t wish_s,
                      double chance);

#endif
