/* The calls of a pass that are worth making all at once; native.py says why, and is all that calls them. */

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* The length of the head, if the data is exactly one masked frame with a whole message of up to 65535 bytes; or 0. */
static int head_of_whole(const unsigned char *data, ssize_t size)
{
    if (size < 9 || (data[0] != 0x81 && data[0] != 0x82))
        return 0;
    if (size < 132)
        return data[1] == size + 0x7A ? 6 : 0;
    return size > 133 && data[1] == 0xFE && (data[2] << 8 | data[3]) == size - 8 ? 8 : 0;
}

/* Xor the payload with the mask, the four bytes before it. */
static void unmask(unsigned char *payload, ssize_t size)
{
    unsigned char mask[8];
    unsigned long long word, key;
    ssize_t i = 0;

    memcpy(mask, payload - 4, 4);
    memcpy(mask + 4, payload - 4, 4);
    memcpy(&key, mask, 8);
    for (; i + 8 <= size; i += 8) {
        memcpy(&word, payload + i, 8);
        word ^= key;
        memcpy(payload + i, &word, 8);
    }
    for (; i < size; i++)
        payload[i] ^= mask[i & 3];
}

/* See native_build.py. A socket tells of no bytes if it has more than input, if no space is left, or if recv fails. */
static int read_ready(int epoll, struct arrival *arrivals, char *buffer, int space, int each)
{
    struct epoll_event ready[MOST];
    unsigned char *read;
    int count, i, used = 0;

    do
        count = epoll_wait(epoll, ready, MOST, 0);
    while (count < 0 && errno == EINTR);
    for (i = 0; i < count; i++) {
        struct arrival *one = arrivals + i;
        ssize_t size = -1;

        read = (unsigned char *)buffer + used;
        one->descriptor = ready[i].data.fd;
        one->events = (int)ready[i].events;
        if (one->events == EPOLLIN && space - used >= each)
            size = recv(one->descriptor, read, (size_t)each, MSG_DONTWAIT);
        if (size < 0)
            size = 0;
        one->head = head_of_whole(read, size);
        if (one->head)
            unmask(read + one->head, size - one->head);
        one->start = used;
        one->stop = used += (int)size;
    }
    return count;
}

/* How many bytes a descriptor took; -1 if it is none, and 0 if sending failed: Python's own write finds out why. */
static int write_to(int descriptor, const char *data, int size)
{
    ssize_t sent;

    if (descriptor < 0)
        return -1;
    sent = send(descriptor, data, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? 0 : (int)sent;
}

/* See native_build.py. */
static int write_to_all(const int *descriptors, int count, const char *data, int size, int *sent)
{
    int i, whole = 0;

    for (i = 0; i < count; i++) {
        sent[i] = write_to(descriptors[i], data, size);
        whole += sent[i] == size;
    }
    return whole;
}

/* See native_build.py. */
static int write_to_each(const int *descriptors, int count, const char *data, const int *sizes, int *sent)
{
    int i, whole = 0;

    for (i = 0; i < count; data += sizes[i++]) {
        sent[i] = write_to(descriptors[i], data, sizes[i]);
        whole += sent[i] == sizes[i];
    }
    return whole;
}
