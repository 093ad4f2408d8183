/** The contract of a log, over a real PostgreSQL server. */
import { openPostgres } from "../../../src/log/postgres/open.ts";
import { contract } from "../contract.ts";
import { newDirectory } from "../sqlite/directory.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

describePostgres("a log in PostgreSQL", () => {
	let server: PostgresServer;
	let opened = 0;
	beforeAll(async () => {
		// Its promises are kept by the order of commits; whether the disk has them is for other tests.
		server = await startPostgres({ fsync: "off", full_page_writes: "off" });
	});
	afterAll(() => server.remove());

	contract(async (limits, clock) => {
		const store = server.store(`log_${opened++}`);
		const options = { clock, allowsUnsafe: true, connectionsMax: 4 };
		const { log } = await openPostgres(store, newDirectory(), limits, options);
		return log;
	});
});
