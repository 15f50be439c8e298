/*
 * relp_session.c - one RELP session: frames in, blocks out, answers back.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"
#include "relp.h"
#include "relp_frame.h"

#define COMMAND_BYTES  (16 * 1024) /* of data with any command but syslog */
#define UNANSWERED_MAX 50000       /* messages of one session that wait for a commit */
#define UNSENT_MAX     (256 * 1024)

/* --- the end of a session --- */

void
answer_free(struct answer *a)
{
    free(a->text);
    free(a);
}

void
session_end(struct session *s)
{
    struct answer *next;

    if (s->out_answer)
        block_clear(&s->out);
    for (struct answer *a = s->first; a; a = next) {
        next = a->next;
        a->session = NULL;
        if (!a->with_engine)
            answer_free(a);
    }
    event_free(s->on_read);
    event_free(s->on_write);
    source_unref(s->source);
    buf_clear(&s->got);
    buf_clear(&s->payload);
    buf_clear(&s->ends);
    buf_clear(&s->txnrs);
    buf_clear(&s->say);
    listening_part(&s->in->l, &s->peer);
    if (s->in->parting)
        event_active(s->in->on_leave, EV_TIMEOUT, 0);
    free(s);
}

/* Nothing is lost by it: the sender keeps what was not answered. */
static void
refuse(struct session *s, const char *why)
{
    listening_closes(&s->in->l, &s->peer.guest, why);
    session_end(s);
}

/* --- answers --- */

static struct answer *
answer_new(struct session *s, uint32_t n)
{
    struct answer *a = xcalloc(1, sizeof *a + n * sizeof a->txnr[0]);

    a->session = s;
    a->n = n;
    *s->last = a;
    s->last = &a->next;
    s->unanswered += n;
    return a;
}

static void
answer_text(struct session *s, uint32_t txnr, const char *text)
{
    struct answer *a = answer_new(s, 0);
    struct buf b = {0};

    relp_write(&b, txnr, "rsp", text);
    a->text = b.p;
    a->ready = true;
}

/* Moves what is ready, from the front, to what is to be said. False: a commit failed. */
static bool
collect_answers(struct session *s)
{
    struct answer *a;

    while ((a = s->first) && a->ready) {
        if (a->ack.st != ST_OK)
            return false;
        if (a->text)
            buf_str(&s->say, a->text);
        for (uint32_t i = 0; i < a->n; i++)
            relp_write(&s->say, a->txnr[i], "rsp", "200 OK");
        s->unanswered -= a->n;
        s->first = a->next;
        if (!s->first)
            s->last = &s->first;
        answer_free(a);
    }
    return true;
}

/* Sends what is to be said, as far as it goes. False: the connection broke. */
static bool
send_words(struct session *s)
{
    while (s->said < s->say.n) {
        ssize_t n = listening_send(&s->peer, s->say.p + s->said, s->say.n - s->said);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        s->said += (size_t)n;
    }
    s->said = 0;
    buf_reset(&s->say);
    return true;
}

/* --- messages --- */

/* False: the engine is full. */
static bool
submit(struct session *s)
{
    struct answer *a = s->out_answer;

    a->with_engine = true;
    acks_expect(s->in->acks, &a->ack);
    if (engine_submit(s->in->l.engine, &s->out) == ST_OK) {
        s->out_answer = NULL;
        return true;
    }
    acks_unexpect(s->in->acks, &a->ack);
    a->with_engine = false;
    return false;
}

/* The messages collected so far become a block. */
static bool
hand_on(struct session *s)
{
    uint32_t n = (uint32_t)(s->ends.n / sizeof(uint32_t));

    if (n == 0)
        return true;
    s->out_answer = answer_new(s, n);
    memcpy(s->out_answer->txnr, s->txnrs.p, s->txnrs.n);
    s->out = (struct block){
        .p = s->payload.p,
        .n = s->payload.n,
        .frame_end = (uint32_t *)(void *)s->ends.p,
        .frame_count = n,
        .offset = s->offset,
        .source = source_ref(s->source),
        .done = acks_told,
        .done_arg = &s->out_answer->ack,
    };
    s->offset += s->payload.n;
    s->payload = s->ends = (struct buf){0};
    buf_reset(&s->txnrs);
    return submit(s);
}

static void
add_message(struct session *s, uint32_t txnr, struct span data)
{
    uint32_t end;

    buf_span(&s->payload, data);
    end = (uint32_t)s->payload.n;
    buf_add(&s->ends, &end, sizeof end);
    buf_add(&s->txnrs, &txnr, sizeof txnr);
}

static enum status
open_session(struct session *s, uint32_t txnr, struct span data, struct error *err)
{
    struct relp_offer offer;
    char text[128];

    relp_offer_parse(data, &offer);
    if (s->opened)
        return fail(err, ST_BAD_INPUT, "the session was opened twice");
    if (offer.version < 0 || !offer.syslog) {
        answer_text(s, txnr, "500 the offers relp_version and commands=syslog are needed");
        return fail(err, ST_BAD_INPUT, "the session was opened without %s",
                    offer.version < 0 ? "relp_version" : "the command syslog");
    }
    snprintf(text, sizeof text, "200 OK\nrelp_version=%d\nrelp_software=callswell,%s\n%s",
             offer.version > 1 ? 1 : offer.version, CALLSWELL_VERSION, "commands=syslog");
    answer_text(s, txnr, text);
    s->opened = true;
    log_info("relp_session", "input=%s peer=%s software=\"%s\"", s->in->l.cfg->title,
             s->peer.guest.name, offer.peer);
    return ST_OK;
}

/* Any command but a message. */
static enum status
obey(struct session *s, const struct relp_head *head, struct span data, struct error *err)
{
    if (span_is(head->command, "open"))
        return open_session(s, head->txnr, data, err);
    if (span_is(head->command, "close")) {
        hand_on(s); /* what came before is answered before */
        answer_text(s, head->txnr, "");
        s->closing = true;
        return ST_OK;
    }
    answer_text(s, head->txnr, "500 the command is not known");
    return fail(err, ST_BAD_INPUT, "the command \"%.*s\" is not known", SPAN_ARG(head->command));
}

/* A message too long for any record: its beginning is put aside as the format's records are, the
 * rest is dropped as it comes, its line feed too. */
static enum status
take_long(struct session *s, struct span in, const struct relp_head *head, size_t keep,
          size_t *used)
{
    if (in.n < head->n + keep)
        return ST_MORE;
    add_message(s, head->txnr, span_of(in.p + head->n, keep));
    s->skip = (uint64_t)head->data_n - keep + 1;
    *used = head->n + keep;
    return ST_OK;
}

/* One frame at the front of in. ST_BAD_INPUT: the session is to end. */
static enum status
take_frame(struct session *s, struct span in, size_t *used, struct error *err)
{
    size_t longest = source_max_record(s->source) + 2;
    struct relp_head head;
    enum status st = relp_head_parse(in, &head, err);
    bool message;

    if (st != ST_OK)
        return st;
    message = span_is(head.command, "syslog");
    if (message && !s->opened)
        return fail(err, ST_BAD_INPUT, "a message before the session was opened");
    if (message && head.data_n > longest)
        return take_long(s, in, &head, longest, used);
    if (!message && head.data_n > COMMAND_BYTES)
        return fail(err, ST_BAD_INPUT, "a command with more than %d bytes", COMMAND_BYTES);
    if (in.n < head.n + head.data_n + 1)
        return ST_MORE;
    if (in.p[head.n + head.data_n] != '\n')
        return fail(err, ST_BAD_INPUT, "a frame does not end where its length says");
    *used = head.n + head.data_n + 1;
    if (!message)
        return obey(s, &head, span_of(in.p + head.n, head.data_n), err);
    add_message(s, head.txnr, span_of(in.p + head.n, head.data_n));
    return ST_OK;
}

/* Uses what was received, as far as there is room; *rest is what is left of it. */
static enum status
take_frames(struct session *s, struct span *rest, struct error *err)
{
    enum status st = ST_OK;
    size_t used;

    while (st == ST_OK && rest->n > 0 && !s->closing && !s->out_answer &&
           s->unanswered + s->ends.n / sizeof(uint32_t) < UNANSWERED_MAX) {
        if (s->skip) {
            used = s->skip < rest->n ? (size_t)s->skip : rest->n;
            s->skip -= used;
        } else {
            used = 0;
            st = take_frame(s, *rest, &used, err);
        }
        rest->p += used;
        rest->n -= used;
    }
    if (!s->out_answer)
        hand_on(s);
    return st == ST_MORE ? ST_OK : st;
}

/* The rest may be the end of what was kept before. */
static void
keep(struct session *s, struct span rest)
{
    if (rest.n == 0) {
        buf_clear(&s->got);
    } else if (s->got.n == 0) {
        buf_span(&s->got, rest);
    } else {
        memmove(s->got.p, rest.p, rest.n);
        s->got.n = rest.n;
    }
}

/* --- the session --- */

static void
watch(struct session *s)
{
    if (!s->closing && !s->out_answer && s->unanswered < UNANSWERED_MAX &&
        s->say.n - s->said < UNSENT_MAX && !s->in->leaving)
        listening_watch(&s->peer, s->on_read);
    else
        event_del(s->on_read);
    if (s->say.n > s->said)
        event_add(s->on_write, NULL);
    else
        event_del(s->on_write);
}

/* `in`: what was received and not yet used. */
static void
go_on(struct session *s, struct span in)
{
    struct error err;
    enum status st = ST_OK;

    if (s->out_answer && (s->in->leaving || !submit(s)))
        st = ST_FULL;
    if (st == ST_OK && in.n > 0 && !s->in->leaving)
        st = take_frames(s, &in, &err);
    keep(s, in);
    if (!collect_answers(s)) {
        refuse(s, "its messages could not be committed");
        return;
    }
    if (s->closing && !s->first && !s->goodbye) {
        relp_write(&s->say, 0, "serverclose", "");
        s->goodbye = true;
    }
    if (!send_words(s) || (s->goodbye && s->say.n == 0)) {
        session_end(s);
    } else if (st == ST_BAD_INPUT) {
        refuse(s, err.text);
    } else {
        watch(s);
    }
}

void
session_go_on(struct session *s)
{
    go_on(s, span_of(s->got.p, s->got.n));
}

/* Closing a socket that has something to read destroys what its peer has not read yet: so the last
 * words are followed by reading until the peer closes. */
static void
part_on(struct session *s)
{
    if (!send_words(s)) {
        session_end(s);
    } else if (s->say.n > 0) {
        event_add(s->on_write, NULL);
    } else if (!s->silent) {
        s->silent = true;
        event_del(s->on_write);
        listening_end_sending(&s->peer);
    }
}

void
session_part(struct session *s)
{
    if (!s->goodbye)
        relp_write(&s->say, 0, "serverclose", "");
    s->parting = true;
    listening_watch(&s->peer, s->on_read);
    part_on(s);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
    struct session *s = arg;
    struct listening *l = &s->in->l;
    ssize_t n = listening_receive(l, &s->peer, s->in->scratch, LISTENING_READ_BYTES);

    (void)fd, (void)what;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        session_end(s);
        return;
    }
    if (s->parting) { /* not answered, so it comes again */
        listening_watch(&s->peer, s->on_read);
        return;
    }
    if (s->got.n == 0) {
        go_on(s, span_of(s->in->scratch, (size_t)n));
        return;
    }
    buf_add(&s->got, s->in->scratch, (size_t)n);
    session_go_on(s);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
    struct session *s = arg;

    (void)fd, (void)what;
    if (s->parting)
        part_on(s);
    else
        session_go_on(s);
}

struct session *
session_new(struct input *in, int fd, struct source *source)
{
    struct session *s = xcalloc(1, sizeof *s);

    s->in = in;
    s->source = source;
    s->last = &s->first;
    s->on_read = event_new(in->l.base, fd, EV_READ | EV_PERSIST, on_read, s);
    s->on_write = event_new(in->l.base, fd, EV_WRITE | EV_PERSIST, on_write, s);
    listening_meet(&in->l, &s->peer, fd);
    listening_watch(&s->peer, s->on_read);
    return s;
}
