/* message.h: what lies in the outsider's message queue. */
#ifndef ESCAPE_MESSAGE_H
#define ESCAPE_MESSAGE_H

struct message {
    long type;
    char text[64];
};

#endif
