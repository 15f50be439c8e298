/*
 * control_socket.h - the name of control.sock, however long the path of its folder is.
 */
#ifndef CONTROL_SOCKET_H
#define CONTROL_SOCKET_H

#include <sys/socket.h>
#include <sys/un.h>

#define CONTROL_SOCKET "control.sock"

/* sun_path holds 108 bytes, a folder's path may be longer: the folder is opened and named
 * through /proc. Returns the folder's descriptor, which must stay open while the address is
 * used, or -1 with errno. */
int control_address(const char *state_dir, struct sockaddr_un *out);

#endif
