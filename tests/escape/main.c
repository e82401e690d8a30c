/* main.c: attacks [--list | NAME]: one attack, or what there is, a line each. */
#include "attack.h"

static struct attack *all;

void attack_add(struct attack *attack)
{
    attack->next = all;
    all = attack;
}

void show(int fd)
{
    char text[4096];
    ssize_t got;
    while (fd >= 0 && (got = read(fd, text, sizeof text)) > 0)
        if (write(STDOUT_FILENO, text, (size_t)got) != got) break;
    if (fd >= 0) close(fd);
}

const char *absolute(const char *name)
{
    static char path[2 * PATH_MAX];
    char here[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", getcwd(here, sizeof here), name);
    return path;
}

const char *of_environment(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

int number_of(const char *name)
{
    return atoi(of_environment(name));
}

void put_file(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    if (fd < 0) return;
    if (write(fd, text, strlen(text)) < 0) perror(name);
    close(fd);
}

static void *keep_working(void *own)
{
    struct meanwhile *meanwhile = own;
    do {
        meanwhile->work(meanwhile->own);
        meanwhile->begun = true;
    } while (!meanwhile->over);
    return NULL;
}

void meanwhile_begin(struct meanwhile *meanwhile, void (*work)(void *own), void *own)
{
    *meanwhile = (struct meanwhile){.work = work, .own = own};
    if (pthread_create(&meanwhile->thread, NULL, keep_working, meanwhile)) exit(1);
    while (!meanwhile->begun)
        sched_yield();
}

void meanwhile_end(struct meanwhile *meanwhile)
{
    meanwhile->over = true;
    pthread_join(meanwhile->thread, NULL);
}

int main(int argc, char **argv)
{
    bool list = argc > 1 && !strcmp(argv[1], "--list");
    for (const struct attack *attack = all; attack; attack = attack->next) {
        if (list) {
            printf("%s\t%s\t%s\t%s\n", attack->name, attack->goal, attack->needs, attack->what);
        } else if (argc > 1 && !strcmp(argv[1], attack->name)) {
            attack->run();
            return 0;
        }
    }
    return !list;
}
