/* A client: client req|dealer ENDPOINT COUNT

   Asks COUNT times and checks that each request comes back behind "OK:". A req asks one at a time,
   a dealer asks all at once and takes the replies in any order. Prints how many came. */
#include "common.h"

static void ask (void *socket, int with_delimiter, int number)
{
    char request[MAX_TEXT];
    snprintf (request, sizeof request, "request %d", number);
    if (with_delimiter)
        send_text (socket, "", ZMQ_SNDMORE);
    send_text (socket, request, 0);
}

/* Returns the number of the request that the next reply answers. */
static int take_reply (void *socket, int with_delimiter)
{
    char text[MAX_TEXT];
    int number;
    if (with_delimiter && (!receive_text (socket, text) || text[0])) {
        fprintf (stderr, "a reply without delimiter: %s\n", text);
        exit (1);
    }
    if (receive_text (socket, text) || sscanf (text, "OK:request %d", &number) != 1) {
        fprintf (stderr, "an unexpected reply: %s\n", text);
        exit (1);
    }
    return number;
}

static void ask_in_turn (void *socket, int count)
{
    for (int i = 0; i < count; i++) {
        ask (socket, 0, i);
        if (take_reply (socket, 0) != i) {
            fprintf (stderr, "request %d got the reply of another\n", i);
            exit (1);
        }
    }
}

static void ask_at_once (void *socket, int count)
{
    char *answered = calloc (count, 1);
    for (int i = 0; i < count; i++)
        ask (socket, 1, i);
    for (int i = 0; i < count; i++) {
        int number = take_reply (socket, 1);
        if (number < 0 || number >= count || answered[number]++) {
            fprintf (stderr, "a second reply to request %d\n", number);
            exit (1);
        }
    }
    free (answered);
}

int main (int argc, char **argv)
{
    if (argc != 4) {
        fprintf (stderr, "usage: client req|dealer ENDPOINT COUNT\n");
        return 2;
    }
    int dealer = strcmp (argv[1], "dealer") == 0;
    int count = atoi (argv[3]);
    void *context = zmq_ctx_new ();
    void *socket = open_socket (context, dealer ? ZMQ_DEALER : ZMQ_REQ, argv[2]);
    if (dealer)
        ask_at_once (socket, count);
    else
        ask_in_turn (socket, count);
    printf ("%d replies\n", count);
    zmq_close (socket);
    zmq_ctx_destroy (context);
    return 0;
}
