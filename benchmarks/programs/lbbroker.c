/* The peer: the Guide's load-balancing broker in C on libzmq, reading as long as there is something.
 *
 * usage: lbbroker FRONTEND BACKEND
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { MAX_WORKERS = 4096, ID_SIZE = 256 };

struct worker {
    int size;
    char id[ID_SIZE];
};

static struct worker idle[MAX_WORKERS];
static unsigned first, next;

static void fail (const char *what)
{
    fprintf (stderr, "%s: %s\n", what, zmq_strerror (zmq_errno ()));
    exit (1);
}

static void *bound (void *context, const char *endpoint)
{
    int unbounded = 0;
    void *socket = zmq_socket (context, ZMQ_ROUTER);
    zmq_setsockopt (socket, ZMQ_SNDHWM, &unbounded, sizeof unbounded);
    zmq_setsockopt (socket, ZMQ_RCVHWM, &unbounded, sizeof unbounded);
    if (zmq_bind (socket, endpoint) != 0)
        fail (endpoint);
    return socket;
}

/* Passes on what is left of a message, of which `frame` is already read. */
static void forward (zmq_msg_t *frame, void *from, void *to)
{
    for (;;) {
        int more = zmq_msg_more (frame);
        if (zmq_msg_send (frame, to, more ? ZMQ_SNDMORE : 0) < 0)
            fail ("zmq_msg_send");
        if (!more)
            return;
        zmq_msg_init (frame);
        if (zmq_msg_recv (frame, from, 0) < 0)
            fail ("zmq_msg_recv");
    }
}

static void from_workers (void *frontend, void *backend)
{
    for (;;) {
        struct worker *worker = &idle[next % MAX_WORKERS];
        zmq_msg_t frame;
        worker->size = zmq_recv (backend, worker->id, ID_SIZE, ZMQ_DONTWAIT);
        if (worker->size < 0)
            return;
        next++;
        zmq_msg_init (&frame);
        zmq_msg_recv (&frame, backend, 0);
        zmq_msg_recv (&frame, backend, 0);
        if (zmq_msg_more (&frame))
            forward (&frame, backend, frontend);
        else
            zmq_msg_close (&frame);
    }
}

static void from_clients (void *frontend, void *backend)
{
    while (first != next) {
        zmq_msg_t frame;
        zmq_msg_init (&frame);
        if (zmq_msg_recv (&frame, frontend, ZMQ_DONTWAIT) < 0)
            return;
        struct worker *worker = &idle[first++ % MAX_WORKERS];
        zmq_send (backend, worker->id, (size_t) worker->size, ZMQ_SNDMORE);
        zmq_send (backend, "", 0, ZMQ_SNDMORE);
        forward (&frame, frontend, backend);
    }
}

int main (int count, char **arguments)
{
    if (count != 3) {
        fprintf (stderr, "usage: lbbroker FRONTEND BACKEND\n");
        return 2;
    }
    void *context = zmq_ctx_new ();
    void *frontend = bound (context, arguments[1]);
    void *backend = bound (context, arguments[2]);
    for (;;) {
        zmq_pollitem_t items[] = {{backend, 0, ZMQ_POLLIN, 0}, {frontend, 0, ZMQ_POLLIN, 0}};
        if (zmq_poll (items, first == next ? 1 : 2, -1) < 0)
            fail ("zmq_poll");
        from_workers (frontend, backend);
        from_clients (frontend, backend);
    }
}
