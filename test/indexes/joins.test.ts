import {
	CORRELATED_METADATA_BYTES_MAX,
	isIndexStream,
	isWritable,
	type JoiningEvent,
	joinFaults,
	streamsJoined,
} from "../../src/indexes/joins.ts";

function joined(fields: Partial<JoiningEvent> & { meta?: string }): string[] {
	const metadata = Buffer.from(fields.meta ?? "");
	return streamsJoined({ stream: "s", version: 1, type: "T", metadata, ...fields });
}

test.each([
	["order-42", ["$ce-order", "$et-T"]],
	["order-42-b", ["$ce-order", "$et-T"]],
	["a/b.c-d", ["$ce-a/b.c", "$et-T"]],
	["order-", ["$ce-order", "$et-T"]],
	["order", ["$et-T"]],
	["-order", ["$et-T"]],
	["-a-b", ["$et-T"]],
	["$user-admin", ["$et-T"]],
	["$$order-42", ["$et-T"]],
])("an event of the stream %s joins %j", (stream, expected) => {
	expect(joined({ stream })).toEqual(expected);
});

test("the first event of a stream joins $streams, unless the stream is the system's", () => {
	expect(joined({ version: 0 })).toEqual(["$et-T", "$streams"]);
	expect(joined({ version: 0, stream: "$settings" })).toEqual(["$et-T"]);
	expect(joined({ version: 0, stream: "$$s" })).toEqual(["$et-T"]);
});

test("an event joins its streams in a fixed order", () => {
	expect(joined({ stream: "a-1", version: 0, meta: '{"$correlationId":"c"}' })).toEqual([
		"$ce-a",
		"$et-T",
		"$bc-c",
		"$streams",
	]);
});

test("a link joins no type, and a system type is one like any other", () => {
	expect(joined({ type: "$>" })).toEqual([]);
	expect(joined({ type: "$metadata" })).toEqual(["$et-$metadata"]);
});

test.each([
	['{"$correlationId":"9f2c"}', "$bc-9f2c"],
	[' { "a" : [1], "$correlationId" : "ü x/y" } ', "$bc-ü x/y"],
	['{"$correlationId":"a","$correlationId":"b"}', "$bc-b"],
	['{"$correlationId":"\\u0041BC"}', "$bc-ABC"],
])("metadata %s correlates with %s", (meta, expected) => {
	expect(joined({ meta })).toEqual(["$et-T", expected]);
});

test.each([
	["that is empty", ""],
	["without a correlation", '{"a":"$correlation"}'],
	["that only mentions one", '{"note":"see $correlationId here"}'],
	["with an empty one", '{"$correlationId":"", "a":"padding"}'],
	["with a number", '{"$correlationId":12345678}'],
	["with null", '{"$correlationId":null,"a":1}'],
	["with an object", '{"$correlationId":{"a":"b"}}'],
	["with one further inside", '{"inner":{"$correlationId":"x"}}'],
	["that is an array", '[{"$correlationId":"x"}, 1, 2, 3]'],
	["that is a text", '"$correlationId is no object"'],
	["that is cut off", '{"$correlationId":"abcdef"'],
	["with a control character", '{"$correlationId":"a\\u0000b"}'],
	["with half a surrogate pair", '{"$correlationId":"a\\ud800b"}'],
	["with one too long for a name", `{"$correlationId":"${"x".repeat(1021)}"}`],
	["with one inherited", '{"__proto__":{"$correlationId":"x"}}'],
	["nested without end", `{"$correlationId":"x","a":${"[".repeat(30_000)}`],
	["too large to be parsed", `{"$correlationId":"x"}`.padEnd(CORRELATED_METADATA_BYTES_MAX + 1)],
	["after a byte order mark", '\ufeff{"$correlationId":"x"}'],
])("metadata %s correlates with nothing", (_, meta) => {
	expect(joined({ meta })).toEqual(["$et-T"]);
});

test.each([
	["with a number", '{"$correlationId":1}', "it is not text"],
	["with an empty one", '{"$correlationId":"", "a":"padding"}', "it is empty"],
	["with a control character", '{"$correlationId":"a\\u0000b"}', "it holds a control character"],
	["with one too long", `{"$correlationId":"${"x".repeat(1021)}"}`, "it is 1025 bytes long"],
	["too large", `{"$correlationId":"x"}`.padEnd(CORRELATED_METADATA_BYTES_MAX + 1), "65536 bytes"],
	["that is cut off", '{"$correlationId":"abcdef"', "the metadata is not JSON"],
	["with an escaped name", '{"\\u0024correlationId":"x"}', "write it as $correlationId"],
	["with a name of escapes", '{"a":1, "$corr\\u0065l\\u0061tionId":"x"}', "with an escape"],
])("metadata %s correlates with nothing, and that is said", (_, meta, reason) => {
	expect(joinFaults({ stream: "s", metadata: Buffer.from(meta) })).toEqual([
		{ name: "$correlationId", reason: expect.stringContaining(reason) },
	]);
});

test("metadata with several correlations joins the last one, and that is said", () => {
	const reason = "it is there more than once; the last one counts";
	for (const second of ["$correlationId", "\\u0024correlationId"]) {
		const meta = `{"$correlationId":"a","${second}":"b"}`;
		expect(joined({ meta })).toEqual(["$et-T", "$bc-b"]);
		const metadata = Buffer.from(meta);
		expect(joinFaults({ stream: "s", metadata })).toEqual([{ name: "$correlationId", reason }]);
	}
	for (const meta of ['{"$correlationId":"$correlationId"}', '{"$correlationId":"a\\nb\\u0062"}'])
		expect(joinFaults({ stream: "s", metadata: Buffer.from(meta) })).toHaveLength(
			meta.includes("\\n") ? 1 : 0,
		);
});

test("an id written with escapes is the id they stand for", () => {
	const meta = '{"$correlationId":"\\u0061-\\u00e9\\ud83d\\ude00\\/"}';
	expect(joined({ meta })).toEqual(["$et-T", "$bc-a-é😀/"]);
	expect(joinFaults({ stream: "s", metadata: Buffer.from(meta) })).toEqual([]);
});

test.each([
	["a correlation", '{"$correlationId":"9f2c"}'],
	["an escape of something else", '{"\\u0024causationId":"9f2c"}'],
	["no correlation", '{"$correlationId":null,"a":1}'],
	["one further inside", '{"inner":{"$correlationId":7}}'],
	["text that is no JSON", "a note on $correlationId"],
])("nothing is missing from an index after metadata with %s", (_, meta) => {
	expect(joinFaults({ stream: "order-1", metadata: Buffer.from(meta) })).toEqual([]);
});

test("a category too long for a name is missing from its index, and that is said", () => {
	const metadata = Buffer.alloc(0);
	expect(joinFaults({ stream: `${"x".repeat(1021)}-1`, metadata })).toEqual([
		{ name: "$ce-", reason: expect.stringContaining("it is 1025 bytes long") },
	]);
	expect(joinFaults({ stream: `${"x".repeat(1020)}-1`, metadata })).toEqual([]);
});

test("metadata that is no UTF-8 correlates with nothing", () => {
	const metadata = Buffer.from('{"$correlationId":"\xff\xfe"}', "latin1");
	expect(joined({ metadata })).toEqual(["$et-T"]);
});

test("names that would be too long are not joined", () => {
	expect(joined({ stream: `${"x".repeat(1020)}-1` })).toEqual([`$ce-${"x".repeat(1020)}`, "$et-T"]);
	expect(joined({ stream: `${"x".repeat(1021)}-1` })).toEqual(["$et-T"]);
	expect(joined({ type: "ü".repeat(511) })).toEqual([]);
});

test("clients write any stream but $all and the index streams", () => {
	for (const stream of ["$streams", "$ce-a", "$et-a", "$bc-a", "$ce-"]) {
		expect([stream, isIndexStream(stream), isWritable(stream)]).toEqual([stream, true, false]);
	}
	expect([isIndexStream("$all"), isWritable("$all")]).toEqual([false, false]);
	for (const stream of [
		"a",
		"$$a",
		"$$$streams",
		"$settings",
		"$ce",
		"$streams-1",
		"ce-a",
		"all",
	]) {
		expect([stream, isIndexStream(stream), isWritable(stream)]).toEqual([stream, false, true]);
	}
});
