/*
 * presence.c - who is in which room of a server, as its events say, and who has gone unheard.
 */
#include "presence.h"

#include <stdlib.h>

#include "hash.h"
#include "memory.h"

#define BUCKETS 4096

struct stay {
    struct stay *next; /* in its bucket */
    unsigned roll;     /* the roll call at which it was there last */
    size_t room_n, who_n, farewell_n;
    char text[]; /* room, who, farewell */
};

struct presence {
    struct stay *buckets[BUCKETS];
    size_t count;
    unsigned roll;
};

struct presence *
presence_new(void)
{
    return xcalloc(1, sizeof(struct presence));
}

size_t
presence_count(const struct presence *p)
{
    return p->count;
}

static void
forget(struct presence *p, struct stay **at)
{
    struct stay *s = *at;

    *at = s->next;
    free(s);
    p->count--;
}

void
presence_free(struct presence *p)
{
    for (size_t i = 0; p && i < BUCKETS; i++)
        while (p->buckets[i])
            forget(p, &p->buckets[i]);
    free(p);
}

/* The place that points to it, or to the end of its bucket. */
static struct stay **
find(struct presence *p, struct span room, struct span who)
{
    uint64_t h = hash_bytes(who.p, who.n, hash_bytes(room.p, room.n, 0));
    struct stay **at = &p->buckets[h % BUCKETS];

    while (*at && !(span_eq(span_of((*at)->text, (*at)->room_n), room) &&
                    span_eq(span_of((*at)->text + (*at)->room_n, (*at)->who_n), who)))
        at = &(*at)->next;
    return at;
}

void
presence_join(struct presence *p, struct span room, struct span who, struct span farewell)
{
    struct stay **at = find(p, room, who), *s = *at;

    if (s) {
        s->roll = p->roll;
        return;
    }
    if (p->count == PRESENCE_MOST)
        return;
    s = xmalloc(sizeof *s + room.n + who.n + farewell.n);
    *s = (struct stay){.roll = p->roll, .room_n = room.n, .who_n = who.n, .farewell_n = farewell.n};
    memcpy(s->text, room.p, room.n);
    memcpy(s->text + room.n, who.p, who.n);
    memcpy(s->text + room.n + who.n, farewell.p, farewell.n);
    *at = s;
    p->count++;
}

void
presence_leave(struct presence *p, struct span room, struct span who)
{
    struct stay **at = find(p, room, who);

    if (*at)
        forget(p, at);
}

static struct span
farewell_of(const struct stay *s)
{
    return span_of(s->text + s->room_n + s->who_n, s->farewell_n);
}

void
presence_empty(struct presence *p, struct span room, bool (*gone)(void *arg, struct span farewell),
               void *arg)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct stay **at = &p->buckets[i]; *at;)
            if (span_eq(span_of((*at)->text, (*at)->room_n), room) && gone(arg, farewell_of(*at)))
                forget(p, at);
            else
                at = &(*at)->next;
}

static bool
all_go(void *arg, struct span farewell)
{
    (void)arg, (void)farewell;
    return true;
}

void
presence_end(struct presence *p, struct span room)
{
    presence_empty(p, room, all_go, NULL);
}

void
presence_begin(struct presence *p)
{
    p->roll++;
}

bool
presence_seen(struct presence *p, struct span room, struct span who)
{
    struct stay *s = *find(p, room, who);

    if (s)
        s->roll = p->roll;
    return s != NULL;
}

void
presence_sweep(struct presence *p, void (*gone)(void *arg, struct span farewell), void *arg)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct stay **at = &p->buckets[i]; *at;) {
            const struct stay *s = *at;

            if (s->roll == p->roll) {
                at = &(*at)->next;
                continue;
            }
            gone(arg, farewell_of(s));
            forget(p, at);
        }
}
