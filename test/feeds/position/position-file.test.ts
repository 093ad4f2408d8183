import {
	mkdtemp,
	open,
	readdir,
	readFile,
	rm,
	symlink,
	truncate,
	writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCheckpoint, saveCheckpoint } from "../../../feeds/position/position-file.ts";

const billing = { stream: "$ce-order", log: "varve/1f0c6e6a3f2b9d71", last: 2 ** 53 };
/** Fails the test if there is anything to warn of. */
const silent = (sentence: string) => {
	throw new Error(sentence);
};
const load = (identity = billing) => loadCheckpoint(file, identity, silent);
const save = (at: number, identity = billing) => saveCheckpoint(file, at, identity);

let folder = "";
let file = "";
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "varve-checkpoint-"));
	file = join(folder, "billing.checkpoint");
});
afterEach(() => rm(folder, { recursive: true }));

test("a checkpoint that was never saved is undefined", async () => {
	expect(await load()).toBeUndefined();
	await writeFile(file, "");
	expect(await load()).toBeUndefined();
});

test("what was saved last is what is loaded, and nothing else is left behind", async () => {
	for (const at of [0, 1, 47, 46, 9_007_199_254_740_991]) {
		await save(at);
		expect(await load()).toBe(at);
	}
	expect(await readdir(folder)).toEqual(["billing.checkpoint"]);
});

test("the file says for a person what it belongs to, one JSON document a line", async () => {
	await save(46);
	await save(47);
	const lines = (await readFile(file, "utf8")).trim().split("\n");
	const [newer, older] = lines.map((line) => JSON.parse(line) as object);
	const { stream, log } = billing;
	expect(older).toMatchObject({ at: 46, stream, log });
	expect(newer).toMatchObject({ at: 47, stream, log });
});

test("every name that a stream can have fits", async () => {
	for (const stream of ['"'.repeat(1024), "\\".repeat(1024), "é".repeat(512), "😀".repeat(256)]) {
		await rm(file, { force: true });
		await save(1, { ...billing, stream });
		await save(2, { ...billing, stream });
		expect(await load({ ...billing, stream })).toBe(2);
	}
});

describe("a file that belongs to something else is refused, in words that say both", () => {
	const others = {
		"another stream": { ...billing, stream: "$ce-invoice" },
		"another log": { ...billing, log: "varve/aaaaaaaaaaaaaaaa" },
	};
	test.each(Object.entries(others))("%s", async (_, other) => {
		await save(46);
		const before = await readFile(file);
		for (const attempt of [load(other), save(47, other)]) {
			await expect(attempt).rejects.toThrow(
				`${file} holds the position 46 in stream '$ce-order' of the log varve/1f0c6e6a3f2b9d71, ` +
					`and cannot be used for stream '${other.stream}' of the log ${other.log}.`,
			);
		}
		expect(await readFile(file)).toEqual(before);
	});

	test("another history of the log, which a restore made", async () => {
		await save(46);
		const restored = { ...billing, log: `${billing.log}/1764412345` };
		await expect(load(restored)).rejects.toThrow("A restore has replaced that history");
		await expect(save(47, restored)).rejects.toThrow("Start again from nothing");
	});
});

describe("a warning", () => {
	const warned = async (identity: typeof billing) => {
		const sentences: string[] = [];
		const at = await loadCheckpoint(file, identity, (sentence) => sentences.push(sentence));
		return { at, sentences };
	};

	test("says that the position lies beyond the head", async () => {
		await save(46);
		expect(await warned({ ...billing, last: 46 })).toEqual({ at: 46, sentences: [] });
		const short = await warned({ ...billing, last: 45 });
		expect(short.at).toBe(46);
		expect(short.sentences).toEqual([
			`${file} is at 46, beyond the head: stream '$ce-order' ends at 45; ` +
				"nothing is read until there is an event 47",
		]);
		expect((await warned({ ...billing, last: -1 })).sentences[0]).toContain("has no events");
	});

	test("says that a file of an earlier version names nothing, until it is saved", async () => {
		await writeFile(file, "46\n");
		const { at, sentences } = await warned(billing);
		expect(at).toBe(46);
		expect(sentences).toEqual([expect.stringContaining("does not say what it belongs to")]);
		await save(47);
		expect(await warned(billing)).toEqual({ at: 47, sentences: [] });
		await expect(load({ ...billing, stream: "other" })).rejects.toThrow("cannot be used for");
	});
});

describe("a crash at any byte of a save leaves the position before it, or the new one", () => {
	/** Cuts the next save off after each number of its bytes, over the content before. */
	async function cutEverywhere(before: Buffer, at: number, earlier: (number | undefined)[]) {
		await writeFile(file, before);
		await save(at);
		const after = await readFile(file);
		for (let cut = 0; cut <= after.length; cut += cut % 4096 < 140 ? 19 : 811) {
			// What was written, then what was there; a file system may have made it longer already.
			const torn = Buffer.concat([after.subarray(0, cut), before.subarray(cut)]);
			for (const length of [torn.length, after.length]) {
				await writeFile(file, torn);
				await truncate(file, length);
				const found = await loadCheckpoint(file, billing, () => undefined);
				expect([...earlier, at]).toContain(found);
				await save(at + 1);
				expect(await load()).toBe(at + 1);
			}
		}
	}

	test("the first of an empty file", () => cutEverywhere(Buffer.alloc(0), 7, [undefined]));

	test("the first of a file of an earlier version", () =>
		cutEverywhere(Buffer.from("46\n"), 47, [46]));

	test("every later one", async () => {
		for (const saves of [1, 2, 3]) {
			await rm(file, { force: true });
			for (let at = 1; at <= saves; at++) await save(at);
			await cutEverywhere(await readFile(file), saves + 1, [saves]);
		}
	}, 60_000);
});

test("a link keeps its place, and the file that it leads to is written", async () => {
	const target = join(folder, "elsewhere");
	await symlink(target, file);
	expect(await load()).toBeUndefined();
	await save(46);
	await save(47);
	expect(await load()).toBe(47);
	expect(await loadCheckpoint(target, billing, silent)).toBe(47);
	expect((await readdir(folder)).sort()).toEqual(["billing.checkpoint", "elsewhere"]);
});

test("a save writes the very file that is there, as a mounted one demands", async () => {
	await writeFile(file, "");
	const held = await open(file, "r");
	const { ino } = await held.stat();
	for (const at of [46, 47, 48]) await save(at);
	expect((await held.stat()).ino).toBe(ino);
	expect((await held.readFile("utf8")).includes('"at":48')).toBe(true);
	await held.close();
});

const SLOT = `{"at":1,"stream":"s","log":"l","saves":1,"sum":"0000000000000000"}`;
test.each([
	["a line feed before the number", "\n47\n"],
	["no line feed after it", "47"],
	["two numbers", "4 7\n"],
	["two lines", "47\n48\n"],
	["a negative number", "-1\n"],
	["a number with a zero before it", "047\n"],
	["an exponent", "1e3\n"],
	["a number beyond 2^53", "9007199254740993\n"],
	["an object", "{}\n"],
	["null", "null\n"],
	["a slot with another sum", `${SLOT}\n`],
	["two slots with other sums", `${SLOT.padEnd(4095)}\n${SLOT.padEnd(4095)}\n`],
	["a byte too many", "x".repeat(8193)],
	["a megabyte of digits", `${"1".repeat(1_000_000)}\n`],
])("a file that holds %s is refused by its name, and left alone", async (_, text) => {
	await writeFile(file, text);
	await expect(load()).rejects.toThrow(`${file} is not a position file`);
	await expect(save(1)).rejects.toThrow(`${file} is not a position file`);
	expect(await readFile(file, "utf8")).toBe(text);
});

test.each([-1, 1.5, Number.NaN, 2 ** 53])("%p is refused and the file left alone", async (at) => {
	await save(46);
	await expect(save(at)).rejects.toThrow(RangeError);
	expect(await load()).toBe(46);
});

test("without an identity, nothing is loaded or saved", async () => {
	const loose = loadCheckpoint as (file: string) => Promise<number>;
	const looseSave = saveCheckpoint as (file: string, at: number) => Promise<void>;
	await expect(loose(file)).rejects.toThrow("await identify(");
	await expect(looseSave(file, 46)).rejects.toThrow("await identify(");
	expect(await readdir(folder)).toEqual([]);
});

test("a directory in its place is a clear error, not a missing checkpoint", async () => {
	file = folder;
	await expect(load()).rejects.toThrow("EISDIR");
});

(process.platform === "win32" ? test.skip : test)("a device keeps nothing", async () => {
	file = "/dev/null";
	await expect(load()).rejects.toThrow("is not a regular file");
	await expect(save(1)).rejects.toThrow("is not a regular file");
});
