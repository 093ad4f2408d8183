/** Random programs in the language of projections, and random events for them, from a seed. */
import type { ScriptEvent } from "../../../src/projections/script/script.ts";
import { eventAt } from "./trying.ts";

/** Statements of handlers. `s` is the state, `e` the event. */
const STATEMENTS = [
	"s.n = (s.n || 0) + 1;",
	"s[e.eventType] = (s[e.eventType] || 0) + e.body.amount;",
	"(s.list = s.list || []).push(e.body.amount);",
	"if (s.list && s.list.length > 3) s.list.shift();",
	"{ const by = s.by || (s.by = {}); const one = by[e.body.item] || (by[e.body.item] = { n: 0 }); one.n++ }",
	"s.at = new Date(); s.later = new Date(1e12);",
	"s.odd = [undefined, NaN, -0, () => 1, Infinity, Symbol('x'), 10n, , 5];",
	"s.none = undefined; s.fn = () => 1; s[Symbol('x')] = 1; s.zero = -0; s.nan = NaN; s.big = 10n;",
	"delete s.n;",
	"delete s.none; if (s.by) delete s.by['item 1'];",
	"s.copy = s.list; if (s.copy && s.copy.push) s.copy.push(-1);",
	"s.nest = { a: s.by, b: s.list, c: [s.n] };",
	"if (s.list) { s.list.sort(); s.list.splice(1, 1, 'x'); }",
	"if (s.list) s.list[s.list.length + 1] = 7;",
	"if (s.odd) s.odd.length = 2;",
	"if (s.list) { s.list.extra = 1; s.list.reverse(); s.list.unshift(0); delete s.list[1]; }",
	"s.json = JSON.parse(JSON.stringify(s, (k, v) => typeof v === 'bigint' ? String(v) : k === 'json' ? null : v));",
	"Object.assign(s, { [e.eventType]: e.metadataRaw, list: [1, [2, { three: 3 }]] });",
	"s.toString = 1; s.constructor = e.sequenceNumber; s.hasOwnProperty = [];",
	"{ const o = { a: 1 }; s.o = o; o.b = e.sequenceNumber; s.p = o; s.o.c = s.o === o; }",
	"for (const k of Object.keys(s)) if (typeof s[k] === 'number') s[k] *= 2;",
	"s.entries = Object.entries(s).length; s.has = 'n' in s; s.own = Object.hasOwn(s, 'o');",
	"s.big = 2 ** 53 + 2; s.x = 0.1 + 0.2; s.e = 1e21; s.small = 5e-324;",
	"s.text = (s.text || '') + '\\ud800\\u2028\\u00e9\\u{1f600}\"\\\\';",
	"s.list = (s.list || []).map(x => x + 1).filter(x => x % 2);",
	"s.spread = { ...s, spread: 0, nest: 0, json: 0 }; s.all = [...(s.list || [])];",
	"s[10] = 'ten'; s[2] = 'two'; s['-1'] = 'minus'; s[''] = 'empty';",
	"s.toJSON2 = { toJSON() { return { a: e.sequenceNumber } } };",
	"if (s.o) s.o = Object.create(s.o, { d: { value: 4, enumerable: true } });",
	"if (s.list) { const [first, ...rest] = s.list; s.first = first; s.rest = rest; s.list = s.list; }",
	"s.created = e.created; s.raw = e.bodyRaw.length; e.body.item = 'changed'; s.item = e.body;",
	"s.meta = e.metadata && e.metadata.m; s.linkRaw = e.linkMetadataRaw;",
	"s.link = e.linkMetadata === undefined ? 'none' : e.linkMetadata;",
	"s.kind = [e.isJson, e.data === e.body, e.partition, typeof e.body];",
	"emit('meta', 'M', { m: e.metadata }, e.linkMetadata);",
	"emit('out-' + e.category, 'T', { n: s.n, list: s.list, s: s.o }, { by: e.eventId });",
	"linkTo('links', e); linkStreamTo('streams', e.streamId, { a: [1] });",
	"log(s.n, e.eventType, s.list, s.nothing);",
	"if (e.body.amount % 23 === 19) { s.n = 'undone'; (s.list || []).length = 0; throw new Error('rare') }",
	"if (e.body.amount % 29 === 28) null.oops;",
] as const;

const ENDS = [
	...["", "", "", "return s;", "return undefined;"],
	...[
		"return { ...s, seen: e.sequenceNumber };",
		"return Object.assign({}, s, { at: new Date() });",
	],
	"if (e.body.amount % 31 === 30) return null;",
];
const PARTITIONS = [
	...["", "", ".foreachStream()", ".partitionBy(e => e.body.item)"],
	".partitionBy(e => [e.body.amount % 3, e.eventType, null, e.body.amount / 2][e.body.amount % 4])",
];
/** Only these may be followed by foreachStream. */
const SELECTORS = ["fromAll()", "fromCategory('order')", "fromCategories('order', 'bill')"];
const STREAMS = ["fromStream('order-1')", "fromStreams(['order-1', 'bill-2'])"];
const INITS = [
	"",
	"$init() { return { n: 0, list: [] } },",
	"$init: () => ({ at: new Date(0), n: -0 }),",
];
const TRANSFORMS = [
	...["", "", ".outputState()", ".transformBy(s => ({ n: s.n, list: s.list }))"],
	...[
		".filterBy(s => s.n > 2).transformBy(s => s.list)",
		".transformBy(s => { s.n = 1; return s })",
	],
	".transformBy(s => ({ keys: Object.keys(s).length })).outputTo('results', 'results-{0}')",
	".filterBy(() => 1).outputState()",
];
const CREATED = {
	own: "$created(s, e) { s.madeBy = e.eventId; log('made', e.partition); return { lost: 1 } },",
	shared: "$created(both, e) { both[0].madeBy = e.eventId; both[1].made = e.partition; },",
};
const DELETED =
	"$deleted(s, none, partition, isSoft) { (s.gone = s.gone || []).push(none, partition, isSoft); " +
	"emit('gone', 'G', { partition }); return 'lost' },";

export class Chance {
	#seed: number;

	constructor(seed: number) {
		this.#seed = seed;
	}

	below(bound: number): number {
		this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((this.#seed / 2 ** 32) * bound);
	}

	of<T>(choices: readonly T[]): T {
		return choices[this.below(choices.length)] as T;
	}
}

export function randomProgram(chance: Chance): string {
	const isShared = chance.below(5) === 0;
	const body = () => {
		const count = 1 + chance.below(6);
		const statements = Array.from({ length: count }, () => chance.of(STATEMENTS));
		const end = isShared ? "" : chance.of(ENDS);
		return `{ ${[...statements, end].join(" ")} }`;
	};
	const given = isShared ? "(both, e)" : "(s, e)";
	const opening = isShared
		? "{ const s = both[chosen(e)]; both[1].all = (both[1].all || 0) + 1; "
		: "";
	const handler = (name: string) => `${name}${given} ${opening}${body()}${isShared ? " }" : ""}`;
	const handlers = [handler("Placed"), handler("Paid"), handler("$any")].slice(
		0,
		1 + chance.below(3),
	);
	const shared = isShared ? "$initShared() { return { all: 0 } }," : "";
	const chosen = "var chosen = e => e.body.amount % 2;";
	const partitions = chance.of(PARTITIONS);
	const byStreams = partitions === ".foreachStream()";
	const selector = chance.of(byStreams ? SELECTORS : [...SELECTORS, ...STREAMS]);
	const created = chance.below(3) === 0 ? CREATED[isShared ? "shared" : "own"] : "";
	const deleted = byStreams && !isShared && chance.below(2) === 0 ? DELETED : "";
	const special = [chance.of(INITS), shared, created, deleted].join(" ");
	// Without handlers for events, the state is the data of the last one.
	const keepsData = !isShared && chance.below(10) === 0;
	const when = `.when({ ${special} ${keepsData ? "" : handlers.join(", ")} })`;
	return `${chosen} ${selector}${partitions}${when}${chance.of(TRANSFORMS)}`;
}

export function randomEvents(chance: Chance, count: number): ScriptEvent[] {
	const events: ScriptEvent[] = [];
	for (let position = 0; position < count; position++) {
		const data = { amount: chance.below(60), item: `item ${chance.below(4)}`, tags: ["é", null] };
		const type = chance.of(["Placed", "Paid", "Shipped"]);
		const stream = `${chance.of(["order", "bill"])}-${chance.below(3)}`;
		const place = { type, stream, data: JSON.stringify(data), ...metadataBy(chance) };
		events.push(eventAt(position, { ...place, ...oddBy(chance) }));
	}
	return events;
}

function metadataBy(chance: Chance): Partial<ScriptEvent> {
	const metadata = chance.of(["", '{"m":[1]}', '{"m":null}', "no JSON"]);
	const linkMetadata = chance.of([undefined, undefined, undefined, '{"l":1}', ""]);
	return { metadata, ...(linkMetadata === undefined ? {} : { linkMetadata }) };
}

/** Now and then an event is no event of the usual kind. */
function oddBy(chance: Chance): Partial<ScriptEvent> {
	const odd = chance.below(120);
	if (odd === 0) return { isJson: false, data: "no JSON" };
	if (odd < 5) return { data: "" };
	const isDeleted = odd < 12;
	const deleted = chance.of(["soft", "hard"] as const);
	return isDeleted ? { type: "$streamDeleted", isJson: false, data: "", deleted } : {};
}
