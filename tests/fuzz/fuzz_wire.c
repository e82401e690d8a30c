/* Whatever a guarded program sends, in whatever pieces: it is a request within its bounds, or it is
 * refused. */
#include "../../launcher/door/door.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct door door = {0};
    struct connection connection = {.door = &door};
    const char *wrong = NULL;
    /* The first byte of each piece is its length. */
    while (!wrong && size > 1) {
        size_t length = data[0] < size - 1 ? data[0] : size - 1;
        char *packet =
            xmemdup(data + 1, length ? length : 1); /* of this very size, so that nothing beyond it is read */
        wrong = take_packet(&connection, packet, length);
        free(packet);
        data += length + 1;
        size -= length + 1;
    }
    const struct wire_request *head = &connection.head;
    if (!wrong && connection.has_head && connection.length == head->body_length &&
        find_strings(&connection)) {
        const struct kind *kind = kind_of(head);
        size_t bytes = 0;
        if (head->strings < kind->fewest_strings || head->strings > kind->most_strings) abort();
        for (uint32_t i = 0; i < head->strings; i++)
            bytes += strlen(connection.strings[i]) + 1;
        if (head->strings && bytes != connection.length) abort();
        if (connection.strings[head->strings]) abort();
    }
    free(connection.body);
    free(connection.strings);
    return 0;
}
