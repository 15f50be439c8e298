/*
 * listening_peer.c - the bytes of a connection, plain or through TLS.
 *
 * OpenSSL reads ahead and hands out a record of 16 KiB at a time: what it still holds the socket
 * does not tell, so the event that reads is made active again by hand (`more`).
 */
#include <errno.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "listening.h"
#include "tls.h"

void
listening_meet(struct listening *l, struct peer *p, int fd)
{
    if (!l->tls)
        return;
    p->ssl = SSL_new(l->tls);
    if (!p->ssl || SSL_set_fd(p->ssl, fd) != 1)
        abort(); /* out of memory */
    SSL_set_accept_state(p->ssl);
    SSL_set_read_ahead(p->ssl, 1);
    SSL_set_mode(p->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

/* --- receiving --- */

static ssize_t
decrypt(struct peer *p, char *to, size_t room)
{
    size_t got = 0;

    p->more = false;
    while (got < room) {
        ssize_t n = tls_read(p->ssl, to + got, room - got);

        if (n > 0) {
            got += (size_t)n;
            continue;
        }
        if (got == 0)
            return n;
        /* What came is given on first; an end, or an error, is there again at the next call. */
        p->more = n == 0 || errno != EAGAIN;
        return (ssize_t)got;
    }
    p->more = SSL_has_pending(p->ssl);
    return (ssize_t)got;
}

/* Who comes and goes without a word looked whether anybody is here: no reason to complain. */
static void
failed_handshake(struct listening *l, struct peer *p)
{
    char why[160];

    if (ERR_GET_REASON(ERR_peek_error()) != SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        snprintf(why, sizeof why, "no TLS: %s", listening_why(p));
        listening_closes(l, &p->guest, why);
    }
    ERR_clear_error();
    errno = ECONNABORTED;
}

ssize_t
listening_receive(struct listening *l, struct peer *p, char *to, size_t room)
{
    bool shaking_hands = p->ssl && !SSL_is_init_finished(p->ssl);
    ssize_t n = p->ssl ? decrypt(p, to, room) : recv(p->guest.fd, to, room, MSG_DONTWAIT);

    if (n > 0) {
        standing_arrived(&l->standing, (size_t)n);
        acceptor_heard(&l->acceptor, &p->guest);
    } else if (n < 0 && errno == EPROTO && shaking_hands) {
        failed_handshake(l, p);
    }
    return n;
}

const char *
listening_why(const struct peer *p)
{
    return p->ssl && errno == EPROTO ? tls_why("broken TLS") : strerror(errno);
}

void
listening_watch(struct peer *p, struct event *on_read)
{
    event_add(on_read, NULL);
    if (p->more)
        event_active(on_read, EV_READ, 0);
}

bool
listening_unread(const struct peer *p)
{
    return p->more || acceptor_unread(&p->guest);
}

/* --- sending, and the end --- */

ssize_t
listening_send(struct peer *p, const char *from, size_t n)
{
    return p->ssl ? tls_write(p->ssl, from, n)
                  : send(p->guest.fd, from, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
listening_end_sending(struct peer *p)
{
    tls_goodbye(p->ssl);
    shutdown(p->guest.fd, SHUT_WR);
}

void
listening_part(struct listening *l, struct peer *p)
{
    tls_goodbye(p->ssl);
    SSL_free(p->ssl);
    acceptor_leave(&l->acceptor, &p->guest);
}
