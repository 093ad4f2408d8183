/*
 * A disk that fails when it is told to, for a process that runs with this in LD_PRELOAD.
 *
 * The file $FAULTY_DISK holds at most one rule, which is read anew at each call:
 *
 *     calls ending errno skip times        fsync log.sqlite-wal 5 0 1
 *
 * `calls` is a list such as pwrite,ftruncate; `ending` is what the name of the call's file ends in;
 * `skip` calls are let through, `times` fail (-1: all), and a new text of the rule starts to count
 * anew. Each failure adds a byte to $FAULTY_DISK.hits.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL(name, result, ...) ((result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char known[256];
static long seen;

static ssize_t load(const char *path, char *text, size_t room) {
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) return -1;
	ssize_t length = REAL("read", ssize_t, int, void *, size_t)(fd, text, room - 1);
	close(fd);
	if (length >= 0) text[length] = 0;
	return length;
}

static int ends(const char *text, const char *ending) {
	size_t length = strlen(text), tail = strlen(ending);
	return length >= tail && strcmp(text + length - tail, ending) == 0;
}

/* What `call` on `fd` has to fail with; 0 where it must not. */
static int fault(const char *call, int fd) {
	const char *rules = getenv("FAULTY_DISK");
	char text[256], calls[64], ending[64], link[64], path[4096], hits[4096];
	int error;
	long skip, times;
	if (!rules || load(rules, text, sizeof text) <= 0) return 0;
	if (sscanf(text, "%63s %63s %d %ld %ld", calls, ending, &error, &skip, &times) != 5) return 0;
	if (!strstr(calls, call)) return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, path, sizeof path - 1);
	if (length < 0) return 0;
	path[length] = 0;
	if (!ends(path, ending)) return 0;

	pthread_mutex_lock(&lock);
	if (strcmp(text, known) != 0) {
		strcpy(known, text);
		seen = 0;
	}
	long number = seen++;
	pthread_mutex_unlock(&lock);
	if (number < skip || (times >= 0 && number >= skip + times)) return 0;

	snprintf(hits, sizeof hits, "%s.hits", rules);
	int out = open(hits, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (out >= 0) {
		ssize_t written = REAL("write", ssize_t, int, const void *, size_t)(out, ".", 1);
		(void)written;
		close(out);
	}
	return error;
}

#define FAIL(call)                      \
	do {                                \
		int error = fault(call, fd);    \
		if (error) {                    \
			errno = error;              \
			return -1;                  \
		}                               \
	} while (0)

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
	FAIL("pwrite");
	return REAL("pwrite64", ssize_t, int, const void *, size_t, off64_t)(fd, bytes, count, offset);
}

ssize_t write(int fd, const void *bytes, size_t count) {
	FAIL("pwrite");
	return REAL("write", ssize_t, int, const void *, size_t)(fd, bytes, count);
}

ssize_t pread64(int fd, void *bytes, size_t count, off64_t offset) {
	FAIL("pread");
	return REAL("pread64", ssize_t, int, void *, size_t, off64_t)(fd, bytes, count, offset);
}

int ftruncate64(int fd, off64_t length) {
	FAIL("ftruncate");
	return REAL("ftruncate64", int, int, off64_t)(fd, length);
}

int fsync(int fd) {
	FAIL("fsync");
	return REAL("fsync", int, int)(fd);
}
