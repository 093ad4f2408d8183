import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { append, event, read } from "../asking.ts";
import { newDirectory } from "./directory.ts";

describe("the content of a read", () => {
	test("is what was sent, byte for byte, however much there is of it", async () => {
		const log = await openSqliteLog(newDirectory());
		const large = Uint8Array.from({ length: 1_500_000 }, (_, index) => (index * 7) % 251);
		const small = Uint8Array.of(0, 255, 254);
		const sent = [small, large, small].map((data) =>
			event({ isJson: false, data, metadata: small }),
		);
		await append(log, "a", sent);
		for (const stream of ["a", "$all"]) {
			for (const direction of ["forward", "backward"] as const) {
				const { entries } = await read(log, stream, {
					from: 2 * Number(direction === "backward"),
					direction,
				});
				const expected = [small, large, small];
				expect(
					entries.map(({ event }, at) => Buffer.compare(event.data, expected[at] ?? large)),
				).toEqual([0, 0, 0]);
				expect(entries.map(({ event }) => [...event.metadata])).toEqual([
					[...small],
					[...small],
					[...small],
				]);
			}
		}
		expect((await log.verify()).ok).toBe(true);
		await log.close();
	});
});
