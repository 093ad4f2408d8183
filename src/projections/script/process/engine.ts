/**
 * One engine with one script in it. Knows how the engine fails: what a script throws the guest
 * catches itself, so an exception that gets here is an interruption, or the end of memory or stack.
 */
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { EvalFlags, JSException, QuickJS } from "quickjs-wasi";
import type { Beginning } from "../guest/guest.ts";
import { Clock, type LinearMemory, NOTHING_ELSE } from "./clock.ts";
import type { GuestCall, Opening, RawFault } from "./protocol.ts";
import type { WasmModule } from "./wasm.ts";

/** The user's source, as stack traces name it. */
export const SOURCE_NAME = "projection.js";

/** Of the engine's own stack. Its build reserves 1 MiB and allows half of it. */
const STACK_BYTES = 400 * 1024;
/** The name of errors that the engine itself has. */
const INTERNAL = "InternalError";
/** What loading the guest may take: generous, for machines that are busy. */
const START_MS = 10_000;

/** A script that failed in a way that ends it: thrown within the sandbox alone. */
export class Failed extends Error {
	readonly fault: RawFault;

	constructor(fault: RawFault) {
		super(fault.message);
		this.fault = fault;
	}
}

type Handle = ReturnType<QuickJS["evalCode"]>;

export class Engine {
	readonly #vm: QuickJS;
	readonly #opening: Opening;
	readonly #clock: Clock;
	#guest: Handle | undefined;

	private constructor(vm: QuickJS, opening: Opening, clock: Clock) {
		this.#vm = vm;
		this.#opening = opening;
		this.#clock = clock;
	}

	/** @returns the engine, and JSON of the script's definition */
	static async open(
		module: WasmModule,
		opening: Opening,
		beat: () => void,
	): Promise<{ readonly engine: Engine; readonly definition: string }> {
		const { limits } = opening;
		const clock = new Clock(beat);
		const guest = { isLoading: true };
		const vm = await QuickJS.create({
			wasm: module,
			memoryLimit: limits.heapBytes,
			maxStackSize: STACK_BYTES,
			timezoneOffset: 0,
			interruptHandler: () => clock.isOver(),
			moduleLoader: {
				normalize: (base: string, name: string) => posix.join(posix.dirname(base), name),
				load: (name: string) => guestModule(name, guest.isLoading),
			},
			wasi: (memory: LinearMemory) => ({ ...clock.wasi(memory), ...NOTHING_ELSE }),
		});
		const engine = new Engine(vm, opening, clock);
		await engine.#loadGuest();
		guest.isLoading = false;
		const definition = engine.#declare();
		return { engine, definition };
	}

	get heapBytes(): number {
		return this.#vm.getAllocatedSize();
	}

	/** @returns JSON of the guest */
	call(call: GuestCall): string {
		this.#clock.allow(this.#opening.limits.eventMs);
		try {
			return this.#ask(call);
		} catch (error) {
			const fault = this.#stopped(error);
			if (!fault) throw this.#ended(error);
			return this.#recover(call, fault);
		}
	}

	close(): void {
		this.#vm.dispose();
	}

	/** The guest's modules run as the script does, but before it, with nothing but the language. */
	async #loadGuest(): Promise<void> {
		this.#clock.allow(START_MS);
		const flags = EvalFlags.TYPE_MODULE;
		const loading = this.#vm.evalCode('export * from "./guest.js"', "start.js", flags);
		this.#vm.executePendingJobs();
		const loaded = await this.#vm.resolvePromise(loading);
		if ("error" in loaded)
			throw new Error(`the guest does not load: ${this.#vm.dump(loaded.error)}`);
		this.#guest = loaded.value;
		const { mayEmit, isPartial, limits } = this.#opening;
		const beginning: Beginning = { mayEmit, isPartial, limits };
		this.#tell("begin", this.#vm.newString(JSON.stringify(beginning)));
	}

	/** Runs the script's body. */
	#declare(): string {
		const { source, limits } = this.#opening;
		this.#clock.allow(limits.bodyMs);
		try {
			this.#vm.evalCode(source, SOURCE_NAME).dispose();
			return this.#tell("declare");
		} catch (error) {
			if (this.#clock.wasOver)
				throw new Failed(overTime(error, limits.bodyMs, "the script's body"));
			if (!isException(error) || isEndOfMemory(error)) throw this.#ended(error);
			this.#clock.allow(limits.bodyMs);
			const described = this.#described(error);
			if (described.kind !== "thrown") throw new Failed(described);
			throw new Failed({
				...described,
				kind: error.name === "SyntaxError" ? "source" : "definition",
			});
		}
	}

	#described(error: JSException): RawFault {
		try {
			return JSON.parse(this.#tell("describe", error.handle.dup()));
		} catch {
			const message = "what was thrown does not let itself be read";
			return { kind: "thrown", message, stack: "" };
		}
	}

	#ask(call: GuestCall): string {
		const text = (value: string) => this.#vm.newString(value);
		switch (call.to) {
			case "run": {
				const { names, numbers, text: blob } = call.batch;
				const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
				const given = [text(names), this.#vm.newArrayBuffer(bytes), text(blob), text(call.options)];
				return this.#tell("run", ...given);
			}
			case "supply":
			case "loadShared":
				return this.#tell(call.to, text(call.text));
			case "look":
				return this.#tell("look", text(call.partition), text(call.isSupplied ? "yes" : "no"));
			case "forget":
				return this.#tell("forget", text(String(call.keep)));
		}
	}

	/** Calls one of the guest's functions, which takes the handles. */
	#tell(name: string, ...given: readonly Handle[]): string {
		if (!this.#guest) throw new Error("the guest is not loaded");
		const called = this.#guest.getProp(name);
		try {
			const answer = this.#vm.callFunction(called, this.#vm.undefined, ...given);
			const text = answer.isUndefined ? "" : answer.toString();
			answer.dispose();
			return text;
		} finally {
			called.dispose();
			for (const handle of given) handle.dispose();
		}
	}

	/** The fault of a script that was stopped by the engine, which is sound. */
	#stopped(error: unknown): RawFault | undefined {
		if (this.#clock.wasOver) return overTime(error, this.#opening.limits.eventMs, "an event");
		if (!isException(error) || error.name !== INTERNAL || isEndOfMemory(error)) return undefined;
		// A text that got too long, and its like: errors that no script can catch.
		return { kind: "thrown", message: `${INTERNAL}: ${error.message}`, stack: error.stack ?? "" };
	}

	/** The guest undoes the event, and goes on with what came before. */
	#recover(call: GuestCall, fault: RawFault): string {
		if (call.to === "look") return JSON.stringify({ fault });
		this.#clock.allow(this.#opening.limits.eventMs);
		try {
			return this.#tell("recover", this.#vm.newString(JSON.stringify(fault)));
		} catch (again) {
			throw this.#clock.wasOver ? new Failed(fault) : this.#ended(again);
		}
	}

	/** What ended the engine, as a fault of the script. */
	#ended(error: unknown): Failed {
		const { heapBytes } = this.#opening.limits;
		const stack = isException(error) ? (error.stack ?? "") : "";
		const where = this.#whereabouts();
		if (isException(error) && isEndOfMemory(error)) {
			const message = `the script and its states take more than ${heapBytes} bytes of memory`;
			return new Failed({ kind: "memory", message, stack, ...where });
		}
		if (error instanceof RangeError) {
			const message = "calls, or the data they read or write, nest too deep";
			return new Failed({ kind: "stack", message, stack, ...where });
		}
		return new Failed({ kind: "engine", message: `the engine failed: ${error}`, stack, ...where });
	}

	/** What ran when the engine ended; nothing, if it cannot even say that. */
	#whereabouts(): Pick<RawFault, "during" | "event"> {
		try {
			this.#clock.allow(START_MS);
			return JSON.parse(this.#tell("whereabouts"));
		} catch {
			return {};
		}
	}
}

function overTime(error: unknown, limitMs: number, what: string): RawFault {
	const stack = isException(error) ? (error.stack ?? "") : "";
	return { kind: "time", message: `${what} took more than ${limitMs} ms`, stack };
}

function isException(error: unknown): error is JSException {
	return error instanceof JSException;
}

function isEndOfMemory(error: JSException): boolean {
	return error.name === INTERNAL && error.message === "out of memory";
}

/** The guest's own modules, and those while it loads: a script imports nothing. */
function guestModule(name: string, isLoading: boolean): string {
	if (!isLoading || !/^(?:[a-z]+\/)?[a-z]+\.js$/.test(name))
		throw new Error("there are no modules here");
	return readFileSync(new URL(`../guest/${name}`, import.meta.url), "utf8");
}
