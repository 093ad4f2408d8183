/** The place where a list goes on, if it is named after a stream that its reader may not read. */
import { StreamLists } from "../../src/listing/list.ts";
import { formatListQuery, parseListQuery } from "../../src/listing/query.ts";
import { isSealed, openName, sealName } from "../../src/listing/sealed.ts";
import type { Log } from "../../src/log/log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";

test("is a name that only this process reads", () => {
	const sealed = sealName("secret-1");
	expect(isSealed(sealed)).toBe(true);
	expect(sealed).not.toContain("secret");
	expect(openName(sealed)).toBe("secret-1");
	for (const other of [
		`${sealed}AAAA`,
		sealed.slice(0, -1),
		sealed.slice(0, 8),
		"\u0001",
		"\u0001x",
	])
		expect(openName(other)).toBeUndefined();
	expect(() => parseListQuery(new URLSearchParams({ after: `${sealed}AAAA` }))).toThrow(
		"malformed",
	);
});

test("is given where a walk ends at a name that is left out, and leads on", async () => {
	const log = createMemoryLog();
	// More names than one request looks at.
	const names = Array.from({ length: 100_100 }, (_, at) => `secret-${String(at).padStart(6, "0")}`);
	const many = { ...wrapped(log), names: namesIn([...names, "zebra-1"]) };
	const lists = new StreamLists(many as Log);
	const mine = { mayRead: (name: string) => name.startsWith("zebra"), reads: many as Log };
	const query = parseListQuery(new URLSearchParams("limit=500&contains=-"));
	const first = await lists.list(query, mine);
	expect(first.streams).toEqual([]);
	expect(first.next).toBeDefined();
	expect(JSON.stringify(first)).not.toContain("secret");
	const on = formatListQuery({ ...query, after: first.next });
	const second = await lists.list(parseListQuery(on), mine);
	expect(second.streams.map(({ stream }) => stream)).toEqual(["zebra-1"]);
	lists.close();
	await log.close();
});

/** The methods of a log, which are of its class. */
function wrapped(log: Log): Partial<Log> {
	return {
		read: (range) => log.read(range),
		last: (stream) => log.last(stream),
		onCommit: (listener) => log.onCommit(listener),
	};
}

function namesIn(all: readonly string[]): Log["names"] {
	let start = 0;
	return async ({ from, before = "\u{10ffff}", limit }) => {
		// Each step goes on where the one before ended.
		if (from === "" || (all[start] ?? "") > from) start = 0;
		while (start < all.length && (all[start] ?? "") < from) start++;
		const found = all.slice(start, start + limit);
		return found.filter((name) => name < before) as never;
	};
}
