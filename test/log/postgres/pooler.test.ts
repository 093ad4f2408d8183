/** Nodes behind PgBouncer in transaction mode; only the sessions of the nodes go round it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_LOG_LIMITS } from "../../../src/log/log.ts";
import { openPostgres } from "../../../src/log/postgres/open.ts";
import { append, event, events, name, read } from "../asking.ts";
import { newDirectory } from "../sqlite/directory.ts";
import { describePostgres, freePort, newFolder, runAsUser, startPostgres } from "./server.ts";

const POOLER = "/usr/sbin/pgbouncer";
/** What a node sets for its sessions, which a pooler hands to others. */
const SETTINGS = ["enable_seqscan = off", "enable_hashjoin = off", "enable_mergejoin = off"];
const SERVERS = 4;
const CLIENTS = 12;

const describePooler = existsSync(POOLER)
	? describePostgres
	: (title: string, tests: () => void) =>
			describe.skip(`${title} (PgBouncer is not installed: apt-get install pgbouncer)`, tests);

describePooler("two nodes behind PgBouncer in transaction mode", () => {
	test("append, read, hear of each other, erase and verify", async () => {
		const server = await startPostgres();
		for (const setting of SETTINGS) await server.sql(`ALTER ROLE postgres SET ${setting}`);
		const pooler = await startPooler(server.port);
		const store = `postgres://postgres@127.0.0.1:${pooler.port}/postgres?schema=pooled&prepare=no`;
		const open = () =>
			openPostgres(store, newDirectory(), DEFAULT_LOG_LIMITS, {
				session: server.store("pooled"),
			});
		const [one, two] = [await open(), await open()];
		const logs = [one.log, two.log];
		let heard = 0;
		two.log.onCommit(({ last }) => {
			heard = last;
		});
		await Promise.all(
			Array.from({ length: CLIENTS }, async (_, client) => {
				for (let i = 0; i < 10; i++) {
					const log = logs[(client + i) % 2] as typeof one.log;
					const { first } = await append(log, `order-${client}`, events(2), 2 * i - 1);
					expect(first).toBe(2 * i);
					expect((await read(log, `order-${client}`)).last).toBe(first + 1);
				}
			}),
		);
		while (heard < 20 * CLIENTS - 1) await pause();
		await one.log.redact({ stream: name("order-0"), version: 3, metadata: true });
		const repeated = event();
		await append(one.log, "a", [repeated]);
		expect(await append(two.log, "a", [repeated])).toMatchObject({ first: 0, repeated: true });
		expect([one, two].filter(({ leadership }) => leadership.isLeading)).toHaveLength(1);
		expect(await one.log.verify()).toMatchObject({
			ok: true,
			faults: [],
			events: 20 * CLIENTS + 1,
		});
		await Promise.all(logs.map((log) => log.close()));
		pooler.stop();
		server.remove();
	});
});

async function startPooler(database: number) {
	const folder = newFolder();
	const port = await freePort();
	const settings = join(folder, "pgbouncer.ini");
	const process = join(folder, "pid");
	writeFileSync(
		settings,
		`[databases]
postgres = host=127.0.0.1 port=${database} dbname=postgres user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${SERVERS}
logfile = ${join(folder, "log")}
pidfile = ${process}
`,
	);
	runAsUser(POOLER, ["-d", settings]);
	while (!existsSync(process)) await pause();
	const stop = () => {
		globalThis.process.kill(Number(readFileSync(process, "utf8")));
		rmSync(folder, { recursive: true, force: true });
	};
	return { port, stop };
}

function pause(): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, 10));
}
