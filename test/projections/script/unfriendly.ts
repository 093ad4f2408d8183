/**
 * Scripts that mean harm, or were not thought through, against the sandbox's own limits; for the tests
 * and for `npm run bench:unfriendly`. None aims at the engine itself.
 */
import type { FaultKind } from "../../../src/projections/script/script.ts";

/** What it is, what it does, and the fault it ends with. */
type Unfriendly = readonly (readonly [string, string, FaultKind])[];

/** The limits that some of them have to go beyond. */
export type Sizes = {
	readonly stateChars: number;
	readonly emittedPerEvent: number;
	readonly logLinesPerEvent: number;
	readonly sourceBytes: number;
};

/** What the third event does; the two before it count. */
export function atThird(code: string): string {
	return `fromAll().when({ $any(s, e) { s.n = (s.n || 0) + 1; if (s.n === 3) { ${code} } } })`;
}

export const LOOPS: Unfriendly = [
	["loops for ever", "for (;;);", "time"],
	["loops in a finally", "try { for (;;); } finally { for (;;); }", "time"],
	["catches its end and loops on", "for (;;) { try { for (;;); } catch { } }", "time"],
	["loops in a generator", "for (const x of (function* () { for (;;) yield 1 })());", "time"],
	["loops in a getter of the state", "Object.assign(s, { get a() { for (;;); } })", "time"],
	["loops in a toJSON", "s.a = { toJSON() { for (;;); } }", "time"],
	["loops in a comparison", "for (;;) [3, 2, 1].sort(() => { for (;;); })", "time"],
	["loops in a regular expression", "/^(a+)+$/.test('a'.repeat(40) + 'b')", "time"],
	["loops in a proxy", "for (const k in new Proxy({}, { ownKeys() { for (;;); } }));", "time"],
	["throws what loops", "throw { get message() { for (;;); }, get stack() { for (;;); } }", "time"],
	["loops in an emitted body", "emit('a', 'T', { toJSON() { for (;;); } })", "time"],
	["loops in a logged value", "log({ toJSON() { for (;;); } })", "time"],
	[
		"loops in the length of a list",
		"s.list = []; for (let i = 0; ; i++) s.list.length = i % 100",
		"time",
	],
	[
		"loops in a search that is one step",
		`const a = "a".repeat(1e6); for (;;) a.indexOf("b".padStart(1e5, "a"))`,
		"time",
	],
	["waits by counting dates", "const t = Date.now(); while (Date.now() - t < 1000);", "time"],
];

export const memory = (sizes: Sizes): Unfriendly => [
	[
		"spreads what has no end",
		"[...{ [Symbol.iterator]: () => ({ next: () => ({ value: 1 }) }) }]",
		"memory",
	],
	["grows a list", "const a = []; for (;;) a.push(new Array(50_000).fill(1))", "memory"],
	["grows a list of texts", "const a = []; for (;;) a.push('x'.repeat(1e6) + a.length)", "memory"],
	[
		"grows an object",
		"const o = {}; for (let i = 0; ; i++) o['k' + i] = new Array(5_000)",
		"memory",
	],
	[
		"grows a map",
		"const m = new Map(); for (let i = 0; ; i++) m.set(i, new Array(5_000))",
		"memory",
	],
	["grows buffers", "const a = []; for (;;) a.push(new Uint8Array(1 << 20))", "memory"],
	["wants one huge buffer", "new ArrayBuffer(1e9)", "memory"],
	[
		"grows closures",
		"let f = () => 0; for (;;) { const g = f, a = new Array(5_000); f = () => [g, a] }",
		"memory",
	],
	["doubles a text", "let t = 'x'; for (;;) t += t", "thrown"],
	["repeats a text too often", "'x'.repeat(2 ** 30)", "thrown"],
	["multiplies big numbers", "let b = 3n; for (;;) b *= b", "thrown"],
	["wants a list of a negative length", "new Array(-1)", "thrown"],
	[
		"joins itself",
		"const a = ['x'.repeat(1e6)]; for (let i = 0; i < 5; i++) a.push(a.join()); for (;;) a.push(a.join())",
		"memory",
	],
	[
		"swallows the end of memory",
		"const a = []; for (;;) { try { for (;;) a.push(new Array(50_000)) } catch {} }",
		"memory",
	],
	[
		"grows its state until it is too long",
		`s.text = 'x'.repeat(${sizes.stateChars})`,
		"state-size",
	],
	[
		"grows its state slowly",
		`s.a = []; for (let i = 0; i < ${sizes.stateChars}; i++) s.a.push(i)`,
		"state-size",
	],
	["has a sparse list", `s.a = []; s.a[${sizes.stateChars}] = 1`, "state-size"],
	[
		"emits too much",
		`for (let i = 0; i <= ${sizes.emittedPerEvent}; i++) emit('a', 'T', { i })`,
		"emitted",
	],
	[
		"swallows that it emits too much",
		`for (let i = 0; i <= ${sizes.emittedPerEvent}; i++) try { emit('a', 'T', { i }) } catch {}`,
		"emitted",
	],
	[
		"links too much",
		`for (let i = 0; i <= ${sizes.emittedPerEvent}; i++) linkTo('a', e)`,
		"emitted",
	],
	["logs too much", "for (;;) log('x')", "log"],
	[
		"swallows that it logs too much",
		`for (let i = 0; i <= ${sizes.logLinesPerEvent}; i++) try { log(i) } catch {}`,
		"log",
	],
];

export const STACK: Unfriendly = [
	["calls itself for ever", "(function f() { return f() + 1 })()", "stack"],
	["calls itself through a getter", "const o = { get a() { return this.a + 1 } }; o.a", "stack"],
	[
		"calls itself through a proxy",
		"const p = new Proxy({}, { get: (t, k, r) => r[k] }); p.a",
		"stack",
	],
	[
		"calls itself through toString",
		"const o = { toString() { return '' + this } }; '' + o",
		"stack",
	],
	[
		"calls itself through toJSON",
		"const o = { toJSON() { return JSON.stringify(o) } }; s.o = o",
		"stack",
	],
	["calls itself through sort", "(function f() { [2, 1].sort(f) })()", "stack"],
	[
		"swallows the end of the stack for ever",
		"(function f() { try { f() } finally { f() } })()",
		"time",
	],
	["reads JSON that nests deep", "JSON.parse('['.repeat(50_000) + ']'.repeat(50_000))", "stack"],
	[
		"has a state that nests deep",
		"let o = {}; for (let i = 0; i < 50_000; i++) o = { o }; s.o = o",
		"stack",
	],
	[
		"binds a function very often",
		"let f = () => 1; for (let i = 0; i < 1e4; i++) f = f.bind(null); f()",
		"memory",
	],
];

export const THROWS: Unfriendly = [
	["throws undefined", "throw undefined", "thrown"],
	["throws null", "throw null", "thrown"],
	["throws a symbol", "throw Symbol('odd')", "thrown"],
	["throws a big number", "throw 7n", "thrown"],
	["throws a function", "throw () => {}", "thrown"],
	["throws what throws when it is read", "throw new Proxy({}, { get() { throw 1 } })", "thrown"],
	[
		"throws a revoked proxy",
		"const r = Proxy.revocable({}, {}); r.revoke(); throw r.proxy",
		"thrown",
	],
	[
		"throws an error whose message is none",
		"const x = new Error(); x.message = {}; x.stack = 7; throw x",
		"thrown",
	],
	["throws an error with a long message", "throw new Error('x'.repeat(1e5))", "thrown"],
	[
		"throws an error that pretends a place",
		"const x = new Error('a'); x.stack = 'at x (projection.js:999999999:1)'; throw x",
		"thrown",
	],
	["throws an error that pretends an end", "throw new InternalError('interrupted')", "thrown"],
	["returns a promise", "return Promise", "thrown"],
	["returns what refers to itself", "const o = {}; o.o = o; return o", "thrown"],
	["puts a circle into its state", "s.self = s", "thrown"],
	["puts in what throws as JSON", "s.a = { toJSON() { throw 'no' } }", "thrown"],
	["returns what throws as JSON", "return { get a() { throw 'no' } }", "thrown"],
	["defines a getter on its state", "Object.defineProperty(s, 'a', { get: () => 1 })", "thrown"],
	["freezes its state", "'use strict'; Object.freeze(s)", "thrown"],
	["gives its state a prototype", "Object.setPrototypeOf(s, { a: 1 })", "thrown"],
];

/** They try to change what later events meet, and fail at it. */
export const POISONS: readonly (readonly [string, string])[] = [
	["Array.prototype.push", "Array.prototype.push = () => { throw 1 }"],
	["Array's iterator", "Array.prototype[Symbol.iterator] = function* () {}"],
	["Object.prototype", "Object.prototype.toJSON = () => 'poison'; Object.prototype.event = 7"],
	[
		"Object.prototype by definition",
		"try { Object.defineProperty(Object.prototype, 'get', { value: 1 }) } catch {}",
	],
	["JSON", "JSON.stringify = () => 'poison'; JSON.parse = () => ({}); globalThis.JSON = null"],
	[
		"Map and Set",
		"Map.prototype.get = Map.prototype.set = () => 7; globalThis.Map = globalThis.Set = null",
	],
	["Object and Reflect", "globalThis.Object = globalThis.Reflect = globalThis.Proxy = undefined"],
	[
		"String and Number",
		"String.prototype.slice = String.prototype.indexOf = () => 'poison'; globalThis.String = null",
	],
	[
		"the event's prototype",
		"try { Object.defineProperty(Object.getPrototypeOf(e), 'body', { value: 1 }) } catch {}",
	],
	["Function.prototype", "Function.prototype.call = Function.prototype.apply = () => 7"],
	["its own functions", "globalThis.emit = globalThis.log = () => { throw 1 }"],
	["Date and Math", "Date.now = () => 7; Math.random = () => 7; globalThis.Date = null"],
	["Symbol.iterator", "try { Symbol.iterator = 1 } catch {}; globalThis.Symbol = null"],
	[
		"typed arrays",
		"globalThis.Float64Array = null; Object.getPrototypeOf(Uint8Array.prototype).length = 7",
	],
	["errors", "globalThis.TypeError = globalThis.Error = null; Error.prototype = null"],
];

/** Whole scripts, of which no handler of an event is at fault, or not alone. */
export const whole = (
	sizes: Sizes,
): readonly (readonly [string, string, FaultKind | undefined])[] => [
	["loops in its body", "fromAll().when({}); for (;;);", "time"],
	["is too long", `fromAll().when({}) // ${"x".repeat(sizes.sourceBytes)}`, "source"],
	[
		"takes all memory in its body",
		"const a = []; for (;;) a.push(new Array(50_000).fill(1))",
		"memory",
	],
	["calls itself for ever in its body", "(function f() { return f() + 1 })()", "stack"],
	[
		"loops in partitionBy",
		"fromAll().partitionBy(() => { for (;;); }).when({ $any() {} })",
		"time",
	],
	["loops in $init", "fromAll().when({ $init() { for (;;); }, $any() {} })", "time"],
	["imports", "fromAll().when({ $any() {} }); import('node:fs').then(() => 1)", undefined],
	["imports as a module does", "import fs from 'node:fs'; fromAll().when({ $any() {} })", "source"],
	["is empty", "", "definition"],
	["is binary", "\u0000\u0001\uffff", "source"],
	[
		"is a hostile handler list",
		"fromAll().when(new Proxy({}, { ownKeys() { throw 1 } }))",
		"definition",
	],
	["is no async function", "fromAll().when({ async $any(s) { s.n = 1; return s } })", "thrown"],
];
