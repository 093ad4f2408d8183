/**
 * A state while a handler works on it.
 *
 * A state is plain JSON: objects, arrays, text, finite numbers, true, false, null, each value in
 * one place only. A handler sees it through proxies, which note what it changes. What it puts in
 * stays what it is until the handler is done, so `const item = {}; state.items.push(item);
 * item.n = 1` works. Then each new value is replaced by what JSON says of it. The state is again
 * plain JSON, as if it had been written and read back, at a cost that depends on what changed, not
 * on the state's size. So it makes no difference after which event a sandbox was restarted.
 *
 * A draft is open while its handler runs. Whatever a script keeps of it refuses to be used while a
 * handler works on another state.
 */
import {
	defineProperty,
	getOwnPropertyDescriptor,
	hasOwn,
	isArray,
	OwnMap,
	OwnProxy,
	OwnSet,
	OwnTypeError,
	ownKeys,
	parse,
	reflectSet,
	stringify,
	textOf,
} from "../realm/intrinsics.ts";
import { isPlainValue, type Json, plain } from "./plain.ts";

type Node = Record<PropertyKey, unknown>;

/** In a line of the undo log: the member was not there; the whole array follows. */
const ABSENT: unique symbol = Symbol("absent");
const WHOLE: unique symbol = Symbol("whole");

/** Names that an object inherits: setting one has to define it. */
const INHERITED: ReadonlySet<PropertyKey> = new OwnSet(ownKeys(Object.prototype));

/** What one large event has noted is not kept for the small ones that follow. */
const UNDO_KEPT_MAX = 300;

export class Draft implements ProxyHandler<Node> {
	/** What the handler is given. */
	readonly value: unknown;
	readonly root: Json;
	// Plain, not private: each event looks at them.
	/** Whether anything was set or deleted since `begin`. */
	isChanged = false;
	isOpen = false;
	/** Something was put in that JSON may see otherwise. */
	isUnsettled = false;
	/** The state had members deleted, whose order cannot be brought back. */
	isLost = false;
	/** Triples: node, key, value before. Those of the event at hand; what lies behind is stale. */
	readonly #undo: unknown[] = [];
	/** How much of it counts. */
	undone = 0;
	#proxies: Map<Node, Node> | undefined;
	// Most events need none of these.
	/** Objects that the handler put in. */
	#given: Set<unknown> | undefined;
	/** Pairs of a node and a key whose value JSON may see otherwise. */
	#slots: unknown[] | undefined;
	/** Arrays that may have got holes; the undo log has a copy of each. */
	#torn: Set<unknown[]> | undefined;

	constructor(root: Json) {
		this.root = root;
		this.value = isNode(root) ? new OwnProxy(root, this) : root;
	}

	/** Forgets the changes of the event before. */
	begin(): void {
		this.isChanged = false;
		this.isLost = false;
		this.undone = 0;
		if (this.#undo.length > UNDO_KEPT_MAX) this.#undo.length = 0;
	}

	/**
	 * Makes the changed state plain JSON, in place.
	 * @throws what a `toJSON` throws, and TypeError if the state refers to itself
	 */
	settle(): void {
		this.isUnsettled = false;
		if (this.#slots) this.#settleSlots(this.#slots);
		if (this.#torn) for (const array of this.#torn) mend(array);
		this.#given = undefined;
		this.#slots = undefined;
		this.#torn = undefined;
		// Nodes that are no longer part of the state would stay there for ever.
		this.#proxies = undefined;
	}

	/** @returns another state, which the handler gave, as plain JSON */
	replaced(returned: unknown): Json {
		this.isChanged = true;
		return plain(returned);
	}

	/** @returns the state as it is, or as the handler gave it */
	taken(returned: unknown): Json {
		if (returned !== undefined && returned !== this.value) return this.replaced(returned);
		if (this.isUnsettled) this.settle();
		return this.root;
	}

	/** Brings back the state before the handler; `isLost` says if that is impossible. */
	rollBack(): void {
		this.isOpen = false;
		for (let at = this.undone - 3; at >= 0; at -= 3) {
			const node = this.#undo[at] as Node;
			const key = this.#undo[at + 1] as PropertyKey;
			const before = this.#undo[at + 2];
			if (key === WHOLE) replace(node as unknown as unknown[], before as unknown[]);
			else if (before === ABSENT) delete node[key];
			else define(node, key, before);
		}
	}

	get(node: Node, key: PropertyKey): unknown {
		if (!this.isOpen) throw ended();
		const value = node[key];
		if (typeof value !== "object" || value === null || this.#given?.has(value)) return value;
		// Of objects it inherits, only a prototype is one.
		return hasOwn(node, key) ? this.#proxyOf(value as Node) : value;
	}

	set(node: Node, key: PropertyKey, value: unknown, receiver: unknown): boolean {
		if (!this.isOpen) throw ended();
		// An object that has a state as its prototype keeps its members itself.
		if (receiver !== this.value && receiver !== this.#proxyOf(node))
			return reflectSet(node, key, value, receiver);
		const before = node[key];
		// What most handlers do most of the time: a number in the place of a number.
		const isCount = typeof before === "number" && typeof value === "number" && key !== "length";
		// `isPlainNumber`, and `#note`, without the calls.
		if (!isCount || value - value !== 0 || (value === 0 && 1 / value < 0))
			return this.#put(node, key, value);
		this.isChanged = true;
		const undo = this.#undo;
		const at = this.undone;
		undo[at] = node;
		undo[at + 1] = key;
		undo[at + 2] = before;
		this.undone = at + 3;
		node[key] = value;
		return true;
	}

	deleteProperty(node: Node, key: PropertyKey): boolean {
		if (!this.isOpen) throw ended();
		if (!hasOwn(node, key)) return true;
		this.isChanged = true;
		if (isArray(node)) this.#tear(node);
		else this.isLost = true;
		return delete node[key];
	}

	defineProperty(node: Node, key: PropertyKey, member: PropertyDescriptor): boolean {
		if (!this.isOpen) throw ended();
		if (member.get || member.set) throw new OwnTypeError("a state has no getters and setters");
		return this.#put(node, key, member.value);
	}

	getOwnPropertyDescriptor(node: Node, key: PropertyKey): PropertyDescriptor | undefined {
		const member = getOwnPropertyDescriptor(node, key);
		if (member && isNode(member.value)) member.value = this.get(node, key);
		return member;
	}

	setPrototypeOf(): boolean {
		return false;
	}

	/** A state cannot be frozen: the next event would find it thawed. */
	preventExtensions(): boolean {
		return false;
	}

	#proxyOf(node: Node): unknown {
		if (node === this.root) return this.value;
		this.#proxies ??= new OwnMap();
		const known = this.#proxies.get(node);
		if (known) return known;
		const proxy = new OwnProxy(node, this);
		this.#proxies.set(node, proxy);
		return proxy;
	}

	#put(node: Node, key: PropertyKey, value: unknown): boolean {
		this.isChanged = true;
		if (isArray(node) && !this.#prepare(node, key, value)) return true;
		if (hasOwn(node, key)) {
			this.#note(node, key, node[key]);
			node[key] = value;
		} else {
			this.#note(node, key, ABSENT);
			if (INHERITED.has(key)) define(node, key, value);
			else node[key] = value;
		}
		if (!isPlainValue(value) || typeof key === "symbol") {
			this.isUnsettled = true;
			this.#slots ??= [];
			this.#slots.push(node, key);
			this.#given ??= new OwnSet();
			this.#given.add(value);
		}
		return true;
	}

	/** @returns false if the array is done with */
	#prepare(array: unknown[], key: PropertyKey, value: unknown): boolean {
		if (key === "length") {
			if (value === array.length) return false;
			this.#tear(array);
		} else if (!hasOwn(array, key)) {
			// Appending is what is cheap; anything else may leave holes, or members that are no elements.
			if (key === textOf(array.length)) this.#note(array, "length", array.length);
			else this.#tear(array);
		}
		return true;
	}

	#tear(array: unknown[]): void {
		this.isUnsettled = true;
		this.#torn ??= new OwnSet();
		if (this.#torn.has(array)) return;
		this.#torn.add(array);
		this.#note(array, WHOLE, array.slice());
	}

	#note(node: object, key: PropertyKey, before: unknown): void {
		const at = this.undone;
		this.#undo[at] = node;
		this.#undo[at + 1] = key;
		this.#undo[at + 2] = before;
		this.undone = at + 3;
	}

	#settleSlots(slots: readonly unknown[]): void {
		// A toJSON may change the state once more, so the list may grow.
		for (let at = 0; at < slots.length; at += 2) {
			const node = slots[at] as Node;
			const key = slots[at + 1] as PropertyKey;
			if (!hasOwn(node, key)) continue;
			const settled = typeof key === "symbol" ? undefined : this.#settled(node[key]);
			if (settled === undefined && !isArray(node)) delete node[key];
			else node[key] = settled ?? null;
		}
	}

	/** Undefined if JSON leaves the value out. */
	#settled(value: unknown): Json | undefined {
		// It was settled before, or replaced.
		if (isPlainValue(value) || (isNode(value) && !this.#given?.has(value))) return value;
		const text: string | undefined = stringify(value);
		return text === undefined ? undefined : parse(text);
	}
}

function isNode(value: unknown): value is Node {
	return typeof value === "object" && value !== null;
}

/** Writes an array as JSON sees it: without holes, and without members that are no elements. */
function mend(array: unknown[]): void {
	const names = ownKeys(array);
	let elements = 0;
	while (elements < array.length && hasOwn(array, elements)) elements++;
	if (elements === array.length && names.length === elements + 1) return;
	replace(array, parse(stringify(array)) as unknown[]);
	for (const name of ownKeys(array).slice(array.length))
		if (name !== "length") delete (array as unknown as Node)[name];
}

function replace(array: unknown[], elements: readonly unknown[]): void {
	array.length = 0;
	for (const element of elements) array.push(element);
}

function define(node: Node, key: PropertyKey, value: unknown): void {
	if (key === "length" && isArray(node)) node.length = value as number;
	else defineProperty(node, key, { value, writable: true, enumerable: true, configurable: true });
}

function ended(): TypeError {
	return new OwnTypeError("a state cannot be used after its event");
}
