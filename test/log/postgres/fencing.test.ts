/** A leader that was stopped, and does not know that another node leads, changes nothing any more. */
import { DEFAULT_LOG_LIMITS } from "../../../src/log/log.ts";
import { openPostgres } from "../../../src/log/postgres/open.ts";
import { append, event, events, name, read, refusal } from "../asking.ts";
import { newDirectory } from "../sqlite/directory.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

describePostgres("a leader that another one has replaced", () => {
	let server: PostgresServer;
	beforeAll(async () => {
		server = await startPostgres();
	});
	afterAll(() => server.remove());

	test("appends, deletes, redacts and scavenges nothing, also in the middle of a scavenge", async () => {
		const limits = DEFAULT_LOG_LIMITS;
		const opened = await openPostgres(server.store("fenced"), newDirectory(), limits);
		const { log: own, leadership } = opened;
		const { log } = leadership;
		expect(leadership.isLeading).toBe(true);
		for (let stream = 0; stream < 3; stream++) {
			const rule = event({ type: "$metadata", data: Buffer.from('{"$maxCount":1}') });
			await append(own, `$$s-${stream}`, [rule]);
			await append(own, `s-${stream}`, events(600));
		}
		const first = await log.scavenge(0);
		expect([first.events, typeof first.next]).toEqual([500, "number"]);
		await log.redact({ stream: name("s-2"), version: 599, metadata: false });

		// What another node does as it takes the seat.
		await server.sql("UPDATE fenced.leader SET epoch = epoch + 1, node = 'http://other'");
		expect(leadership.isLeading).toBe(true);
		const { erasures } = own;
		const before = await server.sql("SELECT * FROM fenced.store");
		const one = { stream: name("s-1"), expected: "any" } as const;
		for (const write of [
			() => log.scavenge(Number(first.next)),
			() => log.redact({ stream: name("s-1"), version: 599, metadata: true }),
			() => log.append({ ...one, events: events(1) }),
			() => log.delete({ ...one, hard: false }),
		]) {
			expect((await refusal(write()))[0]).toBe("not-leader");
		}
		expect(await server.sql("SELECT * FROM fenced.store")).toEqual(before);
		expect(own.erasures).toBe(erasures);
		expect((await read(own, "s-1", { from: 599 })).entries[0]?.event.data.length).toBeGreaterThan(
			0,
		);
		// Clients may write at any node.
		await own.redact({ stream: name("s-1"), version: 599, metadata: true });
		await append(own, "s-1", events(1));
		expect(await own.verify()).toMatchObject({ ok: true, faults: [] });
		await own.close();
	});
});
