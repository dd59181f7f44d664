/* Load for a load-balancing broker: ZMTP 3 with NULL on plain TCP, one thread, no ZeroMQ library.
 *
 * usage: loadgen FRONTEND_PORT BACKEND_PORT CLIENTS WINDOW WORKERS REQUESTS BODY_SIZE
 *
 * Each client is a DEALER with WINDOW requests in flight, each worker a REQ that announces itself
 * with READY and echoes. Prints one JSON object: requests per second, latency percentiles.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MORE = 1, LONG = 2, COMMAND = 4 };
enum { GREETING_SIZE = 64, READ_SIZE = 65536, MAX_EVENTS = 256, PATIENCE_SECONDS = 60 };

struct buffer {
    uint8_t *bytes;
    size_t start, end, capacity;
};

struct link {
    int descriptor;
    int is_worker;
    int greeted, established, wants_write;
    struct buffer in, out;
    /* When each request in flight was sent: a ring of `window` times. */
    uint64_t *sent_at;
    size_t asked, answered;
};

struct frame {
    int flags;
    size_t size, header;
    const uint8_t *body;
};

static int poller, window, worker_count, client_count, established;
static size_t request_total, requests, replies, body_size;
static uint8_t *body;
static uint64_t *latencies;

static void die (const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    vfprintf (stderr, format, arguments);
    va_end (arguments);
    fputc ('\n', stderr);
    exit (1);
}

static uint64_t now (void)
{
    struct timespec time;
    clock_gettime (CLOCK_MONOTONIC, &time);
    return (uint64_t) time.tv_sec * 1000000000 + (uint64_t) time.tv_nsec;
}

static void *allocate (size_t count, size_t size)
{
    void *memory = calloc (count, size);
    if (!memory)
        die ("out of memory");
    return memory;
}

static void reserve (struct buffer *buffer, size_t size)
{
    if (buffer->start) {
        memmove (buffer->bytes, buffer->bytes + buffer->start, buffer->end - buffer->start);
        buffer->end -= buffer->start;
        buffer->start = 0;
    }
    if (buffer->end + size <= buffer->capacity)
        return;
    buffer->capacity = (buffer->end + size) * 2;
    buffer->bytes = realloc (buffer->bytes, buffer->capacity);
    if (!buffer->bytes)
        die ("out of memory");
}

static void append (struct buffer *buffer, const void *bytes, size_t size)
{
    if (buffer->end + size > buffer->capacity)
        reserve (buffer, size);
    memcpy (buffer->bytes + buffer->end, bytes, size);
    buffer->end += size;
}

static void append_frame (struct buffer *buffer, int flags, const void *bytes, size_t size)
{
    uint8_t header[9] = {(uint8_t) flags, (uint8_t) size};
    size_t length = 2;
    if (size > 255) {
        header[0] |= LONG;
        for (int i = 0; i < 8; i++)
            header[1 + i] = (uint8_t) ((uint64_t) size >> (56 - 8 * i));
        length = 9;
    }
    append (buffer, header, length);
    append (buffer, bytes, size);
}

static void watch (struct link *link, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = link};
    if (epoll_ctl (poller, operation, link->descriptor, &event) < 0)
        die ("epoll_ctl: %s", strerror (errno));
}

static void flush (struct link *link)
{
    struct buffer *out = &link->out;
    int blocked = 0;
    while (out->start < out->end && !blocked) {
        ssize_t sent =
          send (link->descriptor, out->bytes + out->start, out->end - out->start, MSG_NOSIGNAL);
        if (sent >= 0)
            out->start += (size_t) sent;
        else if (errno == EAGAIN)
            blocked = 1;
        else
            die ("send: %s", strerror (errno));
    }
    if (out->start == out->end)
        out->start = out->end = 0;
    if (blocked != link->wants_write) {
        link->wants_write = blocked;
        watch (link, EPOLL_CTL_MOD, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
}

static size_t property (uint8_t *to, const char *name, const char *value)
{
    size_t name_size = strlen (name), value_size = strlen (value);
    to[0] = (uint8_t) name_size;
    memcpy (to + 1, name, name_size);
    memset (to + 1 + name_size, 0, 3);
    to[4 + name_size] = (uint8_t) value_size;
    memcpy (to + 5 + name_size, value, value_size);
    return 5 + name_size + value_size;
}

static void greet (struct link *link)
{
    uint8_t greeting[GREETING_SIZE] = {[0] = 0xff, [8] = 1, [9] = 0x7f, [10] = 3};
    uint8_t ready[128] = "\5READY";
    size_t size = 6;
    memcpy (greeting + 12, "NULL", 4);
    append (&link->out, greeting, GREETING_SIZE);
    size += property (ready + size, "Socket-Type", link->is_worker ? "REQ" : "DEALER");
    size += property (ready + size, "Identity", "");
    append_frame (&link->out, COMMAND, ready, size);
    flush (link);
}

static struct link *open_link (int port, int is_worker)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons ((uint16_t) port)};
    struct link *link = allocate (1, sizeof *link);
    int on = 1;
    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    link->is_worker = is_worker;
    link->sent_at = allocate ((size_t) window, sizeof *link->sent_at);
    link->descriptor = socket (AF_INET, SOCK_STREAM, 0);
    if (connect (link->descriptor, (struct sockaddr *) &address, sizeof address) < 0)
        die ("connect to port %d: %s", port, strerror (errno));
    setsockopt (link->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl (link->descriptor, F_SETFL, O_NONBLOCK);
    watch (link, EPOLL_CTL_ADD, EPOLLIN);
    greet (link);
    return link;
}

/* Keep `window` requests of this client in flight for as long as requests are left. */
static void ask (struct link *client)
{
    while (client->asked - client->answered < (size_t) window && requests < request_total) {
        append_frame (&client->out, MORE, "", 0);
        append_frame (&client->out, 0, body, body_size);
        client->sent_at[client->asked++ % (size_t) window] = now ();
        requests++;
    }
}

static int parse (const uint8_t *bytes, size_t available, struct frame *frame)
{
    if (available < 2)
        return 0;
    frame->flags = bytes[0];
    frame->header = frame->flags & LONG ? 9 : 2;
    if (available < frame->header)
        return 0;
    frame->size = 0;
    for (size_t i = 1; i < frame->header; i++)
        frame->size = frame->size << 8 | bytes[i];
    frame->body = bytes + frame->header;
    return available - frame->header >= frame->size;
}

static void on_command (struct link *link, const struct frame *frame)
{
    if (frame->size < 6 || memcmp (frame->body, "\5READY", 6))
        die ("the broker refuses: %.*s", (int) frame->size, (const char *) frame->body);
    link->established = 1;
    established++;
    if (link->is_worker) {
        append_frame (&link->out, MORE, "", 0);
        append_frame (&link->out, 0, "READY", 5);
    }
}

static void on_message (struct link *link, const uint8_t *bytes, size_t size, size_t last)
{
    if (link->is_worker) {
        append (&link->out, bytes, size);
        return;
    }
    if (last != body_size)
        die ("a reply of %zu bytes", last);
    latencies[replies++] = now () - link->sent_at[link->answered++ % (size_t) window];
    ask (link);
}

/* Take complete commands and messages; an incomplete message stays in the buffer. */
static void consume (struct link *link)
{
    struct buffer *in = &link->in;
    size_t position;
    if (!link->greeted) {
        if (in->end - in->start < GREETING_SIZE)
            return;
        in->start += GREETING_SIZE;
        link->greeted = 1;
    }
    position = in->start;
    struct frame frame;
    while (parse (in->bytes + position, in->end - position, &frame)) {
        position += frame.header + frame.size;
        if (frame.flags & COMMAND)
            on_command (link, &frame);
        else if (frame.flags & MORE)
            continue;
        else
            on_message (link, in->bytes + in->start, position - in->start, frame.size);
        in->start = position;
    }
    flush (link);
}

static void on_readable (struct link *link)
{
    struct buffer *in = &link->in;
    ssize_t size;
    if (in->capacity - in->end < READ_SIZE)
        reserve (in, READ_SIZE);
    size = recv (link->descriptor, in->bytes + in->end, READ_SIZE, 0);
    if (size > 0) {
        in->end += (size_t) size;
        consume (link);
    } else if (size == 0)
        die ("the broker closed a connection");
    else if (errno != EAGAIN)
        die ("recv: %s", strerror (errno));
}

/* Returns the number of events, so that the start can wait until all is quiet. */
static int turn (int timeout)
{
    struct epoll_event events[MAX_EVENTS];
    int count = epoll_wait (poller, events, MAX_EVENTS, timeout);
    for (int i = 0; i < count; i++) {
        struct link *link = events[i].data.ptr;
        if (events[i].events & EPOLLOUT)
            flush (link);
        if (events[i].events & ~(uint32_t) EPOLLOUT)
            on_readable (link);
    }
    return count;
}

static int ascending (const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *) left, b = *(const uint64_t *) right;
    return (a > b) - (a < b);
}

static double percentile (double fraction)
{
    return (double) latencies[(size_t) ((double) (replies - 1) * fraction)] / 1e3;
}

int main (int count, char **arguments)
{
    struct link **clients;
    uint64_t start, limit = now () + PATIENCE_SECONDS * 1000000000ull;
    double seconds;
    if (count != 8)
        die ("usage: loadgen FRONTEND BACKEND CLIENTS WINDOW WORKERS REQUESTS BODY_SIZE");
    client_count = atoi (arguments[3]);
    window = atoi (arguments[4]);
    worker_count = atoi (arguments[5]);
    request_total = (size_t) atoll (arguments[6]);
    body_size = (size_t) atoll (arguments[7]);
    body = allocate (body_size + 1, 1);
    latencies = allocate (request_total, sizeof *latencies);
    poller = epoll_create1 (0);
    for (int i = 0; i < worker_count; i++)
        open_link (atoi (arguments[2]), 1);
    clients = allocate ((size_t) client_count, sizeof *clients);
    for (int i = 0; i < client_count; i++)
        clients[i] = open_link (atoi (arguments[1]), 0);
    while (turn (100) > 0 || established < worker_count + client_count)
        if (now () > limit)
            die ("%d of %d handshakes done", established, worker_count + client_count);
    start = now ();
    for (int i = 0; i < client_count; i++) {
        ask (clients[i]);
        flush (clients[i]);
    }
    while (replies < request_total) {
        turn (1000);
        if (now () > limit)
            die ("%zu of %zu requests answered in time", replies, request_total);
    }
    seconds = (double) (now () - start) / 1e9;
    qsort (latencies, replies, sizeof *latencies, ascending);
    printf ("{\"rate\": %.1f, \"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, "
            "\"p999_us\": %.1f}\n",
            (double) request_total / seconds, percentile (.5), percentile (.9), percentile (.99),
            percentile (.999));
    return 0;
}
