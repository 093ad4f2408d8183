/** Makes the servers of the HTTP tests keep their logs in PostgreSQL; imported before those tests. */
import { POSTGRES_BIN, type PostgresServer, startPostgres } from "./server.ts";

let server: PostgresServer | undefined;

beforeAll(async () => {
	if (POSTGRES_BIN === undefined) return;
	server = await startPostgres({ fsync: "off", full_page_writes: "off" });
	process.env.VARVE_TEST_STORE = `postgres://postgres@127.0.0.1:${server.port}/postgres`;
});

/** Called behind what the tests do at their end. */
export function removeDatabase(): void {
	delete process.env.VARVE_TEST_STORE;
	server?.remove();
}
