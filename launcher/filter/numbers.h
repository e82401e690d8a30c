/* numbers.h: numbers of system calls that this machine's headers or processor may lack. ABSENT: not a call
 * here. From 424 on the numbers are the same on every processor.
 */
#ifndef ASKFIRST_FILTER_NUMBERS_H
#define ASKFIRST_FILTER_NUMBERS_H

#include <sys/syscall.h>

#define CALL_ABSENT (-1)

#ifndef __NR_pidfd_send_signal
#define __NR_pidfd_send_signal 424
#endif
#ifndef __NR_io_uring_setup
#define __NR_io_uring_setup 425
#endif
#ifndef __NR_io_uring_enter
#define __NR_io_uring_enter 426
#endif
#ifndef __NR_io_uring_register
#define __NR_io_uring_register 427
#endif
#ifndef __NR_open_tree
#define __NR_open_tree 428
#endif
#ifndef __NR_move_mount
#define __NR_move_mount 429
#endif
#ifndef __NR_fsopen
#define __NR_fsopen 430
#endif
#ifndef __NR_fsconfig
#define __NR_fsconfig 431
#endif
#ifndef __NR_fsmount
#define __NR_fsmount 432
#endif
#ifndef __NR_fspick
#define __NR_fspick 433
#endif
#ifndef __NR_pidfd_open
#define __NR_pidfd_open 434
#endif
#ifndef __NR_clone3
#define __NR_clone3 435
#endif
#ifndef __NR_close_range
#define __NR_close_range 436
#endif
#ifndef __NR_openat2
#define __NR_openat2 437
#endif
#ifndef __NR_pidfd_getfd
#define __NR_pidfd_getfd 438
#endif
#ifndef __NR_faccessat2
#define __NR_faccessat2 439
#endif
#ifndef __NR_process_madvise
#define __NR_process_madvise 440
#endif
#ifndef __NR_epoll_pwait2
#define __NR_epoll_pwait2 441
#endif
#ifndef __NR_mount_setattr
#define __NR_mount_setattr 442
#endif
#ifndef __NR_quotactl_fd
#define __NR_quotactl_fd 443
#endif
#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#endif
#ifndef __NR_landlock_add_rule
#define __NR_landlock_add_rule 445
#endif
#ifndef __NR_landlock_restrict_self
#define __NR_landlock_restrict_self 446
#endif
#ifndef __NR_memfd_secret
#define __NR_memfd_secret 447
#endif
#ifndef __NR_process_mrelease
#define __NR_process_mrelease 448
#endif
#ifndef __NR_futex_waitv
#define __NR_futex_waitv 449
#endif
#ifndef __NR_set_mempolicy_home_node
#define __NR_set_mempolicy_home_node 450
#endif
#ifndef __NR_cachestat
#define __NR_cachestat 451
#endif
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif
#ifndef __NR_map_shadow_stack
#define __NR_map_shadow_stack 453
#endif
#ifndef __NR_futex_wake
#define __NR_futex_wake 454
#endif
#ifndef __NR_futex_wait
#define __NR_futex_wait 455
#endif
#ifndef __NR_futex_requeue
#define __NR_futex_requeue 456
#endif
#ifndef __NR_statmount
#define __NR_statmount 457
#endif
#ifndef __NR_listmount
#define __NR_listmount 458
#endif
#ifndef __NR_lsm_get_self_attr
#define __NR_lsm_get_self_attr 459
#endif
#ifndef __NR_lsm_set_self_attr
#define __NR_lsm_set_self_attr 460
#endif
#ifndef __NR_lsm_list_modules
#define __NR_lsm_list_modules 461
#endif
#ifndef __NR_mseal
#define __NR_mseal 462
#endif
#ifndef __NR_setxattrat
#define __NR_setxattrat 463
#endif
#ifndef __NR_getxattrat
#define __NR_getxattrat 464
#endif
#ifndef __NR_listxattrat
#define __NR_listxattrat 465
#endif
#ifndef __NR_removexattrat
#define __NR_removexattrat 466
#endif
#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467
#endif
#ifndef __NR_file_getattr
#define __NR_file_getattr 468
#endif
#ifndef __NR_file_setattr
#define __NR_file_setattr 469
#endif

#ifndef __NR__sysctl
#define __NR__sysctl CALL_ABSENT
#endif
#ifndef __NR_access
#define __NR_access CALL_ABSENT
#endif
#ifndef __NR_afs_syscall
#define __NR_afs_syscall CALL_ABSENT
#endif
#ifndef __NR_alarm
#define __NR_alarm CALL_ABSENT
#endif
#ifndef __NR_arch_prctl
#define __NR_arch_prctl CALL_ABSENT
#endif
#ifndef __NR_chmod
#define __NR_chmod CALL_ABSENT
#endif
#ifndef __NR_chown
#define __NR_chown CALL_ABSENT
#endif
#ifndef __NR_creat
#define __NR_creat CALL_ABSENT
#endif
#ifndef __NR_create_module
#define __NR_create_module CALL_ABSENT
#endif
#ifndef __NR_dup2
#define __NR_dup2 CALL_ABSENT
#endif
#ifndef __NR_epoll_create
#define __NR_epoll_create CALL_ABSENT
#endif
#ifndef __NR_epoll_ctl_old
#define __NR_epoll_ctl_old CALL_ABSENT
#endif
#ifndef __NR_epoll_wait
#define __NR_epoll_wait CALL_ABSENT
#endif
#ifndef __NR_epoll_wait_old
#define __NR_epoll_wait_old CALL_ABSENT
#endif
#ifndef __NR_eventfd
#define __NR_eventfd CALL_ABSENT
#endif
#ifndef __NR_fork
#define __NR_fork CALL_ABSENT
#endif
#ifndef __NR_futimesat
#define __NR_futimesat CALL_ABSENT
#endif
#ifndef __NR_get_kernel_syms
#define __NR_get_kernel_syms CALL_ABSENT
#endif
#ifndef __NR_get_thread_area
#define __NR_get_thread_area CALL_ABSENT
#endif
#ifndef __NR_getdents
#define __NR_getdents CALL_ABSENT
#endif
#ifndef __NR_getpgrp
#define __NR_getpgrp CALL_ABSENT
#endif
#ifndef __NR_getpmsg
#define __NR_getpmsg CALL_ABSENT
#endif
#ifndef __NR_inotify_init
#define __NR_inotify_init CALL_ABSENT
#endif
#ifndef __NR_ioperm
#define __NR_ioperm CALL_ABSENT
#endif
#ifndef __NR_iopl
#define __NR_iopl CALL_ABSENT
#endif
#ifndef __NR_lchown
#define __NR_lchown CALL_ABSENT
#endif
#ifndef __NR_link
#define __NR_link CALL_ABSENT
#endif
#ifndef __NR_mkdir
#define __NR_mkdir CALL_ABSENT
#endif
#ifndef __NR_mknod
#define __NR_mknod CALL_ABSENT
#endif
#ifndef __NR_modify_ldt
#define __NR_modify_ldt CALL_ABSENT
#endif
#ifndef __NR_open
#define __NR_open CALL_ABSENT
#endif
#ifndef __NR_pause
#define __NR_pause CALL_ABSENT
#endif
#ifndef __NR_pipe
#define __NR_pipe CALL_ABSENT
#endif
#ifndef __NR_poll
#define __NR_poll CALL_ABSENT
#endif
#ifndef __NR_putpmsg
#define __NR_putpmsg CALL_ABSENT
#endif
#ifndef __NR_query_module
#define __NR_query_module CALL_ABSENT
#endif
#ifndef __NR_readlink
#define __NR_readlink CALL_ABSENT
#endif
#ifndef __NR_rename
#define __NR_rename CALL_ABSENT
#endif
#ifndef __NR_rmdir
#define __NR_rmdir CALL_ABSENT
#endif
#ifndef __NR_security
#define __NR_security CALL_ABSENT
#endif
#ifndef __NR_select
#define __NR_select CALL_ABSENT
#endif
#ifndef __NR_set_thread_area
#define __NR_set_thread_area CALL_ABSENT
#endif
#ifndef __NR_signalfd
#define __NR_signalfd CALL_ABSENT
#endif
#ifndef __NR_symlink
#define __NR_symlink CALL_ABSENT
#endif
#ifndef __NR_sync_file_range2
#define __NR_sync_file_range2 CALL_ABSENT
#endif
#ifndef __NR_sysfs
#define __NR_sysfs CALL_ABSENT
#endif
#ifndef __NR_time
#define __NR_time CALL_ABSENT
#endif
#ifndef __NR_tuxcall
#define __NR_tuxcall CALL_ABSENT
#endif
#ifndef __NR_unlink
#define __NR_unlink CALL_ABSENT
#endif
#ifndef __NR_uselib
#define __NR_uselib CALL_ABSENT
#endif
#ifndef __NR_ustat
#define __NR_ustat CALL_ABSENT
#endif
#ifndef __NR_utime
#define __NR_utime CALL_ABSENT
#endif
#ifndef __NR_utimes
#define __NR_utimes CALL_ABSENT
#endif
#ifndef __NR_vfork
#define __NR_vfork CALL_ABSENT
#endif
#ifndef __NR_vserver
#define __NR_vserver CALL_ABSENT
#endif
#ifndef __NR_lstat
#define __NR_lstat CALL_ABSENT
#endif
#ifndef __NR_stat
#define __NR_stat CALL_ABSENT
#endif

#endif
