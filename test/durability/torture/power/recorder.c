/*
 * Loaded into a server (LD_PRELOAD), it writes down in one file, in their order, all that happens to
 * the files of one directory, and the answers that leave through sockets:
 *
 *     header, little-endian: kind 4 · file 4 · offset 8 · length 8 · time 8 (CLOCK_MONOTONIC, ns)
 *     then `length` bytes: of a write the data, of an open, unlink or rename the path(s)
 *
 * SQLite is compiled into better-sqlite3, but calls libc by name, and so does libuv; both come through
 * here. A change is done and written down under one lock, so the record has the order of the effects.
 * A sync is written down when it has returned: what precedes it in the record is then on disk. An
 * answer is written down before it is sent: whoever got it, got it later.
 *
 * Changes it does not know how to record (a writable shared mapping of a file that is not SQLite's
 * -shm, which nothing needs after a crash) are recorded as `UNKNOWN`, and the test fails.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OPENED = 1, CREATED, WRITE, TRUNCATE, SYNC, UNLINK, RENAME, ANSWER, UNKNOWN };

#define FDS 65536
#define ANSWER_BYTES 512

static char directory[4096];
static size_t directory_length;
static int record = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* 0: not looked at or not ours; from 1 on: the number of the file, one for each time it was opened */
static uint32_t file_of[FDS];
/* What was opened: libuv closes past libc, and the number may be a socket's by now. */
static struct { dev_t device; ino_t inode; } opened_as[FDS];
static uint32_t files;
static volatile sig_atomic_t dying;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
	return dlsym(RTLD_NEXT, name);
}

static void hold(void) {
	pthread_mutex_lock(&lock);
}

static void release(void) {
	if (dying) syscall(SYS_kill, getpid(), SIGKILL);
	pthread_mutex_unlock(&lock);
}

/*
 * SIGUSR2 is the SIGKILL of a recorded process: it dies at once, but never between a change and its
 * record, after which the record would miss what the next process finds.
 */
static void on_kill(int signal) {
	dying = 1;
	if (pthread_mutex_trylock(&lock) == 0) syscall(SYS_kill, getpid(), SIGKILL);
	(void)signal;
}

__attribute__((constructor)) static void begin(void) {
	const char *path = getenv("TORTURE_DIRECTORY");
	const char *file = getenv("TORTURE_RECORD");
	if (!path || !file) return;
	directory_length = strlen(path);
	if (directory_length >= sizeof directory) return;
	memcpy(directory, path, directory_length + 1);
	/* Each process has a record of its own, named by the time it began. */
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	char name[4096 + 32];
	snprintf(name, sizeof name, "%s.%012ld.%09ld", file, (long)now.tv_sec, now.tv_nsec);
	record = syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (record < 0) abort();
	signal(SIGUSR2, on_kill);
}

static void put(uint32_t kind, uint32_t file, uint64_t offset, const void *bytes, uint64_t length) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	struct { uint32_t kind, file; uint64_t offset, length, time; } header = {
		kind, file, offset, bytes ? length : 0,
		(uint64_t)now.tv_sec * 1000000000u + now.tv_nsec,
	};
	struct iovec parts[2] = {{&header, sizeof header}, {(void *)bytes, bytes ? length : 0}};
	ssize_t all = sizeof header + parts[1].iov_len;
	/* A record with a hole proves nothing; the process must not go on as if it did. */
	if (syscall(SYS_writev, record, parts, 2) != all) abort();
}

static int is_ours(const char *path) {
	if (record < 0 || strncmp(path, directory, directory_length) != 0) return 0;
	return path[directory_length] == '/' || path[directory_length] == 0;
}

static uint32_t ours(int fd) {
	if (fd < 0 || fd >= FDS || file_of[fd] == 0) return 0;
	struct stat now;
	int is_same = fstat(fd, &now) == 0 && now.st_dev == opened_as[fd].device &&
		now.st_ino == opened_as[fd].inode;
	return is_same ? file_of[fd] : 0;
}

static void opened(int fd, const char *path, int was_there) {
	if (fd < 0 || fd >= FDS) return;
	struct stat now;
	if (fstat(fd, &now) != 0) abort();
	opened_as[fd].device = now.st_dev;
	opened_as[fd].inode = now.st_ino;
	file_of[fd] = ++files;
	put(was_there ? OPENED : CREATED, file_of[fd], 0, path, strlen(path));
}

static int open_recorded(int at, const char *path, int flags, mode_t mode) {
	if (!is_ours(path)) return syscall(SYS_openat, at, path, flags, mode);
	hold();
	int was_there = faccessat(AT_FDCWD, path, F_OK, 0) == 0;
	int fd = syscall(SYS_openat, at, path, flags, mode);
	opened(fd, path, was_there);
	if (fd >= 0 && was_there && (flags & O_TRUNC)) put(TRUNCATE, file_of[fd], 0, 0, 0);
	release();
	return fd;
}

#define OPEN_MODE(flags) \
	mode_t mode = 0; \
	if ((flags) & (O_CREAT | __O_TMPFILE)) { \
		va_list rest; \
		va_start(rest, flags); \
		mode = va_arg(rest, mode_t); \
		va_end(rest); \
	}

int open(const char *path, int flags, ...) {
	OPEN_MODE(flags)
	return open_recorded(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
	OPEN_MODE(flags)
	return open_recorded(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}
int openat(int at, const char *path, int flags, ...) {
	OPEN_MODE(flags)
	return open_recorded(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
	OPEN_MODE(flags)
	return open_recorded(at, path, flags | O_LARGEFILE, mode);
}
int creat(const char *path, mode_t mode) {
	return open_recorded(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
int creat64(const char *path, mode_t mode) {
	return open_recorded(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC | O_LARGEFILE, mode);
}

int close(int fd) {
	if (ours(fd)) {
		hold();
		file_of[fd] = 0;
		release();
	}
	return syscall(SYS_close, fd);
}

/* Answers: only those that say where something was written. */
static void answer(const void *bytes, size_t length) {
	if (record < 0 || length < 15 || memcmp(bytes, "HTTP/1.1 20", 11) != 0) return;
	size_t head = length < ANSWER_BYTES ? length : ANSWER_BYTES;
	if (!memmem(bytes, head, "ES-Position", 11)) return;
	hold();
	put(ANSWER, 0, 0, bytes, head);
	release();
}

ssize_t write(int fd, const void *bytes, size_t length) {
	uint32_t file = ours(fd);
	if (!file) {
		answer(bytes, length);
		return syscall(SYS_write, fd, bytes, length);
	}
	hold();
	off_t offset = lseek(fd, 0, SEEK_CUR);
	ssize_t done = syscall(SYS_write, fd, bytes, length);
	if (done > 0) put(WRITE, file, offset, bytes, done);
	release();
	return done;
}

static ssize_t pwrite_recorded(int fd, const void *bytes, size_t length, off_t offset) {
	uint32_t file = ours(fd);
	if (!file) return syscall(SYS_pwrite64, fd, bytes, length, offset);
	hold();
	ssize_t done = syscall(SYS_pwrite64, fd, bytes, length, offset);
	if (done > 0) put(WRITE, file, offset, bytes, done);
	release();
	return done;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
	return pwrite_recorded(fd, bytes, length, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
	return pwrite_recorded(fd, bytes, length, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
	if (!ours(fd)) {
		if (count > 0) answer(parts[0].iov_base, parts[0].iov_len);
		return syscall(SYS_writev, fd, parts, count);
	}
	ssize_t all = 0;
	for (int i = 0; i < count; i++) {
		ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
		if (done < 0) return all > 0 ? all : done;
		all += done;
		if ((size_t)done < parts[i].iov_len) break;
	}
	return all;
}
static ssize_t pwritev_recorded(int fd, const struct iovec *parts, int count, off_t offset) {
	ssize_t all = 0;
	for (int i = 0; i < count; i++) {
		ssize_t done = pwrite_recorded(fd, parts[i].iov_base, parts[i].iov_len, offset + all);
		if (done < 0) return all > 0 ? all : done;
		all += done;
		if ((size_t)done < parts[i].iov_len) break;
	}
	return all;
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
	return pwritev_recorded(fd, parts, count, offset);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
	return pwritev_recorded(fd, parts, count, offset);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
	if (message->msg_iovlen > 0)
		answer(message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
	return syscall(SYS_sendmsg, fd, message, flags);
}
ssize_t send(int fd, const void *bytes, size_t length, int flags) {
	answer(bytes, length);
	return syscall(SYS_sendto, fd, bytes, length, flags, 0, 0);
}

static int truncate_recorded(int fd, off_t size) {
	uint32_t file = ours(fd);
	if (!file) return syscall(SYS_ftruncate, fd, size);
	hold();
	int done = syscall(SYS_ftruncate, fd, size);
	if (done == 0) put(TRUNCATE, file, size, 0, 0);
	release();
	return done;
}
int ftruncate(int fd, off_t size) {
	return truncate_recorded(fd, size);
}
int ftruncate64(int fd, off64_t size) {
	return truncate_recorded(fd, size);
}

static int sync_recorded(int fd, long call) {
	uint32_t file = ours(fd);
	if (!file) return syscall(call, fd);
	/* Nothing is written while it runs, so the record need not tell what it may have caught. */
	hold();
	int done = syscall(call, fd);
	if (done == 0) put(SYNC, file, 0, 0, 0);
	release();
	return done;
}
int fsync(int fd) {
	return sync_recorded(fd, SYS_fsync);
}
int fdatasync(int fd) {
	return sync_recorded(fd, SYS_fdatasync);
}

static int unlink_recorded(int at, const char *path, int flags) {
	if (!is_ours(path)) return syscall(SYS_unlinkat, at, path, flags);
	hold();
	int done = syscall(SYS_unlinkat, at, path, flags);
	if (done == 0) put(UNLINK, 0, 0, path, strlen(path));
	release();
	return done;
}
int unlink(const char *path) {
	return unlink_recorded(AT_FDCWD, path, 0);
}
int unlinkat(int at, const char *path, int flags) {
	return unlink_recorded(at, path, flags);
}
int remove(const char *path) {
	return unlink_recorded(AT_FDCWD, path, 0);
}

int rename(const char *from, const char *to) {
	if (!is_ours(from) && !is_ours(to))
		return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
	char both[8192];
	int length = snprintf(both, sizeof both, "%s%c%s", from, 0, to);
	hold();
	int done = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
	if (done == 0) put(RENAME, 0, 0, both, length);
	release();
	return done;
}

/* What SQLite may use on some systems, and does not here: seen, it makes the record worthless. */
static void unknown(int fd, const char *what) {
	if (!ours(fd)) return;
	hold();
	put(UNKNOWN, ours(fd), 0, what, strlen(what));
	release();
}
int fallocate(int fd, int mode, off_t offset, off_t length) {
	unknown(fd, "fallocate");
	return syscall(SYS_fallocate, fd, mode, offset, length);
}
int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
	unknown(fd, "fallocate");
	return syscall(SYS_fallocate, fd, mode, offset, length);
}
int posix_fallocate(int fd, off_t offset, off_t length) {
	unknown(fd, "posix_fallocate");
	return REAL(posix_fallocate)(fd, offset, length);
}
int posix_fallocate64(int fd, off64_t offset, off64_t length) {
	unknown(fd, "posix_fallocate");
	return REAL(posix_fallocate64)(fd, offset, length);
}

/* Of a mapped file the path tells whether it is the -shm. */
static void mapped(int prot, int flags, int fd) {
	if (!ours(fd) || !(prot & PROT_WRITE) || !(flags & MAP_SHARED)) return;
	char link[64], path[4096];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, sizeof path);
	if (length >= 4 && memcmp(path + length - 4, "-shm", 4) == 0) return;
	unknown(fd, "a writable mapping");
}
void *mmap(void *at, size_t length, int prot, int flags, int fd, off_t offset) {
	mapped(prot, flags, fd);
	return (void *)syscall(SYS_mmap, at, length, prot, flags, fd, offset);
}
void *mmap64(void *at, size_t length, int prot, int flags, int fd, off64_t offset) {
	mapped(prot, flags, fd);
	return (void *)syscall(SYS_mmap, at, length, prot, flags, fd, offset);
}
