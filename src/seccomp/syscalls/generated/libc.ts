// Written by scripts/generate-tables.mjs: change that, not this.
export const libcSource = 'glibc 2.31 2.36 2.41 2.43, musl 1.2.2 1.2.3 1.2.5 1.2.6';
export const libcTable = `\
glibc start: access arch_prctl brk clock_gettime close execve exit exit_group faccessat fcntl fstat futex getcpu getcwd getdents64 getpid getrandom gettid ioctl kill lseek lstat madvise mmap mprotect mremap munmap newfstatat openat prctl pread64 prlimit64 read readlink readlinkat rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getparam sched_getscheduler sched_setaffinity sched_setscheduler sched_yield set_robust_list set_tid_address setitimer stat sysinfo tgkill uname write writev
glibc _Fork __clone __fork __libc_fork clone fork: clone
glibc _IO_popen _IO_proc_open popen: chdir clone clone3 close_range dup2 dup3 fchdir getgid getpgid getuid pipe2 sched_setparam setpgid setresgid setresuid setsid wait4 waitid
glibc _IO_proc_close __wait __waitpid open_memstream wait wait3 wait4 waitpid: wait4
glibc __adjtimex adjtime adjtimex clock_adjtime ntp_adjtime ntp_gettime ntp_gettimex: clock_adjtime
glibc __bsd_getpgrp __getpgid getpgid: getpgid
glibc __connect connect: connect
glibc __do_niscall3 __nisbind_connect yp_update: bind connect dup getegid geteuid getgroups getpeername getsockname poll ppoll readv recvfrom recvmsg sendmmsg sendmsg sendto setsockopt socket
glibc __dup2 dup2: dup2 dup3
glibc __gai_sigqueue sigqueue: getuid rt_sigqueueinfo
glibc __getgroups_chk getgroups group_member: getgroups
glibc __getlogin_r_chk getlogin getlogin_r glob glob64: alarm connect getpeername poll ppoll recvfrom recvmsg sendmmsg sendto setsockopt socket
glibc __gettimeofday gettimeofday: gettimeofday
glibc __hostalias __inet6_scopeid_pton __nss_hostname_digits_dots __res_init __res_mkquery __res_ninit __resolv_context_get __resolv_context_get_preinit __socket if_indextoname if_nametoindex res_mkquery socket: socket
glibc __internal_endnetgrent __internal_getnetgrent_r __internal_setnetgrent __nss_disable_nscd __nss_group_lookup2 __nss_hosts_lookup2 __nss_lookup __nss_lookup_function __nss_next2 __nss_passwd_lookup2 __nss_services_lookup2 __res_context_query __res_context_search __res_context_send __res_nquery __res_nquerydomain __res_nsearch __res_nsend __res_query __res_querydomain __res_search __res_send _nss_dns_getcanonname_r _nss_dns_gethostbyaddr2_r _nss_dns_gethostbyaddr_r _nss_dns_gethostbyname2_r _nss_dns_gethostbyname3_r _nss_dns_gethostbyname4_r _nss_dns_gethostbyname_r _nss_dns_getnetbyaddr_r _nss_dns_getnetbyname_r authdes_getucred authnone_create endaliasent endgrent endhostent endnetent endnetgrent endprotoent endpwent endrpcent endservent endsgent endspent ether_hostton ether_ntohost getaliasbyname getaliasbyname_r getaliasent getaliasent_r getgrent getgrent_r gethostent gethostent_r getnetbyaddr getnetbyaddr_r getnetbyname getnetbyname_r getnetent getnetent_r getnetgrent getnetgrent_r getprotobyname getprotobyname_r getprotobynumber getprotobynumber_r getprotoent getprotoent_r getpublickey getpwent getpwent_r getrpcbyname getrpcbyname_r getrpcbynumber getrpcbynumber_r getrpcent getrpcent_r getsecretkey getservent getservent_r getsgent getsgent_r getsgnam getsgnam_r getspent getspent_r getspnam getspnam_r h_errlist herror hstrerror netname2user res_gethostbyaddr res_gethostbyname res_gethostbyname2 res_nquery res_nquerydomain res_nsearch res_nsend res_query res_querydomain res_search res_send setaliasent setgrent sethostent setnetent setprotoent setpwent setrpcent setservent setsgent setspent: connect getpeername poll ppoll recvfrom sendmmsg sendto setsockopt socket
glibc __ivaliduser callrpc getaddrinfo getrpcport: bind connect getpeername getsockname poll ppoll readv recvfrom recvmsg sendmmsg sendto setsockopt socket
glibc __libc_clntudp_bufcreate __libc_rpc_getport __yp_check clnttcp_create clntudp_bufcreate clntudp_create key_gendes pmap_getmaps pmap_getport pmap_rmtcall yp_all yp_bind yp_first yp_maplist yp_master yp_match yp_next yp_order: bind connect getpeername getsockname poll ppoll recvfrom recvmsg sendmmsg sendto setsockopt socket
glibc __libc_msgrcv msgrcv: msgrcv
glibc __libc_msgsnd msgsnd: msgsnd
glibc __libc_pwrite __pwrite64 pwrite pwrite64: pwrite64
glibc __libc_system posix_spawn posix_spawnp system: chdir clone clone3 close_range dup2 dup3 fchdir getgid getpgid getuid sched_setparam setpgid setresgid setresuid setsid wait4 waitid
glibc __longjmp_chk sigaltstack sigstack: sigaltstack
glibc __mktemp mkdir mkdtemp mkostemp mkostemp64 mkostemps mkostemps64 mkstemp mkstemp64 mkstemps mkstemps64 mktemp tempnam tmpnam tmpnam_r: mkdir mkdirat
glibc __mq_open_2 mq_open: mq_open
glibc __nanosleep argp_parse clock_nanosleep nanosleep sleep thrd_sleep usleep: clock_nanosleep
glibc __netlink_assert_response getsockname: getsockname
glibc __nis_default_owner nis_add nis_add_entry nis_addmember nis_creategroup nis_list nis_local_principal nis_modify nis_modify_entry nis_removemember: accept bind clock_nanosleep connect dup getegid geteuid getgroups getpeername getsockname listen poll ppoll readv recvfrom recvmsg sendmmsg sendmsg sendto setsockopt socket time
glibc __nis_finddirectory __prepare_niscall nis_checkpoint nis_destroygroup nis_first_entry nis_getservlist nis_ismember nis_lookup nis_mkdir nis_next_entry nis_ping nis_print_group_entry nis_remove nis_remove_entry nis_rmdir nis_servstate nis_stats nis_verifygroup: bind connect dup getegid geteuid getgroups getpeername getsockname poll ppoll readv recvfrom recvmsg sendmmsg sendmsg sendto setsockopt socket time
glibc __nisbind_create: bind connect dup getegid geteuid getgroups getpeername getsockname poll ppoll recvfrom recvmsg sendmmsg sendto setsockopt socket time
glibc __pipe pipe: pipe pipe2
glibc __poll __poll_chk poll svcfd_create: poll ppoll
glibc __ppoll_chk arc4random arc4random_buf arc4random_uniform ppoll: ppoll
glibc __realpath_chk canonicalize_file_name faccessat realpath: faccessat2 getegid geteuid getgid getgroups getuid
glibc __recv __recv_chk __recvfrom_chk recv recvfrom: recvfrom
glibc __select select: pselect6 select
glibc __send send sendto: sendto
glibc __sendmmsg sendmmsg: sendmmsg
glibc __setpgid setpgid setpgrp: setpgid
glibc __shm_directory __statfs pathconf shm_open statfs statfs64 statvfs statvfs64: statfs
glibc __sigpause __sigsuspend __xpg_sigpause sigpause sigsuspend: rt_sigsuspend
glibc __sigtimedwait sigtimedwait sigwait sigwaitinfo: rt_sigtimedwait
glibc __sysctl sysctl: _sysctl
glibc __syslog_chk __vsyslog_chk fmtmsg nis_lerror syslog vsyslog: connect sendto socket
glibc __vfork vfork: clone vfork
glibc __xmknod mkfifo: mknod mknodat
glibc __xmknodat mkfifoat mknod mknodat: mknodat
glibc _authenticate authdes_create authdes_pk_create clntraw_create key_decryptsession key_decryptsession_pk key_encryptsession key_encryptsession_pk key_get_conv key_secretkey_is_set key_setnet key_setsecret svc_getreq svc_getreq_common svc_getreq_poll svc_getreqset svc_run: bind connect dup getegid geteuid getpeername getsockname poll ppoll readv recvfrom recvmsg sendmmsg sendmsg sendto setsockopt socket
glibc accept4: accept4
glibc accept: accept
glibc acct: acct
glibc aio_cancel aio_cancel64: clone clone3 getuid rt_sigqueueinfo
glibc aio_fsync aio_fsync64 aio_read aio_read64 aio_write aio_write64 lio_listio lio_listio64: clone clone3 fdatasync fsync getuid pwrite64 rt_sigqueueinfo
glibc alarm getutent getutent_r getutid getutid_r getutline getutline_r getutxent getutxid getutxline lckpwdf: alarm
glibc authunix_create dup perror: dup
glibc authunix_create_default: dup getegid geteuid getgroups
glibc bind bindresvport: bind
glibc capget: capget
glibc capset: capset
glibc chdir: chdir
glibc chmod: chmod fchmodat
glibc chown: chown fchownat
glibc chroot: chroot
glibc clnt_broadcast: bind dup getegid geteuid getgroups getsockname poll ppoll recvfrom recvmsg sendto setsockopt socket
glibc clnt_create: bind connect getegid geteuid getpeername getsockname poll ppoll readv recvfrom recvmsg sendmmsg sendmsg sendto setsockopt socket
glibc clntunix_create: connect getegid geteuid getpeername poll ppoll recvfrom recvmsg sendmmsg sendmsg sendto setsockopt socket
glibc clock_getcpuclockid clock_getres timespec_getres: clock_getres
glibc clock_settime stime: clock_settime
glibc close_range closefrom: close_range
glibc copy_file_range: copy_file_range
glibc creat creat64: creat
glibc create_module: create_module
glibc cuserid: connect geteuid getpeername poll ppoll recvfrom recvmsg sendmmsg sendto setsockopt socket
glibc daemon: chdir clone dup2 dup3 setsid
glibc delete_module: delete_module
glibc dup3 freopen freopen64: dup3
glibc eaccess euidaccess: getegid geteuid getgid getgroups getuid
glibc epoll_create1: epoll_create1
glibc epoll_create: epoll_create epoll_create1
glibc epoll_ctl: epoll_ctl
glibc epoll_pwait2: epoll_pwait2
glibc epoll_pwait: epoll_pwait
glibc epoll_wait: epoll_pwait epoll_wait
glibc eventfd: eventfd2
glibc execveat fexecve: execveat
glibc fallocate fallocate64: fallocate
glibc fanotify_init: fanotify_init
glibc fanotify_mark: fanotify_mark
glibc fchdir fts64_children fts64_close fts64_read fts_children fts_close fts_read: fchdir
glibc fchmod: fchmod
glibc fchmodat lchmod: chmod fchmodat fchmodat2
glibc fchown: fchown
glibc fchownat: fchownat
glibc fdatasync: fdatasync
glibc fgetxattr: fgetxattr
glibc flistxattr: flistxattr
glibc flock: flock
glibc forkpty: clone dup2 dup3 setsid
glibc fpathconf fstatfs fstatfs64 fstatvfs fstatvfs64: fstatfs
glibc fremovexattr: fremovexattr
glibc fsconfig: fsconfig
glibc fsetxattr: fsetxattr
glibc fsmount: fsmount
glibc fsopen: fsopen
glibc fspick: fspick
glibc fsync: fsync
glibc ftruncate ftruncate64: ftruncate
glibc ftw ftw64 nftw nftw64: chdir fchdir
glibc futimens futimes lutimes utimensat: utimensat
glibc futimesat: futimesat utimensat
glibc get_kernel_syms: get_kernel_syms
glibc get_myaddress: bind dup getsockname recvmsg sendto socket
glibc getaddrinfo_a: bind clone clone3 connect getpeername getsockname getuid poll ppoll readv recvfrom recvmsg rt_sigqueueinfo sendmmsg sendto setsockopt socket
glibc getegid: getegid
glibc geteuid getnetname: geteuid
glibc getgid: getgid
glibc getgrgid getgrgid_r getgrnam getgrnam_r gethostbyaddr gethostbyaddr_r gethostbyname gethostbyname2 gethostbyname2_r gethostbyname_r gethostid getnameinfo getservbyname getservbyname_r getservbyport getservbyport_r: connect getpeername poll ppoll readv recvfrom recvmsg sendmmsg sendto setsockopt socket
glibc getgrouplist getpw getpwnam getpwnam_r getpwuid getpwuid_r innetgr setnetgrent: connect getpeername poll ppoll recvfrom recvmsg sendmmsg sendto setsockopt socket
glibc getifaddrs if_nameindex: bind getsockname recvmsg sendto socket
glibc getipv4sourcefilter getsockopt getsourcefilter: getsockopt
glibc getitimer: getitimer
glibc getpeername: getpeername
glibc getpgrp: getpgid getpgrp
glibc getppid: getppid
glibc getpriority: getpriority
glibc getresgid: getresgid
glibc getresuid: getresuid
glibc getrusage vtimes: getrusage
glibc getsid tcgetsid: getsid
glibc getuid: getuid
glibc getxattr: getxattr
glibc init_module: init_module
glibc initgroups: connect getpeername poll ppoll recvfrom recvmsg sendmmsg sendto setgroups setsockopt socket
glibc inotify_add_watch: inotify_add_watch
glibc inotify_init1: inotify_init1
glibc inotify_init: inotify_init inotify_init1
glibc inotify_rm_watch: inotify_rm_watch
glibc ioperm: ioperm
glibc iopl: iopl
glibc iruserok iruserok_af ruserok ruserok_af: bind connect geteuid getpeername getsockname poll ppoll readv recvfrom recvmsg sendmmsg sendto setresuid setsockopt socket
glibc klogctl: syslog
glibc lchown: fchownat lchown
glibc lgetxattr: lgetxattr
glibc link: link linkat
glibc linkat: linkat
glibc listen: listen
glibc listxattr: listxattr
glibc llistxattr: llistxattr
glibc login logout pututline pututxline: alarm dup2 dup3 ftruncate
glibc login_tty: dup2 dup3 setsid
glibc logwtmp updwtmp updwtmpx: alarm ftruncate
glibc lremovexattr: lremovexattr
glibc lsetxattr: lsetxattr
glibc memfd_create: memfd_create
glibc mincore: mincore
glibc mkdirat: mkdirat
glibc mlock2: mlock mlock2
glibc mlock: mlock
glibc mlockall: mlockall
glibc modify_ldt: modify_ldt
glibc mount: mount
glibc mount_setattr: mount_setattr
glibc move_mount: move_mount
glibc mq_getattr mq_setattr: mq_getsetattr
glibc mq_notify: clone clone3 mq_notify recvfrom socket
glibc mq_receive mq_timedreceive: mq_timedreceive
glibc mq_send mq_timedsend: mq_timedsend
glibc mq_unlink: mq_unlink
glibc mseal: mseal
glibc msgctl: msgctl
glibc msgget: msgget
glibc msync: msync
glibc munlock: munlock
glibc munlockall: munlockall
glibc name_to_handle_at: name_to_handle_at
glibc nfsservctl: nfsservctl
glibc nice: getpriority setpriority
glibc open_by_handle_at: open_by_handle_at
glibc open_tree: open_tree
glibc openat2: openat2
glibc openlog: connect socket
glibc pause: pause ppoll
glibc personality: personality
glibc pidfd_getfd: pidfd_getfd
glibc pidfd_open: pidfd_open
glibc pidfd_send_signal: pidfd_send_signal
glibc pidfd_spawn pidfd_spawnp: chdir clone clone3 close_range dup2 dup3 fchdir getgid getpgid getuid sched_setparam setpgid setresgid setresuid setsid waitid
glibc pipe2: pipe2
glibc pivot_root: pivot_root
glibc pkey_alloc: pkey_alloc
glibc pkey_free: pkey_free
glibc pkey_mprotect: pkey_mprotect
glibc pmap_set svc_register: bind connect dup getpeername getsockname poll ppoll recvfrom recvmsg sendmmsg sendto setsockopt socket
glibc posix_fadvise posix_fadvise64: fadvise64
glibc posix_fallocate posix_fallocate64: fallocate fstatfs ftruncate pwrite64
glibc preadv preadv64: preadv
glibc preadv2 preadv64v2: preadv preadv2 readv
glibc process_madvise: process_madvise
glibc process_mrelease: process_mrelease
glibc process_vm_readv: process_vm_readv
glibc process_vm_writev: process_vm_writev
glibc pselect: pselect6
glibc pthread_create thrd_create: clone clone3
glibc pthread_setschedprio sched_setparam: sched_setparam
glibc pthread_sigqueue: getuid rt_tgsigqueueinfo
glibc ptrace: ptrace
glibc pwritev pwritev64: pwritev
glibc pwritev2 pwritev64v2: pwritev pwritev2
glibc query_module: query_module
glibc quotactl: quotactl
glibc rcmd rcmd_af rexec rexec_af: accept bind clock_nanosleep connect dup getpeername getsockname listen poll ppoll readv recvfrom recvmsg sendmmsg sendto setsockopt socket
glibc readahead: readahead
glibc readv: readv
glibc reboot: reboot
glibc recvmmsg: recvmmsg
glibc recvmsg: recvmsg
glibc registerrpc: bind clock_nanosleep connect dup getpeername getsockname poll ppoll recvfrom recvmsg sendmmsg sendmsg sendto setsockopt socket
glibc remap_file_pages: remap_file_pages
glibc remove: rmdir unlink unlinkat
glibc removexattr: removexattr
glibc rename: rename renameat
glibc renameat2: renameat renameat2
glibc renameat: renameat
glibc rmdir: rmdir unlinkat
glibc rresvport rresvport_af: bind socket
glibc rtime: connect poll ppoll recvfrom sendto socket
glibc sched_getattr: sched_getattr
glibc sched_rr_get_interval: sched_rr_get_interval
glibc sched_setattr: sched_setattr
glibc sem_open: link linkat mkdir mkdirat statfs unlink unlinkat
glibc sem_unlink shm_unlink: statfs unlink unlinkat
glibc semctl: semctl
glibc semget: semget
glibc semop semtimedop: semtimedop
glibc sendfile sendfile64: sendfile
glibc sendmsg: sendmsg
glibc setdomainname: setdomainname
glibc setegid setresgid: setresgid
glibc seteuid setresuid: setresuid
glibc setfsgid: setfsgid
glibc setfsuid: setfsuid
glibc setgid: setgid
glibc setgroups: setgroups
glibc sethostname: sethostname
glibc setipv4sourcefilter setsockopt setsourcefilter: setsockopt
glibc setns: setns
glibc setpriority: setpriority
glibc setregid: setregid
glibc setreuid: setreuid
glibc setsid: setsid
glibc settimeofday: clock_settime settimeofday
glibc setuid: setuid
glibc setxattr: setxattr
glibc shmat: shmat
glibc shmctl: shmctl
glibc shmdt: shmdt
glibc shmget: shmget
glibc shutdown: shutdown
glibc signalfd: signalfd4
glibc sigpending: rt_sigpending
glibc socketpair: socketpair
glibc splice: splice
glibc statx: statx
glibc svctcp_create: accept bind clock_nanosleep dup getsockname listen poll ppoll socket
glibc svcudp_bufcreate svcudp_create: bind clock_nanosleep dup getsockname recvfrom recvmsg sendmsg sendto setsockopt socket
glibc svcunix_create: accept bind clock_nanosleep dup getegid geteuid getsockname listen poll ppoll recvmsg sendmsg setsockopt socket
glibc svcunixfd_create: getegid geteuid poll ppoll recvmsg sendmsg setsockopt
glibc swapoff: swapoff
glibc swapon: swapon
glibc symlink: symlink symlinkat
glibc symlinkat: symlinkat
glibc sync: sync
glibc sync_file_range: sync_file_range
glibc syncfs: syncfs
glibc tee: tee
glibc time: time
glibc timer_create: clone clone3 rt_sigtimedwait timer_create timer_delete
glibc timer_delete: timer_delete
glibc timer_getoverrun: timer_getoverrun
glibc timer_gettime: timer_gettime
glibc timer_settime: timer_settime
glibc timerfd_create: timerfd_create
glibc timerfd_gettime: timerfd_gettime
glibc timerfd_settime: timerfd_settime
glibc times: times
glibc tmpfile tmpfile64: mkdir mkdirat unlink unlinkat
glibc truncate truncate64: truncate
glibc umask: umask
glibc umount umount2: umount2
glibc unlink: unlink unlinkat
glibc unlinkat: unlinkat
glibc unshare: unshare
glibc uselib: uselib
glibc ustat: ustat
glibc utime: utime utimensat
glibc utimes: utimensat utimes
glibc vhangup: vhangup
glibc vmsplice: vmsplice
glibc waitid: waitid
glibc wordexp: alarm chdir clone clone3 close_range connect dup2 dup3 fchdir getgid getpeername getpgid getuid pipe2 poll ppoll recvfrom recvmsg sched_setparam sendmmsg sendto setpgid setresgid setresuid setsid setsockopt socket wait4 waitid
musl start: arch_prctl brk clock_gettime clone close exit exit_group fcntl fstat futex gettimeofday ioctl lseek lstat madvise mmap mprotect mremap munmap newfstatat open openat pause poll ppoll pread64 read readlink readlinkat readv rt_sigaction rt_sigprocmask rt_sigreturn set_robust_list set_tid_address stat tkill writev
musl _Fork fork: fork gettid
musl __xmknod mkfifo mknod: mknod mknodat
musl __xmknodat mkfifoat mknodat: mknodat
musl accept4: accept accept4
musl accept: accept
musl access: access faccessat
musl acct: acct
musl adjtime adjtimex clock_adjtime: adjtimex clock_adjtime
musl aio_fsync aio_read aio_write lio_listio: fdatasync fsync getpid getuid membarrier pwrite64 pwritev2 rt_sigqueueinfo sched_setscheduler write
musl aio_fsync64 aio_read64 aio_write64 lio_listio64: fdatasync fsync getpid getuid membarrier pwrite64 rt_sigqueueinfo sched_setscheduler write
musl alarm setitimer ualarm: setitimer
musl bind: bind
musl capget: capget
musl capset: capset
musl chdir: chdir
musl chmod: chmod fchmodat
musl chown: chown fchownat
musl chroot: chroot
musl clock_getcpuclockid clock_getres: clock_getres
musl clock_nanosleep nanosleep sleep thrd_sleep usleep: clock_nanosleep nanosleep
musl clock_settime settimeofday stime: clock_settime
musl connect: connect
musl copy_file_range: copy_file_range
musl cuserid: connect geteuid sendmsg socket
musl daemon: chdir dup2 dup3 fork gettid setsid
musl delete_module: delete_module
musl dlopen membarrier: membarrier
musl dup2 dup3 freopen freopen64: dup2 dup3
musl dup: dup
musl eaccess euidaccess faccessat: faccessat faccessat2 getegid geteuid getgid getuid pipe pipe2 setregid setreuid wait4 write
musl epoll_create epoll_create1: epoll_create epoll_create1
musl epoll_ctl: epoll_ctl
musl epoll_pwait epoll_wait: epoll_pwait epoll_wait
musl eventfd: eventfd eventfd2
musl eventfd_write write: write
musl execl execle execlp execv execve execvp execvpe: execve
musl fallocate fallocate64 posix_fallocate posix_fallocate64: fallocate
musl fanotify_init: fanotify_init
musl fanotify_mark: fanotify_mark
musl fchdir fts_close: chdir fchdir
musl fchmod: chmod fchmod fchmodat
musl fchmodat lchmod: fchmodat fchmodat2
musl fchown: chown fchown fchownat
musl fchownat: fchownat
musl fdatasync: fdatasync
musl fexecve: execve execveat
musl fgetxattr: fgetxattr
musl flistxattr: flistxattr
musl flock: flock
musl forkpty: dup2 dup3 fork gettid pipe pipe2 setsid wait4 write
musl fremovexattr: fremovexattr
musl fsetxattr: fsetxattr
musl fstatfs fstatfs64 fstatvfs fstatvfs64: fstatfs
musl fsync: fsync
musl ftruncate ftruncate64: ftruncate
musl fts_children fts_read: chdir fchdir getdents64
musl ftw ftw64 getdents getdents64 nftw nftw64 posix_getdents readdir readdir64 readdir64_r readdir_r scandir scandir64: getdents64
musl futimens futimes futimesat lutimes utime utimensat utimes: futimesat utimensat utimes
musl get_avphys_pages get_nprocs get_nprocs_conf get_phys_pages sysconf: getrlimit prlimit64 sched_getaffinity sysinfo
musl get_current_dir_name getcwd realpath: getcwd
musl getaddrinfo gethostbyname gethostbyname2 gethostbyname2_r gethostbyname_r: bind connect getsockname recvfrom recvmsg sendmsg sendto setsockopt socket
musl getdomainname gethostname uname: uname
musl getdtablesize getrlimit getrlimit64: getrlimit prlimit64
musl getegid: getegid
musl getentropy getrandom: getrandom
musl geteuid: geteuid
musl getgid: getgid
musl getgrgid getgrgid_r getgrnam getgrnam_r getgrouplist getpwnam getpwnam_r getpwuid getpwuid_r: connect sendmsg socket
musl getgroups: getgroups
musl gethostbyaddr gethostbyaddr_r getnameinfo getservbyport getservbyport_r res_query res_querydomain res_search res_send: bind connect recvfrom recvmsg sendmsg sendto setsockopt socket
musl getifaddrs if_nameindex: recvfrom sendto socket
musl getitimer: getitimer
musl getloadavg sysinfo: sysinfo
musl getpeername: getpeername
musl getpgid getpgrp: getpgid
musl getpid lockf lockf64: getpid
musl getppid: getppid
musl getpriority: getpriority
musl getresgid: getresgid
musl getresuid: getresuid
musl getrusage: getrusage
musl getsid: getsid
musl getsockname: getsockname
musl getsockopt: getsockopt
musl getuid: getuid
musl getxattr: getxattr
musl glob glob64: connect getdents64 getuid sendmsg socket
musl if_indextoname if_nametoindex socket: socket
musl init_module: init_module
musl initgroups: connect getpid gettid kill sendmsg setgroups socket
musl inotify_add_watch: inotify_add_watch
musl inotify_init inotify_init1: inotify_init inotify_init1
musl inotify_rm_watch: inotify_rm_watch
musl ioperm: ioperm
musl iopl: iopl
musl kill killpg: kill
musl klogctl: syslog
musl lchown: fchownat lchown
musl lgetxattr: lgetxattr
musl link: link linkat
musl linkat: linkat
musl listen: listen
musl listxattr: listxattr
musl llistxattr: llistxattr
musl login_tty: dup2 dup3 setsid
musl lremovexattr: lremovexattr
musl lsetxattr: lsetxattr
musl memfd_create: memfd_create
musl mincore: mincore
musl mkdir mkdtemp: mkdir mkdirat
musl mkdirat: mkdirat
musl mlock2: mlock mlock2
musl mlock: mlock
musl mlockall: mlockall
musl mount: mount
musl mq_getattr mq_setattr: mq_getsetattr
musl mq_notify: membarrier mq_notify recvfrom sched_setscheduler socket
musl mq_open: mq_open
musl mq_receive mq_timedreceive: mq_timedreceive
musl mq_send mq_timedsend: mq_timedsend
musl mq_unlink: mq_unlink
musl msgctl: msgctl
musl msgget: msgget
musl msgrcv: msgrcv
musl msgsnd: msgsnd
musl msync: msync
musl munlock: munlock
musl munlockall: munlockall
musl name_to_handle_at: name_to_handle_at
musl nice: getpriority setpriority
musl open_by_handle_at: open_by_handle_at
musl openlog: connect socket
musl pclose wait wait3 wait4 waitpid: wait4
musl personality: personality
musl pipe pipe2: pipe pipe2
musl pivot_root: pivot_root
musl popen posix_spawn posix_spawnp system: chdir dup execve fchdir getgid getuid pipe pipe2 setgid setpgid setsid setuid wait4 write
musl posix_fadvise posix_fadvise64: fadvise64
musl prctl pthread_getname_np: prctl
musl preadv preadv64: preadv
musl preadv2: preadv preadv2
musl prlimit prlimit64: prlimit64
musl process_vm_readv: process_vm_readv
musl process_vm_writev: process_vm_writev
musl pselect: pselect6
musl pthread_create thrd_create: membarrier sched_setscheduler
musl pthread_getaffinity_np sched_getaffinity: sched_getaffinity
musl pthread_getschedparam: sched_getparam sched_getscheduler
musl pthread_mutexattr_setrobust: get_robust_list
musl pthread_setaffinity_np sched_setaffinity: sched_setaffinity
musl pthread_setname_np: prctl write
musl pthread_setschedparam: sched_setscheduler
musl pthread_setschedprio: sched_setparam
musl ptrace: ptrace
musl pwrite64: pwrite64
musl pwrite: pwrite64 pwritev2
musl pwritev pwritev2: pwritev pwritev2
musl pwritev64: pwritev
musl quotactl: quotactl
musl readahead: readahead
musl reboot: reboot
musl recv recvfrom: recvfrom
musl recvmmsg: recvmmsg
musl recvmsg: recvmsg
musl remap_file_pages: remap_file_pages
musl remove: rmdir unlink unlinkat
musl removexattr: removexattr
musl rename: rename renameat
musl renameat2: renameat renameat2
musl renameat: renameat
musl rmdir: rmdir unlinkat
musl sched_get_priority_max: sched_get_priority_max
musl sched_get_priority_min: sched_get_priority_min
musl sched_getcpu: getcpu
musl sched_rr_get_interval: sched_rr_get_interval
musl sched_yield thrd_yield: sched_yield
musl select: pselect6 select
musl sem_open: access faccessat link linkat unlink unlinkat write
musl sem_unlink shm_unlink tmpfile tmpfile64 unlink: unlink unlinkat
musl semctl: semctl
musl semget: semget
musl semop: semop
musl semtimedop: semtimedop
musl send sendto: sendto
musl sendfile sendfile64: sendfile
musl sendmmsg sendmsg: sendmsg
musl setdomainname: setdomainname
musl setegid seteuid: getpid gettid kill
musl setfsgid: setfsgid
musl setfsuid: setfsuid
musl setgid: getpid gettid kill setgid
musl setgroups: getpid gettid kill setgroups
musl sethostname: sethostname
musl setns: setns
musl setpgid setpgrp: setpgid
musl setpriority: setpriority
musl setregid: getpid gettid kill setregid
musl setresgid: getpid gettid kill setresgid
musl setresuid: getpid gettid kill setresuid
musl setreuid: getpid gettid kill setreuid
musl setrlimit setrlimit64: gettid prlimit64 setrlimit
musl setsid: setsid
musl setsockopt: setsockopt
musl setuid: getpid gettid kill setuid
musl setxattr: setxattr
musl shmat: shmat
musl shmctl: shmctl
musl shmdt: shmdt
musl shmget: shmget
musl shutdown: shutdown
musl sigaltstack: getrlimit prlimit64 sched_getaffinity sigaltstack sysinfo
musl signalfd: signalfd signalfd4
musl sigpause sigsuspend: rt_sigsuspend
musl sigpending: rt_sigpending
musl sigqueue: getpid getuid rt_sigqueueinfo
musl sigtimedwait sigwait sigwaitinfo: rt_sigtimedwait
musl socketpair: socketpair
musl splice: splice
musl statfs statfs64 statvfs statvfs64: statfs
musl statx: statx
musl swapoff: swapoff
musl swapon: swapon
musl symlink: symlink symlinkat
musl symlinkat: symlinkat
musl sync: sync
musl sync_file_range: sync_file_range
musl syncfs: syncfs
musl syslog vsyslog: connect getpid sendto socket
musl tee: tee
musl timer_create: membarrier rt_sigtimedwait sched_setscheduler timer_create timer_delete
musl timer_delete: timer_delete
musl timer_getoverrun: timer_getoverrun
musl timer_gettime: timer_gettime
musl timer_settime: timer_settime
musl timerfd_create: timerfd_create
musl timerfd_gettime: timerfd_gettime
musl timerfd_settime: timerfd_settime
musl times: times
musl truncate truncate64: truncate
musl ulimit: getrlimit gettid prlimit64 setrlimit
musl umask: umask
musl umount umount2: umount2
musl unlinkat: unlinkat
musl unshare: unshare
musl vfork: vfork
musl vhangup: vhangup
musl vmsplice: vmsplice
musl waitid: waitid
musl wordexp: dup2 dup3 execve fork gettid kill pipe pipe2 wait4
`;
