/* repository.c: see repository.h; gitrepository-layout(5) says what the files mean. */
#include "repository.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resolve.h"

/* The first line of a small file, without what has to stand before it. False: it is no such file. */
static bool read_line(const char *directory, const char *name, const char *before, char line[PATH_MAX])
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= PATH_MAX) return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return false;
    ssize_t got = read(fd, line, PATH_MAX - 1);
    close(fd);
    size_t length = strlen(before);
    if (got <= (ssize_t)length || strncmp(line, before, length) != 0) return false;
    line[got] = '\0';
    memmove(line, line + length, (size_t)got - length + 1);
    line[strcspn(line, "\n")] = '\0';
    return line[0] != '\0';
}

/* Where that line leads, seen from the directory. */
static bool follow_line(const char *directory, const char *name, const char *before, char out[PATH_MAX])
{
    char line[PATH_MAX], path[2 * PATH_MAX];
    if (!read_line(directory, name, before, line)) return false;
    if (line[0] == '/')
        snprintf(path, sizeof path, "%s", line);
    else
        snprintf(path, sizeof path, "%s/%s", directory, line);
    return resolve_path(path, LAST_FOLLOW, out);
}

static bool is_git_directory(const char *path)
{
    size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, ".git") == 0;
}

/* The repository has a directory for each of its worktrees, in which it says where that is. */
static bool is_worktree(const char *own, const char *repository, const char *workspace)
{
    char file[PATH_MAX], told[PATH_MAX];
    size_t length = strlen(repository);
    bool inside = strncmp(own, repository, length) == 0 && strncmp(own + length, "/worktrees/", 11) == 0;
    snprintf(file, sizeof file, "%s/.git", workspace);
    return inside && is_git_directory(repository) && follow_line(own, "gitdir", "", told) &&
           strcmp(told, file) == 0;
}

/* It lies in the repository of a directory above the workspace. */
static bool is_submodule(const char *own, const char *workspace)
{
    const char *modules = strstr(own, "/.git/modules/");
    size_t length = modules ? (size_t)(modules - own) : 0;
    return length && strncmp(own, workspace, length) == 0 && workspace[length] == '/';
}

char *repository_find(const char *workspace)
{
    char own[PATH_MAX], repository[PATH_MAX];
    if (!follow_line(workspace, ".git", "gitdir: ", own)) return NULL;
    if (follow_line(own, "commondir", "", repository))
        return is_worktree(own, repository, workspace) ? strdup(repository) : NULL;
    return is_submodule(own, workspace) ? strdup(own) : NULL;
}
