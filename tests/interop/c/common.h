/* What the client and the worker share: a context, one socket, and failures that end the program. */
#ifndef COMMON_H
#define COMMON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

/* Far longer than any step takes: a test that goes wrong ends with a message. */
#define PATIENCE_MS 5000
#define MAX_TEXT 256

static void fail (const char *what)
{
    fprintf (stderr, "%s: %s\n", what, zmq_strerror (zmq_errno ()));
    exit (1);
}

static void *open_socket (void *context, int type, const char *endpoint)
{
    int patience = PATIENCE_MS;
    int linger = PATIENCE_MS;
    void *socket = zmq_socket (context, type);
    if (!socket)
        fail ("zmq_socket");
    zmq_setsockopt (socket, ZMQ_RCVTIMEO, &patience, sizeof patience);
    zmq_setsockopt (socket, ZMQ_SNDTIMEO, &patience, sizeof patience);
    zmq_setsockopt (socket, ZMQ_LINGER, &linger, sizeof linger);
    if (zmq_connect (socket, endpoint) != 0)
        fail ("zmq_connect");
    return socket;
}

static void send_text (void *socket, const char *text, int flags)
{
    if (zmq_send (socket, text, strlen (text), flags) < 0)
        fail ("zmq_send");
}

/* Receives one frame as a string, and tells whether another one follows. */
static int receive_text (void *socket, char *text)
{
    int more = 0;
    size_t size = sizeof more;
    int length = zmq_recv (socket, text, MAX_TEXT - 1, 0);
    if (length < 0)
        fail ("zmq_recv");
    if (length >= MAX_TEXT) {
        fprintf (stderr, "a frame of %d bytes\n", length);
        exit (1);
    }
    text[length] = 0;
    zmq_getsockopt (socket, ZMQ_RCVMORE, &more, &size);
    return more;
}

#endif
