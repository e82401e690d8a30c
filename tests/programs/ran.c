/* ran.c: leaves a file called `ran` beside the directory that it lies in, or, where it cannot tell, in its
 * own. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 8);
    char *end = length > 0 ? (path[length] = 0, strstr(path, "/bin/tool")) : NULL;
    strcpy(end ? end : path, end ? "/ran" : "ran");
    close(open(path, O_WRONLY | O_CREAT, 0600));
    puts("RAN");
    return 0;
}
