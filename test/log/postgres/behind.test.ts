/** A node that is thousands of events behind the others: its listeners hear of all, in steps. */
import { type Commit, DEFAULT_LOG_LIMITS } from "../../../src/log/log.ts";
import { openPostgres } from "../../../src/log/postgres/open.ts";
import { append, events, read } from "../asking.ts";
import { newDirectory } from "../sqlite/directory.ts";
import { Hop } from "./hop.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

describePostgres("a node that is far behind", () => {
	let server: PostgresServer;
	beforeAll(async () => {
		server = await startPostgres();
	});
	afterAll(() => server.remove());

	test("tells its listeners of each step how far every stream was then", async () => {
		const hop = await Hop.to(server.port);
		const limits = DEFAULT_LOG_LIMITS;
		const writer = await openPostgres(server.store("behind"), newDirectory(), limits);
		const { log } = await openPostgres(hop.store("behind"), newDirectory(), limits);
		const heard: Commit[] = [];
		log.onCommit((commit) => heard.push(commit));
		await append(writer.log, "order-0", events(10));
		hop.silence();
		for (let i = 0; i < 9; i++) await append(writer.log, `order-${i % 4}`, events(750));
		hop.speak();
		while ((heard.at(-1)?.last ?? 0) < 6759) await pause();
		const reads = ["order-0", "order-3", "$ce-order", "$et-OrderPlaced", "$streams"];
		for (const stream of reads) {
			const entries = [];
			for (let from = 0; ; from += 4000) {
				const slice = await read(log, stream, { from, limit: 4000, content: false });
				entries.push(...slice.entries);
				if (slice.entries.length < 4000) break;
			}
			for (const { last, streams } of heard) {
				const told = streams.get(stream as never);
				if (told === undefined) continue;
				const there = entries.filter(({ event }) => Number(event.position) <= last);
				expect([stream, last, told]).toEqual([stream, last, there.length - 1]);
			}
		}
		expect(heard.filter(({ streams }) => streams.size > 2).length).toBeGreaterThan(2);
		await Promise.all([log.close(), writer.log.close()]);
		hop.close();
	});
});

function pause(): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, 10));
}
