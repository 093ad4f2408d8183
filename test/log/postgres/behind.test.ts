/** What the listeners of a node hear of the others' commits: how far every stream was then. */
import { type Commit, DEFAULT_LOG_LIMITS, type Log } from "../../../src/log/log.ts";
import { openPostgres } from "../../../src/log/postgres/open.ts";
import { append, events, read } from "../asking.ts";
import { newDirectory } from "../sqlite/directory.ts";
import { Hop } from "./hop.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

describePostgres("a node beside another one that writes", () => {
	let server: PostgresServer;
	beforeAll(async () => {
		server = await startPostgres();
	});
	afterAll(() => server.remove());

	test("tells its listeners of each step how far every stream was then, far behind", async () => {
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
		for (const stream of ["order-0", "order-3", "$ce-order", "$et-OrderPlaced", "$streams"]) {
			await expectTold(log, stream, heard);
		}
		expect(heard.filter(({ streams }) => streams.size > 2).length).toBeGreaterThan(2);
		await Promise.all([log.close(), writer.log.close()]);
		hop.close();
	});

	test("tells the same while both write, old streams and new ones, and metadata", async () => {
		const open = () => openPostgres(server.store("both"), newDirectory(), DEFAULT_LOG_LIMITS);
		const nodes = [(await open()).log, (await open()).log];
		const heard: Commit[][] = nodes.map((log) => {
			const commits: Commit[] = [];
			log.onCommit((commit) => commits.push(commit));
			return commits;
		});
		const metadata = Buffer.from(JSON.stringify({ $correlationId: "of-all" }));
		const correlated = () => events(2).map((event) => ({ ...event, metadata }));
		const writing = nodes.flatMap((log, node) =>
			[0, 1, 2].map(async (writer) => {
				for (let i = 0; i < 20; i++) {
					await append(log, `order-${i % 3}`, writer === 1 ? correlated() : events(1 + (i % 2)));
					if (i % 10 === 3) await append(log, `new-${node}-${writer}-${i}`, events(1));
					if (i % 10 === 7) await append(log, "$$order-1", events(1));
				}
			}),
		);
		await Promise.all(writing);
		const { last } = await read(nodes[0] as Log, "$all", { limit: 1 });
		for (const [index, log] of nodes.entries()) {
			const told = heard[index] as Commit[];
			while ((told.at(-1)?.last ?? 0) < last) await pause();
			const streams = ["order-0", "order-1", "$ce-order", "$bc-of-all", "$streams"];
			for (const stream of streams) await expectTold(log, stream, told);
			const marks = told.filter(({ marked }) => marked.includes("order-1" as never));
			expect(marks.length).toBeGreaterThan(0);
			const lasts = told.map((commit) => Number(commit.last));
			expect(lasts).toEqual(lasts.toSorted((one, other) => one - other));
		}
		expect(await nodes[0]?.verify()).toMatchObject({ ok: true, faults: [] });
		await Promise.all(nodes.map((log) => log.close()));
	});
});

/** Whether each commit that was told of a stream says how far that had come. */
async function expectTold(log: Log, stream: string, heard: readonly Commit[]): Promise<void> {
	const entries = [];
	for (let from = 0; ; from += 4000) {
		const slice = await read(log, stream, { from, limit: 4000, content: false });
		entries.push(...slice.entries);
		if (slice.entries.length < 4000) break;
	}
	const positions = entries.map(({ event }) => Number(event.position));
	let before = -1;
	for (const { last, streams } of heard) {
		const there = positions.filter((position) => position <= last).length - 1;
		expect([stream, last, streams.get(stream as never) ?? before]).toEqual([stream, last, there]);
		before = there;
	}
}

function pause(): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, 10));
}
