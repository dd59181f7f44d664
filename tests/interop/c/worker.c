/* A worker: worker rep|req|dealer|stall ENDPOINT COUNT

   Answers COUNT requests with "OK:" and the request, and ends when its input does. A rep is asked;
   a req or dealer says READY to a load-balancing broker, gets [client, "", request] and answers
   [client, "", reply]. A stall is a req that takes its first request, says so, and never answers:
   it waits to be killed. */
#include <unistd.h>

#include "common.h"

enum kind { REP, REQ, DEALER, STALL };

static enum kind kind_of (const char *name)
{
    static const char *names[] = {"rep", "req", "dealer", "stall"};
    for (int kind = REP; kind <= STALL; kind++)
        if (strcmp (name, names[kind]) == 0)
            return kind;
    fprintf (stderr, "no such worker: %s\n", name);
    exit (2);
}

static void expect_frame (void *socket, char *text, int more)
{
    if (receive_text (socket, text) != more) {
        fprintf (stderr, "too %s frames, the last: %s\n", more ? "few" : "many", text);
        exit (1);
    }
}

static void expect_empty (void *socket)
{
    char text[MAX_TEXT];
    expect_frame (socket, text, 1);
    if (text[0]) {
        fprintf (stderr, "this is no delimiter: %s\n", text);
        exit (1);
    }
}

static void answer (void *socket, const char *request)
{
    char reply[MAX_TEXT + 3];
    snprintf (reply, sizeof reply, "OK:%s", request);
    send_text (socket, reply, 0);
}

/* Takes a request from a broker; the address is kept as bytes, as it may contain zeros. */
static void work_for_broker (void *socket, enum kind kind)
{
    char request[MAX_TEXT];
    char client[MAX_TEXT];
    if (kind == DEALER)
        expect_empty (socket);
    int size = zmq_recv (socket, client, sizeof client, 0);
    if (size < 0)
        fail ("zmq_recv");
    expect_empty (socket);
    expect_frame (socket, request, 0);
    if (kind == STALL) {
        printf ("stalled\n");
        fflush (stdout);
        for (;;)
            pause ();
    }
    if (kind == DEALER)
        send_text (socket, "", ZMQ_SNDMORE);
    zmq_send (socket, client, size, ZMQ_SNDMORE);
    send_text (socket, "", ZMQ_SNDMORE);
    answer (socket, request);
}

static void work_as_rep (void *socket)
{
    char request[MAX_TEXT];
    expect_frame (socket, request, 0);
    answer (socket, request);
}

int main (int argc, char **argv)
{
    static const int types[] = {ZMQ_REP, ZMQ_REQ, ZMQ_DEALER, ZMQ_REQ};
    if (argc != 4) {
        fprintf (stderr, "usage: worker rep|req|dealer|stall ENDPOINT COUNT\n");
        return 2;
    }
    enum kind kind = kind_of (argv[1]);
    int count = atoi (argv[3]);
    void *context = zmq_ctx_new ();
    void *socket = open_socket (context, types[kind], argv[2]);
    if (kind == DEALER)
        send_text (socket, "", ZMQ_SNDMORE);
    if (kind != REP)
        send_text (socket, "READY", 0);
    for (int i = 0; i < count; i++) {
        if (kind == REP)
            work_as_rep (socket);
        else
            work_for_broker (socket, kind);
    }
    printf ("%d requests\n", count);
    fflush (stdout);
    /* What a peer that has gone had sent may be dropped by who has not received it yet. */
    while (getchar () != EOF)
        ;
    zmq_close (socket);
    zmq_ctx_destroy (context);
    return 0;
}
