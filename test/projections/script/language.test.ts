import {
	openScripts,
	ScriptFault,
	sourceDefinition,
} from "../../../src/projections/script/script.ts";
import { eventAt, eventsFrom, tryScript } from "./trying.ts";

const scripts = openScripts();
afterAll(() => scripts.close());

async function definitionOf(source: string) {
	const { script } = await tryScript(scripts, source);
	await script.close();
	return script.definition;
}

async function faultOf(source: string) {
	const error = await tryScript(scripts, source).catch((error: unknown) => error);
	if (!(error instanceof ScriptFault)) throw new Error(`no fault: ${source}`);
	return error.fault;
}

/** The states after events, by partition. */
async function statesOf(source: string, events = eventsFrom(0, 6)) {
	const { script, run, states } = await tryScript(scripts, source);
	const outcome = await run(events);
	await script.close();
	if (outcome.fault) throw new Error(outcome.fault.message);
	return Object.fromEntries(
		[...states.partitions].map(([name, state]) => [name, JSON.parse(state)]),
	);
}

describe("selectors", () => {
	it.each([
		["fromAll()", { kind: "all" }],
		['fromStream("a")', { kind: "streams", streams: ["a"] }],
		['fromStreams(["a", "b"])', { kind: "streams", streams: ["a", "b"] }],
		['fromStreams("a", "b")', { kind: "streams", streams: ["a", "b"] }],
		['fromCategory("order")', { kind: "categories", categories: ["order"] }],
		['fromCategory(["order", "bill"])', { kind: "categories", categories: ["order", "bill"] }],
		['fromCategories("order", "bill")', { kind: "categories", categories: ["order", "bill"] }],
	])("%s says where events come from", async (selector, sources) => {
		const definition = await definitionOf(`${selector}.when({ $any(s) { return s } })`);
		expect(definition.sources).toEqual(sources);
	});

	it.each([
		["no selector", "var a = 1"],
		["two selectors", "fromAll(); fromStream('a')"],
		["a stream that is no text", "fromStream(7)"],
		["no stream", "fromStreams([])"],
		["when after when", "fromAll().when({}).when({})"],
		["foreachStream of one stream", "fromStream('a').foreachStream()"],
		["outputTo before when", "fromAll().outputTo('a')"],
		["anything after outputTo", "fromAll().when({}).outputTo('a').outputState()"],
		["outputState after partitionBy", "fromAll().partitionBy(e => 1).outputState()"],
		["a partition that is no function", "fromAll().partitionBy('a').when({})"],
		["a handler that is no function", "fromAll().when({ Placed: 1 })"],
		["handlers that are none", "fromAll().when(1)"],
		["an unknown option", "options({ speed: 1 }); fromAll().when({})"],
		["an option of another type", "options({ biState: 'yes' }); fromAll().when({})"],
		["a negative lag", "options({ processingLag: -1 }); fromAll().when({})"],
		[
			"$deleted with shared state",
			"fromAll().foreachStream().when({ $initShared() {}, $deleted() {} })",
		],
		["$deleted without partitions", "fromAll().when({ $deleted() {} })"],
		["emit in the body", "fromAll().when({}); emit('a', 'b', {})"],
		["a throw in the body", "fromAll().when({}); throw new Error('no')"],
		["a throw of undefined", "throw undefined"],
	])("refuses %s", async (_, source) => {
		expect(await faultOf(source)).toMatchObject({ kind: "definition" });
	});

	it("says where source is no JavaScript", async () => {
		const fault = await faultOf("fromAll()\n  .when({ $any(s) { return s + } })");
		expect(fault).toMatchObject({ kind: "source", line: 2 });
		expect(fault.column).toBeGreaterThan(20);
	});

	it("takes selectors away once the body has run", async () => {
		const { run } = await tryScript(scripts, "fromAll().when({ $any() { fromAll() } })");
		const { fault } = await run(eventsFrom(0, 1));
		expect(fault?.message).toContain("ReferenceError");
	});
});

describe("what a script says of itself", () => {
	it("names its events, partitions, handlers and output", async () => {
		const definition = await definitionOf(`
			options({ $includeLinks: true, reorderEvents: true, processingLag: 50 });
			fromCategory("order").foreachStream().when({
				$init() { return {} }, $created() {}, $deleted() {}, Placed(s) { return s }, Paid(s) { return s },
			}).transformBy(s => s).filterBy(s => true).outputTo("totals", "totals-{0}");
		`);
		expect(definition).toEqual({
			sources: { kind: "categories", categories: ["order"] },
			events: ["Placed", "Paid"],
			partitions: "streams",
			handlers: {
				...{ init: true, initShared: false, created: true, deleted: true, any: false },
				isBiState: false,
			},
			output: {
				...{ producesResults: true, transforms: true },
				...{ resultStream: "totals", partitionResultStream: "totals-{0}" },
			},
			options: { includeLinks: true, reorderEvents: true, processingLag: 50 },
		});
		expect(sourceDefinition(definition)).toEqual({
			categories: ["order"],
			events: ["Placed", "Paid"],
			byStreams: true,
			definesStateTransform: true,
			handlesDeletedNotifications: true,
			producesResults: true,
			includeLinksOption: true,
			resultStreamNameOption: "totals",
			partitionResultStreamNamePatternOption: "totals-{0}",
			reorderEventsOption: true,
			processingLagOption: 50,
		});
	});

	it("reads several categories as the streams of their links", async () => {
		const definition = await definitionOf("fromCategories('a', 'b').when({ $any() {} })");
		expect(sourceDefinition(definition)).toEqual({ streams: ["$ce-a", "$ce-b"], allEvents: true });
	});

	it("takes the stream of results from an option, and shared state from another", async () => {
		const definition = await definitionOf(
			"options({ resultStreamName: 'r', biState: true }); fromAll().when({ $any() {} })",
		);
		expect(definition.output.resultStream).toBe("r");
		expect(definition.handlers.isBiState).toBe(true);
	});
});

describe("handlers", () => {
	it("start from $init, or from {}, and keep the state if they return nothing", async () => {
		const init = "fromAll().when({ $init() { return { n: 10 } }, $any(s, e) { s.n++ } })";
		expect(await statesOf(init)).toEqual({ "": { n: 16 } });
		const none = "fromAll().when({ $any(s, e) { s.last = e.sequenceNumber } })";
		expect(await statesOf(none)).toEqual({ "": { last: 1 } });
	});

	it("give the next state by returning it, also null", async () => {
		const count = "fromAll().when({ $init: () => 0, $any: (s) => s + 1 })";
		expect(await statesOf(count)).toEqual({ "": 6 });
		const gone = "fromAll().when({ $any: (s, e) => e.sequenceNumber === 1 ? null : { a: 1 } })";
		expect(await statesOf(gone)).toEqual({ "": null });
	});

	it("go before $any, and events of other types are passed over", async () => {
		const both = "fromAll().when({ $any(s) { s.any = 1 }, Placed(s) { s.placed = 1 } })";
		expect(await statesOf(both, [eventAt(0)])).toEqual({ "": { placed: 1 } });
		const { run, states } = await tryScript(
			scripts,
			"fromAll().when({ Paid(s) { s.n = (s.n || 0) + 1 } })",
		);
		expect(await run(eventsFrom(0, 6))).toMatchObject({ done: 6, handled: 3 });
		expect(states.all).toEqual(['={"n":3}']);
	});

	it("skip events whose JSON is empty", async () => {
		const source = "fromAll().when({ $any(s, e) { s.n = (s.n || 0) + 1 } })";
		expect(await statesOf(source, [eventAt(0, { data: "" }), eventAt(1)])).toEqual({
			"": { n: 1 },
		});
	});

	it("are not needed: the state is then the data of the last event", async () => {
		expect(await statesOf("fromStream('a').outputState()")).toEqual({
			"": { amount: 5, item: "item 0" },
		});
		const text = [eventAt(0, { isJson: false, data: "as it is" })];
		expect(await statesOf("fromAll().when({ $init: () => 1 })", text)).toEqual({ "": "as it is" });
	});

	it("see all there is to an event", async () => {
		const event = eventAt(7, {
			metadata: '{"$correlationId":"c"}',
			linkMetadata: '{"from":"link"}',
			data: '{"big":12345678901234567890}',
		});
		const source = `fromAll().when({ $any(s, e) { return {
			streamId: e.streamId, sequenceNumber: e.sequenceNumber, eventType: e.eventType, eventId: e.eventId,
			body: typeof e.body.big, same: e.body === e.data, bodyRaw: e.bodyRaw, isJson: e.isJson,
			metadata: e.metadata, metadataRaw: e.metadataRaw, linkMetadata: e.linkMetadata,
			linkMetadataRaw: e.linkMetadataRaw, partition: e.partition, category: e.category, created: e.created,
		} } })`;
		expect((await statesOf(source, [event]))[""]).toEqual({
			...{ streamId: "order-1", sequenceNumber: 2, eventType: "Paid", eventId: event.id },
			...{ body: "number", same: true, bodyRaw: event.data, isJson: true },
			...{ metadata: { $correlationId: "c" }, metadataRaw: event.metadata },
			...{ linkMetadata: { from: "link" }, linkMetadataRaw: event.linkMetadata },
			...{ partition: "", category: "order", created: "2026-03-01T00:00:07.000Z" },
		});
	});

	it("may keep an event: it says the same in a later batch, and gives the same body again", async () => {
		const source = `var first; fromAll().when({ $any(s, e) {
			first = first || Object.freeze(e); first.body.seen = (first.body.seen || 0) + 1;
			s[e.sequenceNumber] = [first.eventId === e.eventId, first.streamId, first.body];
		} })`;
		const { script, run, states } = await tryScript(scripts, source);
		for (let number = 0; number < 3; number++)
			await run([eventAt(number, { stream: `order-${number}`, number })]);
		await script.close();
		const body = { amount: 0, item: "item 0" };
		expect(JSON.parse(states.partitions.get("") ?? "")).toEqual({
			0: [true, "order-0", { ...body, seen: 1 }],
			1: [false, "order-0", { ...body, seen: 2 }],
			2: [false, "order-0", { ...body, seen: 3 }],
		});
	});

	it("find no body in what is no JSON, and no metadata where there is none", async () => {
		const source = `fromAll().when({ $any(s, e) { return [
			typeof e.body, e.bodyRaw, typeof e.metadata, e.metadataRaw, typeof e.linkMetadataRaw, e.category,
		] } })`;
		const event = eventAt(0, { isJson: false, data: "<a/>", stream: "plain" });
		expect((await statesOf(source, [event]))[""]).toEqual([
			...["undefined", "<a/>", "undefined", "", "undefined", ""],
		]);
	});
});

describe("partitions", () => {
	it("are streams with foreachStream", async () => {
		const source =
			"fromAll().foreachStream().when({ $any(s, e) { s.n = (s.n || 0) + 1; s.p = e.partition } })";
		expect(await statesOf(source)).toEqual({
			"order-0": { n: 2, p: "order-0" },
			"order-1": { n: 2, p: "order-1" },
			"order-2": { n: 2, p: "order-2" },
		});
	});

	it("are what partitionBy returns: texts and numbers; other events are dropped", async () => {
		const source = `fromAll().partitionBy(e => [ "a", 7, undefined, null, true, "" ][e.body.amount])
			.when({ $any(s, e) { s.amount = e.body.amount } })`;
		expect(await statesOf(source)).toEqual({ a: { amount: 0 }, 7: { amount: 1 } });
	});

	it("begin with $init and $created, once", async () => {
		const source = `fromAll().foreachStream().when({
			$init() { return { created: 0 } },
			$created(s, e) { s.created++; s.by = e.streamId; return "ignored" },
			$any(s) { s.n = (s.n || 0) + 1 },
		})`;
		expect((await statesOf(source))["order-2"]).toEqual({ created: 1, by: "order-2", n: 2 });
	});

	it("hear of deleted streams by $deleted, whose return value is ignored", async () => {
		const source = `fromCategory("order").foreachStream().when({
			Placed(s) { s.n = 1 },
			$deleted(s, e, partition, isSoft) { s.gone = [e, partition, isSoft]; return null },
		})`;
		const events = [
			eventAt(0),
			eventAt(3, { deleted: "soft", data: "" }),
			eventAt(1, { deleted: "hard" }),
		];
		expect(await statesOf(source, events)).toEqual({
			"order-0": { n: 1, gone: [null, "order-0", true] },
			"order-1": { gone: [null, "order-1", false] },
		});
	});

	it("share a state with $initShared", async () => {
		const source = `fromAll().foreachStream().when({
			$init() { return { n: 0 } }, $initShared() { return { all: 100 } },
			$any(s, e) { s[0].n++; s[1].all++; return s },
		})`;
		const { run, states } = await tryScript(scripts, source);
		await run(eventsFrom(0, 4));
		expect(states.shared).toBe('{"all":104}');
		expect(states.all).toEqual(['order-0={"n":2}', 'order-1={"n":1}', 'order-2={"n":1}']);
		const again = await tryScript(scripts, source, { states });
		await again.run(eventsFrom(4, 2));
		expect(states.shared).toBe('{"all":106}');
	});
});

describe("output", () => {
	it("is the state after transforms, and dropped by filters that are not exactly true", async () => {
		const source = `fromAll().foreachStream().when({ $any(s, e) { s.n = e.body.amount } })
			.transformBy(s => { s.twice = s.n * 2; return s }).filterBy(s => s.n > 3 ? true : 1)`;
		const { run, script, states } = await tryScript(scripts, source);
		const { results } = await run(eventsFrom(0, 6), { results: "each" });
		expect(results).toEqual([
			...[0, 1, 2, 3].map((at) => ({ event: at, partition: `order-${at % 3}`, result: undefined })),
			{ event: 4, partition: "order-1", result: '{"n":4,"twice":8}' },
			{ event: 5, partition: "order-2", result: '{"n":5,"twice":10}' },
		]);
		expect(states.all).toEqual(['order-0={"n":3}', 'order-1={"n":4}', 'order-2={"n":5}']);
		const last = await run(eventsFrom(6, 4), { results: "last" });
		expect(last.results.map(({ event, partition }) => [event, partition])).toEqual([
			...[
				[1, "order-1"],
				[2, "order-2"],
				[3, "order-0"],
			],
		]);
		expect(await script.look("order-0")).toEqual({
			state: '{"n":9}',
			result: '{"n":9,"twice":18}',
		});
		expect(await script.look("nobody")).toEqual({});
	});

	it("is what handlers emit and link, in order, with an index for each event", async () => {
		const source = `fromAll().foreachStream().when({ Placed(s, e) {
			emit("out", "Seen", { amount: e.body.amount, none: undefined, big: 10n }, { $causedBy: e.eventId });
			linkTo("links", e);
			linkTo("links", e, { why: "because" });
			linkStreamTo("streams", e.streamId);
			copyTo("nowhere", e);
		} })`;
		const { run } = await tryScript(scripts, source);
		const { emitted } = await run(eventsFrom(0, 2));
		const partition = "order-0";
		expect(emitted).toEqual([
			{
				...{ event: 0, index: 0, partition, stream: "out", type: "Seen", isJson: true },
				...{ data: '{"amount":0,"big":"10"}', metadata: `{"$causedBy":"${eventAt(0).id}"}` },
			},
			{
				event: 0,
				index: 1,
				partition,
				stream: "links",
				type: "$>",
				isJson: false,
				data: "0@order-0",
			},
			{
				...{ event: 0, index: 2, partition, stream: "links", type: "$>", isJson: false },
				...{ data: "0@order-0", metadata: '{"why":"because"}' },
			},
			{
				event: 0,
				index: 3,
				partition,
				stream: "streams",
				type: "$@",
				isJson: false,
				data: "order-0",
			},
		]);
	});

	it.each([
		["emit('', 'T', {})"],
		["emit('a', ' ', {})"],
		["emit('a', 'T', 'text')"],
		["emit('a', 'T', null)"],
		["emit('a', 'T', {}, 'text')"],
		["emit(7, 'T', {})"],
		["emit('a', 'T', () => 1)"],
		["linkTo('a', {})"],
		["linkTo('a', { streamId: 's', sequenceNumber: 1.5 })"],
		["linkStreamTo('a', undefined)"],
	])("is refused where it cannot be: %s", async (call) => {
		const { run } = await tryScript(scripts, `fromAll().when({ $any(s) { s.n = 1; ${call} } })`);
		const { fault, emitted, done, states } = await run(eventsFrom(0, 1));
		expect(fault).toMatchObject({ kind: "thrown", during: "$any", event: { position: 0 } });
		expect([done, emitted, states?.partitions]).toEqual([0, [], []]);
	});

	it("is refused if the projection may not emit, and outside of handlers", async () => {
		const denied = await tryScript(scripts, "fromAll().when({ $any() { emit('a', 'T', {}) } })", {
			mayEmit: false,
		});
		expect((await denied.run(eventsFrom(0, 1))).fault?.message).toContain("not allowed to emit");
		const early = await tryScript(
			scripts,
			"fromAll().partitionBy(e => { emit('a', 'T', {}) }).when({ $any() {} })",
		);
		expect((await early.run(eventsFrom(0, 1))).fault).toMatchObject({ during: "partitionBy" });
	});

	it("is also what handlers log, as text", async () => {
		const source =
			"fromAll().when({ $any(s, e) { log('n', e.sequenceNumber, { a: 1 }, undefined) } })";
		const { run } = await tryScript(scripts, source);
		expect((await run(eventsFrom(3, 1))).log).toEqual([
			{ event: 0, text: 'n 1 {"a":1} undefined' },
		]);
	});
});

describe("a fault", () => {
	const source = `fromAll().when({
	Placed(s, e) {
		s.list = s.list || [];
		s.list.push(e.body.amount);
		emit("out", "Seen", { n: s.list.length });
		if (e.body.amount === 4)
			null.oops;
	}
})`;

	it("names the line, the column, the handler and the event that caused it", async () => {
		const { run } = await tryScript(scripts, source);
		const { fault } = await run(eventsFrom(0, 6));
		expect(fault).toEqual({
			kind: "thrown",
			message: "TypeError: cannot read property 'oops' of null",
			...{ line: 7, column: 4, during: "Placed" },
			event: { index: 4, position: 4, stream: "order-1", number: 1, type: "Placed" },
		});
	});

	it("leaves the state and the output of the events before it, and refuses the next", async () => {
		const { run, states } = await tryScript(scripts, source);
		const { done, handled, emitted } = await run(eventsFrom(0, 6));
		expect([done, handled, emitted.map(({ event }) => event)]).toEqual([4, 2, [0, 2]]);
		expect(states.all).toEqual(['={"list":[0,2]}']);
		await expect(run(eventsFrom(6, 1))).rejects.toBeInstanceOf(ScriptFault);
	});

	it("of a transform comes before the state of its event is kept", async () => {
		const failing = `fromAll().when({ $any(s, e) { s.n = e.body.amount } })
			.transformBy(s => { if (s.n === 2) throw "two"; return s })`;
		const { run, states } = await tryScript(scripts, failing);
		const { fault, done } = await run(eventsFrom(0, 4), { results: "each" });
		expect([fault?.message, fault?.during, done]).toEqual(["two was thrown", "transformBy", 2]);
		expect(states.all).toEqual(['={"n":1}']);
	});
});

describe("a trace", () => {
	it("shows the state before and after each event", async () => {
		const { run } = await tryScript(
			scripts,
			"fromAll().when({ Placed(s, e) { s.n = e.body.amount } })",
		);
		const { steps } = await run(eventsFrom(0, 3), { trace: true });
		expect(steps).toEqual([
			{
				event: 0,
				partition: "",
				handler: "Placed",
				before: "",
				after: '{"n":0}',
				result: '{"n":0}',
			},
			{
				...{ event: 2, partition: "", handler: "Placed" },
				...{ before: '{"n":0}', after: '{"n":2}', result: '{"n":2}' },
			},
		]);
	});
});
