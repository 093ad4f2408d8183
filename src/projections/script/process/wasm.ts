/**
 * The engine's WebAssembly, with a wall around its memory.
 *
 * The engine's own limit counts what it allocates, and trusts the engine. The wall is the maximum
 * of the module's linear memory, which the machine that runs it enforces: nothing that the guest
 * does, a fault of the engine included, gets more. The module as published states no maximum, so
 * one is written into it.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

declare const compiled: unique symbol;
/** A compiled module, which threads share. */
export type WasmModule = { readonly [compiled]: true };

/** Node.js has it; its types of version 20 do not say so. */
const { WebAssembly } = globalThis as unknown as {
	readonly WebAssembly: { compile(module: Uint8Array): Promise<WasmModule> };
};

const PAGE_BYTES = 64 * 1024;
/** What stands before the sections: a magic number and a version. */
const HEADER_BYTES = 8;
const MEMORY_SECTION = 5;

/** What the engine needs besides what it allocates for scripts: stack, tables, and fragments. */
const OVERHEAD_BYTES = 16 * 1024 * 1024;

/** Reads the engine; its memory can grow to the heap and what the engine needs besides. */
export async function readEngine(): Promise<Buffer> {
	return readFile(createRequire(import.meta.url).resolve("quickjs-wasi/quickjs.wasm"));
}

export function compileEngine(published: Uint8Array, heapBytes: number): Promise<WasmModule> {
	const pages = Math.ceil((heapBytes + OVERHEAD_BYTES) / PAGE_BYTES);
	// A copy, since compile takes no view of a buffer that others share.
	return WebAssembly.compile(new Uint8Array(limitMemory(published, pages)));
}

/**
 * Writes a maximum into the module's one memory.
 * @throws if the module is not as expected: then it is another version than the one that was tried
 */
export function limitMemory(module: Uint8Array, pagesMax: number): Uint8Array {
	let at = HEADER_BYTES;
	while (at < module.length) {
		const id = module[at];
		const size = readNumber(module, at + 1);
		const end = size.end + size.value;
		if (id === MEMORY_SECTION) {
			const [count, flags] = [module[size.end], module[size.end + 1]];
			const least = readNumber(module, size.end + 2);
			if (count !== 1 || flags !== 0 || least.end !== end) break;
			const body = [1, 1, ...writeNumber(least.value), ...writeNumber(pagesMax)];
			const section = Uint8Array.from([MEMORY_SECTION, ...writeNumber(body.length), ...body]);
			return Buffer.concat([module.subarray(0, at), section, module.subarray(end)]);
		}
		at = end;
	}
	throw new Error("the engine's module has another memory section than expected");
}

/** A number of seven bits a byte, the lowest first. */
function readNumber(bytes: Uint8Array, start: number): { value: number; end: number } {
	let [value, shift, end] = [0, 0, start];
	for (;;) {
		const byte = bytes[end++] ?? 0;
		value |= (byte & 0x7f) << shift;
		shift += 7;
		if (byte < 0x80) return { value: value >>> 0, end };
	}
}

function writeNumber(value: number): number[] {
	return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...writeNumber(value >>> 7)];
}
