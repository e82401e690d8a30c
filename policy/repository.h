/* repository.h: where git keeps the history of a workspace that is not the only one of its repository. */
#ifndef ASKFIRST_REPOSITORY_H
#define ASKFIRST_REPOSITORY_H

/* Of a worktree the main repository, of a submodule its place in the repository that it is a part of; real
 * path, malloc'd. NULL: the workspace is neither. What a file says that the guarded code may have written
 * does not count alone: the repository has to know the worktree, and to hold the workspace if that is a
 * submodule. */
char *repository_find(const char *workspace);

#endif
