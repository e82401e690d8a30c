/* install.h: where askfirst itself lies. */
#ifndef ASKFIRST_INSTALL_H
#define ASKFIRST_INSTALL_H

/* The directory that this program lies in, links resolved; malloc'd. NULL with errno. */
char *install_dir(void);

/* The shim beside this program (a build directory), or where `make install` puts it; malloc'd, a real path.
 * NULL with errno: ENOENT when it is in neither place. */
char *install_find_shim(void);

#endif
