/** What is around the engine: the end of its memory, and threads that scripts share. */
import { limitMemory, readEngine } from "../../../src/projections/script/process/wasm.ts";
import { openScripts, SandboxLost } from "../../../src/projections/script/script.ts";
import { eventsFrom, tryScript } from "./trying.ts";

const COUNT = "fromAll().when({ $any(s, e) { s.n = (s.n || 0) + 1 } })";
/** One step of the engine that takes very long, and that no interruption ends. */
const STUCK = `fromAll().when({ $any() {
	const text = "a".repeat(4_000_000);
	text.indexOf("a".repeat(2_000_000) + "b");
} })`;

// Types of Node.js 20 do not have it.
type Memory = { grow(pages: number): number };
type Exports = { readonly exports: { readonly memory: Memory } };
type Import = { readonly module: string; readonly name: string };
const { WebAssembly } = globalThis as unknown as {
	WebAssembly: {
		Module: { new (bytes: Uint8Array): object; imports(module: object): Import[] };
		Instance: new (module: object, imports: object) => Exports;
	};
};

test("the engine's memory ends at the wall, whatever the engine thinks", async () => {
	const published = await readEngine();
	const limited = limitMemory(published, 100);
	const module = new WebAssembly.Module(new Uint8Array(limited));
	const imports: Record<string, Record<string, () => number>> = {};
	for (const { module: from, name } of WebAssembly.Module.imports(module))
		imports[from] = { ...imports[from], [name]: () => 0 };
	const { memory } = new WebAssembly.Instance(module, imports).exports;
	expect(memory.grow(50)).toBeLessThan(50);
	expect(() => memory.grow(50)).toThrow("Memory.grow()");
	// A module that has a wall is not the one that was tried.
	expect(() => limitMemory(limited, 100)).toThrow("another memory section");
});

test("many scripts share threads; one that is stuck costs those in its thread a restart", async () => {
	const scripts = openScripts();
	const many = [];
	for (let at = 0; at < 20; at++) many.push(await tryScript(scripts, COUNT));
	const stuck = await tryScript(scripts, STUCK);
	expect(scripts.usage().scripts).toBe(21);
	const { fault } = await stuck.run(eventsFrom(0, 1));
	expect(fault?.kind).toBe("time");
	const outcomes = await Promise.allSettled(many.map(({ run }) => run(eventsFrom(0, 2))));
	const lost = outcomes.filter(({ status }) => status === "rejected");
	expect(lost).toHaveLength(1);
	expect(lost[0]).toMatchObject({ reason: expect.any(SandboxLost) });
	// It did nothing wrong, and starts again.
	const at = outcomes.indexOf(lost[0] as (typeof outcomes)[number]);
	await many[at]?.script.close();
	const again = await tryScript(scripts, COUNT);
	expect(await again.run(eventsFrom(0, 2))).toMatchObject({ done: 2 });
	await scripts.close();
});
