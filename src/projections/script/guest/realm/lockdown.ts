/**
 * Freezes the language's own library before a script runs, so that no script can change what later
 * events, or the guest itself, meet there; and takes away what is not a function of its input.
 *
 * A frozen prototype has a trap: `counts.toString = 1` fails on an object that inherits a read-only
 * `toString`, and states have keys that data chose. So what objects, functions and errors inherit
 * become accessors whose setters define the name on the object itself.
 */
import {
	defineProperty,
	freeze,
	getOwnPropertyDescriptor,
	getPrototypeOf,
	OwnSet,
	OwnTypeError,
	ownKeys,
} from "./intrinsics.ts";

/** Scheduling, weak references and shared memory show when the engine does what. */
const TAKEN_AWAY = [
	...["queueMicrotask", "performance", "eval", "Promise", "WeakRef", "FinalizationRegistry"],
	...["Atomics", "SharedArrayBuffer", "DOMException", "gc", "navigator"],
];

export function lockDown(): void {
	for (const name of TAKEN_AWAY) delete (globalThis as Record<string, unknown>)[name];
	// A BigInt in a state or in emitted data is written as a string.
	defineProperty(BigInt.prototype, "toJSON", {
		value: function toJSON(this: bigint) {
			return `${this}`;
		},
	});
	const overridable = [Object, Function, Error, TypeError, RangeError, SyntaxError];
	for (const { prototype } of [...overridable, ReferenceError, EvalError, URIError])
		letOverride(prototype as object);
	const seen = new OwnSet<object>();
	for (const root of [...hidden(), ...globals()]) freezeAll(root, seen);
}

function globals(): unknown[] {
	return ownKeys(globalThis)
		.filter((name) => name !== "globalThis")
		.map((name) => (globalThis as Record<PropertyKey, unknown>)[name]);
}

/** What no global leads to. */
function hidden(): unknown[] {
	const generated = (function* () {})();
	const awaited = async () => undefined;
	const iterated = (async function* () {})();
	const found = [generated, awaited, iterated, function* () {}, async function* () {}];
	const iterators = [[].values(), new Map().values(), new Set().values(), ""[Symbol.iterator]()];
	return [...found, ...iterators, "".matchAll(/x/g), awaited()].map((value) =>
		getPrototypeOf(value),
	);
}

function letOverride(prototype: object): void {
	for (const name of ownKeys(prototype)) {
		const { value, configurable } = getOwnPropertyDescriptor(prototype, name) ?? {};
		if (!configurable || value === undefined) continue;
		defineProperty(prototype, name, {
			get: () => value,
			set(this: object, override: unknown) {
				if (this === prototype) throw new OwnTypeError(`${String(name)} is read-only here`);
				const member = { value: override, writable: true, enumerable: true, configurable: true };
				defineProperty(this, name, member);
			},
			enumerable: false,
			configurable: false,
		});
	}
}

function freezeAll(root: unknown, seen: Set<object>): void {
	const waiting: unknown[] = [root];
	for (let value = waiting.pop(); waiting.length > 0 || value; value = waiting.pop()) {
		if ((typeof value !== "object" && typeof value !== "function") || value === null) continue;
		if (value === globalThis || seen.has(value)) continue;
		seen.add(value);
		waiting.push(getPrototypeOf(value));
		for (const name of ownKeys(value)) {
			const found = getOwnPropertyDescriptor(value, name);
			waiting.push(found?.value, found?.get, found?.set);
		}
		freeze(value);
	}
}
