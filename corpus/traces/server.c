// SPDX-License-Identifier: GPL-2.0-only
/*
 * server NR: a forking server on the loopback that answers NR requests, for
 * server.strace.  It keeps a table that its children read and write a part of,
 * and that grows between requests.  Prints its port.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void answer(int fd, char *table, size_t size)
{
	char *reply = malloc(200 << 10);
	char line[256];
	ssize_t len = read(fd, line, sizeof(line) - 1);

	if (!reply || len <= 0)
		_exit(1);
	line[len] = 0;
	memset(table + size / 2, line[0], 8192);
	len = snprintf(reply, 200 << 10, "%zu bytes, you said %s", size, line);
	if (write(fd, reply, (size_t)len) != len)
		_exit(1);
	free(reply);
	exit(0);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t addr_len = sizeof(addr);
	int nr = argc > 1 ? atoi(argv[1]) : 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t size = 256 << 10;
	char *table = calloc(1, size);

	alarm(20);
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!table || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&addr, &addr_len))
		return 1;
	printf("%d\n", ntohs(addr.sin_port));
	fflush(stdout);
	for (int i = 0; i < nr; i++) {
		int client = accept(fd, NULL, NULL);

		if (client < 0)
			return 1;
		if (!fork())
			answer(client, table, size);
		close(client);
		if (i % 3 == 2) {
			size += 128 << 10;
			table = realloc(table, size);
			if (!table)
				return 1;
			table[size - 1] = 1;
		}
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	free(table);
	return 0;
}
